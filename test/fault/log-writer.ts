/**
 * A process that writes a decision log until it is killed: eight callers, allowed and refused calls, small segments. Prints
 * `open`, and then the id of every call after its end was released, as an agent would have seen it.
 * Arguments: the directory, and how many bytes of it are kept, if not all.
 */
import { writeSync } from 'node:fs'
import { Fault } from '../../src/model/index.ts'
import { makeRecorder, nodeFiles, openDecisionLog } from '../../src/record/index.ts'
import { answerFault, arrivalOf, buyer, decisionOf, makeId, proofOf, targetOf, upstreamReply } from '../support/log.ts'

const callers = 8
const clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  monotonicMs: () => performance.now(),
  after: (ms: number, run: () => void) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  every: (ms: number, run: () => void) => {
    const timer = setInterval(run, ms)
    return () => clearInterval(timer)
  },
}
const quiet = () => {}
const [directory = '', kept] = process.argv.slice(2)
const keep = kept === undefined ? undefined : { bytes: Number(kept), neededFrom: () => Number.POSITIVE_INFINITY }
const log = await openDecisionLog({
  directory,
  segmentBytesMax: 40_000,
  packs: true,
  freeDiskBytesMin: 0,
  files: nodeFiles,
  clock,
  log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  proof: { ...proofOf({ directory }), keep },
})
const open = makeRecorder({ log, clock, makeId, observe: quiet, labels: {}, redact: (text) => text })
writeSync(1, 'open\n')

async function caller(): Promise<never> {
  for (;;) {
    const allowed = arrivalOf()
    const entry = open(allowed)
    entry.identified(buyer)
    entry.routed(targetOf())
    await entry.decided(decisionOf('allow'))
    await entry.followed(upstreamReply())
    writeSync(1, `${allowed.id}\n`)
    const refused = arrivalOf()
    await open(refused).failed(new Fault('token_missing', 'x'), answerFault)
    writeSync(1, `${refused.id}\n`)
  }
}
await Promise.all(Array.from({ length: callers }, caller))
