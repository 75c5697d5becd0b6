/**
 * The tree of documents where a key is known only in evaluation, as `run/tree.ts` walks it, with sketches for values. A cursor is a place in
 * the tree, a document of rules with the keys gathered so far, or a value.
 */

import type { Group, Tree } from '../plan/ir.ts'
import { compareStrings, isObject } from '../value.ts'
import type { Case } from './case.ts'
import { Domain } from './domain.ts'
import { anything, behind, defined, nothing, type Outcome } from './outcomes.ts'
import { get, getNamed } from './parts.ts'
import { domainOf, isOneOf, isType, settled } from './questions.ts'
import {
  collection,
  type Entry,
  elementsMax,
  isKnown,
  Outline,
  outlineOf,
  type Plain,
  plain,
  type Sketch,
  Unknown,
} from './sketch.ts'
import { merged, overlayAt, type SketchOverlay, type SketchState } from './state.ts'

/** A node of the tree of rules. */
interface Node {
  readonly kind: 'node'
  readonly path: readonly string[]
  readonly overlay: SketchOverlay | undefined
}

export type SketchCursor =
  | Node
  | { readonly kind: 'leaf'; readonly group: Group; readonly keys: readonly Sketch[] }
  | { readonly kind: 'value'; readonly outcome: Outcome }

/** What walking the tree needs of the evaluation around it. */
export interface Documents {
  readonly at: Case
  /** The base document. */
  readonly data: Sketch
  tree(path: readonly string[]): Tree | undefined
  group(id: number): Group
  document(state: SketchState, group: Group, keys: readonly Sketch[]): Outcome
}

export function cursorAt(state: SketchState, path: readonly string[]): SketchCursor {
  const overlay = overlayAt(state.overlay, path)
  return overlay?.value === undefined ? { kind: 'node', path, overlay } : valueCursor(defined(overlay.value))
}

function valueCursor(outcome: Outcome): SketchCursor {
  return { kind: 'value', outcome }
}

/** The place at a key, which may be undefined still when it is settled; undefined where there is none. */
export function select(
  documents: Documents,
  state: SketchState,
  cursor: SketchCursor,
  key: Sketch,
): SketchCursor | undefined {
  const name = settled(documents.at, key)
  if (cursor.kind === 'node') return selectInNode(documents, cursor, name)
  if (cursor.kind === 'leaf' && cursor.keys.length < depthMax(cursor.group)) {
    return { kind: 'leaf', group: cursor.group, keys: [...cursor.keys, name] }
  }
  const whole = settle(documents, state, cursor)
  if (whole.value === undefined) return undefined
  const found = behind(whole, get(documents.at, whole.value, name))
  return found.value === undefined ? undefined : valueCursor(found)
}

function depthMax(group: Group): number {
  return Math.max(...group.variants.keys())
}

function selectInNode(documents: Documents, cursor: Node, key: Plain): SketchCursor | undefined {
  if (typeof key === 'number') return child(documents, cursor, String(key))
  if (typeof key === 'string') return child(documents, cursor, key)
  if (isKnown(key) || key instanceof Outline) return undefined
  return selectUnknown(documents, cursor, key)
}

function child(documents: Documents, { path, overlay }: Node, key: string): SketchCursor | undefined {
  const below = overlay?.children.get(key)
  const place = [...path, key]
  const known = documents.tree(path)?.children.find(({ name }) => name === key)
  if (known !== undefined) {
    if (below?.value !== undefined) return valueCursor(defined(below.value))
    if (known.group === undefined) return { kind: 'node', path: place, overlay: below }
    return { kind: 'leaf', group: documents.group(known.group), keys: [] }
  }
  const outcome = merged(documents.at, baseAt(documents, place), below)
  return outcome.value === undefined ? undefined : valueCursor(outcome)
}

function baseAt({ at, data }: Documents, path: readonly string[]): Outcome {
  return path.reduce((document, key) => getNamed(at, document, key), defined(data))
}

/** A place at an unknown key: any of those below, unless the case leaves one of them or none. */
function selectUnknown(documents: Documents, cursor: Node, key: Unknown): SketchCursor | undefined {
  const { at } = documents
  const names = namesBelow(documents, cursor)
  if (names !== undefined && names.length <= elementsMax) {
    const candidates = names.filter((name) => domainOf(at, key).admits(name))
    const found = isOneOf(at, key, candidates)
    if (found === 'yes' && candidates.length > 1) isOneOf(at, key, candidates.slice(0, candidates.length >> 1))
    // A number finds the name that writes it.
    const isNoNumber = !names.some((name) => /^-?\d/.test(name)) || isType(at, key, 'number') === 'no'
    if (found === 'no' && isNoNumber) return undefined
  }
  // The rules below are not evaluated, and may end the evaluation.
  at.mayFail = true
  return valueCursor(anything())
}

/** The names below a node; undefined where there may be others. */
function namesBelow(documents: Documents, { path, overlay }: Node): string[] | undefined {
  const base = baseAt(documents, path)
  const outline = base.value === undefined ? undefined : outlineOf(settled(documents.at, base.value))
  const isClear = base.value === undefined || (outline?.isClosed === true && base.certain) || isScalar(base.value)
  if (!isClear) return undefined
  const fields = outline?.kind === 'object' ? outline.entries.map(({ key }) => key) : []
  const names = fields.filter((key) => typeof key === 'string')
  const own = documents.tree(path)?.children.map(({ name }) => name) ?? []
  return [...new Set([...own, ...names, ...(overlay?.children.keys() ?? [])])].sort(compareStrings)
}

function isScalar(sketch: Sketch): boolean {
  return isKnown(sketch) && (typeof sketch !== 'object' || sketch === null)
}

/** Everything below a cursor; `open` where there may be more. */
export function below(
  documents: Documents,
  state: SketchState,
  cursor: SketchCursor,
): { readonly found: readonly (readonly [Sketch, SketchCursor])[]; readonly open: boolean } {
  if (cursor.kind === 'node') {
    const names = namesBelow(documents, cursor)
    if (names === undefined) return { found: [], open: true }
    const found = names.flatMap((name): [Sketch, SketchCursor][] => {
      const place = child(documents, cursor, name)
      return place === undefined ? [] : [[name, place]]
    })
    return { found, open: false }
  }
  const whole = settle(documents, state, cursor)
  if (whole.value === undefined) return { found: [], open: false }
  const outline = outlineOf(settled(documents.at, whole.value))
  if (outline === undefined) return { found: [], open: !isScalar(whole.value) }
  const found = outline.entries.map(({ key, value, certain }): [Sketch, SketchCursor] => [
    key,
    valueCursor({ value, certain: certain && whole.certain }),
  ])
  return { found, open: !outline.isClosed }
}

/** The value at a cursor: a node gives an object of everything below it that is defined. */
export function settle(documents: Documents, state: SketchState, cursor: SketchCursor): Outcome {
  if (cursor.kind === 'value') return cursor.outcome
  if (cursor.kind === 'leaf') return documents.document(state, cursor.group, cursor.keys)
  const { at } = documents
  const base = baseAt(documents, cursor.path)
  const outline = base.value === undefined ? undefined : outlineOf(settled(at, base.value))
  // Rules below a base document that is no object are not seen from above.
  if (base.value !== undefined && cursor.overlay === undefined && outline?.kind !== 'object') return hidden(at, base)
  const names = namesBelow(documents, cursor)
  if (names === undefined) {
    at.mayFail = true
    return defined(new Unknown(undefined, Domain.ofType('object')))
  }
  const entries = names.flatMap((name): Entry[] => {
    const place = child(documents, cursor, name)
    const made = place === undefined ? nothing : settle(documents, state, place)
    const own = cursor.overlay?.children.get(name) === undefined ? getNamed(at, base, name) : nothing
    const { value, certain } = united(own, made)
    return value === undefined ? [] : [{ key: name, value, certain }]
  })
  return defined(collection('object', entries))
}

/** A base document that hides the rules below it, if it is no object. */
function hidden(at: Case, base: Outcome): Outcome {
  const value = base.value === undefined ? undefined : settled(at, base.value)
  if (value !== undefined && isKnown(value) && !isObject(value)) return base
  at.mayFail = true
  return anything()
}

/** A base document and what rules make in the same place, as one document: where both have a value, the base document's stands. */
function united(base: Outcome, made: Outcome): Outcome {
  if (base.value === undefined || base.value === made.value) return made
  if (made.value === undefined) return base
  const [left, right] = [outlineOf(plain(base.value)), outlineOf(plain(made.value))]
  if (isKnown(base.value) && !isObject(base.value)) return base
  if (isKnown(made.value) && !isObject(made.value) && made.certain && base.certain) return base
  if (left?.kind !== 'object' || right?.kind !== 'object' || !base.certain || !made.certain) {
    return { value: new Unknown(), certain: base.certain || made.certain }
  }
  if (!left.isClosed || !right.isClosed) return defined(new Unknown(undefined, Domain.ofType('object')))
  const kept = right.entries.filter(({ key }) => !left.entries.some((entry) => entry.key === key))
  const entries = left.entries.map((entry): Entry => {
    const other = right.entries.find(({ key }) => key === entry.key)
    if (other === undefined) return entry
    const { value, certain } = united(entry, other)
    return { key: entry.key, value: value ?? entry.value, certain }
  })
  return defined(collection('object', [...kept, ...entries]))
}
