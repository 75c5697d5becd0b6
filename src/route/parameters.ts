/**
 * Path and query parameters of an operation (OpenAPI 3.1 section 4.8.12): which texts they take from a call and the typed
 * values those texts have. A text that could mean two things is refused, never guessed.
 */
import { type Call, Fault, type Json } from '../model/index.ts'
import { type Kind, kindsOf, readText } from './kinds.ts'
import { type Document, flawed, type Located, member, resolve, textMember } from './references.ts'
import { type Check, shownField } from './validate.ts'

export interface Parameter {
  readonly place: 'path' | 'query'
  readonly name: string
  readonly required: boolean
  readonly schema: Located
  readonly at: Located
  /** Kinds of the value, or of each element where it is a list. */
  readonly kinds: ReadonlySet<Kind>
  /** How a list is written: the name again for each element (`form`, exploded), or one text with commas; undefined for no list. */
  readonly list: 'repeated' | 'commas' | undefined
}

/** Reads a Parameter Object; undefined for headers and cookies, which are no arguments. Throws `Flaws`. */
export function readParameter(document: Document, part: Located): Parameter | undefined {
  const at = resolve(document, part)
  const place = textMember(at, 'in')
  const name = textMember(at, 'name')
  if (place === 'header' || place === 'cookie') return undefined
  if ((place !== 'path' && place !== 'query') || name === undefined || name === '')
    throw flawed(document, at, 'a parameter needs `name` and `in`', 'write `in: path` or `in: query`')
  const schema = member(at, 'schema')
  if (schema === undefined)
    throw flawed(
      document,
      at,
      `the parameter \`${name}\` has no \`schema\``,
      'describe it by `schema`; `content` is not read here',
    )
  const kinds = kindsOf(document, schema)
  const fields = {
    place,
    name,
    required: place === 'path' || member(at, 'required')?.value === true,
    schema,
    at,
  } as const
  if (kinds.has('object'))
    throw flawed(document, at, `the parameter \`${name}\` is an object`, 'describe each of its fields as a parameter')
  if (!kinds.has('array')) {
    checkStyle(document, at, name, place === 'path' ? 'simple' : 'form')
    return { ...fields, kinds, list: undefined }
  }
  if (kinds.size > 1)
    throw flawed(document, at, `the parameter \`${name}\` is a list or something else`, 'describe it as a list')
  if (place === 'path')
    throw flawed(document, at, `the path parameter \`${name}\` is a list`, 'put the list into the query')
  checkStyle(document, at, name, 'form')
  const items = member(resolve(document, schema), 'items')
  const explode = member(at, 'explode')?.value !== false
  return {
    ...fields,
    kinds: items === undefined ? new Set<Kind>() : kindsOf(document, items),
    list: explode ? 'repeated' : 'commas',
  }
}

function checkStyle(document: Document, at: Located, name: string, only: string): void {
  const style = textMember(at, 'style') ?? only
  if (style !== only)
    throw flawed(document, at, `the parameter \`${name}\` has the style \`${style}\``, `only \`${only}\` is read here`)
}

/** A parameter with what is needed to read it from a call. */
export interface ReadableParameter {
  readonly parameter: Parameter
  /** Its name among the flat arguments. */
  readonly argument: string
  readonly check: Check
  /** Index of its segment, counted from the end of the route's prefix; -1 in the query. */
  readonly segment: number
}

/** Adds the arguments of path and query. Faults: `argument_missing`, `argument_unknown`, `argument_invalid`. */
export function readParameters(
  call: Call,
  from: number,
  path: readonly ReadableParameter[],
  query: ReadonlyMap<string, ReadableParameter>,
  into: Map<string, Json>,
): void {
  for (const one of path) take(one, call.segments[from + one.segment] ?? '', into)
  if (call.queryPairs.length > 0) readQuery(call, query, into)
  for (const one of query.values()) {
    const value = into.get(one.argument)
    if (value !== undefined) {
      if (one.parameter.list !== undefined) one.check(value, one.argument)
    } else if (one.parameter.required) {
      const said = `\`${one.argument}\` is missing: it is the query parameter \`${one.parameter.name}\``
      throw new Fault('argument_missing', said, { publicDetail: said })
    }
  }
}

function readQuery(call: Call, query: ReadonlyMap<string, ReadableParameter>, into: Map<string, Json>): void {
  let pieces: readonly string[] | undefined
  for (const [index, [name, text]] of call.queryPairs.entries()) {
    const one = query.get(name)
    if (one === undefined) {
      const said = `the query parameter \`${shownField(name)}\` is not part of this operation`
      throw new Fault('argument_unknown', said, { publicDetail: said })
    }
    const known = into.get(one.argument)
    if (one.parameter.list === 'repeated') {
      const list = (known ?? []) as Json[]
      list.push(readValue(one, text))
      into.set(one.argument, list)
      continue
    }
    if (known !== undefined) throw invalid(one, 'comes twice')
    if (one.parameter.list === undefined) {
      take(one, text, into)
      continue
    }
    // The pairs are decoded, and a decoded comma may be part of an element: the query as it came says which is which.
    pieces ??= (call.query ?? '').split('&')
    const raw = pieces[index] ?? ''
    const elements = raw.slice(raw.indexOf('=') + 1).split(',')
    into.set(
      one.argument,
      elements.map((element) => readValue(one, decodeURIComponent(element.replaceAll('+', ' ')))),
    )
  }
}

function take(one: ReadableParameter, text: string, into: Map<string, Json>): void {
  const value = readValue(one, text)
  one.check(value, one.argument)
  into.set(one.argument, value)
}

function readValue(one: ReadableParameter, text: string): Json {
  const value = readText(text, one.parameter.kinds)
  if (value === undefined) throw invalid(one, `must be ${[...one.parameter.kinds].join(' or ')}`)
  return value
}

function invalid({ argument }: ReadableParameter, what: string): Fault {
  const said = `\`${argument}\` ${what}`
  return new Fault('argument_invalid', said, { publicDetail: said })
}
