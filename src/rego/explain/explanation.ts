/**
 * Why a query has the result that it has: for each document that it asks, the rules that gave a part of it, and of those that did not the condition
 * that failed, with the values it saw and, where it asked other rules, why those gave nothing.
 */
import type { Span } from '../ast.ts'
import { type RuleRef, ruleRef } from '../plan/direct.ts'
import type { Plan, Point, Procedure } from '../plan/ir.ts'
import { proceduresOf } from '../plan/walk.ts'
import type { Program } from '../program.ts'
import { output } from '../run/output.ts'
import { equal, type Json, type Value } from '../value.ts'
import { startVisits, TooManyVisits } from '../visits.ts'
import type { Attempt, Condition, Evidence, Run, Try } from './record.ts'

/** A term of the policy, and the value it had; without `value` it was undefined. */
export interface ExplainedValue {
  readonly term: string
  readonly value?: Json
}

export interface ExplainedCondition {
  /** As it is written, in one line. */
  readonly text: string
  readonly row: number
  readonly held: boolean
  /** In the order written, each term once. */
  readonly values: readonly ExplainedValue[]
  /** The conditions of a body inside it (`not`, `every`), where they say why it held or failed. */
  readonly inner: readonly ExplainedCondition[]
  /** The rules that say why: of documents and functions that it asked. */
  readonly rules: readonly ExplainedRule[]
}

export interface ExplainedRule extends RuleRef {
  /** `gave` a value; was the `default`, because no other gave one; or `failed`. */
  readonly outcome: 'gave' | 'default' | 'failed'
  /** The first values that it gave. */
  readonly gave: readonly Json[]
  /** Those that held, in the order in which they were evaluated; where the rule failed, the one that failed comes last. */
  readonly conditions: readonly ExplainedCondition[]
}

/** A document that the query asks. */
export interface ExplainedDocument {
  /** With the keys that it was asked for, or the arguments. */
  readonly name: string
  /** Rules that gave a value, in the order written; then a default; then those that failed, the nearest first. */
  readonly rules: readonly ExplainedRule[]
}

/** How far rules are followed that were asked by other rules. */
const depthMax = 5
/** Rules that failed which are told of for one document, and for one that another rule asked. */
const failedMax = 10
const failedInnerMax = 2
/** Values that a shown value may have in it: longer ones are told of as what they are. */
const shownValuesMax = 200

export function explainEvidence(plan: Plan, program: Program, query: string, evidence: Evidence): ExplainedDocument[] {
  return new Explainer(plan, program, query, evidence).documents()
}

class Explainer {
  readonly #plan: Plan
  readonly #program: Program
  readonly #sources: ReadonlyMap<string, string>
  readonly #evidence: Evidence
  readonly #procedures: ReadonlyMap<number, Procedure>
  readonly #groups: ReadonlyMap<number, Plan['groups'][number]>
  readonly #written: readonly Point[]

  constructor(plan: Plan, program: Program, query: string, evidence: Evidence) {
    this.#plan = plan
    this.#program = program
    this.#sources = new Map([['', query], ...program.files.map(({ file, source }) => [file, source] as const)])
    this.#evidence = evidence
    this.#procedures = new Map(proceduresOf(plan).map((procedure) => [procedure.id, procedure]))
    this.#groups = new Map(plan.groups.map((group) => [group.id, group]))
    this.#written = plan.points.filter(({ kind, lifted }) => kind === 'expression' && !lifted)
  }

  documents(): ExplainedDocument[] {
    const seen: Run[] = []
    for (const asked of this.#evidence.direct) {
      const run = this.#evidence.earlier(asked, equal)
      if (!seen.includes(run)) seen.push(run)
    }
    return seen.map((run) => ({ name: this.#nameOf(run), rules: this.#rulesOf(run, failedMax, 0) }))
  }

  #nameOf({ group, args }: Run): string {
    const found = this.#groups.get(group)
    const name = found?.path.join('.') ?? ''
    if (args.length === 0) return name
    const texts = args.map((arg) => JSON.stringify(shown(arg)))
    return found?.kind === 'function' ? `${name}(${texts.join(', ')})` : `${name}[${texts.join('][')}]`
  }

  #rulesOf(run: Run, max: number, depth: number): ExplainedRule[] {
    const { gave, defaults, failed } = this.#sorted(run)
    return [
      ...gave.map((each) => this.#rule(each, 'gave', depth)),
      ...defaults.map((each) => this.#rule(each, 'default', depth)),
      ...failed.slice(0, max).map((each) => this.#rule(each, 'failed', depth)),
    ]
  }

  #sorted({ tries }: Run): { gave: Try[]; defaults: Try[]; failed: Try[] } {
    const isDefault = ({ procedure }: Try): boolean => this.#procedures.get(procedure)?.rule?.default === true
    const given = tries.filter(({ gave }) => gave.length > 0)
    const failed = tries.filter(({ gave, failedBest }) => gave.length === 0 && failedBest !== undefined)
    return {
      gave: given.filter((each) => !isDefault(each)),
      defaults: given.filter(isDefault),
      failed: failed.sort((a, b) => (b.failedBest?.heldCount ?? 0) - (a.failedBest?.heldCount ?? 0)),
    }
  }

  #rule(tried: Try, outcome: ExplainedRule['outcome'], depth: number): ExplainedRule {
    const rule = this.#procedures.get(tried.procedure)?.rule
    if (rule === undefined) throw new Error('a rule that was tried is none')
    const attempt = outcome === 'failed' ? tried.failedBest : tried.heldBest
    return {
      ...ruleRef(this.#program, rule, tried.clause),
      outcome,
      gave: tried.gave.map(shown),
      conditions: attempt === undefined ? [] : this.#conditions(attempt, depth),
    }
  }

  /** The conditions as they are written: what was taken out of one of them is joined with it again. */
  #conditions({ conditions }: Attempt, depth: number): ExplainedCondition[] {
    const joined = new Map<string, { at: Span; parts: Condition[] }>()
    for (const condition of conditions) {
      const point = this.#plan.points[condition.point]
      const at = point === undefined ? undefined : this.#writtenAround(point)
      // What a head computes is no condition, unless it has no value.
      if (point === undefined || at === undefined) continue
      if (condition.held && (point.kind === 'head' || (point.lifted && at === point.at))) continue
      const key = `${at.file} ${at.start} ${at.end}`
      const known = joined.get(key)
      if (known === undefined) joined.set(key, { at, parts: [condition] })
      else known.parts.push(condition)
    }
    return [...joined.values()]
      .map(({ at, parts }) => ({ held: parts.every(({ held }) => held), at, parts }))
      .sort((a, b) => Number(b.held) - Number(a.held))
      .map(({ at, parts, held }) => this.#condition(at, parts, held, depth))
  }

  #writtenAround({ at, lifted }: Point): Span {
    if (!lifted) return at
    let best: Span | undefined
    for (const { at: around } of this.#written) {
      if (around.file !== at.file || around.start > at.start || around.end < at.end) continue
      if (best === undefined || around.end - around.start < best.end - best.start) best = around
    }
    return best ?? at
  }

  #condition(at: Span, parts: readonly Condition[], held: boolean, depth: number): ExplainedCondition {
    const text = this.#text(at)
    const all = parts.flatMap((part) => part.bodies)
    // A body that held inside a condition that held says nothing; one that failed there was negated, or gave a collection no element.
    const failed = all.findLast(({ hasFailed }) => hasFailed)
    const bodies = failed === undefined ? (held ? [] : all) : [failed]
    const values = this.#values(parts, text)
    const isDeep = depth >= depthMax
    return {
      text,
      row: at.row,
      held,
      values,
      inner: isDeep
        ? []
        : bodies.flatMap((body) => this.#conditions(body, depth).map((each) => withoutNot(each, text))),
      rules: isDeep ? [] : parts.flatMap((part) => part.asked.flatMap((run) => this.#why(run, held, depth + 1))),
    }
  }

  /** Where a condition failed, the rules that gave nothing; where it held, those that did. */
  #why(asked: Run, held: boolean, depth: number): ExplainedRule[] {
    const run = this.#evidence.earlier(asked, equal)
    const { gave, failed } = this.#sorted(run)
    if (held) return gave.slice(0, 1).map((each) => this.#rule(each, 'gave', depth))
    if (gave.length > 0) return []
    return failed.slice(0, failedInnerMax).map((each) => this.#rule(each, 'failed', depth))
  }

  #values(parts: readonly Condition[], whole: string): ExplainedValue[] {
    const found = new Map<string, { at: Span; value: ExplainedValue }>()
    const add = (point: number, value: Value | undefined): void => {
      const at = this.#plan.points[point]?.at
      const term = at === undefined ? '' : this.#text(at)
      // `_` stands for something else in each place.
      if (at === undefined || term === '' || term.startsWith('_')) return
      if (value !== undefined && term === whole && value === true) return
      found.set(term, { at, value: value === undefined ? { term } : { term, value: shown(value) } })
    }
    for (const { values } of parts) for (const [point, value] of values) add(point, value)
    for (const { missing } of parts) if (missing !== undefined) add(missing, undefined)
    return [...found.values()].sort((a, b) => a.at.start - b.at.start).map(({ value }) => value)
  }

  #text({ file, start, end }: Span): string {
    return (this.#sources.get(file) ?? '').slice(start, end).replaceAll(/\s+/g, ' ').trim()
  }
}

/** An expression that is negated without braces has the place of its `not`. */
function withoutNot(condition: ExplainedCondition, outer: string): ExplainedCondition {
  return condition.text === outer ? { ...condition, text: outer.replace(/^not\s+/, '') } : condition
}

/** A value as JSON, or what it is where it is too large to be read. */
function shown(value: Value): Json {
  let left = shownValuesMax
  const countValues = (values: number): void => {
    left -= values
    if (left < 0) throw new TooLarge()
  }
  startVisits()
  try {
    return output(value, { countValues })
  } catch (cause) {
    if (!(cause instanceof TooLarge || cause instanceof TooManyVisits)) throw cause
    return Array.isArray(value) ? `(an array of ${value.length} values)` : '(too large to be shown)'
  }
}

class TooLarge extends Error {}
