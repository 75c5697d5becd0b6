/** Values of header fields that repeat what a message says: what is encoded, what a field stands for, which arguments have one. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { headerValueOf, mirrors, mirrorsOf, textOfHeader } from '../../../src/wire/index.ts'

describe('a value', () => {
  it.each([
    ['us-west1', 'us-west1'],
    ['Hello, 世界', '=?base64?SGVsbG8sIOS4lueVjA==?='],
    [' padded ', '=?base64?IHBhZGRlZCA=?='],
    ['line1\nline2', '=?base64?bGluZTEKbGluZTI=?='],
    ['=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
    ['', '=?base64??='],
  ])('`%s` is written as `%s` and read back', (text, field) => {
    expect(headerValueOf(text)).toBe(field)
    expect(textOfHeader(field)).toBe(text)
  })

  it.each(['=?base64?%?=', '=?base64?SGVsbG8?=', '=?base64?/w==?=', ' x', 'x\u00e9'])(
    '`%s` stands for nothing',
    (field) => {
      expect(textOfHeader(field)).toBeUndefined()
    },
  )

  it('whatever the text, is read back and fits a field', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const field = headerValueOf(text)
        expect(field).toMatch(/^[\x20-\x7e\t]*$/)
        expect(textOfHeader(field)).toBe(Buffer.from(text).toString('utf8'))
      }),
      { seed: 20261121, numRuns: 500 },
    )
  })

  it.each([
    ['42', 42, true],
    ['42.0', 42, true],
    ['042', 42, true],
    ['43', 42, false],
    ['', 0, false],
    ['true', true, true],
    ['True', true, false],
    ['x', 'x', true],
    ['X', 'x', false],
    ['42', '42', true],
    ['42.0', '42', false],
  ])('`%s` says %s: %s', (field, value, wanted) => {
    expect(mirrors(field, value)).toBe(wanted)
  })
})

const schema = (properties: object): never => ({ type: 'object', properties }) as never
const region = { type: 'string', 'x-mcp-header': 'Region' }

describe('arguments with a field', () => {
  it.each([
    ['none', schema({ a: { type: 'string' } }), []],
    ['one', schema({ region }), [{ header: 'region', path: ['region'] }]],
    [
      'one in an object',
      schema({ where: { type: 'object', properties: { region } } }),
      [{ header: 'region', path: ['where', 'region'] }],
    ],
    [
      'one called like a property of the schema',
      schema({ properties: region }),
      [{ header: 'region', path: ['properties'] }],
    ],
    ['an argument called `x-mcp-header`', schema({ 'x-mcp-header': { type: 'string' } }), []],
  ])('%s', (_note, given, wanted) => {
    expect(mirrorsOf(given)).toEqual(wanted)
  })

  it.each([
    ['an empty name', schema({ a: { type: 'string', 'x-mcp-header': '' } })],
    ['a name with a line end', schema({ a: { type: 'string', 'x-mcp-header': 'a\r\nb' } })],
    ['a name that is no text', schema({ a: { type: 'string', 'x-mcp-header': 1 } })],
    ['one name twice, in other letters', schema({ a: region, b: { type: 'string', 'x-mcp-header': 'REGION' } })],
    ['a number', schema({ a: { type: 'number', 'x-mcp-header': 'A' } })],
    ['an object', schema({ a: { type: 'object', 'x-mcp-header': 'A' } })],
    ['no type', schema({ a: { 'x-mcp-header': 'A' } })],
    ['an element of a list', schema({ a: { type: 'array', items: region } })],
    ['one of several', { type: 'object', oneOf: [schema({ a: region })] } as never],
    ['a definition', { type: 'object', $defs: { a: region } } as never],
    ['the root', { type: 'object', 'x-mcp-header': 'A' } as never],
  ])('%s makes the tool unusable', (_note, given) => {
    expect(mirrorsOf(given)).toMatchObject({ problem: expect.any(String) })
  })
})
