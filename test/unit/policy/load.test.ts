/** What the tools load: files placed by folder, prefixes, bundles within their roots, patterns to pass over, bounds. Each case has its own folder. */
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { LoadErrors, loadBundles, loadFiles, loadSchemas } from '../../../src/policy/index.ts'
import { folderOf } from '../../support/files.ts'
import { paxRecord, type TarEntry, tarOf } from '../../support/tar.ts'

const files = {
  'd/a.json': '{"a": {"one": 1}}',
  'd/a.rego': 'package a\n',
  'd/notes.txt': 'nothing',
  'd/sub/b.yaml': 'b: 010\n',
  'd/sub/deep/c.yml': 'c: [yes]\n',
  'list.json': '[1]',
  plain: '{"plain": true}',
  policy: 'package plain.policy\n',
  strange: '\u0001',
}

function problemsOf(run: () => unknown): readonly string[] {
  try {
    run()
  } catch (cause) {
    if (cause instanceof LoadErrors) return cause.problems.map(({ message }) => message)
    throw cause
  }
  return []
}

describe('files', () => {
  it.each([
    { paths: ['d'], data: { a: { one: 1 }, sub: { b: 8, deep: { c: [true] } } }, modules: ['d/a.rego'] },
    { paths: ['./d/'], data: { a: { one: 1 }, sub: { b: 8, deep: { c: [true] } } }, modules: ['d/a.rego'] },
    { paths: ['d/sub'], data: { b: 8, deep: { c: [true] } }, modules: [] },
    { paths: ['d/a.json', 'x.y:d/sub/b.yaml'], data: { a: { one: 1 }, x: { y: { b: 8 } } }, modules: [] },
    { paths: ['x:list.json'], data: { x: [1] }, modules: [] },
    { paths: ['x:d/sub', 'd/a.json'], data: { x: { b: 8, deep: { c: [true] } }, a: { one: 1 } }, modules: [] },
    { paths: ['plain', 'policy'], data: { plain: true }, modules: ['policy'] },
  ])('of $paths are $data with $modules', ({ paths, data, modules }) => {
    const loaded = loadFiles(paths, { directory: folderOf(files) })
    expect(loaded.data).toEqual(data)
    expect(Object.keys(loaded.modules)).toEqual(modules)
  })

  it.each([
    { paths: ['nothing'], wanted: 'stat nothing: no such file or directory' },
    { paths: ['list.json'], wanted: 'list.json: document must be of type object' },
    { paths: ['d/a.json', 'd/a.json'], wanted: 'd/a.json: merge error' },
    { paths: ['x:list.json', 'x.y:plain'], wanted: 'plain: merge error' },
    { paths: ['strange'], wanted: "strange: can't recognize file type" },
    { paths: ['http://example.com/a.json'], wanted: 'unsupported URL scheme: http://example.com/a.json' },
  ])('of $paths are refused: $wanted', ({ paths, wanted }) => {
    expect(problemsOf(() => loadFiles(paths, { directory: folderOf(files) }))).toEqual([wanted])
  })

  it('tells everything that is wrong, in the order in which it was visited', () => {
    const directory = folderOf({ 'd/1.json': '{', 'd/2.rego': 'package', 'd/3.json': '[]', 'd/4.rego': 'package x' })
    const problems = problemsOf(() => loadFiles(['d'], { directory }))
    expect(problems.map((problem) => problem.slice(0, 9))).toEqual(['d/1.json:', 'unexpecte', 'd/3.json:'])
  })

  it('keeps numbers as they were written, and keys that are names of prototypes', () => {
    const directory = folderOf({
      'a.json': '{"n": 12345678901234567890, "__proto__": {"x": 1}}',
      'b.json': '{"__proto__": {"y": 2}}',
    })
    const { data } = loadFiles(['a.json', 'b.json'], { directory })
    expect(data.n).toBe(12345678901234567890n)
    expect(Object.getOwnPropertyDescriptor(data, '__proto__')?.value).toEqual({ x: 1, y: 2 })
  })

  it.each([
    { ignore: ['sub'], left: ['a'] },
    { ignore: ['*.json', 'deep'], left: ['sub'] },
    { ignore: ['[ab]*'], left: ['sub'] },
    { ignore: ['?'], left: ['a', 'sub'] },
    { ignore: ['d'], left: ['a', 'sub'] },
    { ignore: ['['], left: ['a', 'sub'] },
  ])('whose names match $ignore are passed over', ({ ignore, left }) => {
    const { data } = loadFiles(['d'], { directory: folderOf(files), ignore })
    expect(Object.keys(data)).toEqual(left)
  })

  it('are found through links, which are not followed for ever', () => {
    const directory = folderOf(files)
    symlinkSync(join(directory, 'd/sub'), join(directory, 'd/linked'))
    expect(loadFiles(['d'], { directory }).data).toHaveProperty('linked.b', 8)
    symlinkSync(join(directory, 'd'), join(directory, 'd/sub/round'))
    expect(problemsOf(() => loadFiles(['d'], { directory }))).toEqual([
      'd/linked/round: the link leads round in a circle',
      'd/sub/round: the link leads round in a circle',
    ])
  })
})

describe('bundles', () => {
  const bundle = {
    'b/.manifest': '{"roots": ["x"], "revision": "r"}',
    'b/x/data.json': '{"v": 1}',
    'b/x/p.rego': 'package x.p\n',
    'b/x/other.json': '{"ignored": true}',
    'c/y/data.yaml': 'w: 2\n',
  }

  it('hold data files and modules within their roots, and clear what they own', () => {
    const directory = folderOf(bundle)
    const base = { modules: { 'm.rego': 'package m\n' }, data: { x: { old: true }, z: { kept: true } } }
    const { modules, data } = loadBundles(['b'], { directory }, base)
    expect(data).toEqual({ x: { v: 1 }, z: { kept: true } })
    expect(Object.keys(modules)).toEqual(['m.rego', 'b/x/p.rego'])
    expect(loadBundles(['c'], { directory }, base).data).toEqual({ y: { w: 2 } })
  })

  it.each([
    {
      note: 'a module outside',
      change: { 'b/x/p.rego': 'package q\n' },
      wanted: /do not permit 'package q' in module 'b\/x\/p.rego'/,
    },
    { note: 'data outside', change: { 'b/data.json': '{"u": 1}' }, wanted: /do not permit data at path '\/u'/ },
    {
      note: 'data beside a root',
      change: { 'b/.manifest': '{"roots": ["x/p", "x/w"]}' },
      wanted: /do not permit data at path '\/x\/v'/,
    },
    {
      note: 'roots in one another',
      change: { 'b/.manifest': '{"roots": ["x", "x/p"]}' },
      wanted: /overlapped roots: 'x' and 'x\/p'/,
    },
    {
      note: 'a manifest that is none',
      change: { 'b/.manifest': '[]' },
      wanted: /manifest decode: a manifest is an object/,
    },
    {
      note: 'roots that are none',
      change: { 'b/.manifest': '{"roots": [1]}' },
      wanted: /`roots` is a list of strings/,
    },
    { note: 'older Rego', change: { 'b/.manifest': '{"rego_version": 0}' }, wanted: /`rego_version` is 1 here/ },
    { note: 'changes to another', change: { 'b/patch.json': '{}' }, wanted: /delta bundle/ },
    {
      note: 'two documents at one place',
      change: { 'b/x/data.yaml': 'v: 1\n' },
      wanted: /`data.x.v` is also in another data file/,
    },
    { note: 'a list at the top', change: { 'b/data.json': '[1]' }, wanted: /root value must be object/ },
  ])('are refused with $note', ({ change, wanted }) => {
    const directory = folderOf({ ...bundle, ...change })
    expect(problemsOf(() => loadBundles(['b'], { directory }))).toEqual([expect.stringMatching(wanted)])
  })

  it('may not claim the same place', () => {
    const directory = folderOf({ ...bundle, 'c/.manifest': '{"roots": ["x/q", "y"]}' })
    expect(problemsOf(() => loadBundles(['b', 'c'], { directory }))).toEqual([
      'bundle activation failed: detected overlapping roots in manifests for these bundles: [b, c] (x, x/q)',
    ])
  })
})

describe('an archive', () => {
  const long = `${'folder/'.repeat(20)}data.json`
  const read = (entries: readonly TarEntry[]): unknown => {
    const directory = folderOf({ 'b.tar.gz': gzipSync(tarOf(entries)) })
    return loadBundles(['b.tar.gz'], { directory }).data
  }

  it.each([
    { note: 'a plain name', entries: [{ name: 'x/data.json', content: '1' }], wanted: { x: 1 } },
    { note: 'a rooted name', entries: [{ name: '/x/data.json', content: '1' }], wanted: { x: 1 } },
    { note: 'a dotted name', entries: [{ name: './x/data.json', content: '1' }], wanted: { x: 1 } },
    { note: 'a prefix', entries: [{ name: 'data.json', prefix: 'x', content: '1' }], wanted: { x: 1 } },
    {
      note: 'a pax name',
      entries: [
        { name: 'h', type: 'x', content: paxRecord('path', 'x/data.json') },
        { name: 'y', content: '1' },
      ],
      wanted: { x: 1 },
    },
    {
      note: 'a GNU long name',
      entries: [
        { name: 'l', type: 'L', content: `${long}\0` },
        { name: 'y', content: '{}' },
      ],
      wanted: JSON.parse(`${'{"folder":'.repeat(20)}{}${'}'.repeat(20)}`),
    },
    {
      note: 'folders and links, which hold nothing',
      entries: [
        { name: 'x/', type: '5' },
        { name: 'x/data.json', type: '2' },
      ],
      wanted: {},
    },
  ])('is read with $note', ({ entries, wanted }) => {
    expect(read(entries)).toEqual(wanted)
  })

  it.each([
    {
      note: 'ends early',
      entries: [{ name: 'data.json', content: '{}', size: 4000 }],
      wanted: /in the middle of a file/,
    },
    {
      note: 'has a broken pax header',
      entries: [{ name: 'h', type: 'x', content: '99 path=x\n' }],
      wanted: /pax header is broken/,
    },
  ])('that $note is refused', ({ entries, wanted }) => {
    expect(problemsOf(() => read(entries))).toEqual([expect.stringMatching(wanted)])
  })

  it('that is no archive, or grows without end, is refused', () => {
    const directory = folderOf({
      'text.tar.gz': 'text',
      'zeros.tar.gz': gzipSync(Buffer.alloc(1024, 1)),
      'cut.tar.gz': gzipSync(tarOf([{ name: 'data.json', content: '{}' }])).subarray(0, 40),
    })
    for (const [name, wanted] of [
      ['text', /not a whole gzip/],
      ['zeros', /not a tar/],
      ['cut', /not a whole gzip/],
    ] as const)
      expect(problemsOf(() => loadBundles([`${name}.tar.gz`], { directory }))).toEqual([expect.stringMatching(wanted)])
  })
})

describe('schemas', () => {
  it('are one for the input, or named by their folders', () => {
    const directory = folderOf({ 's/input.json': '{}', 's/a b/x.json': '{"type": "object"}' })
    expect(loadSchemas('s/input.json', { directory })).toEqual({ schema: {} })
    expect(loadSchemas('s', { directory })).toEqual({ 'schema.input': {}, 'schema["a b"].x': { type: 'object' } })
    expect(problemsOf(() => loadSchemas('none', { directory }))).toEqual(['stat none: no such file or directory'])
  })
})
