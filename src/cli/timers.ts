/** How long the parts of a piece of work took, and statistics over several runs, under the names that `opa` gives them. */
import type { Clock } from '../model/index.ts'
import { boxTable } from './box-table.ts'
import { type Record, record } from './ordered-json.ts'

/** Nanoseconds by name, names ascending: `timer_rego_query_eval_ns`. */
export type Timings = ReadonlyMap<string, number>

export class Timers {
  readonly #clock: Clock
  readonly #spent = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Runs a part and adds what it took. A part that waits counts until it is over. */
  time<Result>(part: string, run: () => Result): Result {
    const start = this.#clock.monotonicMs()
    const stop = (): void => {
      const name = `timer_rego_${part}_ns`
      const took = Math.round((this.#clock.monotonicMs() - start) * 1e6)
      this.#spent.set(name, (this.#spent.get(name) ?? 0) + took)
    }
    let isWaiting = false
    try {
      const result = run()
      isWaiting = result instanceof Promise
      return isWaiting ? ((result as Promise<unknown>).finally(stop) as Result) : result
    } finally {
      if (!isWaiting) stop()
    }
  }

  timings(): Timings {
    return new Map([...this.#spent].sort(([one], [other]) => (one < other ? -1 : 1)))
  }
}

export function timingsTable(timings: Timings): string {
  return boxTable(
    ['Metric', 'Value'],
    [...timings].map(([name, value]) => [name, String(value)]),
  )
}

/** Statistics of the same timers over several runs, each run's in `runs`. */
export function statistics(runs: readonly Timings[]): ReadonlyMap<string, Record> {
  return new Map([...(runs[0] ?? [])].map(([name]) => [name, statisticsOf(runs.map((run) => run.get(name) ?? 0))]))
}

/** The statistics that tables for people have, with their titles. */
export const statisticColumns = ['min', 'max', 'mean', '90%', '99%'].map((name) => ({
  name,
  title: name.replace(/^[a-z]/, (letter) => letter.toUpperCase()),
}))

export function statisticsTable(rows: ReadonlyMap<string, Record>): string {
  const lines = [...rows].map(([metric, row]) => [metric, ...statisticColumns.map(({ name }) => String(row.get(name)))])
  return boxTable(['Metric', ...statisticColumns.map(({ title }) => title)], lines)
}

/** Of one value or more, under the names that `opa` gives them. */
export function statisticsOf(values: readonly number[]): Record {
  const sorted = [...values].sort((a, b) => a - b)
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length
  const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sorted.length
  return record({
    '75%': percentile(sorted, 0.75),
    '90%': percentile(sorted, 0.9),
    '95%': percentile(sorted, 0.95),
    '99%': percentile(sorted, 0.99),
    '99.9%': percentile(sorted, 0.999),
    '99.99%': percentile(sorted, 0.9999),
    count: sorted.length,
    max: sorted.at(-1) ?? 0,
    mean,
    median: percentile(sorted, 0.5),
    min: sorted[0] ?? 0,
    stddev: Math.sqrt(variance),
  })
}

/** Between the two values around the place `share * (count + 1)`, in proportion; the first or the last beyond the ends. */
function percentile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length + 1)
  const below = Math.floor(place)
  const low = sorted[Math.max(below - 1, 0)] ?? 0
  if (place < 1) return low
  if (place >= sorted.length) return sorted.at(-1) ?? 0
  return low + (place - below) * ((sorted[below] ?? low) - low)
}
