/** What every engine of the comparison can do: answer all inputs of a case, and answer them for a while so that the cost of one is known. */
import type { Case } from './work.ts'

export interface Engine {
  /** The answers to the inputs of a case in their order; absent where the engine only parses. */
  answers?(of: Case): Promise<readonly unknown[]>
  /** Answers the inputs in turn for at least `ms` milliseconds; resolves with CPU microseconds (user and system, all threads) a decision. */
  slice(of: Case, ms: number): Promise<number>
  end(): Promise<void>
}

/** What an engine is started with. */
export interface Setting {
  /** A folder of this run. */
  readonly folder: string
  readonly cases: readonly Case[]
}

/** The Rego query for an entrypoint. */
export function queryOf({ entrypoint }: Case): string {
  return `data.${entrypoint.replaceAll('/', '.')}`
}

/** A rival that is not here: said once, and its rows are null. */
export class Missing extends Error {
  override readonly name = 'Missing'
}

/** A case made ready in this process. */
export interface Ready<Input> {
  decide(input: Input): unknown
  readonly inputs: readonly Input[]
}

/** The clock is read once in so many rounds over the inputs: a decision may take less time than reading it. */
const passesPerLook = 16

/** What the last decision was: read by nobody, but no compiler may leave out what is written here. */
export const last: { answer: unknown } = { answer: undefined }

/** An engine in this process. All of them are called from one place, as a gateway calls its policy: none is inlined into its caller. */
export function engineHere<Input>(
  prepare: (of: Case) => Ready<Input> | Promise<Ready<Input>>,
  parsesOnly = false,
): Engine {
  const cases = new Map<Case, Ready<Input>>()
  const readyFor = async (of: Case): Promise<Ready<Input>> => {
    const ready = cases.get(of) ?? (await prepare(of))
    cases.set(of, ready)
    return ready
  }
  return {
    ...(!parsesOnly && {
      answers: async (of: Case) => {
        const { decide, inputs } = await readyFor(of)
        return inputs.map((input) => decide(input))
      },
    }),
    slice: async (of, ms) => timed((await readyFor(of)) as Ready<unknown>, ms),
    end: async () => {},
  }
}

/** No collection is forced between slices: it would also drop what compilers have learnt from the shapes of short-lived objects. */
function timed({ decide, inputs }: Ready<unknown>, ms: number): number {
  const before = process.cpuUsage()
  const until = performance.now() + ms
  let decisions = 0
  do {
    for (let pass = 0; pass < passesPerLook; pass += 1) for (const input of inputs) last.answer = decide(input)
    decisions += passesPerLook * inputs.length
  } while (performance.now() < until)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / decisions
}
