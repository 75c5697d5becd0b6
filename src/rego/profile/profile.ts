/**
 * Counts and times the expressions that an evaluation comes to, by row, as OPA's profiler does: what an expression evaluates on its own before itself
 * (calls, references inside of something larger) counts as an expression of its row, and the time from one event to the next belongs to the first.
 */
import type { Span } from '../ast.ts'
import { type Coverable, coverableOf, spanKey } from '../cover/ranges.ts'
import { watching } from '../emit/instrument.ts'
import type { Making } from '../making.ts'
import { parseModule } from '../parse/module.ts'
import type { Plan, Point, Procedure } from '../plan/ir.ts'
import { proceduresOf } from '../plan/walk.ts'
import { type Step, scopeOf, type Watch, Watching } from '../run/watch.ts'
import { isSame, type Part, type Parts, partOf } from './parts.ts'

/** What one row of a module, or of the query, came to. */
export interface ProfiledRow {
  /** Empty in the query. */
  readonly file: string
  /** Row and column of what was evaluated first there, from 1. */
  readonly row: number
  readonly col: number
  /** Its text. */
  readonly text: string
  /** Whole nanoseconds. */
  readonly timeNs: number
  /** How often an expression was evaluated. */
  readonly evalCount: number
  /** How often evaluation came back to one that had held. */
  readonly redoCount: number
  /** How many expressions there are, of those that were evaluated. */
  readonly expressionCount: number
}

interface Row {
  at: Span
  readonly expressions: Set<string>
  timeMs: number
  evals: number
  redos: number
}

/** Rows known by what is counted there; `coverable` is absent for the query. */
interface Source {
  readonly text: string
  readonly coverable?: Coverable
}

export class Profile {
  readonly #monotonicMs: () => number
  readonly #sources = new Map<string, Source>()
  readonly #rows = new Map<string, Row>()
  /** The row that time belongs to, and since when. */
  #current: Row | undefined
  #sinceMs = 0

  /** `monotonicMs` are milliseconds from an arbitrary start, with fractions, never going back. */
  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs
  }

  /** Takes in the modules and the query that are evaluated, before they are. */
  add(modules: Readonly<Record<string, string>>, query: string): void {
    this.#sources.set('', { text: query })
    for (const [file, text] of Object.entries(modules))
      this.#sources.set(file, { text, coverable: coverableOf(parseModule(text, file)) })
  }

  /** Watches one evaluation of a plan. */
  watch(plan: Plan): Watch {
    // The evaluation before may have ended with an error.
    this.#current = undefined
    const before = new Map([...this.#rows].map(([key, { evals, redos }]) => [key, { evals, redos }]))
    const pointOf = (id: number): Point => {
      const point = plan.points[id]
      if (point === undefined) throw new Error(`the plan has no point ${id}`)
      return point
    }
    const bodiless = new Map(proceduresOf(plan).map(({ id, rule }) => [id, this.#withoutBody(rule)]))
    /** Rules whose heads have computed something: that stands in place of the body which they do not have. */
    const computing = new WeakSet<Step<Parts>>()
    return new Watching<Parts>({
      tried: (step) => {
        computing.delete(step)
      },
      gave: (scope) => {
        const at = scope.kind === 'procedure' ? bodiless.get(scope.id)?.[scope.clause] : undefined
        if (at !== undefined && !computing.has(scope)) this.#once(at)
      },
      began: (step) => {
        const point = pointOf(step.id)
        step.own = this.#partsOf(step, point, pointOf)
        this.#passTo(point.at)
        const domain = this.#coverableOf(point.at)?.alongside.get(spanKey(point.at))
        if (domain !== undefined) this.#once(domain)
      },
      // What has a body in it is evaluated before the body is.
      opened: ({ outer }) => this.#settleAll(outer?.own),
      looked: ({ own }, id) => {
        if (own === undefined) return
        const point = pointOf(id)
        const { whole } = own
        // A head that only names a local computes nothing.
        if (point.kind === 'local' && own.point.kind === 'head' && isSame(point.at, whole.at)) whole.counts = false
        if (!this.#isApart(own, point)) return
        const part = partOf(own, point.at)
        this.#settle(part)
        this.#passTo(point.at)
        part.isReady = true
        if (part.outer !== undefined) part.outer.isReady = false
      },
      saw: ({ own }, id, value) => {
        const part = own?.terms.get(spanKey(pointOf(id).at))
        if (own === undefined || part === undefined || value === undefined) return
        // What `some .. in` goes through is evaluated once, and the expression itself gives one element after the other.
        if (own.goesThrough && part.outer === own.whole && !part.isReady) return
        this.#settle(part)
        this.#passTo(part.at).redos++
        if (part.outer === undefined) return
        // With the value before this one it was evaluated, and came to nothing.
        this.#settle(part.outer)
        part.outer.isReady = true
      },
      held: (step) => {
        this.#settleAll(step.own)
        const scope = scopeOf(step)
        if (step.own?.point.kind === 'head' && step.own.whole.counts && scope !== undefined) computing.add(scope)
      },
      redone: ({ own }) => {
        if (own?.whole.counts === true && own.whole.comesBack) this.#passTo(own.whole.at).redos++
      },
      ended: ({ own }) => this.#settleAll(own),
      left: (step) => {
        if (step.outer === undefined) this.#stop()
      },
      // It has waited for the network and comes to everything again; what it spent, waiting too, stays.
      restarted: () => {
        for (const [key, row] of this.#rows) Object.assign(row, before.get(key) ?? { evals: 0, redos: 0 })
      },
    })
  }

  /** The rows that were come to, in the order in which they first were. */
  rows(): readonly ProfiledRow[] {
    this.#stop()
    return [...this.#rows.values()]
      .filter(({ evals }) => evals > 0)
      .map(({ at, timeMs, evals, redos, expressions }) => ({
        file: at.file,
        row: at.row,
        col: at.col,
        text: this.#textOf(at),
        timeNs: Math.round(timeMs * 1e6),
        evalCount: evals,
        redoCount: redos,
        expressionCount: expressions.size,
      }))
  }

  /** By clause, what stands for a body that is not there. */
  #withoutBody(rule: Procedure['rule']): (Span | undefined)[] {
    return (rule?.clauses ?? []).map(({ at }) => {
      const clause = this.#coverableOf(at)?.clauses.find((each) => each.at.start === at.start)
      return rule?.default === true ? at : clause?.noBody
    })
  }

  #partsOf(step: Step<Parts>, point: Point, pointOf: (id: number) => Point): Parts {
    const { at, kind } = point
    const key = spanKey(at)
    const coverable = this.#coverableOf(at)
    // What a head gives is an expression where it must be computed.
    const counts = kind !== 'head' || coverable?.made.has(key) === true || coverable?.terms.has(key) === true
    const scope = scopeOf(step.outer)
    const around = scope?.kind === 'body' && scope.outer?.kind === 'point' ? pointOf(scope.outer.id).at : undefined
    // What a `not` without braces negates has the place of the whole.
    const isNegated = around !== undefined && isSame(around, at)
    const [keyword] = kind === 'expression' ? (/^(not|some)\b/.exec(this.#textOf(at)) ?? []) : []
    const comesBack = isNegated || keyword !== 'not'
    const whole = { at, key: `${kind} ${key} ${isNegated}`, outer: undefined, comesBack, counts, isReady: true }
    return { point, whole, goesThrough: keyword === 'some', terms: new Map() }
  }

  #isApart({ whole }: Parts, { kind, at }: Point): boolean {
    return kind === 'term' && !isSame(at, whole.at) && this.#coverableOf(at)?.terms.has(spanKey(at)) === true
  }

  #settleAll(own: Parts | undefined): void {
    if (own === undefined) return
    for (const part of own.terms.values()) this.#settle(part)
    this.#settle(own.whole)
  }

  /** Counts what was ready: it has been evaluated by now. */
  #settle(part: Part): void {
    if (!part.isReady) return
    part.isReady = false
    if (part.counts) this.#evaluated(part.at, part.key)
  }

  #evaluated(at: Span, key: string): void {
    const row = this.#passTo(at)
    if (row.evals === 0) row.at = at
    row.evals++
    row.expressions.add(key)
  }

  /** What holds whenever it is come to. */
  #once(at: Span): void {
    this.#evaluated(at, spanKey(at))
    this.#passTo(at).redos++
  }

  /** From now on time belongs to the row of `at`. */
  #passTo(at: Span): Row {
    const nowMs = this.#monotonicMs()
    if (this.#current !== undefined) this.#current.timeMs += nowMs - this.#sinceMs
    this.#sinceMs = nowMs
    const key = `${at.row} ${at.file}`
    let row = this.#rows.get(key)
    if (row === undefined) {
      row = { at, expressions: new Set(), timeMs: 0, evals: 0, redos: 0 }
      this.#rows.set(key, row)
    }
    this.#current = row
    return row
  }

  #textOf({ file, start, end }: Span): string {
    return (this.#sources.get(file)?.text ?? '').slice(start, end)
  }

  #coverableOf({ file }: Span): Coverable | undefined {
    return this.#sources.get(file)?.coverable
  }

  #stop(): void {
    if (this.#current === undefined) return
    this.#current.timeMs += this.#monotonicMs() - this.#sinceMs
    this.#current = undefined
  }
}

/** Code that counts and times what it comes to in `profile`. */
export function profiling(profile: Profile): Making {
  return {
    marks: { needsFirst: true },
    emission: (plan) => ({
      instrument: watching({ indexed: true, exitsEarly: true }),
      watch: () => profile.watch(plan),
    }),
  }
}
