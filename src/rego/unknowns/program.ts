/** What the parts of an evaluation with unknown parts need of the program that they are parts of. */

import type { Span } from '../ast.ts'
import type { PlannedCallee } from '../plan/ir.ts'
import type { Value } from '../value.ts'
import type { Outcome } from './outcomes.ts'
import type { Sketch } from './sketch.ts'
import type { SketchState } from './state.ts'
import type { Documents } from './tree.ts'
import type { Truth } from './truth.ts'

/** What statements need of the program around them. */
export interface Program extends Documents {
  /** The result of a call as a state sees it. */
  call(state: SketchState, callee: PlannedCallee, args: readonly Sketch[], place: Span): Outcome
  /** The results of a relation. */
  relation(name: string, args: readonly Value[], place: Span): Iterable<Value>
  /** Whether a document has a member. */
  exists(state: SketchState, existence: number): Truth
  /** Whether a builtin is the library's own here: neither replaced by `with` nor one of the caller's. */
  isLibrary(state: SketchState, builtin: string): boolean
}
