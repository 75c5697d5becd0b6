/**
 * What every sink promises, as scenarios against its real server, with a real gateway process that reads its log: order, the server
 * killed in the middle, the gateway killed in the middle, both, a record that is refused, a server that stands still. Each counts
 * what came and fails when a record is missing, another one came under its number, or the order is not the log's.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { SinkStatus } from '../../src/model/index.ts'
import { filesOf, loadRejected } from '../../src/sinks/index.ts'
import { segmentTexts } from '../support/segment-texts.ts'
import type { Received, Receiver, ReceiverKind } from './receivers/receiver.ts'
import type { ToGateway } from './sink-gateway.ts'

/** Milliseconds for a sink to have everything. */
const caughtUpMsMax = 90_000

export interface GatewayStatus {
  readonly sinks: readonly SinkStatus[]
  readonly nextSeq: number
  readonly rssBytes: number
  readonly cpu: NodeJS.CpuUsage
}

export interface Written {
  readonly written: number
  readonly tookMs: number
  /** CPU of the thread that answers calls. */
  readonly threadUs: number
}

export interface World extends AsyncDisposable {
  readonly receiver: Receiver
  write(
    count: number,
    more?: { readonly text?: string; readonly perSecond?: number; readonly inFlight?: number },
  ): Promise<Written>
  status(): Promise<GatewayStatus>
  /** SIGKILL, then another one over the same data. */
  killGateway(): Promise<void>
  startGateway(): Promise<void>
  /** Resolves when the sink has acknowledged everything that is in the log. */
  caughtUp(): Promise<GatewayStatus>
  /** Numbers of the records that were set aside. */
  rejected(): Promise<readonly number[]>
  /** Every line of the log by its number. */
  logged(): readonly string[]
}

export async function openWorld(kind: ReceiverKind, installed: string, entry: object = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), `gatehouse-sink-${kind.kind}-`))
  const receiverFolder = join(folder, 'receiver')
  mkdirSync(receiverFolder)
  mkdirSync(join(folder, 'policies'))
  const receiver = await kind.start(receiverFolder, installed)
  const file = join(folder, 'gatehouse.yaml')
  const sink = {
    id: 'sink',
    ...receiver.entry,
    retry_max: '1s',
    try_max: '5s',
    ...entry,
    [kind.kind]: receiver.settings,
  }
  writeFileSync(file, JSON.stringify({ data: 'data', policy: { paths: ['policies'] }, sinks: [sink] }))
  let gateway: Gateway | undefined
  const running = (): Gateway => {
    if (gateway === undefined) throw new Error('the gateway does not run')
    return gateway
  }
  const world: World = {
    receiver,
    write: (count, more = {}) => running().ask<Written>({ write: count, inFlight: 50, text: 'x'.repeat(300), ...more }),
    status: () => running().ask<GatewayStatus>({ status: true }),
    async killGateway() {
      await running().kill()
      gateway = undefined
    },
    async startGateway() {
      gateway = await startGateway(file, [receiver])
    },
    caughtUp: () =>
      come(
        () => world.status(),
        ({ sinks: [one], nextSeq }) => one?.nextSeq === nextSeq && one.lagRecords === 0,
      ),
    rejected: async () => (await loadRejected(filesOf(join(folder, 'data/sinks/sink')))).map(({ seq }) => seq),
    logged: () => segmentTexts(join(folder, 'data/log')).flatMap(({ text }) => text.split('\n').slice(0, -1)),
    async [Symbol.asyncDispose]() {
      await gateway?.close().catch(() => gateway?.kill())
      await receiver.close().catch(() => undefined)
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await world.startGateway()
  return world
}

/** Asks again, since a process of its own tells nothing by itself, until the answer is the wanted one; fails when it never is. */
async function come<Answer>(ask: () => Promise<Answer> | Answer, is: (answer: Answer) => boolean): Promise<Answer> {
  const giveUpAt = performance.now() + caughtUpMsMax
  for (;;) {
    const answer = await ask()
    if (is(answer)) return answer
    if (performance.now() > giveUpAt)
      throw new Error(`this did not change for ${caughtUpMsMax} ms: ${JSON.stringify(answer)}`)
    await setTimeout(20)
  }
}

/** What waits until the log has so many lines more than now, whatever writes them. */
function growthOf(world: World): (lines: number) => Promise<unknown> {
  const before = world.logged().length
  return (lines) =>
    come(
      () => world.logged().length,
      (now) => now >= before + lines,
    )
}

export interface Gateway {
  ask<Answer>(message: ToGateway): Promise<Answer>
  kill(): Promise<void>
  close(): Promise<void>
}

/** Over the data that the configuration in `file` names. */
export async function startGateway(file: string, receivers: readonly Receiver[]): Promise<Gateway> {
  const program = join(import.meta.dirname, 'sink-gateway.ts')
  const child: ChildProcess = spawn(process.execPath, [program, file], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: Object.assign({}, process.env, ...receivers.map(({ environment }) => environment)),
  })
  let words = ''
  child.stderr?.on('data', (piece: Buffer) => {
    words = `${words}${piece.toString()}`.slice(-4_000)
  })
  if (child.stdout !== null) {
    const reader = receivers.find(({ reads }) => reads !== undefined)
    if (reader?.reads === undefined) child.stdout.resume()
    else reader.reads(child.stdout)
  }
  const ended = once(child, 'exit')
  const died = ended.then(() => {
    throw new Error(`the gateway ended: ${words}`)
  })
  died.catch(() => undefined)
  await Promise.race([once(child, 'message'), died])
  /** One question at a time: answers have no names. */
  let turn: Promise<unknown> = Promise.resolve()
  return {
    ask<Answer>(message: ToGateway): Promise<Answer> {
      const answer = turn.then(async () => {
        const came = once(child, 'message')
        child.send(message)
        const [value] = await Promise.race([came, died])
        return value as Answer
      })
      turn = answer.catch(() => undefined)
      return answer
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    async close() {
      child.send({ close: true } satisfies ToGateway)
      await ended
    },
  }
}

export interface Result {
  readonly records: number
  readonly duplicates: number
  /** What is wrong; empty when the promise was kept. */
  readonly wrong: readonly string[]
}

export interface Judged {
  /** Every line of the log. */
  readonly logged: readonly string[]
  readonly received: readonly Received[]
  readonly setAside: readonly number[]
  /** The first line that need not be there: what was written since the sink had caught up. */
  readonly end: number
}

/** Compares what came with what stands in the log, but for records that were set aside. */
export function judge({ logged, received, setAside, end }: Judged): Result {
  const wrong: string[] = []
  const texts = new Map<number, string>()
  const order: number[] = []
  for (const { seq, text } of received) {
    const before = texts.get(seq)
    if (before === undefined) order.push(seq)
    else if (before !== text) wrong.push(`record ${seq} came twice and was not the same`)
    texts.set(seq, text)
  }
  const isRising = order.every((seq, index) => index === 0 || seq > (order[index - 1] as number))
  if (!isRising) wrong.push('records did not come in the order of the log')
  const missing = rising(end).filter((seq) => !texts.has(seq) && !setAside.includes(seq))
  if (missing.length > 0) wrong.push(`${missing.length} records are missing, the first is ${missing[0]}`)
  const foreign = order.filter((seq) => seq >= logged.length)
  if (foreign.length > 0) wrong.push(`${foreign.length} records came that the log does not have`)
  return { records: order.length, duplicates: received.length - order.length, wrong }
}

function rising(end: number): number[] {
  return Array.from({ length: end }, (_, seq) => seq)
}

export async function outcome(world: World): Promise<Result> {
  const { nextSeq } = await world.caughtUp()
  const received = await world.receiver.received()
  return judge({ logged: world.logged(), received, setAside: await world.rejected(), end: nextSeq })
}

export interface Scenario {
  readonly name: string
  /** Whether it needs a server that can be killed and stopped. */
  readonly needsServer: boolean
  readonly needsPoison?: boolean
  run(world: World, records: number, kind: ReceiverKind): Promise<Result>
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'order',
    needsServer: false,
    async run(world, records) {
      await world.write(records)
      const result = await outcome(world)
      // Nothing failed: then nothing may come twice.
      return result.duplicates === 0
        ? result
        : { ...result, wrong: [...result.wrong, 'records came twice without a failure'] }
    },
  },
  {
    name: 'server restart',
    needsServer: true,
    async run(world, records) {
      const grown = growthOf(world)
      const writing = world.write(records, { perSecond: records / 2 })
      await grown(records / 4)
      await world.receiver.kill()
      await grown(records / 2)
      await world.receiver.restart()
      await writing
      return await outcome(world)
    },
  },
  {
    name: 'gateway restart',
    needsServer: false,
    async run(world, records) {
      await world.write(records / 2)
      const grown = growthOf(world)
      void world.write(records, { perSecond: records / 2 }).catch(() => undefined)
      await grown(records / 8)
      await world.killGateway()
      await world.startGateway()
      await world.write(records / 2)
      return await outcome(world)
    },
  },
  {
    name: 'both',
    needsServer: true,
    async run(world, records) {
      await world.write(records / 2)
      const grown = growthOf(world)
      void world.write(records, { perSecond: records / 2 }).catch(() => undefined)
      await grown(records / 8)
      await world.receiver.kill()
      await grown(records / 4)
      await world.killGateway()
      await world.receiver.restart()
      await world.startGateway()
      await world.write(records / 4)
      return await outcome(world)
    },
  },
  {
    name: 'poison',
    needsServer: false,
    needsPoison: true,
    async run(world, records, { poison }) {
      if (!('text' in poison)) throw new TypeError('this receiver refuses nothing')
      await world.write(records / 8)
      const { written } = await world.write(1, { text: poison.text })
      await world.write(records / 8)
      const result = await outcome(world)
      const setAside = await world.rejected()
      const refused = setAside.filter((seq) => world.logged()[seq]?.includes('"event":"note"'))
      const wrong = [...result.wrong]
      if (refused.length !== 1 || (refused[0] ?? 0) >= written)
        wrong.push(`set aside were ${JSON.stringify(setAside)}, not the poisoned one`)
      const told = world.logged().filter((line) => line.includes('"event":"sink_rejected"'))
      if (told.length !== 1) wrong.push(`${told.length} records tell of it, not one`)
      return { ...result, wrong }
    },
  },
  {
    name: 'lag',
    needsServer: false,
    async run(world, records, { serverless }) {
      await world.write(20)
      await world.caughtUp()
      world.receiver.pause()
      await world.write(records)
      // A sink without a server has everything by itself: it is never behind for long.
      if (serverless === undefined)
        await come(
          () => world.status(),
          ({ sinks: [one] }) => (one?.lagRecords ?? 0) >= records / 2,
        )
      world.receiver.resume()
      return await outcome(world)
    },
  },
]
