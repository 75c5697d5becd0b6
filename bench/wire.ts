/**
 * `npm run bench -- wire`: the strict JSON parser beside `JSON.parse`, on tool arguments of three sizes. Both begin with
 * bytes, as they come from a socket; `JSON.parse` needs them decoded first, and its time includes that.
 */
import { writeFileSync } from 'node:fs'
import { parseJson } from '../src/wire/index.ts'
import { circumstances } from './machine.ts'
import { readOptions } from './options.ts'
import { table, writeSection } from './readme.ts'
import { median } from './statistics.ts'

const sizes = [300, 4_096, 65_536] as const
/** Of one slice, milliseconds: long enough for the clock, short enough to take turns often. */
const sliceMs = 40
const rounds = { quick: 10, full: 50 }

const parsers = {
  'JSON.parse': (bytes: Buffer): unknown => JSON.parse(bytes.toString('utf8')),
  'wire/json': (bytes: Buffer): unknown => parseJson(bytes),
} as const
type Parser = keyof typeof parsers
const names = Object.keys(parsers) as Parser[]

export interface WireRow {
  readonly parser: Parser
  readonly bytes: number
  /** Median of the rounds. */
  readonly us_per_parse: number
  readonly ratio: number
}

export async function run(args: readonly string[]): Promise<number> {
  const { quick, write, json } = readOptions(args)
  const about = circumstances()
  const rows = measureParsers(quick ? rounds.quick : rounds.full)
  const text = `Commit ${about.commit}, ${about.date}. ${about.machine}; node ${process.versions.node}.\n\n${tableOf(rows)}\n`
  process.stdout.write(text)
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ ...about, rows }, null, 2)}\n`)
  if (write) writeSection('wire', text)
  return 0
}

function measureParsers(roundsCount: number): WireRow[] {
  return sizes.flatMap((size) => {
    // Eight texts in turn: one alone would let the engine learn it by heart.
    const texts = Array.from({ length: 8 }, (_, index) => Buffer.from(argumentsOf(index, size)))
    const times = new Map(names.map((name) => [name, [] as number[]]))
    for (const name of names) timed(parsers[name], texts)
    for (let round = 0; round < roundsCount; round += 1)
      for (const name of names) times.get(name)?.push(timed(parsers[name], texts))
    const medians = new Map(names.map((name) => [name, median(times.get(name) ?? [])]))
    const base = medians.get('JSON.parse') ?? Number.NaN
    return names.map((name) => {
      const us = medians.get(name) ?? Number.NaN
      return { parser: name, bytes: size, us_per_parse: Number(us.toFixed(3)), ratio: Number((us / base).toFixed(2)) }
    })
  })
}

/** What the work was for; read at the end, so that no engine may leave it out. */
let seen = 0

/** Microseconds a parse in one slice. */
function timed(parse: (bytes: Buffer) => unknown, texts: readonly Buffer[]): number {
  const began = performance.now()
  let parses = 0
  let now = began
  while (now - began < sliceMs) {
    for (const text of texts) if (parse(text) !== null) seen += 1
    parses += texts.length
    now = performance.now()
  }
  return ((now - began) * 1000) / parses
}

/** Arguments of a purchase order of about `bytes` bytes: mostly lines, as real ones, with a part of free text. */
function argumentsOf(index: number, bytes: number): string {
  const lines = bytes <= 300 ? 1 : Math.floor(bytes / 400)
  const order = {
    vendor: { id: `v-${index}`, country: 'DE' },
    amount: 1000.5 + index,
    currency: 'EUR',
    cost_center: `cc-${index}`,
    lines: Array.from({ length: lines }, (_, line) => ({ sku: `S-${line}`, qty: 1 + (line % 3), price: 9.5 })),
    notes: '',
  }
  const base = JSON.stringify(order).length
  return JSON.stringify({
    ...order,
    notes: 'Lieferung bis Freitag. '.repeat(bytes).slice(0, Math.max(0, bytes - base)),
  })
}

function tableOf(rows: readonly WireRow[]): string {
  if (seen === 0) throw new Error('nothing was parsed')
  return table(
    ['parser', ...sizes.map((size) => `${size} B, us`), ...sizes.map((size) => `${size} B, JSON.parse = 1`)],
    names.map((name) => {
      const own = sizes.map((size) => rows.find((row) => row.parser === name && row.bytes === size))
      return [
        name,
        ...own.map((row) => row?.us_per_parse.toFixed(2) ?? '-'),
        ...own.map((row) => row?.ratio.toFixed(2) ?? '-'),
      ]
    }),
  )
}
