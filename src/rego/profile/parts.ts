/** What of an expression counts by itself: the expression, and those of its terms that are evaluated before what they stand in. */
import type { Span } from '../ast.ts'
import { spanKey } from '../cover/ranges.ts'
import type { Point } from '../plan/ir.ts'

/** An expression, or a term inside it that is evaluated on its own before what it stands in. */
export interface Part {
  readonly at: Span
  readonly key: string
  /** What it stands in. */
  readonly outer: Part | undefined
  /** Evaluation comes back to it when it has held: to what is negated, never to the `not`. */
  readonly comesBack: boolean
  counts: boolean
  /** All that it needs has been seen: it is evaluated next. */
  isReady: boolean
}

/** What is kept with an expression on its way. */
export interface Parts {
  readonly point: Point
  readonly whole: Part
  /** It is a `some .. in ..`. */
  readonly goesThrough: boolean
  readonly terms: Map<string, Part>
}

/** The part that a term is, inside the smallest part around it. Outer terms are looked for before inner ones. */
export function partOf({ whole, terms }: Parts, at: Span): Part {
  const key = spanKey(at)
  const known = terms.get(key)
  if (known !== undefined) return known
  let outer = whole
  for (const part of terms.values())
    if (
      part.at.start <= at.start &&
      part.at.end >= at.end &&
      part.at.end - part.at.start < outer.at.end - outer.at.start
    )
      outer = part
  const part = { at, key, outer, comesBack: true, counts: true, isReady: false }
  terms.set(key, part)
  return part
}

export function isSame(one: Span, other: Span): boolean {
  return one.start === other.start && one.end === other.end
}
