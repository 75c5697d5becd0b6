/** The documents and functions that a piece of an evaluation with unknown parts sees, and what `with` makes of them. */

import type { PlannedCallee } from '../plan/ir.ts'
import { isObject as isObjectValue } from '../value.ts'
import type { Case } from './case.ts'
import { defined, nothing, type Outcome } from './outcomes.ts'
import { getNamed, put } from './parts.ts'
import { collection, isKnown, Outline, outlineOf, plain, type Sketch } from './sketch.ts'

/** Replacements in the data document: one that stands for everything from here down, or further ones below. Never changed once made. */
export interface SketchOverlay {
  readonly value: Sketch | undefined
  readonly children: ReadonlyMap<string, SketchOverlay>
}

/** What stands in for a function: a value, or another function. */
export type SketchReplacement = { readonly value: Sketch } | { readonly callee: PlannedCallee }

/** What an evaluation sees. `with` makes a new one. */
export class SketchState {
  readonly input: Outcome
  readonly overlay: SketchOverlay | undefined
  readonly functions: ReadonlyMap<string, SketchReplacement> | undefined
  /** What groups gave or threw, by group, depth and names of the keys or arguments. */
  readonly memory = new Map<string, { readonly outcome?: Outcome; readonly error?: unknown }>()
  #unreplaced: SketchState | undefined

  constructor(
    input: Outcome,
    overlay?: SketchOverlay | undefined,
    functions?: ReadonlyMap<string, SketchReplacement> | undefined,
  ) {
    this.input = input
    this.overlay = overlay
    this.functions = functions
  }

  /** What the body of a replacement function sees: no function is replaced there. */
  get unreplaced(): SketchState {
    this.#unreplaced ??= new SketchState(this.input, this.overlay)
    return this.#unreplaced
  }
}

/** An overlay in which a path is replaced too. */
export function overlaid(
  at: Case,
  overlay: SketchOverlay | undefined,
  path: readonly string[],
  value: Sketch,
): SketchOverlay {
  if (overlay?.value !== undefined) return { value: put(at, overlay.value, path, value), children: new Map() }
  const [key, ...rest] = path
  if (key === undefined) return { value, children: new Map() }
  const children = new Map(overlay?.children)
  children.set(key, overlaid(at, overlay?.children.get(key), rest, value))
  return { value: undefined, children }
}

/** What an overlay says about a path: the value there, or undefined where it says nothing. */
export function replacementAt(at: Case, overlay: SketchOverlay, path: readonly string[]): Outcome | undefined {
  let node: SketchOverlay | undefined = overlay
  for (let i = 0; ; i++) {
    if (node === undefined) return undefined
    if (node.value !== undefined) {
      return path.slice(i).reduce((document, key) => getNamed(at, document, key), defined(node.value))
    }
    const key = path[i]
    if (key === undefined) return undefined
    node = node.children.get(key)
  }
}

export function overlayAt(overlay: SketchOverlay | undefined, path: readonly string[]): SketchOverlay | undefined {
  let node = overlay
  for (const key of path) node = node?.children.get(key)
  return node
}

/** A base document with the replacements below it put in. */
export function merged(at: Case, base: Outcome, overlay: SketchOverlay | undefined): Outcome {
  if (overlay === undefined) return base
  if (overlay.value !== undefined) return defined(overlay.value)
  const outline = base.value === undefined ? undefined : outlineOf(plain(base.value))
  const isObject = outline?.kind === 'object'
  const entries = isObject && base.certain ? outline.entries : []
  const replaced = [...overlay.children].flatMap(([key, child]) => {
    const inner = isOther(base.value) ? nothing : getNamed(at, base, key)
    const { value, certain } = merged(at, inner, child)
    return value === undefined ? [] : [{ key, value, certain }]
  })
  const kept = entries.filter(({ key }) => typeof key !== 'string' || !overlay.children.has(key))
  // What is not certain to be an object, or is too large to go through, may hold anything else.
  const isClear = isOther(base.value) || (isObject && base.certain)
  const open = !isClear || (outline?.open ?? false)
  return defined(collection('object', [...kept, ...replaced], open, outline?.rest))
}

/** Whether something is known to be no object, or not to be there. */
function isOther(sketch: Sketch | undefined): boolean {
  if (sketch === undefined) return true
  if (sketch instanceof Outline) return sketch.kind !== 'object'
  return isKnown(sketch) && !isObjectValue(sketch)
}

/** The base document at a path, as a state sees it. */
export function baseUnder(at: Case, state: SketchState, data: Sketch, path: readonly string[]): Outcome {
  if (state.overlay !== undefined) {
    const replaced = replacementAt(at, state.overlay, path)
    if (replaced !== undefined) return replaced
  }
  const base = path.reduce((document, key) => getNamed(at, document, key), defined(data))
  return merged(at, base, overlayAt(state.overlay, path))
}
