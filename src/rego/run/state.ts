/**
 * What an evaluation carries along: `State` is what compiled code reads (documents, replacements, remembered documents), `Evaluation` what
 * all states of one evaluation share (budget, clock, chance, caches) and what builtins see as their context.
 */
import type { BuiltinCache, BuiltinContext, BuiltinPorts } from '../builtins/builtin.ts'
import { BuiltinError } from '../builtins/builtin.ts'
import type { Value } from '../value.ts'
import { EvaluationError, Suspension } from './failure.ts'
import type { EvaluationLimits } from './limits.ts'
import type { Overlay } from './overlay.ts'
import type { Watch } from './watch.ts'

/** What the owner of a prepared query gives to all of its evaluations. */
export interface Environment {
  readonly limits: EvaluationLimits
  readonly now: () => bigint
  readonly random: (size: number) => Uint8Array
  readonly runtime: Value
  readonly ports: BuiltinPorts
  readonly cache: BuiltinCache
  readonly strictBuiltinErrors: boolean
  /** Takes each error that made a call of a builtin undefined. */
  readonly builtinError?: (error: EvaluationError) => void
  /** Runs each piece of an evaluation; it may break it off by throwing `EvaluationInterrupted`. */
  readonly guard?: <Result>(run: () => Result) => Result
  readonly note: (kind: 'print' | 'trace', text: string) => void
  readonly parseModule: (file: string, text: string) => Value
}

/** Values of nondeterministic builtins by name and canonical text of the arguments: recorded by one evaluation, given back to another. */
export type Recording = Map<string, Map<string, Value>>

/** One evaluation from start to end, runs after a wait included. */
export class Evaluation implements BuiltinContext {
  readonly environment: Environment
  steps: number
  recording: Recording | undefined
  /** Only watched code asks for it. */
  readonly watch: Watch | undefined
  /** True where the caller cannot wait. */
  readonly synchronous: boolean
  /** Values of the result that have been made so far. */
  #values = 0
  #replies: Map<string, Value> | undefined
  #now: bigint | undefined
  #session: Map<string, Value> | undefined
  #told: (() => void)[] | undefined

  constructor(
    environment: Environment,
    options: {
      synchronous: boolean
      recording: Recording | undefined
      watch: Watch | undefined
    },
  ) {
    this.environment = environment
    this.steps = environment.limits.stepsMax
    this.synchronous = options.synchronous
    this.recording = options.recording
    this.watch = options.watch
  }

  get nowNs(): bigint {
    this.#now ??= this.environment.now()
    return this.#now
  }

  get session(): Map<string, Value> {
    this.#session ??= new Map()
    return this.#session
  }

  get runtime(): Value {
    return this.environment.runtime
  }

  get ports(): BuiltinPorts {
    return this.environment.ports
  }

  get cache(): BuiltinCache {
    return this.environment.cache
  }

  parseModule(file: string, text: string): Value {
    return this.environment.parseModule(file, text)
  }

  random(size: number): Uint8Array {
    return this.environment.random(size)
  }

  note(kind: 'print' | 'trace', text: string): void {
    if (kind === 'trace') this.watch?.note(text)
    this.tell(() => this.environment.note(kind, text))
  }

  /** Tells the owner something: at once, or where the evaluation may have to start again, when it has ended. */
  tell(run: () => void): void {
    if (this.synchronous) run()
    else {
      this.#told ??= []
      this.#told.push(run)
    }
  }

  /** Tells what has waited for the end. */
  end(): void {
    for (const run of this.#told ?? []) run()
    this.#told = undefined
  }

  charge(steps: number): void {
    this.steps -= steps
    if (this.steps < 0) this.spent()
  }

  countValues(values: number): void {
    this.#values += values
    const max = this.environment.limits.resultValuesMax
    if (this.#values > max) throw new EvaluationError('eval_cancel_error', `the result has more than \`${max}\` values`)
  }

  /** Ends the evaluation because its steps are used up. */
  spent(): never {
    throw new EvaluationError(
      'eval_cancel_error',
      `evaluation took more than \`${this.environment.limits.stepsMax}\` steps: the policy visits too much for one decision, or the limit is too low`,
    )
  }

  wait(key: string, perform: () => Promise<Value>): Value {
    const reply = this.#replies?.get(key)
    if (reply !== undefined) return reply
    if (this.synchronous) {
      throw new BuiltinError('this call must wait for the network; evaluate with `evaluateAsync` or `valueAsync`', {
        halts: true,
      })
    }
    if ((this.#replies?.size ?? 0) >= this.environment.limits.waitsMax) {
      throw new EvaluationError(
        'eval_cancel_error',
        `evaluation waited more than \`${this.environment.limits.waitsMax}\` times for the network`,
      )
    }
    throw new Suspension(key, perform)
  }

  /** Waits for what suspended the evaluation, which then starts again: the clock, what was recorded and the replies stay. */
  async resume(suspension: Suspension): Promise<void> {
    this.#replies ??= new Map()
    this.#replies.set(suspension.key, await suspension.perform())
    this.steps = this.environment.limits.stepsMax
    this.#values = 0
    this.watch?.restart()
    this.#told = undefined
  }
}

/** A function that stands in for another during `with`. */
export type Replacement = (state: State, ...args: Value[]) => Value | undefined

/** The documents and functions that a piece of compiled code sees. `with` makes a new one. */
export class State {
  readonly evaluation: Evaluation
  readonly input: Value | undefined
  readonly overlay: Overlay | undefined
  readonly functions: ReadonlyMap<string, Replacement> | undefined
  /** Documents that this state has computed already, by their places in the code, which makes the list; `absent` where one is undefined. */
  memo: unknown[] | undefined
  /** The numbers of the rules that have given something in this state, where the code notes them. */
  noted: number[] | undefined
  #calls: unknown[] | undefined

  constructor(
    evaluation: Evaluation,
    input: Value | undefined,
    overlay?: Overlay | undefined,
    functions?: ReadonlyMap<string, Replacement> | undefined,
  ) {
    this.evaluation = evaluation
    this.input = input
    this.overlay = overlay
    this.functions = functions
    this.memo = undefined
    this.noted = undefined
  }

  /** Memories of calls, by the number that compiled code has given to a function. */
  get calls(): unknown[] {
    this.#calls ??= []
    return this.#calls
  }
}

/** Remembered in place of a document that is undefined. */
export const absent: unique symbol = Symbol('absent')
