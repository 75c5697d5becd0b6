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
  chosen(group: number, rules: number): void
  /** The evaluation starts again: it has waited for the network. */
  restart(): void
}

/** A rule or query on its way, a body of its own, or an expression; `held` is true from its holding until evaluation comes back to it. */
export interface Step {
  readonly kind: 'procedure' | 'body' | 'point' | 'given'
  /** The number of the procedure or point. */
  readonly id: number
  readonly early: boolean
  /** The step that it is part of: of a procedure the expression that asked, of all else the body or procedure. */
  readonly outer: Step | undefined
  clause: number
  held: boolean
  hasHeld: boolean
}

/** Keeps the stack; who watches for something in particular says what happens at each turn. */
export abstract class Watching implements Watch {
  protected readonly stack: Step[] = []
  /** The procedure or body whose expressions are evaluated. */
  protected scope: Step | undefined

  enter(id: number, args: readonly Value[]): number {
    this.#push('procedure', id, false)
    this.onEnter(this.#top(), args)
    return this.stack.length
  }

  clause(index: number): void {
    const step = this.#top()
    step.clause = index
    this.onClause(step)
  }

  leave(level: number): void {
    this.unwind(level - 1)
  }

  begin(id: number, early: boolean): void {
    this.#push('point', id, early)
    this.onBegin(this.#top())
  }

  held(): void {
    const step = this.#top()
    if (step.early) {
      this.stack.pop()
      return
    }
    step.held = true
    step.hasHeld = true
    this.onHeld(step)
  }

  abstract look(point: number): void
  abstract see(point: number, value: Value | undefined): void

  level(): number {
    return this.stack.length
  }

  open(points: readonly number[]): number {
    const level = this.stack.length
    this.#push('body', -1, false)
    this.onOpen(this.#top(), points)
    return level
  }

  unwind(level: number): void {
    while (this.stack.length > level) {
      const step = this.stack.pop() as Step
      if (step.kind === 'procedure' || step.kind === 'body') {
        this.scope = scopeOf(step.outer)
        this.onLeave(step)
      } else if (step.held || step.kind === 'given') this.onRedo(step)
      else if (!step.hasHeld) this.onFail(step)
    }
    const step = this.stack.at(-1)
    if (step?.held !== true || step.kind !== 'point') return
    step.held = false
    this.onRedo(step)
  }

  gave(value: Value): void {
    const { scope } = this
    if (scope === undefined) return
    this.onGave(scope, value)
    this.#push('given', scope.id, false)
  }

  reached(): void {
    const { scope } = this
    if (scope === undefined) return
    this.onReached(scope)
    this.#push('given', scope.id, false)
  }

  abstract chosen(group: number, rules: number): void

  restart(): void {
    this.stack.length = 0
    this.scope = undefined
    this.onRestart()
  }

  protected abstract onEnter(step: Step, args: readonly Value[]): void
  protected abstract onClause(step: Step): void
  protected abstract onOpen(step: Step, points: readonly number[]): void
  protected abstract onLeave(step: Step): void
  protected abstract onBegin(step: Step): void
  protected abstract onHeld(step: Step): void
  protected abstract onFail(step: Step): void
  protected abstract onRedo(step: Step): void
  protected abstract onGave(scope: Step, value: Value): void
  protected abstract onReached(scope: Step): void
  protected abstract onRestart(): void

  #top(): Step {
    const step = this.stack.at(-1)
    if (step === undefined) throw new Error('nothing has begun')
    return step
  }

  #push(kind: Step['kind'], id: number, early: boolean): void {
    const outer = kind === 'procedure' || kind === 'body' ? this.stack.at(-1) : this.scope
    const step: Step = { kind, id, early, outer, clause: 0, held: false, hasHeld: false }
    this.stack.push(step)
    if (kind === 'procedure' || kind === 'body') this.scope = step
  }
}

function scopeOf(step: Step | undefined): Step | undefined {
  return step === undefined || step.kind === 'procedure' || step.kind === 'body' ? step : scopeOf(step.outer)
}
