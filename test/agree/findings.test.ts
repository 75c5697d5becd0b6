/**
 * What evaluation with unknown parts found out about one input answers for others: of policies made at random, each asked about many inputs in
 * turn, every answer is held against evaluation proper, and against the answer of a query that has seen no other input.
 */
import { expect, test } from 'vitest'
import { type Json, type PrepareOptions, prepare, type Query, RegoErrors } from '../../src/rego/index.ts'
import { draws } from '../support/random.ts'
import { type UnknownCase, unknownCase } from '../support/unknown-policies.ts'

const seedFirst = 20_261_121
const policies = process.env.CI === undefined ? 250 : 2_500
const inputsOfEach = 30

test(`answers for inputs of ${policies} policies as if it had seen no other`, { timeout: 600_000 }, () => {
  const counts = { asked: 0, exact: 0, holding: 0, policies: 0 }
  for (let seed = seedFirst; seed < seedFirst + policies; seed++) {
    const made = unknownCase(seed)
    // Nothing is unknown, so that every answer can be known.
    const query = preparedOrRefused({ ...optionsOf(made), unknowns: [] })
    if (query === undefined) continue
    counts.policies++
    for (const input of sample(inputsOf(made), seed)) {
      const holds = holdsOn(query, made.query, input)
      const answer = query.couldHold(input)
      if (!answer) expect(holds, told(seed, made, input)).toBe(false)
      counts.asked++
      if (holds) counts.holding++
      if (answer === holds) counts.exact++
    }
  }
  const share = counts.exact / counts.asked
  console.log(
    `findings: seeds from ${seedFirst}, ${counts.policies} policies, ${counts.asked} inputs, exact ${(100 * share).toFixed(1)} %`,
  )
  expect(counts.policies).toBeGreaterThan(policies * 0.8)
  expect(counts.holding).toBeGreaterThan(counts.asked * 0.1)
  expect(share).toBeGreaterThanOrEqual(0.99)
})

test('hides no more and no less than a query that has seen no other input', { timeout: 600_000 }, () => {
  const unknowns = ['input.call.arguments.tags']
  const counts = { asked: 0, hidden: 0 }
  for (let seed = seedFirst; seed < seedFirst + policies; seed += 4) {
    const made = unknownCase(seed)
    const options = { ...optionsOf(made), unknowns }
    const query = preparedOrRefused(options)
    if (query === undefined) continue
    for (const input of sample(inputsOf(made), seed)) {
      const answer = query.couldHold(input)
      expect(answer, told(seed, made, input)).toBe(prepare(options).couldHold(input))
      counts.asked++
      if (!answer) counts.hidden++
    }
  }
  expect(counts.hidden).toBeGreaterThan(counts.asked * 0.05)
})

/** Every completion, for both teams and tools. */
function inputsOf({ completions }: UnknownCase): readonly Json[] {
  return ['a', 'b', 'c'].flatMap((team) =>
    ['pay', 'read'].flatMap((tool) =>
      completions.map((completion) => {
        const { call } = completion as { call: { [key: string]: Json } }
        return { call: { ...call, tool }, agent: { team } }
      }),
    ),
  )
}

function sample(inputs: readonly Json[], seed: number): readonly Json[] {
  const upTo = draws(seed)
  return Array.from({ length: inputsOfEach }, () => inputs[upTo(inputs.length)] as Json)
}

function optionsOf({ modules, strictBuiltinErrors, query, data }: UnknownCase): PrepareOptions {
  return { modules, strictBuiltinErrors, query, data }
}

function told(seed: number, { query, modules }: UnknownCase, input: Json): string {
  return `seed ${seed}, \`${query}\`, input ${JSON.stringify(input)}\n${Object.values(modules).join('\n')}`
}

function preparedOrRefused(options: PrepareOptions): Query | undefined {
  try {
    return prepare(options)
  } catch (error) {
    if (error instanceof RegoErrors) return undefined
    throw error
  }
}

/** Whether a query holds on an input: it has a value other than false, or a row. An error is no result. */
function holdsOn(query: Query, text: string, input: Json): boolean {
  try {
    if (!/^data\.[^ ]+$/.test(text)) return query.evaluate(input).length > 0
    const value = query.value(input)
    return value !== undefined && value !== false
  } catch (error) {
    if (error instanceof RegoErrors) return false
    throw error
  }
}
