/**
 * Records, while an evaluation is watched, what an explanation is made of: for every document and function that was asked, which rules were tried,
 * what they gave, and the attempt of each that came furthest. Bounded, whatever the policy goes through.
 */
import { type Step, scopeOf, type Watch, Watching } from '../run/watch.ts'
import type { Value } from '../value.ts'

/** One way through a body as far as it went: conditions in the order of evaluation. The last has failed, or all have held. */
export interface Attempt {
  readonly conditions: readonly Condition[]
  /** Conditions that held, those that were looked at early among them. */
  readonly heldCount: number
  readonly hasFailed: boolean
}

export interface Condition {
  readonly point: number
  readonly held: boolean
  /** The terms that it has seen, by point. */
  readonly values: ReadonlyMap<number, Value>
  /** The innermost term that it looked for and did not see. */
  readonly missing: number | undefined
  /** Documents and functions that it has asked. */
  readonly asked: readonly Run[]
  /** Bodies inside it (`not`, `every`, comprehensions), the last of them. */
  readonly bodies: readonly Attempt[]
}

/** A document or function that was asked, with the keys or arguments. */
export interface Run {
  readonly group: number
  readonly args: readonly Value[]
  readonly tries: Try[]
  /** Nothing was tried: the answer was known from an earlier run. */
  isRepeated: boolean
}

/** A rule that was tried, or one of its `else` branches. */
export interface Try {
  readonly procedure: number
  readonly clause: number
  /** The first values that it gave, at most `gaveMax`. */
  readonly gave: Value[]
  heldBest: Attempt | undefined
  failedBest: Attempt | undefined
}

/** What is kept with a step that is under way. */
export interface Kept {
  values: Map<number, Value>
  asked: Run[]
  bodies: Attempt[]
  /** Of a body or rule: conditions that held early, and the best attempts so far. */
  early: Set<number>
  run: Run | undefined
  trying: Try | undefined
  heldBest: Attempt | undefined
  failedBest: Attempt | undefined
}

/** Values of one rule, runs of one condition and bodies of one condition that are kept: more would not be read. */
const gaveMax = 3
const askedMax = 16
const bodiesMax = 4
/** Runs that are kept in all, so that a policy that goes through much is explained in little memory: some 10 MB. */
const runsMax = 20_000

/** What one evaluation has left. */
export class Evidence {
  /** What the query itself asked, in that order. */
  readonly direct: Run[] = []
  readonly byGroup = new Map<number, Run[]>()
  /** Whether more was asked than is kept. */
  isCut = false
  runs = 0

  /** The run of a group with the same arguments that tried its rules. */
  earlier(run: Run, same: (a: Value, b: Value) => boolean): Run {
    if (!run.isRepeated) return run
    const found = this.byGroup
      .get(run.group)
      ?.findLast(
        ({ args }) => args.length === run.args.length && args.every((arg, i) => same(arg, run.args[i] as Value)),
      )
    return found ?? run
  }
}

/** A watch that fills `evidence`. `groupOf` says whose rule a procedure is; a query's has none. */
export function recorder(evidence: Evidence, groupOf: (procedure: number) => number | undefined): Watch {
  let next: Run | undefined
  const open = new Map<number, Run>()

  const attempt = (
    scope: Step<Kept>,
    last: Step<Kept> | undefined,
    isLater: (count: number) => boolean,
  ): Attempt | undefined => {
    const steps: Step<Kept>[] = []
    const { stack } = watching
    for (let i = stack.length - 1; i >= 0 && stack[i] !== scope; i--) {
      const step = stack[i] as Step<Kept>
      if (step.kind === 'point' && step.outer === scope) steps.push(step)
    }
    steps.reverse()
    const heldCount =
      steps.filter(({ held }) => held).length + (last?.early === true ? (scope.own?.early.size ?? 0) : 0)
    if (!isLater(heldCount)) return undefined
    if (last !== undefined) steps.push(last)
    return { conditions: steps.map(conditionOf), heldCount, hasFailed: last !== undefined }
  }

  const watching = new Watching<Kept>({
    entered(step) {
      const group = groupOf(step.id)
      keptOf(step).run = group === undefined ? undefined : open.get(group)
    },
    tried(step) {
      const kept = keptOf(step)
      kept.trying = {
        procedure: step.id,
        clause: step.clause,
        gave: [],
        heldBest: undefined,
        failedBest: undefined,
      }
      kept.early.clear()
      kept.run?.tries.push(kept.trying)
    },
    saw(step, point, value) {
      const expression = step.kind === 'body' ? step.outer : step
      if (value !== undefined && expression !== undefined) keptOf(expression).values.set(point, value)
    },
    heldEarly(step) {
      if (step.outer !== undefined) keptOf(step.outer).early.add(step.id)
    },
    failed(step) {
      const scope = step.outer
      if (scope === undefined) return
      const kept = keptOf(scope)
      const target = scope.kind === 'procedure' ? kept.trying : kept
      if (target === undefined) return
      const best = target.failedBest
      target.failedBest = attempt(scope, step, (count) => best === undefined || count > best.heldCount) ?? best
    },
    gave(scope, value) {
      const trying = scope.own?.trying
      if (trying === undefined) return
      if (trying.gave.length < gaveMax) trying.gave.push(value)
      trying.heldBest ??= attempt(scope, undefined, () => true)
    },
    reached(scope) {
      const kept = keptOf(scope)
      kept.heldBest ??= attempt(scope, undefined, () => true)
    },
    left(step) {
      const { own, outer } = step
      if (step.kind !== 'body' || own === undefined || outer === undefined) return
      const best = own.heldBest ?? own.failedBest
      if (best === undefined) return
      const { bodies } = keptOf(outer)
      if (bodies.length === bodiesMax) bodies.shift()
      bodies.push(best)
    },
    redone(step) {
      // The next solution sees other values.
      if (step.kind === 'point' && step.own !== undefined) step.own.bodies = []
    },
    asked(step, group, args) {
      next = { group, args, tries: [], isRepeated: true }
      if (evidence.runs >= runsMax) evidence.isCut = true
      else if (step !== undefined) {
        evidence.runs++
        const { asked } = keptOf(step)
        if (asked.length < askedMax) asked.push(next)
        if (isQuery(step)) evidence.direct.push(next)
      }
    },
    chosen(group) {
      if (next === undefined) return
      next.isRepeated = false
      open.set(group, next)
      if (evidence.isCut) return
      const runs = evidence.byGroup.get(group) ?? []
      evidence.byGroup.set(group, runs)
      runs.push(next)
    },
    restarted() {
      evidence.direct.length = 0
      evidence.byGroup.clear()
      evidence.runs = 0
      evidence.isCut = false
    },
  })

  /** Whether a step belongs to the query itself. */
  function isQuery(step: Step<Kept>): boolean {
    let scope = scopeOf(step)
    while (scope !== undefined && scope.kind !== 'procedure') scope = scopeOf(scope.outer)
    return scope !== undefined && groupOf(scope.id) === undefined
  }

  return watching
}

function conditionOf(step: Step<Kept>): Condition {
  const { id, held, own, pending } = step
  return {
    point: id,
    held,
    values: new Map(own?.values),
    missing: held ? undefined : pending.at(-1),
    asked: [...(own?.asked ?? [])],
    bodies: [...(own?.bodies ?? [])],
  }
}

function keptOf(step: Step<Kept>): Kept {
  step.own ??= {
    values: new Map(),
    asked: [],
    bodies: [],
    early: new Set(),
    run: undefined,
    trying: undefined,
    heldBest: undefined,
    failedBest: undefined,
  }
  return step.own
}
