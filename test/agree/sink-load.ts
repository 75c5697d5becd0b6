/**
 * Load on a sink whose receiver stands still: records go on being written at their pace, memory stays flat, the thread that answers
 * calls is not slowed; then the receiver is there again and gets everything.
 */
import type { ReceiverKind } from './receivers/receiver.ts'
import { openWorld, outcome, type World } from './sink-scenarios.ts'

/** Records a second, and seconds of it: the issue of a busy gateway, 10,000 calls a second. */
const perSecond = 20_000
const secondsFull = 60
const secondsQuick = 5
/** MiB by which the process may have grown from the first seconds of load to the last: the log's own buffers settle within these. */
const growthMibMax = 64
/** Share of the pace before that must be kept, and factor by which CPU a record may rise: the machine has other work, a call that waits would show all the same. */
const paceMin = 0.5
const cpuFactorMax = 1.5

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
  const { wrong: missing } = await outcome(world)

  const wrong = [...missing]
  const mib = (bytes: number) => bytes / 1024 / 1024
  const early = Math.max(before, ...memory.slice(0, Math.max(1, Math.floor(seconds / 5))))
  const growth = mib(Math.max(...memory) - early)
  if (growth > growthMibMax) wrong.push(`memory grew by ${growth.toFixed(0)} MiB while the receiver stood still`)
  const pace = records / (tookMs / 1_000)
  const warmPace = (2 * perSecond) / (warm.tookMs / 1_000)
  if (pace < paceMin * Math.min(perSecond, warmPace))
    wrong.push(`records were written at ${pace.toFixed(0)} a second, at ${warmPace.toFixed(0)} before`)
  const us = threadUs / records
  const warmUs = warm.threadUs / (2 * perSecond)
  if (us > cpuFactorMax * warmUs)
    wrong.push(`a record took ${us.toFixed(1)} us of the thread that answers calls, ${warmUs.toFixed(1)} before`)
  if (kind.serverless === undefined && lag < records / 2) wrong.push(`it was said to be ${lag} records behind`)
  const text = `${records} at ${pace.toFixed(0)}/s, ${us.toFixed(1)} us each (${warmUs.toFixed(1)} before), memory ${growth < 0 ? '' : '+'}${growth.toFixed(0)} MiB, lag ${lag}, caught up in ${caughtUpS.toFixed(1)} s`
  return { text, wrong }
}
