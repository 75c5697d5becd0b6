/**
 * Go's `text/template`, run. Data is JSON as OPA hands it over: its numbers are texts to the language (`json.Number`), so they are true when not empty, have a
 * length and compare as strings; only constants of the template are numbers.
 */
import { type NumberValue, numberText } from '../../number.ts'
import {
  compareStrings,
  getField,
  isNumber,
  isPlainObject,
  type PlainObject,
  sortedKeys,
  toJson,
  type Value,
} from '../../value.ts'
import { checkElements, checkTextLength } from '../limits.ts'
import { formatFloat } from './float-text.ts'
import { type Operand as FormatOperand, JsonNumber, sprintf } from './fmt.ts'
import { type Node, type Operand, type Pipe, parseTemplate, type Template, TemplateError } from './template-parse.ts'
import { queryEscape } from './url.ts'

export { TemplateError } from './template-parse.ts'

/** A number of the template itself. */
class GoNumber {
  readonly value: bigint | number
  constructor(value: bigint | number) {
    this.value = value
  }
}

/** What commands work on: data, numbers of the template, and `undefined` for what is not there. */
type Item = Value | GoNumber | undefined

/** Templates that call each other. */
const callsMax = 100

class Leave {
  readonly kind: 'break' | 'continue'
  constructor(kind: 'break' | 'continue') {
    this.kind = kind
  }
}

type Scope = { readonly name: string; value: Item }[]

/** The text that a template gives for the data. Throws `TemplateError`. */
export function renderTemplate(source: string, data: PlainObject): string {
  return new Runner(parseTemplate(source, new Set(Object.keys(functions).concat('and', 'or')))).run(data)
}

class Runner {
  readonly #template: Template
  #text = ''
  #steps = 0

  constructor(template: Template) {
    this.#template = template
  }

  run(data: PlainObject): string {
    this.#list(this.#template.body, data, [{ name: '$', value: data }], 0)
    return this.#text
  }

  #write(text: string): void {
    this.#text += text
    checkTextLength(this.#text.length)
  }

  #list(nodes: readonly Node[], dot: Item, scope: Scope, depth: number): void {
    const own = [...scope]
    for (const node of nodes) this.#node(node, dot, own, depth)
  }

  #node(node: Node, dot: Item, scope: Scope, depth: number): void {
    this.#steps += 1
    checkElements(this.#steps)
    switch (node.kind) {
      case 'text':
        this.#write(node.text)
        return
      case 'action': {
        const value = this.#pipe(node.pipe, dot, scope)
        if (node.pipe.variables.length === 0) this.#write(printed(value))
        return
      }
      case 'if':
      case 'with': {
        const inner = [...scope]
        const value = this.#pipe(node.pipe, dot, inner)
        if (isTrue(value)) this.#list(node.body, node.kind === 'with' ? value : dot, inner, depth)
        else this.#list(node.otherwise, dot, inner, depth)
        return
      }
      case 'range':
        this.#range(node, dot, scope, depth)
        return
      case 'template': {
        const body = this.#template.named.get(node.name)
        if (body === undefined) throw new TemplateError(`template: template ${JSON.stringify(node.name)} not defined`)
        if (depth >= callsMax) throw new TemplateError(`exceeded maximum template depth (${callsMax})`)
        const data = node.pipe === undefined ? undefined : this.#pipe(node.pipe, dot, scope)
        this.#list(body, data, [{ name: '$', value: data }], depth + 1)
        return
      }
      default:
        throw new Leave(node.kind)
    }
  }

  #range(node: Extract<Node, { kind: 'if' | 'with' | 'range' }>, dot: Item, scope: Scope, depth: number): void {
    const entries = entriesOf(this.#pipe({ ...node.pipe, variables: [] }, dot, scope))
    if (entries.length === 0) this.#list(node.otherwise, dot, scope, depth)
    for (const [key, value] of entries) {
      const inner = [...scope]
      const [first, second] = node.pipe.variables
      if (first !== undefined) inner.push({ name: first, value: second === undefined ? value : key })
      if (second !== undefined) inner.push({ name: second, value })
      try {
        this.#list(node.body, value, inner, depth)
      } catch (error) {
        if (!(error instanceof Leave)) throw error
        if (error.kind === 'break') return
      }
    }
  }

  #pipe(pipe: Pipe, dot: Item, scope: Scope): Item {
    let value: Item
    for (const [i, command] of pipe.commands.entries())
      value = this.#command(command, dot, scope, i === 0 ? [] : [value])
    for (const name of pipe.variables) {
      const known = scope.findLast((variable) => variable.name === name)
      if (pipe.declares) scope.push({ name, value })
      else if (known === undefined) throw new TemplateError(`template: undefined variable ${JSON.stringify(name)}`)
      else known.value = value
    }
    return value
  }

  #command(command: readonly Operand[], dot: Item, scope: Scope, last: readonly Item[]): Item {
    const [first, ...rest] = command as readonly [Operand, ...Operand[]]
    if (first.kind !== 'function') {
      if (first.kind === 'nil') throw new TemplateError('template: nil is not a command')
      if (rest.length + last.length > 0) throw new TemplateError("template: can't give argument to non-function")
      return this.#operand(first, dot, scope)
    }
    if (first.name === 'and' || first.name === 'or') {
      let value: Item
      const stop = first.name === 'or'
      for (const operand of rest) {
        value = this.#operand(operand, dot, scope)
        if (isTrue(value) === stop) return value
      }
      return last.length > 0 ? last[0] : value
    }
    const run = functions[first.name] as (...args: Item[]) => Item
    return run(...rest.map((operand) => this.#operand(operand, dot, scope)), ...last)
  }

  #operand(operand: Operand, dot: Item, scope: Scope): Item {
    switch (operand.kind) {
      case 'string':
      case 'bool':
        return operand.value
      case 'int':
      case 'float':
        return new GoNumber(operand.value)
      case 'nil':
        return null
      case 'dot':
        return operand.fields.reduce(field, dot)
      case 'variable': {
        const known = scope.findLast((variable) => variable.name === operand.name)
        if (known === undefined) throw new TemplateError(`template: undefined variable ${JSON.stringify(operand.name)}`)
        return operand.fields.reduce(field, known.value)
      }
      case 'pipe':
        return operand.fields.reduce(field, this.#pipe(operand.pipe, dot, [...scope]))
      default:
        return this.#command([operand], dot, scope, [])
    }
  }
}

/** A field of what is not there is not there either. */
function field(value: Item, name: string): Item {
  if (value === undefined) return undefined
  if (value === null) throw new TemplateError(`template: nil pointer evaluating interface {}.${name}`)
  if (value instanceof GoNumber || !isPlainObject(value))
    throw new TemplateError(`template: can't evaluate field ${name} in type interface {}`)
  return getField(value, name)
}

function isTrue(value: Item): boolean {
  if (value === undefined || value === null || value === false) return false
  if (value instanceof GoNumber) return Number(value.value) !== 0
  if (typeof value === 'string' || Array.isArray(value)) return value.length > 0
  return isPlainObject(value) ? Object.keys(value).length > 0 : true
}

function entriesOf(value: Item): readonly (readonly [Item, Item])[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value.map((item, i) => [new GoNumber(BigInt(i)), item])
  if (value instanceof GoNumber && typeof value.value === 'bigint') {
    checkElements(value.value)
    return Array.from({ length: Math.max(0, Number(value.value)) }, (_, i) => [
      new GoNumber(BigInt(i)),
      new GoNumber(BigInt(i)),
    ])
  }
  if (!(value instanceof GoNumber) && isPlainObject(value)) return sortedKeys(value).map((key) => [key, value[key]])
  throw new TemplateError(`template: range can't iterate over ${printed(value)}`)
}

/** The text of a value on its own. */
function printed(value: Item): string {
  return value === undefined || value === null ? '<no value>' : inner(value)
}

/** The text of a value inside others, as Go's `%v` has it. */
function inner(value: Item): string {
  if (value === undefined || value === null) return '<nil>'
  if (value instanceof GoNumber)
    return typeof value.value === 'bigint' ? String(value.value) : formatFloat(value.value, 'g', -1)
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (isNumber(value)) return numberText(value)
  if (Array.isArray(value)) return `[${value.map(inner).join(' ')}]`
  const object = value as PlainObject
  return `map[${sortedKeys(object)
    .map((key) => `${key}:${inner(object[key])}`)
    .join(' ')}]`
}

function formatted(args: readonly Item[]): string {
  const [format, ...rest] = args
  if (typeof format !== 'string') throw new TemplateError('template: wrong type for value; expected string')
  return sprintf(format, rest.map(formatOperand))
}

function formatOperand(item: Item): FormatOperand {
  if (item === undefined || item === null) return null
  if (item instanceof GoNumber) return item.value
  if (typeof item === 'string' || typeof item === 'boolean') return item
  if (isNumber(item)) return new JsonNumber(numberText(item))
  if (Array.isArray(item)) return item.map(formatOperand)
  const object = item as PlainObject
  return new Map(sortedKeys(object).map((key) => [key, formatOperand(object[key])]))
}

/** Go's `Sprint`: a space between operands when neither is a string. */
function joined(args: readonly Item[]): string {
  let text = ''
  for (const [i, item] of args.entries()) {
    if (i > 0 && typeof item !== 'string' && typeof args[i - 1] !== 'string') text += ' '
    text += inner(item)
  }
  return text
}

type Basic = { readonly kind: 'bool' | 'int' | 'float' | 'string'; readonly value: boolean | bigint | number | string }

function basic(value: Item): Basic {
  if (typeof value === 'boolean') return { kind: 'bool', value }
  if (typeof value === 'string') return { kind: 'string', value }
  if (value instanceof GoNumber) return { kind: typeof value.value === 'bigint' ? 'int' : 'float', value: value.value }
  if (value !== undefined && isNumber(value as Value))
    return { kind: 'string', value: numberText(value as NumberValue) }
  throw new TemplateError('template: error calling comparison: invalid type for comparison')
}

function compared(a: Item, b: Item): number {
  const x = basic(a)
  const y = basic(b)
  if (x.kind !== y.kind) throw new TemplateError(`template: incompatible types for comparison: ${x.kind} and ${y.kind}`)
  if (x.kind === 'string') return compareStrings(x.value as string, y.value as string)
  return x.value < y.value ? -1 : x.value > y.value ? 1 : 0
}

function isEqual(a: Item, b: Item): boolean {
  if (a === null || a === undefined || b === null || b === undefined) return (a ?? null) === (b ?? null)
  return compared(a, b) === 0
}

function ordered(a: Item, b: Item): number {
  if (typeof a === 'boolean') throw new TemplateError('template: invalid type for comparison')
  return compared(a, b)
}

function indexNumber(value: Item, length: number): number {
  const index = value instanceof GoNumber ? Number(value.value) : Number.NaN
  if (Number.isNaN(index)) throw new TemplateError('template: cannot index slice/array with this type')
  if (index < 0 || index >= length)
    throw new TemplateError(`template: error calling index: index out of range: ${index}`)
  return index
}

function indexed(value: Item, key: Item): Item {
  if (Array.isArray(value)) return value[indexNumber(key, value.length)]
  if (typeof value === 'string')
    return new GoNumber(BigInt(Buffer.from(value)[indexNumber(key, Buffer.byteLength(value))] ?? 0))
  if (value === undefined || value === null)
    throw new TemplateError('template: error calling index: index of untyped nil')
  if (value instanceof GoNumber || !isPlainObject(value))
    throw new TemplateError("template: error calling index: can't index item")
  if (typeof key !== 'string')
    throw new TemplateError('template: error calling index: value has type int; should be string')
  return getField(value, key)
}

function lengthOf(value: Item): GoNumber {
  if (typeof value === 'string') return new GoNumber(BigInt(Buffer.byteLength(value)))
  if (Array.isArray(value)) return new GoNumber(BigInt(value.length))
  if (value === undefined || value === null || typeof value === 'boolean' || value instanceof GoNumber) {
    throw new TemplateError('template: error calling len: len of this type')
  }
  return new GoNumber(BigInt(isNumber(value) ? numberText(value).length : Object.keys(toJson(value) as object).length))
}

function sliced(value: Item, from: Item, to: Item): Item {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  if (!Array.isArray(bytes) && !Buffer.isBuffer(bytes))
    throw new TemplateError("template: error calling slice: can't slice item")
  const start = from === undefined ? 0 : indexNumber(from, bytes.length + 1)
  const end = to === undefined ? bytes.length : indexNumber(to, bytes.length + 1)
  if (start > end) throw new TemplateError(`template: error calling slice: invalid slice index: ${start} > ${end}`)
  return Array.isArray(bytes) ? bytes.slice(start, end) : bytes.subarray(start, end).toString('utf8')
}

const htmlEscapes: Record<string, string> = {
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\0': '\ufffd',
}
const jsEscapes: Record<string, string> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
}

/** Scripts take letters of every language, and no control characters. */
function escapeScript(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
    /[\\'"<>&=\u0000-\u001f]/g,
    (char) => jsEscapes[char] ?? `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  )
}

const functions: Record<string, (...args: Item[]) => Item> = {
  not: (value) => !isTrue(value),
  len: lengthOf,
  index: (value, ...keys) => keys.reduce(indexed, value),
  slice: sliced,
  print: (...args) => joined(args),
  println: (...args) => `${args.map(inner).join(' ')}\n`,
  printf: (...args) => formatted(args),
  html: (...args) => joined(args).replace(/["'&<>\0]/g, (char) => htmlEscapes[char] ?? char),
  js: (...args) => escapeScript(joined(args)),
  urlquery: (...args) => queryEscape(joined(args)),
  eq: (first, ...others) => {
    if (others.length === 0) throw new TemplateError('template: missing argument for comparison')
    return others.some((other) => isEqual(first, other))
  },
  ne: (a, b) => !isEqual(a, b),
  lt: (a, b) => ordered(a, b) < 0,
  le: (a, b) => ordered(a, b) <= 0,
  gt: (a, b) => ordered(a, b) > 0,
  ge: (a, b) => ordered(a, b) >= 0,
  call: (value) => {
    throw new TemplateError(`template: error calling call: non-function ${printed(value)}`)
  },
}
