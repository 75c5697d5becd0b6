/**
 * An evaluation as a sequence of events, in the words of OPA's trace: rules and bodies entered, expressions evaluated, failed and gone back to. The
 * text of expressions is the author's, without the variables that a compiler makes.
 */
import type { Span } from '../ast.ts'
import { termText } from '../builtins/term-text.ts'
import { watching } from '../emit/instrument.ts'
import type { Making } from '../making.ts'
import type { Plan, Procedure } from '../plan/ir.ts'
import { proceduresOf } from '../plan/walk.ts'
import type { Program } from '../program.ts'
import { type Step, scopeOf, type Watch, Watching } from '../run/watch.ts'

export type TraceOperation = 'Enter' | 'Eval' | 'Exit' | 'Redo' | 'Fail' | 'Index' | 'Note' | 'Unify'

export interface TraceEvent {
  readonly op: TraceOperation
  /** Each time that a rule or a body of its own is evaluated has a number, from 1; `parent` is that of what asked for it, 0 for the query. */
  readonly query: number
  readonly parent: number
  readonly node: 'rule' | 'body' | 'expression' | 'none'
  /** What is evaluated, in one line; of a `Note` what `trace` was given. */
  readonly text: string
  /** Of an `Index` how many rules it left. */
  readonly message?: string
  /** `file` is empty in the query. */
  readonly at: { readonly file: string; readonly row: number; readonly col: number }
}

/** What is kept with a rule or body: its number, and whether it has been told of. */
interface Numbered {
  query: number
  parent: number
  text: string
  at: Span
  isTold: boolean
}

/** Code that tells `told` each event as it happens. */
export function tracing(told: (event: TraceEvent) => void, query: string): Making {
  return {
    marks: { needsFirst: true },
    emission: (plan, program) => ({
      instrument: watching({ indexed: true, exitsEarly: true }),
      watch: () => new Tracer(plan, program, query, told).watch,
    }),
  }
}

class Tracer {
  readonly #plan: Plan
  readonly #told: (event: TraceEvent) => void
  readonly #procedures: ReadonlyMap<number, Procedure>
  readonly #sources: ReadonlyMap<string, string>
  readonly #watching: Watching<Numbered>
  #queries = 0

  constructor(plan: Plan, program: Program, query: string, told: (event: TraceEvent) => void) {
    this.#plan = plan
    this.#told = told
    this.#procedures = new Map(proceduresOf(plan).map((procedure) => [procedure.id, procedure]))
    this.#sources = new Map([['', query], ...program.files.map(({ file, source }) => [file, source] as const)])
    const groups = new Map(plan.groups.map((group) => [group.id, group]))
    this.#watching = new Watching<Numbered>({
      tried: (step) => {
        const rule = this.#procedures.get(step.id)?.rule
        const at = rule?.clauses[step.clause]?.at ?? { file: '', row: 1, col: 1, start: 0, end: query.length }
        this.#number(step, rule === undefined ? query : `data.${rule.path.join('.')}`, at)
      },
      opened: (step, points) => {
        const spans = points.flatMap((point) => plan.points[point]?.at ?? [])
        const [first] = spans
        this.#number(
          step,
          spans.map((span) => this.#inside(step, span)).join('; '),
          first ?? { file: '', row: 1, col: 1, start: 0, end: 0 },
        )
      },
      began: (step) => this.#expression('Eval', step),
      failed: (step) => {
        if (!step.early) this.#expression('Fail', step)
      },
      redone: (step) => {
        if (step.kind === 'point') this.#expression('Redo', step)
        else this.#scope('Redo', step.outer)
      },
      saw: (step, point, value) => {
        const at = plan.points[point]?.at
        if (at !== undefined && value !== undefined && !step.early)
          this.#tell('Unify', step, 'expression', `${termText(value)} = ${this.#text(at)}`, at)
      },
      gave: (scope) => this.#scope('Exit', scope),
      reached: (scope) => this.#scope('Exit', scope),
      noted: (step, text) => {
        const at = step?.kind === 'point' ? plan.points[step.id]?.at : undefined
        if (step !== undefined) this.#tell('Note', step, 'none', text, at)
      },
      chosen: (group, rules) => {
        const found = groups.get(group)
        const step = this.#watching.stack.at(-1)
        if (found === undefined || step === undefined || step.early) return
        const message = `(matched ${rules} rule${rules === 1 ? '' : 's'}${found.uniform ? ', early exit' : ''})`
        const at = step.kind === 'point' ? plan.points[step.id]?.at : undefined
        this.#tell('Index', step, 'none', `data.${found.path.join('.')}`, at, message)
      },
    })
  }

  get watch(): Watch {
    return this.#watching
  }

  #number(step: Step<Numbered>, text: string, at: Span): void {
    const parent = scopeOf(step.outer)?.own?.query ?? 0
    step.own = { query: ++this.#queries, parent, text, at, isTold: false }
  }

  #expression(op: TraceOperation, step: Step<Numbered>): void {
    const point = this.#plan.points[step.id]
    // What a head computes is told of where it has no value.
    if (point === undefined || (point.kind === 'head' && op !== 'Fail')) return
    const scope = scopeOf(step)
    const text = scope === undefined ? this.#text(point.at) : this.#inside(scope, point.at)
    this.#tell(op, step, 'expression', text, point.at)
  }

  #scope(op: TraceOperation, scope: Step<Numbered> | undefined): void {
    if (scope?.own !== undefined)
      this.#tell(op, scope, scope.kind === 'body' ? 'body' : 'rule', scope.own.text, scope.own.at)
  }

  /** A rule is told of once its first expression is evaluated: those that the index would have left out are not. */
  #tell(
    op: TraceOperation,
    step: Step<Numbered>,
    node: TraceEvent['node'],
    text: string,
    at?: Span,
    message?: string,
  ): void {
    const own = scopeOf(step)?.own
    if (own === undefined) return
    const { query, parent } = own
    if (!own.isTold) {
      own.isTold = true
      const kind = scopeOf(step)?.kind === 'body' ? 'body' : 'rule'
      this.#told({ op: 'Enter', query, parent, node: kind, text: own.text, at: placeOf(own.at) })
    }
    const event = { op, query, parent, node, text, at: placeOf(at ?? own.at) }
    this.#told(message === undefined ? event : { ...event, message })
  }

  /** An expression that is negated without braces has the place of its `not`. */
  #inside(scope: Step<Numbered>, at: Span): string {
    const { kind, outer } = scope
    const around = kind === 'body' && outer?.kind === 'point' ? this.#plan.points[outer.id]?.at : undefined
    const text = this.#text(at)
    return around?.start === at.start && around.end === at.end ? text.replace(/^not\s+/, '') : text
  }

  #text({ file, start, end }: Span): string {
    return (this.#sources.get(file) ?? '').slice(start, end).replaceAll(/\s+/g, ' ').trim()
  }
}

function placeOf({ file, row, col }: Span): TraceEvent['at'] {
  return { file, row, col }
}
