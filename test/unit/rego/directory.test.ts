/** Look-ups of names from the input in base documents: the same answers from a directory of the fields as from the document itself. */
import { describe, expect, it } from 'vitest'
import { type Json, prepare } from '../../../src/rego/index.ts'

/** More fields than a directory holds. */
const wide = Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`name${index}`, index]))

const cases: { note: string; table: Json; key: Json; wanted: Json | undefined }[] = [
  { note: 'a field', table: { a: 1 }, key: 'a', wanted: 1 },
  { note: 'a field that is false', table: { a: false }, key: 'a', wanted: false },
  { note: 'a field that is null', table: { a: null }, key: 'a', wanted: null },
  { note: 'a name that is not there', table: { a: 1 }, key: 'b', wanted: undefined },
  { note: 'a method of every object', table: { a: 1 }, key: 'toString', wanted: undefined },
  { note: 'the prototype', table: { a: 1 }, key: '__proto__', wanted: undefined },
  {
    note: 'a field named as the prototype',
    table: JSON.parse('{"__proto__": {"a": 1}}'),
    key: '__proto__',
    wanted: { a: 1 },
  },
  { note: 'a field named as the constructor', table: { constructor: 2 }, key: 'constructor', wanted: 2 },
  { note: 'a number in an object of names', table: { '1': 'one' }, key: 1, wanted: undefined },
  { note: 'a list as name', table: { a: 1 }, key: ['a'], wanted: undefined },
  { note: 'an element of an array', table: ['zero', 'one'], key: 1, wanted: 'one' },
  { note: 'the length of an array', table: ['zero'], key: 'length', wanted: undefined },
  { note: 'a field of a text', table: 'text', key: 'length', wanted: undefined },
  { note: 'a field of many', table: wide, key: 'name1000', wanted: 1000 },
  { note: 'a method beside many', table: wide, key: 'valueOf', wanted: undefined },
]

const read = 'package p\n\nx := data.table[input.key]\n'

describe('a base document at a key of the input', () => {
  it.each(cases)('gives $note', ({ table, key, wanted }) => {
    const query = prepare({ query: 'data.p.x', modules: { 'p.rego': read }, data: { table } })
    expect(query.value({ key })).toEqual(wanted)
  })

  it.each(cases)('gives $note where `with` may replace it', ({ table, key, wanted }) => {
    const modules = { 'p.rego': `${read}\ny := z if z := x with data.table as input.table\n` }
    const query = prepare({ query: 'data.p.y', modules, data: { table: { a: 'another' } } })
    expect(query.value({ key, table })).toEqual(wanted)
  })
})
