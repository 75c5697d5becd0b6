/**
 * Watches an evaluation from the calls that watched code makes (`emit/instrument.ts`). Code leaves what fails with a jump and says nothing, so a
 * stack is kept of all that has begun: what is found above the place where evaluation goes on has failed, or has held and is gone back through.
 */
import type { Value } from '../value.ts'

/** What watched code calls. A level is a height of the stack. */
export interface Watch {
  enter(procedure: number, args: readonly Value[]): number
  clause(index: number): void
  leave(level: number): void
  begin(point: number, early: boolean): void
  held(): void
  look(point: number): void
  see(point: number, value: Value | undefined): void
  level(): number
  open(points: readonly number[]): number
  unwind(level: number): void
  gave(value: Value): void
  reached(): void
  ask(group: number, args: readonly Value[]): void
  chosen(group: number, rules: number): void
  /** What the builtin `trace` was given. */
  note(text: string): void
  /** The evaluation starts again: it has waited for the network. */
  restart(): void
}

/**
 * A rule or query on its way, a body of its own, or an expression; `held` is true from its holding until evaluation comes back to it. `own` is what
 * whoever watches keeps with it.
 */
export interface Step<Own> {
  readonly kind: 'procedure' | 'body' | 'point' | 'given'
  /** The number of the procedure or point. */
  readonly id: number
  readonly early: boolean
  /** The step that it is part of: of a procedure the expression that asked, of all else the body or procedure. */
  readonly outer: Step<Own> | undefined
  clause: number
  held: boolean
  hasHeld: boolean
  /** The terms that it has looked for and not seen, the innermost last. */
  pending: number[]
  own: Own | undefined
}

/** What whoever watches wants to know; each is told of after it has happened. Steps that began `early` are told of apart, but for their failing. */
export interface Handlers<Own> {
  entered(step: Step<Own>, args: readonly Value[]): void
  tried(step: Step<Own>): void
  opened(step: Step<Own>, points: readonly number[]): void
  left(step: Step<Own>): void
  began(step: Step<Own>): void
  looked(step: Step<Own>, point: number): void
  saw(step: Step<Own>, point: number, value: Value | undefined): void
  held(step: Step<Own>): void
  heldEarly(step: Step<Own>): void
  failed(step: Step<Own>): void
  /** An expression is left, whether it has held or not. */
  ended(step: Step<Own>): void
  /** Evaluation has come back to an expression that held, or to where a rule or body gave something, to look for more. */
  redone(step: Step<Own>): void
  gave(scope: Step<Own>, value: Value): void
  reached(scope: Step<Own>): void
  asked(step: Step<Own> | undefined, group: number, args: readonly Value[]): void
  chosen(group: number, rules: number): void
  noted(step: Step<Own> | undefined, text: string): void
  restarted(): void
}

/** Keeps the stack, and tells its handlers. */
export class Watching<Own = never> implements Watch {
  readonly stack: Step<Own>[] = []
  readonly #on: Partial<Handlers<Own>>
  /** The procedure or body whose expressions are evaluated. */
  #scope: Step<Own> | undefined

  constructor(handlers: Partial<Handlers<Own>>) {
    this.#on = handlers
  }

  enter(id: number, args: readonly Value[]): number {
    const step = this.#push('procedure', id, false)
    this.#on.entered?.(step, args)
    return this.stack.length
  }

  clause(index: number): void {
    const step = this.#top()
    step.clause = index
    this.#on.tried?.(step)
  }

  leave(level: number): void {
    this.unwind(level - 1)
  }

  begin(id: number, early: boolean): void {
    const step = this.#push('point', id, early)
    if (!early) this.#on.began?.(step)
  }

  held(): void {
    const step = this.#top()
    if (step.early) {
      this.stack.pop()
      this.#on.heldEarly?.(step)
      return
    }
    step.held = true
    step.hasHeld = true
    this.#on.held?.(step)
  }

  look(point: number): void {
    const step = this.#top()
    if (step.pending.at(-1) === point) return
    step.pending.push(point)
    this.#on.looked?.(step, point)
  }

  see(point: number, value: Value | undefined): void {
    const step = this.#top()
    const place = step.pending.lastIndexOf(point)
    if (place >= 0) step.pending.length = place
    this.#on.saw?.(step, point, value)
  }

  level(): number {
    return this.stack.length
  }

  open(points: readonly number[]): number {
    const level = this.stack.length
    const step = this.#push('body', -1, false)
    this.#on.opened?.(step, points)
    return level
  }

  unwind(level: number): void {
    while (this.stack.length > level) {
      const step = this.stack.pop() as Step<Own>
      if (step.kind === 'procedure' || step.kind === 'body') {
        this.#scope = scopeOf(step.outer)
        this.#on.left?.(step)
        continue
      }
      if (step.held || step.kind === 'given') this.#on.redone?.(step)
      else if (!step.hasHeld) this.#on.failed?.(step)
      if (step.kind === 'point') this.#on.ended?.(step)
    }
    const step = this.stack.at(-1)
    if (step?.held !== true || step.kind !== 'point') return
    step.held = false
    step.pending.length = 0
    this.#on.redone?.(step)
  }

  gave(value: Value): void {
    const scope = this.#scope
    if (scope === undefined) return
    this.#on.gave?.(scope, value)
    this.#push('given', scope.id, false)
  }

  reached(): void {
    const scope = this.#scope
    if (scope === undefined) return
    this.#on.reached?.(scope)
    this.#push('given', scope.id, false)
  }

  ask(group: number, args: readonly Value[]): void {
    this.#on.asked?.(this.stack.at(-1), group, args)
  }

  chosen(group: number, rules: number): void {
    this.#on.chosen?.(group, rules)
  }

  note(text: string): void {
    this.#on.noted?.(this.stack.at(-1), text)
  }

  restart(): void {
    this.stack.length = 0
    this.#scope = undefined
    this.#on.restarted?.()
  }

  #top(): Step<Own> {
    const step = this.stack.at(-1)
    if (step === undefined) throw new Error('nothing has begun')
    return step
  }

  #push(kind: Step<Own>['kind'], id: number, early: boolean): Step<Own> {
    const isScope = kind === 'procedure' || kind === 'body'
    const outer = isScope ? this.stack.at(-1) : this.#scope
    const state = { clause: 0, held: false, hasHeld: false, pending: [], own: undefined }
    const step: Step<Own> = { kind, id, early, outer, ...state }
    this.stack.push(step)
    if (isScope) this.#scope = step
    return step
  }
}

/** The scope that a step belongs to, or is. */
export function scopeOf<Own>(step: Step<Own> | undefined): Step<Own> | undefined {
  return step === undefined || step.kind === 'procedure' || step.kind === 'body' ? step : scopeOf(step.outer)
}
