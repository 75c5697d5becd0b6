/** Which plan of a query is emitted how, and what its code then tells. */
import type { Instrument } from './emit/instrument.ts'
import type { Plan } from './plan/ir.ts'
import type { Marks } from './plan/plan.ts'
import type { Program } from './program.ts'
import type { Watch } from './run/watch.ts'

/** How a plan is emitted, beyond evaluation: what is written into the code, and what the code then tells. */
export interface Emission {
  readonly instrument: Instrument
  /** The names of the rules that the code notes, by number. */
  readonly rules?: readonly string[]
  /** Makes the watch of one evaluation, for code that must have one. */
  readonly watch?: () => Watch
}

/** Which plan is emitted how. */
export interface Making {
  /** The plan has marks, and nothing in it is only for speed. Default: it has none. */
  readonly marks?: Marks
  readonly emission: (plan: Plan, program: Program) => Emission
}
