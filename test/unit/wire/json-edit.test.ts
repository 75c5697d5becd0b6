/** Single members of JSON text change and nothing else: not a number's form, not white space, not the order of keys. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { editJson, elementsOf, type JsonEdit, memberOf } from '../../../src/wire/index.ts'

const edited = (text: string, edits: readonly JsonEdit[]): string => editJson(Buffer.from(text), edits).toString('utf8')
const set = (path: string, text: string | undefined): JsonEdit => ({ path: path.split('.'), text })

const rows: readonly { note: string; text: string; edits: readonly JsonEdit[]; wanted: string }[] = [
  {
    note: 'a number keeps its form',
    text: '{"id":1,"n":1.50e+2}',
    edits: [set('id', '"x"')],
    wanted: '{"id":"x","n":1.50e+2}',
  },
  {
    note: 'white space stays',
    text: '{ "id" : 1 ,\n "n" : 2 }',
    edits: [set('id', '7')],
    wanted: '{ "id" : 7 ,\n "n" : 2 }',
  },
  {
    note: 'keys that look like numbers keep their order',
    text: '{"b":1,"1":2,"id":3}',
    edits: [set('id', '4')],
    wanted: '{"b":1,"1":2,"id":4}',
  },
  { note: 'an escaped key is the key', text: '{"\\u0069d":1}', edits: [set('id', '2')], wanted: '{"\\u0069d":2}' },
  {
    note: 'a member inside',
    text: '{"p":{"m":{"t":1,"u":2}}}',
    edits: [set('p.m.t', '9')],
    wanted: '{"p":{"m":{"t":9,"u":2}}}',
  },
  { note: 'a member that is not there', text: '{"a":1}', edits: [set('b', '2')], wanted: '{"a":1,"b":2}' },
  { note: 'a member of an empty object', text: '{ }', edits: [set('b', '2')], wanted: '{"b":2 }' },
  { note: 'objects on the way', text: '{"a":1}', edits: [set('p.q.r', '2')], wanted: '{"a":1,"p":{"q":{"r":2}}}' },
  { note: 'the first member taken out', text: '{"a":1,"b":2}', edits: [set('a', undefined)], wanted: '{"b":2}' },
  { note: 'the last member taken out', text: '{"a":1,"b":2}', edits: [set('b', undefined)], wanted: '{"a":1}' },
  { note: 'one in the middle', text: '{"a":1,"b":2,"c":3}', edits: [set('b', undefined)], wanted: '{"a":1,"c":3}' },
  {
    note: 'the first two',
    text: '{"a":1,"b":2,"c":3}',
    edits: [set('a', undefined), set('b', undefined)],
    wanted: '{"c":3}',
  },
  { note: 'all of them', text: '{"a":1,"b":2}', edits: [set('a', undefined), set('b', undefined)], wanted: '{}' },
  { note: 'all of them for another', text: '{"a":1}', edits: [set('a', undefined), set('b', '2')], wanted: '{"b":2}' },
  {
    note: 'nothing to take out',
    text: '{"a":1}',
    edits: [set('b', undefined), set('c.d', undefined)],
    wanted: '{"a":1}',
  },
  {
    note: 'a string with brackets and quotes',
    text: '{"s":"}]\\"{","id":1}',
    edits: [set('id', '2')],
    wanted: '{"s":"}]\\"{","id":2}',
  },
  {
    note: 'backslashes before the quote',
    text: '{"s":"\\\\","id":1}',
    edits: [set('id', '2')],
    wanted: '{"s":"\\\\","id":2}',
  },
  {
    note: 'the same key deeper',
    text: '{"x":{"id":1},"id":2}',
    edits: [set('id', '3')],
    wanted: '{"x":{"id":1},"id":3}',
  },
  {
    note: 'a key of the prototype',
    text: '{"__proto__":{"id":1},"id":2}',
    edits: [set('id', '3')],
    wanted: '{"__proto__":{"id":1},"id":3}',
  },
  {
    note: 'a whole object',
    text: '{"r":{"a":[1,{"b":2}]},"id":1}',
    edits: [set('r', '[]')],
    wanted: '{"r":[],"id":1}',
  },
]

describe('an edit', () => {
  it.each(rows)('$note', ({ text, edits, wanted }) => {
    expect(edited(text, edits)).toBe(wanted)
  })

  it('gives the same bytes where nothing changes', () => {
    const bytes = Buffer.from('{"a":1}')
    expect(editJson(bytes, [set('b', undefined)])).toBe(bytes)
  })

  it('agrees with an edit of the value, whatever the text', () => {
    const keys = fc.constantFrom('id', 'a', 'b', '', '1', '__proto__')
    const value = fc.jsonValue({ maxDepth: 3 })
    fc.assert(
      fc.property(
        fc.dictionary(keys, value, { maxKeys: 5 }),
        keys,
        fc.option(value, { nil: undefined }),
        fc.boolean(),
        (object, key, to, spaced) => {
          const text = JSON.stringify(object, null, spaced ? 1 : undefined)
          const got = edited(text, [{ path: [key], text: to === undefined ? undefined : JSON.stringify(to) }])
          const wanted = new Map(Object.entries(JSON.parse(text)))
          if (to === undefined) wanted.delete(key)
          else wanted.set(key, JSON.parse(JSON.stringify(to)))
          expect(new Map(Object.entries(JSON.parse(got)))).toEqual(wanted)
        },
      ),
      { seed: 20261121, numRuns: 400 },
    )
  })
})

it('finds members and elements as they are written', () => {
  const bytes = Buffer.from('{"a": {"list": [ 1.0, "x,]" , {"k":[2]} ]}}')
  const list = memberOf(bytes, ['a', 'list'])
  expect(list?.toString()).toBe('[ 1.0, "x,]" , {"k":[2]} ]')
  expect(elementsOf(list ?? Buffer.alloc(0)).map(String)).toEqual(['1.0', '"x,]"', '{"k":[2]}'])
  expect(memberOf(bytes, ['a', 'none'])).toBeUndefined()
  expect(elementsOf(Buffer.from('{}'))).toEqual([])
  expect(elementsOf(Buffer.from('[ ]'))).toEqual([])
})

describe('strings of any length', () => {
  // Around the length up to which a string is looked at byte by byte.
  const lengths = Array.from({ length: 12 }, (_, index) => index + 58)
  for (const tail of ['', '\\\\', '\\"', '\\u005c', 'é'])
    it(`end where they end, with \`${tail}\` on every side of the bound`, () => {
      for (const length of lengths)
        for (const end of ['', tail, tail + tail]) {
          const string = `"${'x'.repeat(length)}${end}"`
          const text = `{"s":${string},"in":[${string},{"k":${string}}],"id":1}`
          expect(edited(text, [set('id', '2')])).toBe(text.replace('"id":1', '"id":2'))
          expect(memberOf(Buffer.from(text), ['s'])?.toString()).toBe(string)
        }
    })
})

describe('editing ends behind the last member that it looks for', () => {
  it('and leaves what follows as it was', () => {
    const text = '{"id":1,"p":{"m":{"t":1},"z":{"t":2}},"rest":[1,{"id":3}],"q":{"m":4}}'
    expect(edited(text, [set('id', '9'), set('p.m.t', '8'), set('q.m', '7')])).toBe(
      '{"id":9,"p":{"m":{"t":8},"z":{"t":2}},"rest":[1,{"id":3}],"q":{"m":7}}',
    )
    expect(edited(text, [set('p.m.t', undefined), set('q.m', '7'), set('new', '0')])).toBe(
      '{"id":1,"p":{"m":{},"z":{"t":2}},"rest":[1,{"id":3}],"q":{"m":7},"new":0}',
    )
    expect(edited(text, [set('p.m', undefined), set('id', undefined)])).toBe(
      '{"p":{"z":{"t":2}},"rest":[1,{"id":3}],"q":{"m":4}}',
    )
  })
})
