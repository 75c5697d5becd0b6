/** Rounds over all engines in turn, after all of them gave the same answers: one row an engine and case, null where the engine is not there. */
import type { Engine } from './engine.ts'
import { type EngineName, engineNames } from './engines.ts'
import type { Case, CaseName } from './work.ts'

export interface Row {
  readonly engine: EngineName
  readonly case: CaseName
  /** CPU microseconds a decision: the least of the rounds, and their median. Null where the engine was not measured. */
  readonly min_us: number | null
  readonly median_us: number | null
}

export interface Rounds {
  readonly count: number
  /** Rounds before those that count: compilers settle in them. */
  readonly warmUp: number
  /** Of one slice in this process or the Go program, milliseconds. */
  readonly sliceMs: number
  /** Of one slice of the server, whose CPU time the system counts in steps of 10 ms. */
  readonly serverSliceMs: number
}

/** Throws when two engines differ on an input: a wrong answer has no cost worth knowing. */
export async function verifyAnswers(
  engines: ReadonlyMap<EngineName, Engine>,
  cases: readonly Pick<Case, 'name' | 'inputs'>[],
): Promise<void> {
  for (const of of cases) {
    const known: { name: EngineName; answers: string[] }[] = []
    for (const [name, engine] of engines) {
      const answers = await engine.answers?.(of as Case)
      if (answers !== undefined) known.push({ name, answers: answers.map(canonical) })
    }
    const [first, ...others] = known
    for (const { name, answers } of others) {
      for (const index of of.inputs.keys()) {
        const [one, other] = [first?.answers[index], answers[index]]
        if (one === undefined || one !== other)
          throw new Error(
            `${of.name}, input ${index}: \`${first?.name}\` answers \`${one}\`, \`${name}\` answers \`${other}\``,
          )
      }
    }
  }
}

/** JSON with sorted keys and lists: every list in the answers is a set that an engine prints in an order of its own. */
function canonical(answer: unknown): string {
  if (Array.isArray(answer)) return `[${answer.map(canonical).sort().join()}]`
  if (typeof answer !== 'object' || answer === null) return String(JSON.stringify(answer))
  const entries = Object.entries(answer).map(([key, value]) => `${JSON.stringify(key)}:${canonical(value)}`)
  return `{${entries.sort().join()}}`
}

/** Every engine gets the same slices in turn, so that whatever else the machine does meets all of them. */
export async function measure(
  engines: ReadonlyMap<EngineName, Engine>,
  cases: readonly Case[],
  rounds: Rounds,
  tell: (line: string) => void,
): Promise<Row[]> {
  const samples = new Map<string, number[]>()
  for (let round = 1 - rounds.warmUp; round <= rounds.count; round += 1) {
    tell(round < 1 ? 'warming up' : `round ${round} of ${rounds.count}`)
    for (const of of cases) {
      for (const [name, engine] of engines) {
        const us = await engine.slice(of, name === 'opa-server' ? rounds.serverSliceMs : rounds.sliceMs)
        if (round < 1) continue
        const key = `${name} ${of.name}`
        samples.set(key, [...(samples.get(key) ?? []), us])
      }
    }
  }
  return cases.flatMap((of) => engineNames.map((name) => rowOf(name, of.name, samples.get(`${name} ${of.name}`))))
}

function rowOf(engine: EngineName, name: CaseName, samples: number[] | undefined): Row {
  if (samples === undefined) return { engine, case: name, min_us: null, median_us: null }
  const sorted = samples.toSorted((one, other) => one - other)
  const median = sorted[sorted.length >> 1] ?? Number.NaN
  return { engine, case: name, min_us: rounded(sorted[0] ?? Number.NaN), median_us: rounded(median) }
}

function rounded(us: number): number {
  return Number(us.toPrecision(4))
}
