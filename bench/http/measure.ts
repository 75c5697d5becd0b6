/** Rounds of load over all subjects in turn, and what they sum up to: one row a subject, body size and connection count. */
import { cpuMicroseconds, type Subject } from '../processes.ts'
import { median, rounded } from '../statistics.ts'
import { type Load, type LoadGenerator, load } from './load.ts'
import type { Work } from './work.ts'

export interface Cell {
  readonly bodyBytes: number
  readonly connections: number
  /** Of one slice, whole. */
  readonly seconds: number
}

/**
 * Load before the first slice counts, until compilers and pools have settled: so many calls, or so many seconds, of the first body size,
 * then some seconds of each other one.
 */
export interface WarmUp {
  readonly calls: number
  readonly secondsMax: number
  readonly secondsOfOtherSizes: number
}

export interface Row {
  readonly subject: string
  readonly body_bytes: number
  readonly connections: number
  readonly cpu_us_per_call: number
  readonly calls_per_s: number
  readonly p50_ms: number
  readonly p99_ms: number
  /** Null where nginx was not measured. */
  readonly ratio_nginx: number | null
}

interface Sample extends Load {
  readonly cpuUs: number
}

/**
 * Every subject gets the same slices in turn, so that whatever else the machine does meets all of them. Rejects when a call
 * of any subject is refused.
 */
export async function measure(
  subjects: ReadonlyMap<string, Subject>,
  plan: {
    readonly cells: readonly Cell[]
    readonly rounds: number
    readonly warmUp: WarmUp
    readonly generator: LoadGenerator
    readonly work: Work
  },
  tell: (line: string) => void,
): Promise<Row[]> {
  const slice = (port: number, cell: Cell): Parameters<typeof load>[1] => ({
    port,
    connections: cell.connections,
    seconds: cell.seconds,
    tokensFile: plan.work.tokensFile,
    bodyFile: bodyFileOf(plan.work, cell.bodyBytes),
  })
  const [first = 0, ...others] = [...new Set(plan.cells.map((cell) => cell.bodyBytes))]
  for (const [name, subject] of subjects) {
    tell(`warming up ${name}`)
    const { calls: wanted, secondsMax, secondsOfOtherSizes } = plan.warmUp
    const warm = (bodyBytes: number, seconds: number) =>
      named(name, load(plan.generator, slice(subject.port, { bodyBytes, connections: 32, seconds })))
    for (let calls = 0, seconds = 0; calls < wanted && seconds < secondsMax; seconds += 1)
      calls += (await warm(first, 1)).calls
    for (const bodyBytes of others) await warm(bodyBytes, secondsOfOtherSizes)
  }
  const samples = new Map<string, Sample[]>()
  for (let round = 1; round <= plan.rounds; round += 1) {
    for (const cell of plan.cells) {
      tell(`round ${round} of ${plan.rounds}: ${cell.bodyBytes} B, ${cell.connections} connections`)
      for (const [name, subject] of subjects) {
        const before = cpuMicroseconds(subject.pid)
        const result = await named(name, load(plan.generator, slice(subject.port, cell)))
        const key = keyOf(name, cell)
        samples.set(key, [...(samples.get(key) ?? []), { ...result, cpuUs: cpuMicroseconds(subject.pid) - before }])
      }
    }
  }
  return plan.cells.flatMap((cell) => {
    const nginx = samples.get(keyOf('nginx', cell))
    return [...subjects.keys()].map((name) => rowOf(name, cell, samples.get(keyOf(name, cell)) ?? [], nginx))
  })
}

function bodyFileOf(work: Work, bytes: number): string {
  const file = work.bodies.get(bytes)
  if (file === undefined) throw new Error(`the work has no body of ${bytes} bytes`)
  return file
}

async function named<T>(name: string, result: Promise<T>): Promise<T> {
  try {
    return await result
  } catch (cause) {
    throw new Error(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

function keyOf(name: string, cell: Cell): string {
  return `${name} ${cell.bodyBytes} ${cell.connections}`
}

/** CPU over all rounds together; latencies as the median of the rounds, so that one disturbed round does not count. */
export function rowOf(
  subject: string,
  { bodyBytes, connections }: Cell,
  samples: readonly Sample[],
  nginx: readonly Sample[] | undefined,
): Row {
  const cost = costOf(samples)
  return {
    subject,
    body_bytes: bodyBytes,
    connections,
    cpu_us_per_call: rounded(cost, 1),
    calls_per_s: Math.round(median(samples.map((sample) => sample.callsPerS))),
    p50_ms: rounded(median(samples.map((sample) => sample.p50Ms)), 3),
    p99_ms: rounded(median(samples.map((sample) => sample.p99Ms)), 3),
    ratio_nginx: nginx === undefined ? null : rounded(cost / costOf(nginx), 2),
  }
}

function costOf(samples: readonly Sample[]): number {
  const sum = (pick: (sample: Sample) => number): number => samples.reduce((total, sample) => total + pick(sample), 0)
  return sum((sample) => sample.cpuUs) / sum((sample) => sample.calls)
}
