/** Where one procedure is evaluated: its temporaries and states, and what happens at the ends of its blocks. */
import type { Span } from '../ast.ts'
import type { Operand, StateId, Temp } from '../plan/ir.ts'
import type { SketchBuilding } from './building.ts'
import type { Sketch } from './sketch.ts'
import type { SketchState } from './state.ts'
import type { SketchCursor } from './tree.ts'

export class SketchFrame {
  readonly #temps: (Sketch | undefined)[] = []
  readonly #states: SketchState[]
  readonly buildings = new Map<Temp, SketchBuilding>()
  readonly #cursors = new Map<Temp, SketchCursor>()
  /** Whether what is evaluated stands for any number of rounds of a loop. */
  many = false

  constructor(state: SketchState) {
    this.#states = [state]
  }

  state(id: StateId): SketchState {
    const state = this.#states[id]
    if (state === undefined) throw new Error(`state ${id} has not been made`)
    return state
  }

  setState(id: StateId, state: SketchState): void {
    this.#states[id] = state
  }

  /** A temporary; undefined for the hole of a template that has no value. */
  get(temp: Temp): Sketch | undefined {
    return this.#temps[temp]
  }

  set(temp: Temp, value: Sketch | undefined): void {
    this.#temps[temp] = value
  }

  cursor(temp: Temp): SketchCursor {
    const cursor = this.#cursors.get(temp)
    if (cursor === undefined) throw new Error(`cursor ${temp} is read before it is set`)
    return cursor
  }

  setCursor(temp: Temp, cursor: SketchCursor): void {
    this.#cursors.set(temp, cursor)
  }

  /** Runs something that stands for any number of rounds of a loop. */
  ofMany(run: () => void): void {
    const { many } = this
    this.many = true
    run()
    this.many = many
  }

  operand(operand: Operand): Sketch {
    if (operand.kind === 'constant') return operand.value
    const value = this.#temps[operand.id]
    if (value === undefined) throw new Error(`temporary ${operand.id} is read before it is set`)
    return value
  }

  operands(operands: readonly Operand[]): Sketch[] {
    return operands.map((operand) => this.operand(operand))
  }
}

/** What the last statements of a block do; `sure` says that they are reached in any case. Each gives whether the block is left for good. */
export interface Ends {
  /** Whether the construct may have been left already, so that what follows may not happen. */
  left: boolean
  reach?(sure: boolean): boolean
  result?(value: Sketch, sure: boolean, final: boolean, at: Span): boolean
  insert?(path: readonly Sketch[], value: Sketch, member: boolean, sure: boolean, final: boolean, at: Span): boolean
  emptySet?(path: readonly Sketch[], sure: boolean, at: Span): void
  row?(sure: boolean): boolean
}
