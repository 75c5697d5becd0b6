/**
 * Load on a sink whose receiver stands still: records go on being written at their pace, memory stays flat, the thread that answers
 * calls is not slowed; then the receiver is there again and gets everything.
 */
import { setTimeout } from 'node:timers/promises'
import type { ReceiverKind } from './receivers/receiver.ts'
import { judge, openWorld, type World } from './sink-scenarios.ts'

/** Records a second, and seconds of it: the issue of a busy gateway, 10,000 calls a second. */
const perSecond = 20_000
const secondsFull = 60
const secondsQuick = 5
/** MiB by which the process may have grown from the first seconds of load to the last: the log's own buffers settle within these. */
const growthMibMax = 64
/** Share of the asked pace that must be reached: the machine has other work. */
const paceMin = 0.9

export interface LoadRow {
  readonly text: string
  readonly wrong: readonly string[]
}

/** A short one on every sink; `GATEHOUSE_SINKS_LOAD=full` for the whole minute. */
export async function loadRow(kind: ReceiverKind, installed: string): Promise<LoadRow> {
  const seconds = process.env.GATEHOUSE_SINKS_LOAD === 'full' ? secondsFull : secondsQuick
  try {
    await using world = await openWorld(kind, installed)
    return await underLoad(world, kind, seconds)
  } catch (cause) {
    return { text: 'FAILED', wrong: [cause instanceof Error ? cause.message : String(cause)] }
  }
}

async function underLoad(world: World, kind: ReceiverKind, seconds: number): Promise<LoadRow> {
  const more = { perSecond, inFlight: 200, text: 'x'.repeat(100) }
  // What the same load costs that thread while the receiver takes all.
  const warm = await world.write(2 * perSecond, more)
  await world.caughtUp()
  world.receiver.pause()
  const memory: number[] = []
  let records = 0
  const { rssBytes: before } = await world.status()
  let threadUs = 0
  let tookMs = 0
  for (let second = 0; second < seconds; second++) {
    const written = await world.write(perSecond, more)
    records += perSecond
    threadUs += written.threadUs
    tookMs += written.tookMs
    memory.push((await world.status()).rssBytes)
  }
  const { sinks } = await world.status()
  const lag = sinks[0]?.lagRecords ?? 0
  world.receiver.resume()
  const resumedMs = performance.now()
  await world.caughtUp()
  const caughtUpS = (performance.now() - resumedMs) / 1_000
  await setTimeout(100)
  const received = await world.receiver.received()
  const last = received.reduce((most, { seq }) => Math.max(most, seq), 0)
  const { wrong: missing } = judge(world.logged().slice(0, last + 1), received, await world.rejected())

  const wrong = [...missing]
  const mib = (bytes: number) => bytes / 1024 / 1024
  const early = Math.max(before, ...memory.slice(0, Math.max(1, Math.floor(seconds / 5))))
  const growth = mib(Math.max(...memory) - early)
  if (growth > growthMibMax) wrong.push(`memory grew by ${growth.toFixed(0)} MiB while the receiver stood still`)
  const pace = records / (tookMs / 1_000)
  const warmPace = (2 * perSecond) / (warm.tookMs / 1_000)
  // Against what this machine can do at all: it may be too busy for the whole pace.
  if (pace < paceMin * Math.min(perSecond, warmPace))
    wrong.push(`records were written at ${pace.toFixed(0)} a second, at ${warmPace.toFixed(0)} before`)
  if (kind.serverless === undefined && lag < records / 2) wrong.push(`it was said to be ${lag} records behind`)
  const text = `${records} at ${pace.toFixed(0)}/s, ${(threadUs / records).toFixed(1)} us each (${(warm.threadUs / (2 * perSecond)).toFixed(1)} before), memory ${growth < 0 ? '' : '+'}${growth.toFixed(0)} MiB, lag ${lag}, caught up in ${caughtUpS.toFixed(1)} s`
  return { text, wrong }
}
