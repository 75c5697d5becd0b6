/** Explains one evaluation: runs the query with every condition watched and every rule tried, and says what each rule that it asks came to. */
import { watching } from '../emit/instrument.ts'
import { type RegoError, RegoErrors } from '../errors.ts'
import type { Plan } from '../plan/ir.ts'
import { type PrepareOptions, prepareAs } from '../prepare.ts'
import type { Program } from '../program.ts'
import type { EvaluateOptions } from '../run/query.ts'
import type { Json, Value } from '../value.ts'
import { type ExplainedDocument, explainEvidence } from './explanation.ts'
import { Evidence, recorder } from './record.ts'

export interface Explanation {
  readonly query: string
  /** The value of a query that is one term, where it has one. */
  readonly value?: Json
  /** Of another query the results, as `Query.evaluate` gives them. */
  readonly results?: readonly Record<string, Json>[]
  /** Where evaluation ended with an error. */
  readonly errors?: readonly RegoError[]
  /** What the query asks, in the order in which it does. Where evaluation ended with an error, what had been asked by then. */
  readonly documents: readonly ExplainedDocument[]
  /** Whether more was asked than is kept: then some conditions are not followed to the rules behind them. */
  readonly isCut: boolean
}

/**
 * Compiles the query and evaluates it once. No argument means that `input` is undefined. Throws `RegoErrors` where something does not compile; what
 * goes wrong in evaluation is part of the explanation. All rules are tried, those too that the rule index would have left out, so that an error in
 * one of these can be told of that the decision itself never met.
 */
export function explain(
  options: PrepareOptions,
  input?: Value,
  evaluation?: Pick<EvaluateOptions, 'nondeterministic'>,
): Explanation {
  const evidence = new Evidence()
  let planned: Plan | undefined
  let compiled: Program | undefined
  const query = prepareAs(options, {
    marks: { needsFirst: false },
    emission: (plan, program) => {
      planned = plan
      compiled = program
      const groups = groupsByProcedure(plan)
      const watch = recorder(evidence, (procedure) => groups.get(procedure))
      return { instrument: watching({ indexed: false, exitsEarly: true }), watch: () => watch }
    },
  })
  const documents = (): ExplainedDocument[] =>
    planned === undefined || compiled === undefined ? [] : explainEvidence(planned, compiled, options.query, evidence)
  try {
    if (planned?.value === undefined) {
      const results = query.evaluate(input, evaluation)
      return { query: options.query, results, documents: documents(), isCut: evidence.isCut }
    }
    const value = query.value(input, evaluation)
    const rest = { documents: documents(), isCut: evidence.isCut }
    return value === undefined ? { query: options.query, ...rest } : { query: options.query, value, ...rest }
  } catch (cause) {
    if (!(cause instanceof RegoErrors)) throw cause
    return { query: options.query, errors: cause.errors, documents: documents(), isCut: evidence.isCut }
  }
}

function groupsByProcedure({ groups }: Plan): ReadonlyMap<number, number> {
  const found = new Map<number, number>()
  for (const { id, variants } of groups)
    for (const { procedures, fallbacks } of variants.values())
      for (const procedure of [...procedures, ...fallbacks]) found.set(procedure.id, id)
  return found
}
