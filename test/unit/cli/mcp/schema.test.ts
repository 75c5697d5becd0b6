/** A tool's input schema as lines for a person: every declared argument, its type, whether it is required, and its bounds. */
import { expect, it } from 'vitest'
import { type Argument, argumentsOf } from '../../../../src/cli/mcp/schema.ts'
import type { Json } from '../../../../src/model/index.ts'

const line = ({ path, type, isRequired, bounds, description }: Argument): string =>
  [path, type, isRequired ? 'required' : 'optional', bounds, description].filter((text) => text !== '').join(' | ')

const properties = (all: { readonly [name: string]: Json }, more: object = {}): Json =>
  ({ type: 'object', properties: all, ...more }) as Json

const cases: readonly { note: string; schema: Json | undefined; wanted: readonly string[] }[] = [
  { note: 'no schema', schema: undefined, wanted: [] },
  { note: 'a schema that is none', schema: 'text', wanted: [] },
  { note: 'properties that are none', schema: { properties: [1] }, wanted: [] },
  {
    note: 'what is required, in the order of the schema',
    schema: properties({ b: { type: 'string' }, a: { type: 'integer' } }, { required: ['a'] }),
    wanted: ['b | string | optional', 'a | integer | required'],
  },
  {
    note: 'bounds and choices',
    schema: properties({
      a: { type: 'number', minimum: 0, maximum: 10.5, multipleOf: 0.5 },
      b: { type: 'string', minLength: 1, format: 'date', default: 'x', examples: ['y'] },
      c: { enum: ['p', 2, null] },
      d: { const: true },
      e: { type: 'array', items: { type: 'string' }, maxItems: 3 },
      f: { type: 'number', exclusiveMinimum: 0 },
    }),
    wanted: [
      'a | number | optional | 0 to 10.5; a multiple of 0.5',
      'b | string | optional | at least 1 characters; format date; default "x"; such as "y"',
      'c | null or integer or string | optional | one of "p", 2, null',
      'd | boolean | optional | always true',
      'e | array of string | optional | at most 3 elements',
      'f | number | optional | more than 0',
    ],
  },
  {
    note: 'objects and elements below',
    schema: properties({
      lines: {
        type: 'array',
        items: { type: 'object', properties: { sku: { type: 'string', description: 'which' } }, required: ['sku'] },
      },
      to: properties({ city: { type: 'string' } }),
    }),
    wanted: [
      'lines | array of object | optional',
      'lines[].sku | string | required | which',
      'to | object | optional',
      'to.city | string | optional',
    ],
  },
  {
    note: 'references within the document, with what stands beside them',
    schema: properties(
      { a: { $ref: '#/$defs/x~1y', description: 'here' }, b: { $ref: '#/$defs/%7E0z' }, c: { $ref: '#/nowhere' } },
      { $defs: { 'x/y': { type: 'boolean', description: 'there' }, '~z': { type: 'null' } } },
    ),
    wanted: ['a | boolean | optional | here', 'b | null | optional', 'c | any value | optional'],
  },
  {
    note: 'references that never end, and none to the network',
    schema: properties(
      { a: { $ref: '#/$defs/a' }, b: { $ref: 'https://example.com/schema' }, c: { $ref: '#/properties/c' } },
      { $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } },
    ),
    wanted: ['a | any value | optional', 'b | any value | optional', 'c | any value | optional'],
  },
  {
    note: 'a schema that holds itself, down to the fourth level',
    schema: properties({ next: { $ref: '#' } }),
    wanted: ['next', 'next.next', 'next.next.next', 'next.next.next.next'].map((path) => `${path} | object | optional`),
  },
]

it.each(cases)('tells of $note', ({ schema, wanted }) => {
  expect(argumentsOf(schema).map(line)).toEqual(wanted)
})

it('tells of so many and no more where every level branches', () => {
  const wide = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`p${index}`, { $ref: '#' }]))
  expect(argumentsOf(properties(wide)).length).toBe(500)
})
