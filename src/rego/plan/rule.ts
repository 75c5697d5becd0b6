/** Plans one rule as a procedure: arguments and asked-for keys first, then the body, then what the rule gives. */
import type { Span } from '../ast.ts'
import type { Clause, Query, Rule, Term } from '../program.ts'
import { planBody } from './body.ts'
import { constant, Frame, type Member, type Steps, temp, type World } from './frame.ts'
import { planNeeds } from './hoist.ts'
import type { Block, Operand, Procedure, ProcedureKind, Temp } from './ir.ts'
import { planRef } from './ref.ts'
import { planTerm } from './term.ts'
import { isPattern, planMatch, planTerms, planUnify } from './unify.ts'

const steps: Steps = {
  term: planTerm,
  terms: planTerms,
  ref: planRef,
  unify: planUnify,
  match: planMatch,
  body: planBody,
}

/** A definition of a complete rule or of a function: gives its value. */
export function planValueRule(world: World, id: number, { rule }: Member): Procedure {
  const frame = new Frame(steps, world, rule.locals)
  const params = rule.args.map(() => frame.temp())
  const clauses = rule.clauses.map((clause) =>
    frame.scope(() => {
      const later = bindPatterns(frame, rule.args, params)
      planNeeds(frame, clause.body)
      frame.steps.body(frame, clause.body, () => {
        compareLater(frame, later)
        addResult(frame, clause)
      })
    }),
  )
  return procedure(id, 'value', params, clauses, frame, rule.at, rule)
}

function addResult(frame: Frame, clause: Clause): void {
  const value = frame.watched({ kind: 'head', at: clause.value.at, lifted: false }, () =>
    frame.steps.term(frame, clause.value),
  )
  frame.add({ op: 'result', value, final: frame.isFixed(value), at: clause.at })
}

/**
 * A rule of a set or an object. `depth` keys below the group are given as parameters: they bind the rule's own keys before the body runs,
 * so that a rule asked for one key does the work of one key.
 */
export function planPartRule(world: World, id: number, { rule, keys }: Member, depth: number): Procedure {
  const frame = new Frame(steps, world, rule.locals)
  const params = Array.from({ length: depth }, () => frame.temp())
  const own = keys.slice(0, depth)
  const contains = rule.kind === 'contains'
  const clauses = rule.clauses.map((clause) =>
    frame.scope(() => {
      const givenMember = contains && depth === keys.length + 1
      const patterns = givenMember ? [...own, clause.value] : own
      const later = bindPatterns(frame, patterns, params.slice(0, patterns.length))
      planNeeds(frame, clause.body)
      frame.steps.body(frame, clause.body, () => {
        const { path, value } = frame.watched({ kind: 'head', at: clause.value.at, lifted: false }, () => {
          // Side by side: in `p[x] := input[x]` the value binds what the key reads.
          const parts = [...later.map(([key]) => key), ...keys.slice(depth), ...(givenMember ? [] : [clause.value])]
          const made = frame.steps.terms(frame, parts)
          for (const [i, [, param]] of later.entries())
            frame.add({ op: 'equal', left: made[i] as Operand, right: temp(param) })
          const path = made.slice(later.length, later.length + keys.length - depth)
          const whole = givenMember ? temp(params[depth - 1] as Temp) : (made.at(-1) as Operand)
          return { path, value: contains ? whole : below(frame, whole, params.slice(keys.length)) }
        })
        const final = frame.isFixed(value) && path.every((part) => frame.isFixed(part))
        frame.add({ op: 'insert', path, value, member: contains && !givenMember, final, at: clause.at })
      })
    }),
  )
  const kind: ProcedureKind = keys.length === 0 && contains && depth === 0 ? 'members' : 'parts'
  return procedure(id, kind, params, clauses, frame, rule.at, rule)
}

/** A set that is there even when no rule gives it a member (see `groundSets`). */
export function planEmptySet(world: World, id: number, { rule, keys }: Member, depth: number): Procedure {
  const frame = new Frame(steps, world, rule.locals)
  const params = Array.from({ length: depth }, () => frame.temp())
  const clause = frame.scope(() => {
    bindPatterns(frame, keys.slice(0, depth), params)
    frame.add({ op: 'emptySet', path: keys.slice(depth).map((key) => frame.steps.term(frame, key)), at: rule.at })
  })
  return procedure(id, 'parts', params, [clause], frame, rule.at)
}

/** What stands below a value at the keys that reach deeper than the rule's name. */
function below(frame: Frame, value: Operand, keys: readonly Temp[]): Operand {
  let source = value
  for (const key of keys) {
    const here = source
    source = frame.set((target) => ({ op: 'get', target, source: here, key: temp(key) }))
  }
  return source
}

/** Binds the patterns that can be bound before the body, and gives back those that can only be compared after it. */
function bindPatterns(frame: Frame, patterns: readonly Term[], params: readonly Temp[]): (readonly [Term, Temp])[] {
  const later: (readonly [Term, Temp])[] = []
  patterns.forEach((pattern, i) => {
    const param = params[i] as Temp
    if (isPattern(pattern)) planMatch(frame, pattern, temp(param))
    else later.push([pattern, param])
  })
  return later
}

function compareLater(frame: Frame, later: readonly (readonly [Term, Temp])[]): void {
  for (const [term, param] of later) {
    const left = frame.steps.term(frame, term)
    frame.add({ op: 'equal', left, right: temp(param) })
  }
}

/** A query as rows of bindings, in the order of its `vars`. */
export function planRows(world: World, id: number, query: Query, at: Span): Procedure {
  const frame = new Frame(steps, world, query.locals)
  const clause = frame.scope(() => {
    frame.ordered = true
    frame.steps.body(frame, query.body, () => {
      const values = query.vars.map(({ local }) => frame.bound(local) ?? constant(null))
      frame.add({ op: 'row', values })
    })
  })
  return procedure(id, 'rows', [], [clause], frame, at)
}

/** The value of a query that is one term. */
export function planQueryValue(world: World, id: number, query: Query, term: Term): Procedure {
  const frame = new Frame(steps, world, query.locals)
  const clause = frame.scope(() => {
    frame.ordered = true
    const value = frame.watched({ kind: 'expression', at: term.at, lifted: false }, () => frame.steps.term(frame, term))
    frame.add({ op: 'result', value, final: frame.isFixed(value), at: term.at })
  })
  return procedure(id, 'value', [], [clause], frame, term.at)
}

function procedure(
  id: number,
  kind: ProcedureKind,
  params: readonly Temp[],
  clauses: readonly Block[],
  frame: Frame,
  at: Span,
  rule?: Rule,
): Procedure {
  const planned = { id, kind, params, clauses, temps: frame.temps, at }
  return rule === undefined ? planned : { ...planned, rule }
}
