/** The unknown places: how they are written, and documents in which they are unknown. */
import { RegoErrors } from '../errors.ts'
import { parsePath } from '../parse/module.ts'
import type { Program, RuleNode } from '../program.ts'
import { canonicalText, entriesOf, isObject, isPlainObject, type Value } from '../value.ts'
import { Domain } from './domain.ts'
import type { Trace } from './findings.ts'
import { isThere } from './parts.ts'
import { Seen } from './seen.ts'
import { collection, type Entry, isKnown, Outline, type Sketch, Unknown } from './sketch.ts'
import { fieldOf, type Term, wholeInput } from './term.ts'

/** A place of the input or of the base document; an empty path is all of it. */
export interface Place {
  readonly root: 'input' | 'data'
  readonly path: readonly string[]
}

/**
 * Reads places such as `input.call.arguments` and `data.company["vendors"]`. Throws `RegoErrors` for what is no such place, and for documents
 * that rules make: those follow from the rest.
 */
export function placesOf(texts: readonly string[], program: Program): readonly Place[] {
  return texts.map((text) => {
    const [root, ...path] = parsePath(text) ?? []
    if (root !== 'input' && root !== 'data') {
      throw refused(`\`${text}\` is no place that can be unknown; write one such as \`input.call.arguments\``)
    }
    if (root === 'data' && (path.length === 0 || meetsRules(program.root, path))) {
      throw refused(`\`${text}\` holds what rules make; only the input and base documents can be unknown`)
    }
    return { root, path }
  })
}

function refused(message: string): RegoErrors {
  return new RegoErrors([{ code: 'rego_compile_error', message, file: '', row: 0, col: 0 }])
}

/** Whether rules stand at a path, on the way to it or below it. */
function meetsRules(root: RuleNode, path: readonly string[]): boolean {
  let node: RuleNode | undefined = root
  for (const key of path) {
    node = node.children.get(key)
    if (node === undefined) return false
    if (node.rules.length > 0) return true
  }
  return true
}

/** A document, or a part of one, that is there when a fact holds; without a fact it is there unless it is undefined. */
interface Part {
  readonly value: Sketch | undefined
  readonly fact?: string
}

/** The input and the base document in which the places are unknown. What is given at a place, or below it, says nothing. */
export function withUnknowns(
  places: readonly Place[],
  input: Value | undefined,
  data: Value,
): { readonly input: Part; readonly data: Sketch } {
  const documents: { input: Part; data: Part } = { input: { value: input }, data: { value: data } }
  for (const { root, path } of places) documents[root] = without(documents[root], path, root)
  return { input: documents.input, data: documents.data.value ?? {} }
}

/** A part in which a path is unknown. Where the way to it is not there, or holds no object, everything from there on is. */
function without(part: Part, path: readonly string[], id: string): Part {
  if (part.value instanceof Unknown) return part
  const [key, ...rest] = path
  const entries = part.value === undefined ? undefined : fieldsOf(part.value)
  if (key === undefined || entries === undefined)
    return { value: new Unknown(id, Domain.everything, true), fact: isThere(id) }
  const known = entries.find((entry) => entry.key === key)
  const inner = known === undefined ? { value: undefined } : partOf(known)
  const { value, fact } = without(inner, rest, `${id}[${JSON.stringify(key)}]`)
  const others = entries.filter((entry) => entry !== known)
  const entry =
    value === undefined ? [] : [{ key, value, certain: fact === undefined, ...(fact === undefined ? {} : { fact }) }]
  return { ...part, value: collection('object', [...others, ...entry]) }
}

function partOf({ value, fact }: Entry): Part {
  return fact === undefined ? { value } : { value, fact }
}

/** The fields of an object; undefined for what is none. */
function fieldsOf(sketch: Sketch): readonly Entry[] | undefined {
  if (sketch instanceof Outline) return sketch.kind === 'object' ? sketch.entries : undefined
  if (!isKnown(sketch) || !isObject(sketch)) return undefined
  return entriesOf(sketch).map(([key, value]) => ({ key, value, certain: true }))
}

/** Finds out what an evaluation knows of its input before it begins: which fields stand beside the unknown ones. */
export function findFields(places: readonly Place[], trace: Trace): void {
  const ways = [wholeInput]
  for (const { root, path } of places) {
    if (root !== 'input') continue
    let way = wholeInput
    for (const key of path.slice(0, -1)) {
      way = fieldOf(way, key, canonicalText(key))
      ways.push(way)
    }
  }
  for (const way of ways) trace.find(`fields of ${way.name}`, [way], (reader) => fieldsText(way.of(reader)))
}

/** An input with unknown places of which the rest is seen. */
export function watched(sketch: Sketch, trace: Trace, term: Term = wholeInput): Sketch {
  if (isKnown(sketch)) return new Seen(term, trace)
  if (!(sketch instanceof Outline)) return sketch
  const entries = sketch.entries.map((entry) => {
    const key = entry.key as Value
    return { ...entry, value: watched(entry.value, trace, fieldOf(term, key, canonicalText(key))) }
  })
  return new Outline(sketch.kind, entries)
}

/** The names of an object's fields as one text; two objects with the same names may have two, no two lists of names have one. */
function fieldsText(value: Value | undefined): string | undefined {
  if (!isObject(value)) return value === undefined ? undefined : ''
  return isPlainObject(value) ? namesText(Object.keys(value)) : canonicalText(entriesOf(value).map(([key]) => key))
}

/** Names of fields and the text of each list that was written last: inputs mostly have the same ones. */
const written: { readonly names: readonly string[]; readonly text: string }[] = []
const writtenMax = 8

function namesText(names: readonly string[]): string {
  for (const one of written) if (areSame(one.names, names)) return one.text
  const text = JSON.stringify(names)
  if (written.length >= writtenMax) written.pop()
  written.unshift({ names, text })
  return text
}

function areSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
