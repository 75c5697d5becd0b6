/**
 * Whether reloading grows: `node --expose-gc reload.ts FILE TIMES`, where the file holds a list of `query`, `modules`, `data` and `input`. Prepares them
 * in turn, asks each new query once and drops it. Prints the heap after the first sixth of the times and at the end, and the resident memory.
 */
import { readFileSync } from 'node:fs'
import { prepare } from '../../../src/rego/index.ts'

const [file = '', times = ''] = process.argv.slice(2)
const policies: (Parameters<typeof prepare>[0] & { readonly input: Record<string, never> })[] = JSON.parse(
  readFileSync(file, 'utf8'),
)

function held(): { heapBytes: number; residentBytes: number } {
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heapBytes: heapUsed + external, residentBytes: rss }
}

function reload(from: number, to: number): void {
  for (let index = from; index < to; index += 1) {
    const { input, ...options } = policies[index % policies.length] as (typeof policies)[number]
    if (prepare(options).value(input) === undefined) throw new Error(`\`${options.query}\` is undefined`)
  }
}

const settled = Math.floor(Number(times) / 6)
reload(0, settled)
const early = held()
reload(settled, Number(times))
process.stdout.write(JSON.stringify({ reloads: Number(times) - settled, early, late: held() }))
