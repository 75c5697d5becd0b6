/**
 * `yaml.unmarshal` and `yaml.is_valid`: YAML 1.1 scalars as Go's yaml library resolves them, keys as strings, and only what JSON can say. The syntax is read by
 * the `yaml` package; what plain words mean is decided here.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type ParsedNode,
  parseAllDocuments,
  Scalar,
} from 'yaml'
import { parseNumber } from '../number.ts'
import { type PlainObject, setField, type Value } from '../value.ts'
import { type Builtin, BuiltinError } from './builtin.ts'
import { decodeBase64 } from './encoding.ts'
import { checkTextLength } from './limits.ts'
import { limitError, stringOperand } from './operands.ts'
import { unprintable } from './yaml-characters.ts'
import { marshalYaml } from './yaml-text.ts'

/** Arrays and maps inside each other, and aliases followed in all: a short text can stand for a document without end. */
const depthMax = 500
const aliasesMax = 1000

const words: ReadonlyMap<string, null | boolean> = new Map<string, null | boolean>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
])

const notNumbers = new Set([
  '.nan',
  '.NaN',
  '.NAN',
  '.inf',
  '.Inf',
  '.INF',
  '+.inf',
  '+.Inf',
  '+.INF',
  '-.inf',
  '-.Inf',
  '-.INF',
])

const wholeNumber = /^([+-]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|([1-9]\d*|0))$/
const fraction = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/

/** What a plain scalar means. */
export function resolvePlain(text: string): Value | 'not JSON' {
  const word = words.get(text)
  if (word !== undefined) return word
  if (notNumbers.has(text)) return 'not JSON'
  if (!/^[-+.\d]/.test(text)) return text
  const digits = text.replaceAll('_', '')
  const whole = wholeNumber.exec(digits)
  if (whole !== null) {
    const [, sign, hex, binary, octal, decimal] = whole
    const size = BigInt(
      hex !== undefined
        ? `0x${hex}`
        : binary !== undefined
          ? `0b${binary}`
          : octal !== undefined
            ? `0o${octal}`
            : `${decimal}`,
    )
    const value = sign === '-' ? -size : size
    if (value >= -(2n ** 63n) && value < 2n ** 64n) return parseNumber(String(value)) ?? text
  }
  const near = Number(digits)
  return fraction.test(digits) && Number.isFinite(near) ? (parseNumber(String(near)) ?? text) : text
}

/** Dates and sexagesimal numbers: texts here, but something else to other readers. */
const otherwiseRead =
  /^(?:\d{4}-\d{1,2}-\d{1,2}(?:[Tt ]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?)?|[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?)$/

/** Whether a text, written plain, would be read as the same text. */
export function isPlainString(text: string): boolean {
  if (otherwiseRead.test(text)) return false
  return resolvePlain(text) === text && text !== 'not JSON'
}

class Reader {
  readonly #document: Document.Parsed
  readonly #source: string
  #aliases = 0

  constructor(document: Document.Parsed, source: string) {
    this.#document = document
    this.#source = source
  }

  read(node: Node | null | undefined, depth: number): Value {
    if (depth > depthMax) throw limitError('the nesting of a YAML document', `${depthMax} levels`)
    if (node === null || node === undefined) return null
    if (isAlias(node)) return this.read(this.#target(node), depth + 1)
    if (isScalar(node)) return this.#scalar(node)
    if (isSeq(node)) return node.items.map((item) => this.read(item as Node, depth + 1))
    if (isMap(node)) return this.#readMap(node.items as { key: Node | null; value: Node | null }[], depth)
    throw new BuiltinError('yaml: unknown kind of node')
  }

  /** A block of text at the very end has a line end only where the document has one. */
  #scalar(node: Scalar): Value {
    const value = scalarValue(node)
    const block = node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED
    const last = block && !this.#source.endsWith('\n') && (node.range?.[1] ?? 0) >= this.#source.length
    return last && typeof value === 'string' ? value.replace(/\n$/, '') : value
  }

  #target(alias: Alias): Node {
    this.#aliases += 1
    if (this.#aliases > aliasesMax) throw limitError('the aliases of a YAML document', `${aliasesMax} uses`)
    const target = alias.resolve(this.#document)
    if (target === undefined) throw new BuiltinError(`yaml: unknown anchor '${alias.source}' referenced`)
    const [start, end] = target.range ?? [0, 0]
    const at = alias.range?.[0] ?? 0
    if (at > start && at < end) throw new BuiltinError(`yaml: anchor '${alias.source}' value contains itself`)
    return target
  }

  #readMap(pairs: readonly { key: Node | null; value: Node | null }[], depth: number): PlainObject {
    const object: PlainObject = {}
    for (const { key, value } of pairs) {
      if (isMerge(key)) {
        // Go's library lets a merge win over what stands before it, and lose to what comes after.
        for (const [name, item] of this.#merged(value, depth)) setField(object, name, item)
        continue
      }
      setField(object, keyName(this.read(key, depth + 1)), this.read(value, depth + 1))
    }
    return object
  }

  /** The entries that `<<` brings: earlier maps of a list win over later ones. */
  #merged(node: Node | null, depth: number): [string, Value][] {
    const source = this.read(node, depth + 1)
    const maps = Array.isArray(source) ? source.toReversed() : [source]
    return maps.flatMap((map) => {
      if (map === null || typeof map !== 'object' || Array.isArray(map))
        throw new BuiltinError('yaml: map merge requires map or sequence of maps as the value')
      return Object.entries(map as PlainObject)
    })
  }
}

function isMerge(key: Node | null): boolean {
  return isScalar(key) && key.type === Scalar.PLAIN && key.source === '<<'
}

function keyName(key: Value): string {
  if (typeof key === 'string') return key
  if (typeof key === 'number' || typeof key === 'bigint' || typeof key === 'boolean') return String(key)
  throw new BuiltinError('error converting YAML to JSON: unsupported map key')
}

const resolvable = /^tag:yaml\.org,2002:(?:int|float|bool|null)$/

function scalarValue(node: Scalar): Value {
  const text = typeof node.value === 'string' ? node.value : String(node.source ?? '')
  const tag = node.tag?.replace(/^!!/, 'tag:yaml.org,2002:') ?? ''
  if (tag === 'tag:yaml.org,2002:binary') return decodeBase64(text.replace(/\s/g, ''), 'base64').toString('utf8')
  if (!resolvable.test(tag) && (tag !== '' || node.type !== Scalar.PLAIN)) return text
  const value = resolvePlain(text)
  if (value === 'not JSON' && text !== 'not JSON')
    throw new BuiltinError('error converting YAML to JSON: json: unsupported value')
  return value
}

/** The line, and what is wrong there; where something is not closed, in the words of Go's library. */
function syntaxProblem(
  text: string,
  error: { readonly pos: readonly [number, number]; readonly message: string },
): string {
  const line = text.slice(0, error.pos[0]).split('\n').length
  const close = /must end with an? ([\]}])/.exec(error.message)?.[1]
  const expected = close === undefined ? error.message.split('\n', 1)[0] : `did not find expected ',' or '${close}'`
  return `line ${line}: ${expected}`
}

/** The value of the first document of a YAML text. Throws `BuiltinError` when it is none, or none that JSON could say. */
export function unmarshalYaml(source: string): Value {
  checkTextLength(source.length)
  // U+0085 ends a line in YAML 1.1; to the `yaml` package it is a character like others.
  const text = source.replaceAll('\u0085', '\n')
  if (unprintable.test(text))
    throw new BuiltinError('error converting YAML to JSON: yaml: control characters are not allowed')
  const documents = parseAllDocuments<ParsedNode>(text, {
    version: '1.1',
    schema: 'failsafe',
    uniqueKeys: false,
    merge: false,
    logLevel: 'error',
  })
  const document = Array.isArray(documents) ? documents[0] : undefined
  if (document === undefined) {
    if (/^(?:\s|#[^\n]*)*$/.test(text)) return null
    throw new BuiltinError('error converting YAML to JSON: yaml: did not find expected node content')
  }
  const error = document.errors[0] ?? document.warnings.find(({ code }) => code === 'BAD_DIRECTIVE')
  if (error !== undefined) {
    throw new BuiltinError(`error converting YAML to JSON: yaml: ${syntaxProblem(text, error)}`, { cause: error })
  }
  return new Reader(document as Document.Parsed, text).read(document.contents, 0)
}

function isValid(text: Value): boolean {
  if (typeof text !== 'string') return false
  try {
    unmarshalYaml(text)
    return true
  } catch (error) {
    if (error instanceof BuiltinError && !error.halts) return false
    throw error
  }
}

function marshal(value: Value): string {
  const text = marshalYaml(value, isPlainString)
  checkTextLength(text.length)
  return text
}

export const yaml: Record<string, Builtin> = {
  'yaml.marshal': { run: (_, value) => marshal(value) },
  'yaml.unmarshal': { run: (_, text) => unmarshalYaml(stringOperand(text, 1)) },
  'yaml.is_valid': { run: (_, text) => isValid(text) },
}
