/** The cases of a test whose document is an object: what came out for each, and those that were come to and gave nothing. */
import type { Json } from '../model/index.ts'
import { isJsonObject } from '../model/index.ts'

/** A case, or a group of cases. */
export interface CaseResult {
  readonly name: string
  isFailed: boolean
  readonly cases: Cases
}

export type Cases = Map<string, CaseResult>

/** `value` is the test's document; `reached` the keys of every case that evaluation came to, in order. */
export function caseResults(value: Json, reached: readonly (readonly Json[])[]): { isFailed: boolean; cases: Cases } {
  const { isFailed, cases } = resultsIn(value)
  const missed = reached.map((keys) => missing(cases, keys.map(keyText)))
  return { isFailed: isFailed || missed.includes(true), cases }
}

/** In the order in which a report shows them: depth first, names ascending, each with the names above it. */
export function* inOrder(cases: Cases, above: readonly string[] = []): Generator<[readonly string[], CaseResult]> {
  const sorted = [...cases].sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
  for (const [name, result] of sorted) {
    const path = [...above, name]
    yield [path, result]
    yield* inOrder(result.cases, path)
  }
}

function resultsIn(value: Json): { isFailed: boolean; cases: Cases } {
  const cases: Cases = new Map()
  if (!isJsonObject(value)) return { isFailed: false, cases }
  for (const [name, item] of Object.entries(value)) {
    const inner = resultsIn(item)
    const isFailed = isJsonObject(item) ? inner.isFailed : item !== true
    cases.set(name, { name, isFailed, cases: inner.cases })
  }
  return { isFailed: [...cases.values()].some((each) => each.isFailed), cases }
}

/** Notes a case that was reached; whether it has failed. */
function missing(cases: Cases, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true
  const known = cases.get(name)
  const found = known ?? { name, isFailed: true, cases: new Map() }
  if (known === undefined) cases.set(name, found)
  if (rest.length === 0) return found.isFailed
  const isFailed = missing(found.cases, rest)
  if (isFailed) found.isFailed = true
  return isFailed
}

function keyText(key: Json): string {
  return typeof key === 'string' ? key : JSON.stringify(key)
}
