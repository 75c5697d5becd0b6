/** Rounds over all loggers in turn, each in its own process, and what they sum up to: one row a logger and number of callers. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { cpuMicroseconds } from '../processes.ts'
import { median, rounded } from '../statistics.ts'
import type { Answer, Order, Slice } from './callers.ts'
import { type LoggerName, loggerNames } from './loggers.ts'

export interface LogPlan {
  readonly rounds: number
  readonly callers: readonly number[]
  /** Of one slice. */
  readonly ms: number
  /** Before each slice, and before the first one of all with its most callers: until the compiler has settled. */
  readonly warmUpMs: number
  readonly settleMs: number
}

export interface LogRow {
  readonly logger: LoggerName
  readonly callers: number
  /** User and system time of the process over its records, callers included. */
  readonly cpu_us_per_record: number
  /** What of it the log costs: less what `none` takes for the same calls, two records each. */
  readonly added_cpu_us_per_record: number
  readonly calls_per_s: number
  readonly p50_ms: number
  readonly p99_ms: number
  readonly added_p50_ms: number
  readonly added_p99_ms: number
  readonly bytes_per_record: number
  /** Null where nobody counts them. */
  readonly records_per_write: number | null
}

export interface Sample extends Slice {
  readonly cpuUs: number
}

const recordsPerCall = 2

/** Rejects when a process fails. All of them have ended when it is done. */
export async function measureLoggers(folder: string, plan: LogPlan, tell: (line: string) => void): Promise<LogRow[]> {
  const children = new Map<LoggerName, ChildProcess>()
  const samples = new Map<string, Sample[]>()
  try {
    for (const name of loggerNames) {
      const child = fork(join(import.meta.dirname, 'callers.ts'), [name], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      })
      children.set(name, child)
      tell(`warming up ${name}`)
      await slice(child, folder, Math.max(...plan.callers), plan.warmUpMs, plan.settleMs)
    }
    for (let round = 1; round <= plan.rounds; round += 1) {
      for (const callers of plan.callers) {
        tell(`round ${round} of ${plan.rounds}: ${callers} callers`)
        for (const [name, child] of children) {
          const key = keyOf(name, callers)
          samples.set(key, [...(samples.get(key) ?? []), await slice(child, folder, callers, plan.warmUpMs, plan.ms)])
        }
      }
    }
  } finally {
    for (const child of children.values()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const exit = once(child, 'exit')
      child.disconnect()
      await exit
    }
  }
  return plan.callers.flatMap((callers) => {
    const none = samples.get(keyOf('none', callers)) ?? []
    return loggerNames.map((name) => logRowOf(name, callers, samples.get(keyOf(name, callers)) ?? [], none))
  })
}

function keyOf(name: LoggerName, callers: number): string {
  return `${name} ${callers}`
}

async function slice(
  child: ChildProcess,
  folder: string,
  callers: number,
  warmUpMs: number,
  ms: number,
): Promise<Sample> {
  await ask(child, { order: 'begin', folder, callers, warmUpMs })
  const before = cpuMicroseconds(child.pid ?? 0)
  await ask(child, { order: 'run', ms })
  const cpuUs = cpuMicroseconds(child.pid ?? 0) - before
  const told = await ask(child, { order: 'tell' })
  if (told === 'done') throw new Error('a logger told nothing of its slice')
  return { ...told, cpuUs }
}

async function ask(child: ChildProcess, order: Order): Promise<Exclude<Answer, { failure: string }>> {
  const ended = new AbortController()
  try {
    const exited = once(child, 'exit', { signal: ended.signal }).then(([code, signal]) => {
      throw new Error(`the process of a logger ended with ${String(code ?? signal)}`)
    })
    const answered = once(child, 'message', { signal: ended.signal }).then(([answer]) => answer as Answer)
    child.send(order)
    const answer = await Promise.race([answered, exited])
    if (answer !== 'done' && 'failure' in answer) throw new Error(answer.failure)
    return answer
  } finally {
    ended.abort()
  }
}

/** CPU over all rounds together; speeds and latencies as the median of the rounds, so that one disturbed round does not count. */
export function logRowOf(
  logger: LoggerName,
  callers: number,
  samples: readonly Sample[],
  none: readonly Sample[],
): LogRow {
  const sum = (of: readonly Sample[], pick: (sample: Sample) => number): number =>
    of.reduce((total, sample) => total + pick(sample), 0)
  const cost = (of: readonly Sample[]): number =>
    sum(of, ({ cpuUs }) => cpuUs) / (recordsPerCall * sum(of, ({ calls }) => calls))
  const p50 = (of: readonly Sample[]): number => median(of.map(({ p50Ms }) => p50Ms))
  const p99 = (of: readonly Sample[]): number => median(of.map(({ p99Ms }) => p99Ms))
  const records = recordsPerCall * sum(samples, ({ calls }) => calls)
  const writes = samples.every((sample) => sample.writes !== undefined) ? sum(samples, ({ writes }) => writes ?? 0) : 0
  return {
    logger,
    callers,
    cpu_us_per_record: rounded(cost(samples), 2),
    added_cpu_us_per_record: rounded(cost(samples) - cost(none), 2),
    calls_per_s: Math.round(median(samples.map(({ calls, tookMs }) => (calls * 1_000) / tookMs))),
    p50_ms: rounded(p50(samples), 3),
    p99_ms: rounded(p99(samples), 3),
    added_p50_ms: rounded(p50(samples) - p50(none), 3),
    added_p99_ms: rounded(p99(samples) - p99(none), 3),
    bytes_per_record: Math.round(sum(samples, ({ bytes }) => bytes) / records),
    records_per_write: writes === 0 ? null : rounded(records / writes, 1),
  }
}
