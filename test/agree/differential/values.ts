/**
 * Constants for generated programs, as Rego and as JSON text: small ones that meet each other often, and those at which engines break
 * (numbers beyond a double, astral characters, names of JavaScript's prototypes).
 */
import type { Random } from './random.ts'

export type TypeName = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object' | 'set'

export const typeNames: readonly TypeName[] = ['null', 'boolean', 'number', 'string', 'array', 'object', 'set']

const smallNumbers = ['0', '1', '2', '3', '4', '7', '10', '-1', '-2', '0.5', '1.5', '100']

/** Also JSON: no leading plus, no bare point. */
const edgeNumbers = [
  '9007199254740991',
  '9007199254740992',
  '9007199254740993',
  '-9007199254740991',
  '-9007199254740993',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775808',
  '-9223372036854775809',
  '18446744073709551616',
  '123456789012345678901234567890',
  '0.1',
  '0.2',
  '0.30000000000000004',
  '3.50',
  '35e-1',
  '1.0',
  '2.0',
  '1e2',
  '1E+2',
  '1e21',
  '1e-7',
  '1e400',
  '-1e400',
  '1e-400',
  '0.1234567890123456789012345',
  '1.0000000000000000000001',
  '4294967296',
  '2147483648',
  '-0.0',
]

const plainStrings = [
  'a',
  'b',
  'c',
  'ab',
  'abc',
  'admin',
  'user',
  'x',
  '',
  'a b',
  'a/b',
  'a.b',
  'A',
  '1',
  '-1',
  '3.5',
  'true',
  'foo',
  'bar',
]

const edgeStrings = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'prototype',
  'length',
  '\u00e9',
  'e\u0301',
  '\u{1f600}',
  '\u{1f600}a',
  '\u{10000}',
  '\uffff',
  '\ufffd',
  '\u2028',
  '\u2029',
  '\u0000',
  '\u007f',
  '\ufeff',
  '\u00df',
  '\u0130',
  '\u03a3\u03c2',
  'ﬀ',
  '\n',
  '\t x \r\n',
  '"',
  '\\',
  "'",
  '<b>&',
  '%d%v',
  '{{.a}}',
  '1e400',
  '0x1F',
  '2021-03-04T05:06:07Z',
  'a,b,,c',
  'null',
  '日本語',
]

/** A number's text. */
export function numberText(random: Random): string {
  return random.pick(random.chance(0.75) ? smallNumbers : edgeNumbers)
}

export function plainString(random: Random): string {
  return random.pick(random.chance(0.75) ? plainStrings : edgeStrings)
}

/** A string literal of Rego: quoted, quoted with every character escaped, or raw. */
export function stringLiteral(random: Random, value: string): string {
  const form = random.below(12)
  // A byte-order mark and control characters must be escaped.
  if (form === 0 && !/[`\r\0\ufeff]/.test(value)) return `\`${value}\``
  if (form === 1) {
    const units = Array.from({ length: value.length }, (_, i) => value.charCodeAt(i).toString(16).padStart(4, '0'))
    return `"${units.map((unit) => `\\u${unit}`).join('')}"`
  }
  return JSON.stringify(value).replaceAll('\ufeff', '\\ufeff')
}

/** A constant of a type as Rego; `depth` is how many more levels it may nest. */
export function constant(random: Random, type: TypeName | 'any', depth = 2): string {
  const inner = () => constant(random, 'any', depth - 1)
  const several = <T>(make: () => T): T[] => Array.from({ length: depth > 0 ? random.below(4) : 0 }, make)
  switch (type) {
    case 'any':
      return constant(
        random,
        depth > 0 ? random.pick(typeNames) : random.pick(['null', 'boolean', 'number', 'string']),
        depth,
      )
    case 'null':
      return 'null'
    case 'boolean':
      return random.pick(['true', 'false'])
    case 'number':
      return numberText(random)
    case 'string':
      return stringLiteral(random, plainString(random))
    case 'array':
      return `[${several(inner).join(', ')}]`
    case 'set': {
      const items = several(inner)
      return items.length === 0 ? 'set()' : `{${items.join(', ')}}`
    }
    case 'object': {
      const keyed = several(() => {
        const key = random.chance(0.8) ? constant(random, 'string') : constant(random, 'any', depth - 1)
        return [key, inner()] as const
      })
      return `{${keyed.map(([key, value]) => `${key}: ${value}`).join(', ')}}`
    }
  }
}

/** A JSON text; objects never repeat a key, which JSON leaves open. */
export function jsonText(random: Random, depth: number): string {
  const kind = depth > 0 ? random.below(9) : random.below(5)
  const size = random.below(4)
  if (kind === 0) return random.pick(['null', 'true', 'false'])
  if (kind <= 2) return numberText(random)
  if (kind <= 4) return JSON.stringify(plainString(random))
  if (kind <= 6) return `[${Array.from({ length: size }, () => jsonText(random, depth - 1)).join(',')}]`
  const keys = new Set(Array.from({ length: size }, () => plainString(random)))
  return `{${[...keys].map((key) => `${JSON.stringify(key)}:${jsonText(random, depth - 1)}`).join(',')}}`
}

/** The paths below `input` and `data.base` that `documentText` always fills, with the type of what is there. */
export const documentPaths: readonly (readonly [path: string, type: TypeName | 'any'])[] = [
  ['.n', 'number'],
  ['.s', 'string'],
  ['.role', 'string'],
  ['.ok', 'boolean'],
  ['.xs', 'array'],
  ['.xs[0]', 'number'],
  ['.words', 'array'],
  ['.words[1]', 'string'],
  ['.users', 'array'],
  ['.users[0].name', 'string'],
  ['.users[1].roles', 'array'],
  ['.users[1].age', 'number'],
  ['.byName', 'object'],
  ['.byName.admin', 'any'],
  ['.byName["constructor"]', 'any'],
  ['.deep', 'any'],
  ['.missing', 'any'],
  ['.deep.a', 'any'],
  ['["__proto__"]', 'any'],
  ['.if', 'any'],
]

/** The document that `input` and `data.base` are: a fixed frame, so that refs meet something, with chance inside. */
export function documentText(random: Random): string {
  const string = () => JSON.stringify(plainString(random))
  const list = (make: () => string, least = 1) => `[${Array.from({ length: least + random.below(3) }, make).join(',')}]`
  const user = () => `{"name":${string()},"roles":${list(string, 0)},"age":${numberText(random)}}`
  const names = new Set([
    'admin',
    plainString(random),
    plainString(random),
    random.pick(['constructor', 'toString', '__proto__']),
  ])
  const byName = [...names].map((name) => `${JSON.stringify(name)}:${jsonText(random, 2)}`)
  const fields = [
    `"n":${numberText(random)}`,
    `"s":${string()}`,
    `"role":${JSON.stringify(random.pick(['admin', 'user', 'a', '']))}`,
    `"ok":${random.pick(['true', 'false'])}`,
    `"xs":${list(() => numberText(random))}`,
    `"words":${list(string, 2)}`,
    `"users":${list(user, 2)}`,
    `"byName":{${byName.join(',')}}`,
    `"deep":${jsonText(random, 3)}`,
  ]
  if (random.chance(0.3)) fields.push(`"__proto__":${jsonText(random, 1)}`)
  if (random.chance(0.3)) fields.push(`"if":${jsonText(random, 1)}`)
  // A field may be absent: refs to it are undefined.
  return `{${fields.filter(() => random.chance(0.95)).join(',')}}`
}
