/**
 * The sinks: records a second and CPU a record for each, delivering a log that is there already to its real receiver; and what four of
 * them cost a call, as CPU of the thread that answers calls. Receivers run in processes of their own and are not counted.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { receivers } from '../test/agree/receivers/index.ts'
import type { Receiver, ReceiverKind } from '../test/agree/receivers/receiver.ts'
import { type Gateway, type GatewayStatus, startGateway, type Written } from '../test/agree/sink-scenarios.ts'
import { makeFolder } from './folder.ts'
import { circumstances } from './machine.ts'
import { readOptions } from './options.ts'
import { table, writeSection } from './readme.ts'
import { median } from './statistics.ts'

/** Characters of each record's text: with it a record has some 1,300 bytes, as one of a call with a small input. */
const text = 'x'.repeat(1_150)
const inFlight = 64
/** How many times longer the longer of two logs is. */
const longer = 4
/** Milliseconds between two looks whether all was delivered. */
const lookMs = 20
/** Records a call leaves. */
const recordsPerCall = 2
/** The cost that four sinks may have for a call, microseconds of the thread that answers calls. */
const costUsMax = 2

export async function run(args: readonly string[]): Promise<number> {
  const { quick, write, json, only } = readOptions(args, { what: 'sink', names: receivers.map(({ kind }) => kind) })
  const wanted = receivers.filter(({ kind }) => only.includes(kind))
  const records = quick ? 10_000 : 50_000
  const rows: Row[] = []
  for (const kind of wanted) {
    const installed = kind.installed === undefined ? '' : process.env[kind.installed]
    if (installed === undefined) {
      console.log(`${kind.kind}: its server is not installed (${kind.installed}); left out`)
      continue
    }
    const row = await delivering(kind, installed, records)
    rows.push(row)
    console.log(
      `${row.kind}: ${row.records_per_second.toFixed(0)} records/s, ${row.cpu_us_per_record.toFixed(1)} us of CPU a record`,
    )
  }
  const cost = await costOfFour(quick ? 4 : 8, quick ? 20_000 : 40_000)
  console.log(
    `four sinks cost a call ${cost.usPerCall.toFixed(2)} us of the thread that answers it (${cost.without.toFixed(2)} us for two records without, ${cost.with.toFixed(2)} with)`,
  )
  if (write) writeSection('sinks', section(rows, cost))
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ sinks: rows, cost }, null, 2)}\n`)
  return cost.usPerCall <= costUsMax ? 0 : 1
}

interface Row {
  readonly kind: string
  readonly records_per_second: number
  readonly cpu_us_per_record: number
}

interface Cost {
  readonly with: number
  readonly without: number
  readonly usPerCall: number
}

function section(rows: readonly Row[], cost: Cost): string {
  const { commit, date, machine } = circumstances()
  const cells = rows.map((row) => [row.kind, row.records_per_second.toFixed(0), row.cpu_us_per_record.toFixed(1)])
  return [
    `Commit ${commit}, ${date}. ${machine}; node ${process.versions.node}.`,
    '',
    table(['sink', 'records a second', 'CPU us a record'], cells),
    '',
    `Four sinks cost a call ${cost.usPerCall.toFixed(2)} us of the thread that answers it: its two records take ${cost.without.toFixed(2)} us of that thread without sinks and ${cost.with.toFixed(2)} us with them.`,
  ].join('\n')
}

interface Place extends AsyncDisposable {
  start(
    sinks: readonly {
      readonly id: string
      readonly kind: ReceiverKind
      readonly receiver: Receiver
      readonly entry?: object
    }[],
  ): Promise<Gateway>
  readonly folder: string
}

/** A data folder that gateways with different sinks take over from each other. */
function place(): Place {
  const folder = makeFolder('sinks')
  mkdirSync(join(folder, 'policies'))
  const running: Gateway[] = []
  return {
    folder,
    async start(sinks) {
      const entries = sinks.map(({ id, kind, receiver, entry }) => ({
        id,
        ...receiver.entry,
        ...entry,
        [kind.kind]: receiver.settings,
      }))
      const file = join(folder, 'gatehouse.yaml')
      writeFileSync(file, JSON.stringify({ data: 'data', policy: { paths: ['policies'] }, sinks: entries }))
      const gateway = await startGateway(
        file,
        sinks.map(({ receiver }) => receiver),
      )
      running.push(gateway)
      return gateway
    },
    async [Symbol.asyncDispose]() {
      await running.at(-1)?.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What a gateway spends until its sink has had so many records that are there already, its own start included. */
interface CaughtUp {
  readonly records: number
  readonly cpuUs: number
  readonly tookS: number
}

/** The difference of two logs of different length: what a start costs is in both. */
async function delivering(kind: ReceiverKind, installed: string, records: number): Promise<Row> {
  const short = await caughtUp(kind, installed, records)
  const long = await caughtUp(kind, installed, longer * records)
  const more = long.records - short.records
  return {
    kind: kind.kind,
    records_per_second: more / (long.tookS - short.tookS),
    cpu_us_per_record: (long.cpuUs - short.cpuUs) / more,
  }
}

async function caughtUp(kind: ReceiverKind, installed: string, records: number): Promise<CaughtUp> {
  await using at = place()
  mkdirSync(join(at.folder, 'receiver'))
  const writer = await at.start([])
  await writer.ask<Written>({ write: records, inFlight, text })
  await writer.close()
  const receiver = await kind.start(join(at.folder, 'receiver'), installed)
  try {
    const beganMs = performance.now()
    const gateway = await at.start([{ id: 'sink', kind, receiver }])
    const last = await delivered(gateway)
    const tookS = (performance.now() - beganMs) / 1_000
    await gateway.close()
    return { records: last.sinks[0]?.records ?? 0, cpuUs: cpuUs(last), tookS }
  } finally {
    await receiver.close()
  }
}

const statusOf = (gateway: Gateway) => gateway.ask<GatewayStatus>({ status: true })
const cpuUs = ({ cpu }: GatewayStatus) => cpu.user + cpu.system

async function delivered(gateway: Gateway): Promise<GatewayStatus> {
  for (;;) {
    const status = await statusOf(gateway)
    if (status.sinks.length > 0 && status.sinks.every(({ nextSeq }) => nextSeq === status.nextSeq)) return status
    await setTimeout(lookMs)
  }
}

/** With and without in turn, over the same data: medians of the rounds. */
async function costOfFour(rounds: number, records: number): Promise<Cost> {
  const names = ['file', 'webhook', 'opa'] as const
  const usPerRecord: { with: number[]; without: number[] } = { with: [], without: [] }
  for (let round = 0; round < rounds; round++) {
    for (const on of round % 2 === 0 ? [false, true] : [true, false]) {
      await using at = place()
      const started = await Promise.all(
        (on ? [...names, 'file' as const] : []).map(async (name, index) => {
          const kind = receivers.find((one) => one.kind === name)
          if (kind === undefined) throw new Error(`there is no receiver for ${name}`)
          const folder = join(at.folder, `receiver-${index}`)
          mkdirSync(folder)
          const entry = index === 3 ? { format: 'ecs' } : {}
          return { id: `sink-${index}`, kind, receiver: await kind.start(folder, ''), entry }
        }),
      )
      const gateway = await at.start(started)
      // The first records pay for what is compiled.
      await gateway.ask<Written>({ write: records / 4, inFlight, text })
      const { threadUs } = await gateway.ask<Written>({ write: records, inFlight, text })
      usPerRecord[on ? 'with' : 'without'].push(threadUs / records)
      await gateway.close()
      for (const { receiver } of started) await receiver.close()
    }
  }
  const perCall = (values: readonly number[]) => recordsPerCall * median(values)
  const cost = { with: perCall(usPerRecord.with), without: perCall(usPerRecord.without) }
  return { ...cost, usPerCall: cost.with - cost.without }
}
