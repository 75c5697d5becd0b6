/** Request targets: the known ways to make two servers see two paths are refused, the rest is normalised. */
import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/model/index.ts'
import { parseTarget } from '../../../src/wire/index.ts'

describe('what is refused', () => {
  const rows: readonly [note: string, target: string][] = [
    ['an empty target', ''],
    ['the asterisk', '*'],
    ['an authority', 'example.com:443'],
    ['a relative path', 'a/b'],
    ['a dot segment', '/a/../b'],
    ['a dot segment at the end', '/a/..'],
    ['a single dot', '/./a'],
    ['an encoded dot segment', '/a/%2e%2e/b'],
    ['a half encoded dot segment', '/a/.%2E/b'],
    ['a dot segment encoded twice', '/a/%252e%252e/b'],
    ['an encoded slash', '/a%2fb'],
    ['an encoded slash in upper case', '/a%2Fb'],
    ['a slash encoded twice', '/a%252fb'],
    ['an encoded backslash', '/a%5Cb'],
    ['a backslash', '/a\\b'],
    ['a dot segment behind a backslash', '/a\\..\\b'],
    ['an encoded NUL', '/a%00b'],
    ['an encoded newline', '/a%0ab'],
    ['an encoded tab', '/a%09b'],
    ['an encoded DEL', '/a%7fb'],
    ['an empty segment', '/a//b'],
    ['an empty segment at the front', '//example.com/a'],
    ['a path parameter', '/a;x=1/b'],
    ['a dot segment behind a path parameter', '/a/..;/b'],
    ['a broken escape', '/a%zz'],
    ['an escape cut at the end', '/a%2'],
    ['a lone percent', '/a%'],
    ['a Unicode escape of Microsoft', '/a%u002fb'],
    ['an overlong slash', '/a%c0%afb'],
    ['an overlong dot segment', '/%c0%ae%c0%ae/b'],
    ['a lone continuation byte', '/a%80'],
    ['a surrogate', '/a%ed%a0%80'],
    ['a space', '/a b'],
    ['a fragment', '/a#b'],
    ['a fragment in the query', '/a?b#c'],
    ['raw UTF-8', '/ä'],
    ['a quote', '/a"b'],
    ['angle brackets', '/<a>'],
    ['a brace in the path', '/{a}'],
    ['a control character', '/a\u0001'],
    ['a semicolon in the query', '/a?b=1;c=2'],
    ['an empty pair', '/a?b=1&&c=2'],
    ['a trailing ampersand', '/a?b=1&'],
    ['a broken escape in the query', '/a?b=%zz'],
    ['an encoded NUL in the query', '/a?b=%00'],
    ['bytes in the query that are not UTF-8', '/a?b=%ff'],
    ['a backslash in the query', '/a?b=\\c'],
    ['too long a target', `/${'a'.repeat(limits.targetCharsMax)}`],
    ['too many segments', '/a'.repeat(limits.segmentsMax + 1)],
    ['too many pairs', `/a?${Array.from({ length: limits.queryPairsMax + 1 }, (_, i) => `p${i}`).join('&')}`],
  ]
  it.each(rows)('refuses %s', (_note, target) => {
    expect(() => parseTarget(target)).toThrow(expect.objectContaining({ code: 'target_refused' }))
  })
})

describe('what is taken', () => {
  const rows: readonly [target: string, wanted: object][] = [
    ['/', { path: '/', segments: [''], queryPairs: [] }],
    ['/a', { path: '/a', segments: ['a'], queryPairs: [] }],
    ['/a/', { path: '/a/', segments: ['a', ''], queryPairs: [] }],
    ['/%61%2Db%5f%7e', { path: '/a-b_~', segments: ['a-b_~'], queryPairs: [] }],
    ['/a%20b/%c3%a4', { path: '/a%20b/%C3%A4', segments: ['a b', 'ä'], queryPairs: [] }],
    ['/100%25', { path: '/100%25', segments: ['100%'], queryPairs: [] }],
    ['/a%3bb%3fc%23', { path: '/a%3Bb%3Fc%23', segments: ['a;b?c#'], queryPairs: [] }],
    ['/...', { path: '/...', segments: ['...'], queryPairs: [] }],
    ["/a!$&'()*+,=:@b", { path: "/a!$&'()*+,=:@b", segments: ["a!$&'()*+,=:@b"], queryPairs: [] }],
    ['/a?', { path: '/a', segments: ['a'], query: '', queryPairs: [] }],
    ['/a?b', { path: '/a', segments: ['a'], query: 'b', queryPairs: [['b', '']] }],
    [
      '/a?b=1&b=2&c',
      {
        path: '/a',
        segments: ['a'],
        query: 'b=1&b=2&c',
        queryPairs: [
          ['b', '1'],
          ['b', '2'],
          ['c', ''],
        ],
      },
    ],
    ['/a?q=x+y%2B%26%3D', { path: '/a', segments: ['a'], query: 'q=x+y%2B%26%3D', queryPairs: [['q', 'x y+&=']] }],
    [
      '/a?f[x]=1&p=a/b?c',
      {
        path: '/a',
        segments: ['a'],
        query: 'f[x]=1&p=a/b?c',
        queryPairs: [
          ['f[x]', '1'],
          ['p', 'a/b?c'],
        ],
      },
    ],
    ['/a?b=c=d', { path: '/a', segments: ['a'], query: 'b=c=d', queryPairs: [['b', 'c=d']] }],
    ['/a?b=%0A', { path: '/a', segments: ['a'], query: 'b=%0A', queryPairs: [['b', '\n']] }],
    ['/a?%5f_proto__=1', { path: '/a', segments: ['a'], query: '%5f_proto__=1', queryPairs: [['__proto__', '1']] }],
  ]
  it.each(rows)('reads %s in one way', (target, wanted) => {
    expect(parseTarget(target)).toEqual(wanted)
  })

  it('gives a path that reads to itself', () => {
    for (const [target] of rows) {
      const { path, segments } = parseTarget(target)
      expect(parseTarget(path)).toMatchObject({ path, segments })
    }
  })
})
