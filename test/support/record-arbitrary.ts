/** Any record that the published schema of the log allows, as a fast-check arbitrary made from that schema. */
import fc from 'fast-check'
import type { LogRecord } from '../../src/model/index.ts'
import { decisionLogSchema } from '../../src/record/index.ts'

interface Schema {
  readonly oneOf?: readonly Schema[]
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: { readonly [name: string]: Schema }
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly additionalProperties?: Schema | false
}

/** Texts of any code points, and those that formats give a meaning to. */
const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 24 }),
  fc.string({ unit: fc.constantFrom(...'|=\\]"\r\n\t ,:ab\u2028\u0000\u001b\u0085'), maxLength: 16 }),
  fc.constantFrom(
    '',
    '__proto__',
    'constructor',
    'CEF:0|a|b|',
    'a=b c=d',
    '\\',
    '192.0.2.1',
    '2001:db8::1',
    'x'.repeat(5_000),
  ),
)

const documents = fc.jsonValue({ maxDepth: 3 })

export function recordArbitrary(): fc.Arbitrary<LogRecord> {
  return arbitraryOf(decisionLogSchema() as unknown as Schema) as fc.Arbitrary<LogRecord>
}

function arbitraryOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.oneOf !== undefined) return fc.oneof(...schema.oneOf.map(arbitraryOf))
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  switch (schema.type) {
    case 'object':
      return objectOf(schema)
    case 'array':
      return fc.array(arbitraryOf(schema.items ?? {}), { maxLength: 4 })
    case 'string':
      return schema.pattern === undefined ? texts : textLike(schema.pattern)
    case 'integer':
      return fc.maxSafeInteger().map((value) => Math.max(schema.minimum ?? value, value))
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true })
    case 'boolean':
      return fc.boolean()
    case undefined:
      return documents
    default:
      throw new Error(`the schema has the type \`${schema.type}\`, for which nothing is made here`)
  }
}

function objectOf({ properties, required = [], additionalProperties }: Schema): fc.Arbitrary<unknown> {
  if (properties === undefined) {
    const values = additionalProperties === false ? fc.constant(0) : arbitraryOf(additionalProperties ?? {})
    return fc.dictionary(texts, values, { maxKeys: 4 })
  }
  const members = Object.entries(properties).map(([name, one]) => [name, arbitraryOf(one)] as const)
  return fc.record(Object.fromEntries(members), { requiredKeys: [...required] })
}

/** Dates that there are: the pattern alone allows a thirteenth month. */
function textLike(pattern: string): fc.Arbitrary<string> {
  if (!pattern.startsWith('^\\d{4}-')) return fc.stringMatching(new RegExp(pattern))
  const range = { min: new Date('1970-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }
  return fc
    .tuple(fc.date(range), fc.nat(999))
    .map(([date, micros]) => `${date.toISOString().slice(0, 23)}${String(micros).padStart(3, '0')}Z`)
}
