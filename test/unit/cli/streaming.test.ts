/** The house's side of the sinks: a thread that dies or falls silent is started again, told of, and never takes the house with it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { makeStreaming, type StreamingOptions } from '../../../src/cli/streaming.ts'
import type { JsonObject, Log } from '../../../src/model/index.ts'
import { fakeClock } from '../../support/clock.ts'
import { sinkSettings } from '../../support/sink-world.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** `program` is the text of the thread, with `port` and `mark(name)`, which is false the first time. */
function streamingWith(program: string) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-streaming-'))
  folders.push(folder)
  const file = join(folder, 'thread.mjs')
  const before = `import { parentPort as port, workerData } from 'node:worker_threads'
import { existsSync, writeFileSync } from 'node:fs'
const mark = (name) => { const path = ${JSON.stringify(folder)} + '/' + name; const was = existsSync(path); writeFileSync(path, ''); return was }
`
  writeFileSync(file, before + program)
  const clock = fakeClock()
  const said: string[] = []
  const recorded: { event: string; detail: JsonObject }[] = []
  const say = (fields: object, message: string) => void said.push(`${message} ${JSON.stringify(fields)}`)
  const log: Log = { debug: say, info: say, warn: say, error: say }
  const decisions = {
    stats: () => ({ nextSeq: 7 }),
    async admin(event: string, detail: JsonObject) {
      recorded.push({ event, detail })
    },
  } as unknown as StreamingOptions['decisions']
  const streaming = makeStreaming({
    directory: join(folder, 'sinks'),
    logDirectory: join(folder, 'log'),
    origin: 'log.test',
    version: '1.2.3',
    decisions,
    clock,
    log,
    program: pathToFileURL(file),
  })
  return { streaming, clock, said, recorded }
}

const required = { ...sinkSettings, required: true, lagMsMax: 1_000 }
const status = (more: object) =>
  JSON.stringify({
    id: 'siem',
    kind: 'test',
    required: true,
    nextSeq: 3,
    lagRecords: 4,
    lagMs: 0,
    lagMsMax: 1000,
    ...more,
  })

describe('the thread of the sinks', () => {
  it('is not there while there is no sink', async () => {
    const { streaming, said } = streamingWith('throw new Error("it was started")')
    streaming.apply({ sinks: [], secrets: [], labels: {} })
    await streaming.close()
    expect(said).toEqual([])
    expect(streaming.neededSeq()).toBeUndefined()
  })

  it('tells how far each sink is: for readiness and for retention', async () => {
    const { streaming, clock } = streamingWith(
      `port.postMessage({ kind: 'status', sinks: [${status({ lagMs: 1500, failing: { since: 'x', reason: 'no answer' } })}] })
       port.on('message', ({ kind }) => { if (kind === 'close') process.exit() })`,
    )
    streaming.apply({ sinks: [required], secrets: [], labels: {} })
    expect(streaming.neededSeq()).toBe(0)
    await clock.settled(() => streaming.neededSeq() === 3)
    expect(streaming.readiness()).toMatch(/`siem` is 2 s behind \(4 records\): no answer/)
    await clock.advance(11_000)
    expect(streaming.readiness()).toMatch(/has not been heard of for 11 s/)
    const closing = streaming.close()
    await closing
  })

  it('is started again when it dies, with the sinks that it had', async () => {
    const { streaming, clock, said, recorded } = streamingWith(
      `port.on('message', ({ kind, sinks }) => {
         if (kind === 'close') process.exit()
         if (kind !== 'apply') return
         if (!mark('died')) throw new Error('out of something')
         port.postMessage({ kind: 'record', id: 1, event: 'told', detail: { sinks: sinks.length } })
         port.postMessage({ kind: 'status', sinks: [${status({})}] })
       })`,
    )
    streaming.apply({ sinks: [required], secrets: [], labels: {} })
    await clock.settled(() => streaming.readiness() !== undefined)
    expect(streaming.readiness()).toMatch(/`siem` does not run: out of something/)
    expect(said.join()).toMatch(/the thread of the sinks died/)
    await clock.settled(() => recorded.length > 0, 100)
    expect(recorded).toEqual([{ event: 'told', detail: { sinks: 1 } }])
    await clock.settled(() => streaming.readiness() === undefined)
    await streaming.close()
  })

  it('is given time to deliver at the end, also when an earlier one had died', async () => {
    const { streaming, clock, recorded } = streamingWith(
      `port.on('message', ({ kind }) => {
         if (kind === 'close') setTimeout(() => {
           port.postMessage({ kind: 'record', id: 1, event: 'delivered', detail: {} })
           port.postMessage({ kind: 'closed' })
         }, 100)
         else if (!mark('died')) throw new Error('out of something')
         else port.postMessage({ kind: 'status', sinks: [${status({})}] })
       })`,
    )
    streaming.apply({ sinks: [required], secrets: [], labels: {} })
    await clock.settled(() => streaming.statuses().length === 1, 100)
    await streaming.close()
    expect(recorded).toEqual([{ event: 'delivered', detail: {} }])
  })

  it('is ended when it does not end by itself', async () => {
    const { streaming, clock } = streamingWith(
      `port.postMessage({ kind: 'status', sinks: [${status({})}] }); port.on('message', () => undefined)`,
    )
    streaming.apply({ sinks: [required], secrets: [], labels: {} })
    await clock.settled(() => streaming.statuses().length === 1)
    let isClosed = false
    const closing = streaming.close().then(() => {
      isClosed = true
    })
    await clock.advance(6_000)
    expect(isClosed).toBe(false)
    await clock.advance(2_000)
    await closing
  })
})
