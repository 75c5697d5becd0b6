/**
 * A process that writes 20,000 records a second, ten thousand calls that each wait for their outcome, or as many as a busy machine lets
 * it, and then says how it went as one line of JSON. Arguments: the directory, and how many seconds' worth of records.
 */

import { systemClock } from '../../src/cli/clock.ts'
import { makeRecorder, nodeFiles, openDecisionLog } from '../../src/record/index.ts'
import { arrivalOf, buyer, decisionOf, makeId, proofOf, targetOf, upstreamReply } from '../support/log.ts'

const [directory = '', seconds = ''] = process.argv.slice(2)
const callsPerSecond = 10_000
/** Calls under way at most, fewer than the gateway takes: a machine that cannot keep the rate takes longer, and refuses none. */
const underWayMax = 2_048
/** Milliseconds between two bursts: as evenly as timers allow. */
const burstMs = 5

const quiet = () => {}
const log = await openDecisionLog({
  directory,
  segmentBytesMax: 256 * 1024 * 1024,
  freeDiskBytesMin: 0,
  files: nodeFiles,
  clock: systemClock,
  log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  proof: proofOf({ directory }),
})
const open = makeRecorder({ log, clock: systemClock, makeId, observe: quiet, labels: {}, redact: (text) => text })
const target = targetOf('durable')

let failed = 0
let ended = 0
async function call(): Promise<void> {
  try {
    const entry = open(arrivalOf())
    entry.identified(buyer)
    entry.routed(target)
    await entry.decided(decisionOf('allow'))
    await entry.followed(upstreamReply())
    ended++
  } catch {
    failed++
  }
}

const beganMs = performance.now()
const callsTotal = Number(seconds) * callsPerSecond
const rssMib: number[] = []
let queueRecordsMax = 0
let begun = 0
const running = new Set<Promise<void>>()
await new Promise<void>((resolve) => {
  const timer = setInterval(() => {
    const nowMs = performance.now()
    // What a late timer left out is made up for: the rate is that of the clock.
    const due = Math.min(callsTotal, Math.floor(((nowMs - beganMs) / 1_000) * callsPerSecond))
    for (; begun < due && running.size < underWayMax; begun++) {
      const one = call()
      running.add(one)
      void one.then(() => running.delete(one))
    }
    queueRecordsMax = Math.max(queueRecordsMax, log.stats().queueRecords)
    if (Math.floor((nowMs - beganMs) / 500) > rssMib.length)
      rssMib.push(Math.round(process.memoryUsage.rss() / 2 ** 20))
    if (begun < callsTotal) return
    clearInterval(timer)
    resolve()
  }, burstMs)
})
await Promise.all(running)
const tookMs = performance.now() - beganMs
await log.close()
process.stdout.write(
  `${JSON.stringify({ begun, ended, failed, queueRecordsMax, rssMib, tookMs, omitted: log.stats().omitted })}\n`,
)
