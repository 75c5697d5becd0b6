/**
 * The house with sinks: its log streams to a real HTTP receiver from a thread of its own, and operators see how that goes: in the log, in
 * readiness, in metrics, and by `gatehouse sinks`, with which they send again what was refused.
 */
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { systemClock } from '../../src/cli/clock.ts'
import { runWords } from '../../src/cli/main.ts'
import { makeFakeIo } from '../support/io.ts'
import { openWorld, type ReadRecord, type World } from '../support/world.ts'

const key = Buffer.alloc(32, 7)
const secret = `whsec_${key.toString('base64')}`

interface Receiver {
  readonly url: string
  readonly records: ReadRecord[]
  /** What it answers; 204 takes the records. */
  answer: (body: string) => number
  close(): void
}

async function receiver(): Promise<Receiver> {
  const records: ReadRecord[] = []
  const server = createServer(async (request, response) => {
    const body = (await buffer(request)).toString()
    const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = request.headers
    const wanted = `v1,${createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64')}`
    const status = signature === wanted ? made.answer(body) : 401
    if (status === 204) records.push(...JSON.parse(body))
    response.writeHead(status).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const made: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`,
    records,
    answer: () => 204,
    close: () => void server.close().closeAllConnections(),
  }
  return made
}

const ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function streaming(sink: object = {}): Promise<{ world: World; to: Receiver }> {
  const to = await receiver()
  ends.push(to.close)
  const entry = {
    id: 'siem',
    webhook: { url: to.url, secret: 'file:webhook' },
    batch: { wait_max: '50ms' },
    retry_max: '1s',
    ...sink,
  }
  const world = await openWorld({ files: { webhook: secret }, config: { sinks: [entry] } })
  ends.push(() => world.close())
  return { world, to }
}

/** Real time: the thread has a clock of its own. */
async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 15_000
  while (!(await done())) {
    if (performance.now() > giveUpAt) throw new Error('what the test waits for did not happen')
    await setTimeout(50)
  }
}

const operators = async (world: World, path: string) => (await fetch(new URL(path, world.house.operatorsUrl))).text()
const events = (records: readonly ReadRecord[]) =>
  records.filter(({ type }) => type === 'admin').map(({ event }) => event)

async function sinks(world: World, ...words: string[]) {
  const io = makeFakeIo({
    directory: world.folder,
    clock: systemClock,
    pause: async (ms) => setTimeout(ms),
  })
  const status = await runWords(['sinks', ...words, '--config', join(world.folder, 'gatehouse.yaml')], io)
  return { status, text: io.stdout.text + io.stderr.text }
}

it('streams every record as it stands in the log, the last ones at shutdown, and shows how far it is', async () => {
  const { world, to } = await streaming()
  await world.send()
  await until(() => to.records.some(({ type }) => type === 'outcome'))
  await until(async () => (await operators(world, '/metrics')).includes('gatehouse_sink_lag_records{sink="siem"} 0'))
  expect(await operators(world, '/metrics')).toMatch(/gatehouse_sink_failures_total\{sink="siem"\} 0/)
  expect(JSON.stringify(world.programLog)).not.toContain(secret)
  await world.house.drain()
  const logged = world.records()
  // A checkpoint that falls due while the sinks finish waits for the next start.
  const last = logged.at(-1)?.type === 'checkpoint' ? logged.length - 1 : logged.length
  expect(to.records.slice(0, last)).toEqual(logged.slice(0, last))
  expect(to.records.length).toBeLessThanOrEqual(logged.length)
  expect(events(to.records)).toEqual(['start', 'sink_added', 'stop'])
})

it('takes sinks in and out while it runs, and goes on where a sink was when it comes back', async () => {
  const { world, to } = await streaming()
  await until(() => events(to.records).includes('sink_added'))
  const file = readFileSync(join(world.folder, 'gatehouse.yaml'), 'utf8')
  world.write('gatehouse.yaml', file.replace(/^sinks:\n( .*\n)*/m, 'sinks: []\n'))
  expect(await world.house.reload()).toBeUndefined()
  await until(() => events(world.records()).includes('sink_removed'))
  await world.send()
  world.write('gatehouse.yaml', file)
  expect(await world.house.reload()).toBeUndefined()
  await until(() => to.records.length === world.records().length)
  expect(to.records).toEqual(world.records())
  expect(events(to.records).filter((event) => event.startsWith('sink_'))).toEqual([
    'sink_added',
    'sink_removed',
    'sink_added',
  ])
})

it('is not ready while a required sink is too far behind, and answers calls all the same', async () => {
  const { world, to } = await streaming({ required: true, lag_max: '1s' })
  await until(() => to.records.length > 0)
  to.answer = () => 503
  await world.send()
  // It may be too far behind before the receiver has answered for the first time.
  await until(async () =>
    /the required sink `siem` is.*answered 503.*see `gatehouse sinks`/.test(await operators(world, '/readyz')),
  )
  expect((await world.send()).status).toBe(200)
  to.answer = () => 204
  await until(async () => (await operators(world, '/readyz')).includes('"ready":true'))
})

it('lets an operator see what was refused and send it again, which the log shows', async () => {
  const { world, to } = await streaming()
  to.answer = (body) => (body.includes('"type":"outcome"') ? 422 : 204)
  await world.send()
  await until(() => existsSync(join(world.folder, 'data/sinks/siem/rejected.jsonl')))
  await until(() => events(to.records).includes('sink_rejected'))
  const { outcome } = world.pair()
  const listed = await sinks(world, 'rejected')
  expect(listed).toMatchObject({
    status: 1,
    text: expect.stringMatching(new RegExp(`^siem  ${outcome.seq}  .* answered 422\n$`)),
  })
  const again = await sinks(world, 'retry', 'siem')
  expect(again).toMatchObject({
    status: 1,
    text: expect.stringMatching(/^0 records taken\n\d+ refused again: .* answered 422\n$/),
  })
  to.answer = () => 204
  expect(await sinks(world, 'retry', 'siem', String(outcome.seq))).toEqual({ status: 0, text: '1 record taken\n' })
  expect(to.records.find(({ type }) => type === 'outcome')).toEqual(outcome)
  await until(() => events(to.records).filter((event) => event === 'sink_retried').length === 2)
  expect((await sinks(world)).text).toMatch(/^sink .*\nsiem {2}webhook {2}working .* 0\n$/)
})

it('says what is wrong with a question about sinks', async () => {
  const { world, to } = await streaming()
  await until(() => to.records.length > 0)
  const cases = [
    { words: ['rejected', 'sie'], says: /there is no sink `sie`; did you mean `siem`\?/ },
    { words: ['retry'], says: /takes the name of a sink/ },
    { words: ['retry', 'siem', 'x1'], says: /`x1` is no number of a record/ },
    { words: ['status', 'siem'], says: /takes no `siem`/ },
    { words: ['forget'], says: /`forget`/ },
  ]
  for (const { words, says } of cases)
    expect(await sinks(world, ...words)).toMatchObject({ status: 2, text: expect.stringMatching(says) })
})
