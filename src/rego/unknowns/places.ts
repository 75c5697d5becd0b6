/** The unknown places: how they are written, and documents in which they are unknown. */
import { RegoErrors } from '../errors.ts'
import { parsePath } from '../parse/module.ts'
import type { Program, RuleNode } from '../program.ts'
import { canonicalText, entriesOf, isObject, lookup, type Value } from '../value.ts'
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

/** An input with unknown places of which the rest is seen. Which fields stand beside the unknown places has to be found out before: `shapeOf`. */
export function watched(sketch: Sketch, trace: Trace, term: Term = wholeInput): Sketch {
  if (isKnown(sketch)) return new Seen(term, trace)
  if (!(sketch instanceof Outline)) return sketch
  const entries = sketch.entries.map((entry) => {
    const key = entry.key as Value
    return { ...entry, value: watched(entry.value, trace, fieldOf(term, key, canonicalText(key))) }
  })
  return new Outline(sketch.kind, entries)
}

/** Which fields an input has on the way to the unknown places, as a text that says exactly that. */
export function shapeOf(places: readonly Place[], input: Value | undefined): string {
  const seen = new Set<string>()
  let shape = ''
  for (const { root, path } of places) {
    if (root !== 'input') continue
    let part = input
    for (let depth = 0; depth < path.length; depth++) {
      const way = path.slice(0, depth).join('\u0000')
      if (!seen.has(way))
        shape += isObject(part) ? JSON.stringify(entriesOf(part).map(([key]) => canonicalText(key))) : '-'
      seen.add(way)
      part = part === undefined ? undefined : lookup(part, path[depth] as string)
    }
  }
  return shape
}
