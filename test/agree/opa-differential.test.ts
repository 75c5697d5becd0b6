/**
 * Generated programs against the real OPA: every program is checked and evaluated by both, and both must say the same. The seed is printed;
 * `GATEHOUSE_SEED` and `GATEHOUSE_PROGRAMS` choose others. Without Go there is no OPA to ask, which only a developer's machine may lack.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeAnswer } from './differential/answer.ts'
import { type Outcome, runCampaign } from './differential/campaign.ts'
import { type Oracle, startOracle, whyNoOracle } from './differential/oracle.ts'
import { ourAnswer } from './differential/ours.ts'
import { expectedBuiltins, expectedKinds } from './differential/program.ts'
import { type Difference, manner, shrink } from './differential/shrink.ts'

const inCi = process.env.CI === 'true'
const seed = Number(process.env.GATEHOUSE_SEED ?? 1)
const programs = Number(process.env.GATEHOUSE_PROGRAMS ?? (inCi ? 20_000 : 500))

/** From so many programs on, chance alone does not leave anything out. */
const completeFrom = 10_000

/** Share of the programs on which one meant difference may show: a cover that takes more hides bugs. */
const acceptedShareMax = 0.03

/** Differences that are made small, one for each manner in which the two differ. */
const shrunkMax = 6

const buildMsMax = 600_000
const runMsMax = 900_000

/** OPA has `eval_with_merge_error`, too, but since it merges whatever it is given no evaluation ends with it. */
const expectedAnswers = [
  'a value',
  'undefined',
  'rego_parse_error',
  'rego_compile_error',
  'rego_type_error',
  'rego_unsafe_var_error',
  'rego_recursion_error',
  'eval_conflict_error',
  'eval_type_error',
  'eval_builtin_error',
]

const reason = await whyNoOracle()

if (reason !== undefined && !inCi) {
  it.skip(`generated programs mean the same as to OPA (skipped: ${reason})`, () => {})
} else {
  describe(`generated programs (GATEHOUSE_SEED=${seed} GATEHOUSE_PROGRAMS=${programs})`, () => {
    let oracle: Oracle
    let outcome: Outcome

    beforeAll(async () => {
      oracle = await startOracle()
      outcome = await runCampaign(oracle, seed, programs)
      console.log(summary(outcome))
    }, buildMsMax + runMsMax)

    afterAll(async () => {
      await oracle?.close()
    })

    it(
      'mean the same to OPA and to this compiler',
      async () => {
        expect((await shrunk(oracle, outcome.differences)).join('\n\n')).toBe('')
      },
      runMsMax,
    )

    it('differ in meant ways only seldom', () => {
      const often = [...outcome.accepted].filter(([, times]) => times > Math.max(5, acceptedShareMax * programs))
      expect(often).toEqual([])
    })

    it.skipIf(programs < completeFrom)('reach every kind of statement, every builtin and every error code', () => {
      const missing = [
        ...expectedKinds.filter((kind) => !outcome.kinds.has(kind)),
        ...expectedBuiltins.filter((name) => !outcome.builtins.has(name)),
        ...expectedAnswers.filter((code) => !outcome.answers.has(code)),
      ]
      expect(missing).toEqual([])
    })
  })
}

function summary({ kinds, builtins, answers, accepted, differences }: Outcome): string {
  const counted = (counts: ReadonlyMap<string, number>, names: readonly string[]) =>
    [...new Set([...names, ...counts.keys()])].map((name) => `${name} ${counts.get(name) ?? 0}`).join(', ')
  return [
    `seed ${seed}, ${programs} programs, ${differences.length} differences`,
    `answers: ${counted(answers, expectedAnswers)}`,
    `kinds: ${counted(new Map([...kinds].filter(([kind]) => !kind.startsWith('builtin:'))), expectedKinds)}`,
    `builtins with a value: ${counted(builtins, expectedBuiltins)}`,
    `meant differences: ${counted(accepted, [])}`,
  ].join('\n')
}

async function shrunk(oracle: Oracle, differences: readonly Difference[]): Promise<string[]> {
  const byManner = new Map(differences.map((each) => [manner(each.ours, each.theirs), each]))
  const texts: string[] = []
  for (const each of [...byManner.values()].slice(0, shrunkMax))
    texts.push(describeDifference(await shrink(each, ourAnswer, oracle.ask)))
  return texts
}

function describeDifference({ program, ours, theirs }: Difference): string {
  const { modules, query, input, data, strict } = program
  const sources = Object.entries(modules).map(([file, source]) => `--- ${file}\n${source}`)
  return [
    ...sources,
    `query: ${query}${strict ? ' (strict builtin errors)' : ''}`,
    `input: ${input ?? 'undefined'}`,
    `data: ${data}`,
    `ours: ${describeAnswer(ours)}`,
    `OPA: ${describeAnswer(theirs)}`,
  ].join('\n')
}
