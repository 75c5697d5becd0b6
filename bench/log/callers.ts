/**
 * One logger in a process of its own, with callers that each make the next call when the last one has ended. Told by messages what to do:
 * `callers.ts NAME`. A process for each, because in one they would share the compiler's guesses and the collector's work. The engine is
 * set as the gateway sets it.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setEngine } from '../../src/cli/engine.ts'
import { type Logger, type LoggerName, loggerNames, openers } from './loggers.ts'
import { makeCall } from './work.ts'

/** `begin`: an empty log in `folder` and calls that do not count; `run`: those that do, until all is written. `tell` is not measured. */
export type Order =
  | { readonly order: 'begin'; readonly folder: string; readonly callers: number; readonly warmUpMs: number }
  | { readonly order: 'run'; readonly ms: number }
  | { readonly order: 'tell' }

export type Answer = 'done' | Slice | { readonly failure: string }

export interface Slice {
  readonly calls: number
  /** Until the last call had ended; what was still on its way to the disk then is written after it. */
  readonly tookMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly bytes: number
  readonly writes: number | undefined
}

interface Begun {
  run(ms: number): Promise<void>
  tell(): Slice
}

/** Milliseconds that each of so many calls at a time took, made for `ms`. */
async function callsFor(ms: number, callers: number, { open, mode }: Logger): Promise<number[]> {
  const call = makeCall(open, mode)
  const waits: number[] = []
  const endMs = performance.now() + ms
  await Promise.all(
    Array.from({ length: callers }, async () => {
      for (let now = performance.now(); now < endMs; ) {
        await call()
        const then = performance.now()
        waits.push(then - now)
        now = then
      }
    }),
  )
  return waits
}

async function openIn(folder: string, name: LoggerName): Promise<Logger> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  return openers[name](folder)
}

async function begin(name: LoggerName, folder: string, callers: number, warmUpMs: number): Promise<Begun> {
  const own = join(folder, name)
  const first = await openIn(own, name)
  await callsFor(warmUpMs, callers, first)
  await first.close()
  const logger = await openIn(own, name)
  let waits: number[] = []
  let tookMs = Number.NaN
  return {
    async run(ms) {
      const beganMs = performance.now()
      waits = await callsFor(ms, callers, logger)
      tookMs = performance.now() - beganMs
      await logger.close()
    },
    tell() {
      const { bytes, writes } = logger.written()
      const sorted = Float64Array.from(waits).sort()
      const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
      return {
        calls: sorted.length,
        tookMs,
        p50Ms: at(0.5),
        p99Ms: at(0.99),
        bytes,
        writes,
      }
    },
  }
}

setEngine()
const name = loggerNames.find((one) => one === process.argv[2])
if (name === undefined) throw new Error(`there is no logger \`${process.argv[2]}\``)
const answer = (one: Answer): void => void process.send?.(one)
let begun: Begun | undefined
process.on('message', async (order: Order) => {
  try {
    if (order.order === 'begin') begun = await begin(name, order.folder, order.callers, order.warmUpMs)
    else if (begun === undefined) throw new Error('it has not begun')
    else if (order.order === 'run') await begun.run(order.ms)
    answer(order.order === 'tell' && begun !== undefined ? begun.tell() : 'done')
  } catch (cause) {
    answer({ failure: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) })
  }
})
// Nobody is there any more who would ask for anything.
process.once('disconnect', () => process.exit(0))
