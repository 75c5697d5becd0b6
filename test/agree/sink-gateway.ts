/**
 * A gateway with nothing but a decision log and sinks, as a process that can be killed: opened as the house opens them, told over its
 * channel how much to write. Argument: the configuration file.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { systemClock } from '../../src/cli/clock.ts'
import { makeStreaming, sinksFolder } from '../../src/cli/streaming.ts'
import { diskFiles, loadConfig } from '../../src/config/index.ts'
import type { Log } from '../../src/model/index.ts'
import { nodeFiles, openDecisionLog } from '../../src/record/index.ts'

export type ToGateway =
  /** So many records, `inFlight` at a time, each with this text; with `perSecond`, no faster. */
  | { readonly write: number; readonly inFlight: number; readonly text: string; readonly perSecond?: number }
  | { readonly status: true }
  | { readonly close: true }

const clock = systemClock
const file = process.argv[2] ?? ''
const config = loadConfig(file, { environment: process.env, files: diskFiles, developmentIssuer: undefined })
const say = (fields: object, message: string) =>
  void process.stderr.write(`${JSON.stringify({ ...fields, message })}\n`)
const log: Log = { debug: () => undefined, info: () => undefined, warn: say, error: say }

const decisions = await openDecisionLog({
  ...config.log,
  freeDiskBytesMin: 0,
  files: nodeFiles,
  clock,
  log,
  proof: {
    keyFile: config.audit.keyFile,
    origin: config.audit.origin,
    anchors: [],
    randomBytes,
    fetchDocument: async () => {
      throw new Error('nothing is fetched here')
    },
    openStore: () => {
      throw new Error('no bucket is opened here')
    },
  },
})
const streaming = makeStreaming({
  directory: sinksFolder(config.dataDirectory),
  logDirectory: config.log.directory,
  origin: decisions.proof?.key.name ?? '',
  version: 'test',
  decisions,
  clock,
  log,
})
streaming.apply(config)

async function write({
  write: count,
  inFlight,
  text,
  perSecond,
}: Extract<ToGateway, { write: number }>): Promise<void> {
  const beganMs = performance.now()
  for (let written = 0; written < count; written += inFlight) {
    const notes = Array.from({ length: Math.min(inFlight, count - written) }, (_, place) =>
      decisions.admin('note', { place: written + place, text }),
    )
    await Promise.all(notes)
    const aheadMs =
      perSecond === undefined ? 0 : ((written + inFlight) * 1_000) / perSecond - (performance.now() - beganMs)
    // The pace is what was asked for: a scenario acts while records are being written.
    if (aheadMs > 1) await setTimeout(aheadMs)
  }
}

process.on('message', async (message: ToGateway) => {
  if ('write' in message) {
    const before = process.threadCpuUsage()
    const beganMs = performance.now()
    await write(message)
    const { user, system } = process.threadCpuUsage(before)
    process.send?.({ written: decisions.stats().nextSeq, tookMs: performance.now() - beganMs, threadUs: user + system })
  } else if ('status' in message) {
    const nextSeq = decisions.stats().nextSeq
    process.send?.({
      sinks: streaming.statuses(),
      nextSeq,
      rssBytes: process.memoryUsage.rss(),
      cpu: process.cpuUsage(),
    })
  } else {
    await streaming.close()
    await decisions.close()
    process.disconnect()
  }
})
process.send?.({ ready: true })
