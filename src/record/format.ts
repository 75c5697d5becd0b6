/**
 * A record as one line for a person. What agents, upstreams and policies wrote is shown, never obeyed: control characters
 * appear as escapes, so that no text can move the cursor, forge a line or turn writing around.
 */
import { type JsonObject, type LogRecord, visible } from '../model/index.ts'
import type { CallFacts } from './filter.ts'

export interface FormatOptions {
  /** ANSI colours. */
  readonly colours: boolean
  /** Columns of the terminal; the middle of the line is shortened to fit. 0: nothing is shortened. */
  readonly width: number
  /** `wide` adds what a compact line has no room for, and shortens nothing. Default `compact`. */
  readonly view?: 'compact' | 'wide'
  /** Adds lines that say why: reasons, rules that fired, details of faults. Default false. */
  readonly why?: boolean
}

const ansi = { red: '31', green: '32', yellow: '33', blue: '34', dim: '2' } as const
type Colour = keyof typeof ansi

const verbColumns = 8
const agentColumns = 12
const codeColumns = 22
const timeColumns = 8
/** The middle column is never narrower: then the line is longer than the terminal. */
const whatColumnsMin = 20
const whatColumns = 40
const idColumns = 36
const stampColumns = 18
const gaps = 6

/**
 *     03-02 10:00:00.123  allow     buyer         create_purchase_order            -                        01a1fd63-...
 *     03-02 10:00:00.140  201       buyer         create_purchase_order            ok               12.4 ms 01a1fd63-...
 *
 * `facts` are those of the record's call, where they are known.
 */
export function formatRecord(record: LogRecord, facts: CallFacts | undefined, options: FormatOptions): string {
  const lines = options.why === true ? whyLines(record) : []
  if (options.view !== 'wide') return [compactLine(record, facts, options), ...lines].join('\n')
  const first = compactLine(record, facts, { ...options, width: 0 })
  return [`${first}${wideColumns(record, facts)}`, ...lines].join('\n')
}

function compactLine(record: LogRecord, facts: CallFacts | undefined, options: FormatOptions): string {
  const stamp = `${record.timestamp.slice(5, 10)} ${record.timestamp.slice(11, 23)}`
  const paint = (colour: Colour, text: string) => (options.colours ? `\u001b[${ansi[colour]}m${text}\u001b[0m` : text)
  const line = (verb: string, colour: Colour, rest: string) =>
    `${paint('dim', visible(stamp))} ${paint(colour, fitted(verb, verbColumns))} ${rest}`
  switch (record.type) {
    case 'decision':
      return line(
        record.decision,
        record.decision === 'allow' ? 'green' : record.decision === 'deny' ? 'red' : 'yellow',
        columns(facts, record.code ?? '-', '', record.decision_id, options),
      )
    case 'outcome': {
      const ms = record.metrics.timer_total_ns
      const code = record.code ?? (record.complete ? 'ok' : 'incomplete')
      const colour = record.status < 400 && record.complete ? 'green' : record.status < 500 ? 'yellow' : 'red'
      const took = ms === undefined ? '' : millisecondsText(ms / 1_000_000)
      return line(String(record.status), colour, columns(facts, code, took, record.decision_id, options))
    }
    case 'admin':
      return line('admin', 'blue', cut(`${record.event} ${detailText(record.detail)}`, options))
    case 'checkpoint':
      return line('proof', 'dim', cut(`checkpoint over ${record.size} lines`, options))
    case 'fault': {
      const count = record.count === undefined ? '' : ` x${record.count}`
      const peer = record.requested_by === undefined ? '' : ` ${record.requested_by}`
      return line('fault', 'yellow', cut(`${record.code}${count}${peer} ${record.detail}`, options))
    }
  }
}

/** `seq=39 subject=alice route=erp upstream=201 bytes=412 from=192.0.2.7 rules=gatehouse.allow` */
function wideColumns(record: LogRecord, facts: CallFacts | undefined): string {
  const shown: [name: string, value: string | number | undefined][] = [['seq', record.seq]]
  if (record.type === 'decision' || record.type === 'outcome')
    shown.push(['subject', facts?.subject], ['route', facts?.route])
  if (record.type === 'decision') shown.push(['from', record.requested_by], ['rules', listText(record.rule_ids)])
  if (record.type === 'outcome')
    shown.push(
      ['upstream', record.upstream_status],
      ['bytes', record.reply_bytes],
      ['complete', String(record.complete)],
    )
  return shown
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => ` ${name}=${visible(String(value))}`)
    .join('')
}

const indent = ' '.repeat(stampColumns + 1)

/** What an analyst asks next, one line each. */
function whyLines(record: LogRecord): string[] {
  const lines: string[] = []
  if (record.type === 'decision') {
    for (const { code, message, remedy } of record.reasons)
      lines.push(`${code}: ${message}${remedy === undefined ? '' : ` (${remedy})`}`)
    if (record.rule_ids.length > 0) lines.push(`rules ${listText(record.rule_ids)}`)
  }
  if ((record.type === 'decision' || record.type === 'outcome') && record.detail !== undefined)
    lines.push(`${record.code ?? 'detail'}: ${record.detail}`)
  return lines.map((line) => indent + visible(line))
}

function listText(names: readonly string[]): string {
  return names.join(', ')
}

function columns(
  facts: CallFacts | undefined,
  code: string,
  took: string,
  id: string,
  { width }: FormatOptions,
): string {
  const what = facts === undefined ? '-' : (facts.tool ?? `${facts.method} ${facts.path}`)
  const fixed = stampColumns + verbColumns + agentColumns + codeColumns + timeColumns + idColumns + gaps
  const room = width === 0 ? whatColumns : Math.max(whatColumnsMin, width - fixed)
  const middle = width === 0 ? visible(what).padEnd(room) : fitted(what, room)
  return `${fitted(facts?.agent ?? '-', agentColumns)} ${middle} ${fitted(code, codeColumns)} ${took.padStart(timeColumns)} ${visible(id)}`
}

function cut(text: string, { width }: FormatOptions): string {
  if (width === 0) return visible(text)
  return fitted(text, Math.max(whatColumnsMin, width - stampColumns - verbColumns - 2)).trimEnd()
}

/** Exactly so many characters: cut with an ellipsis, or filled with spaces. */
function fitted(text: string, columnCount: number): string {
  // Far more than is shown need not be escaped; an agent's path may have thousands of characters.
  const characters = Array.from(visible(text.slice(0, 2 * columnCount)))
  if (characters.length <= columnCount && text.length <= 2 * columnCount) return characters.join('').padEnd(columnCount)
  return `${characters.slice(0, columnCount - 1).join('')}…`
}

function millisecondsText(ms: number): string {
  return ms < 10_000 ? `${ms.toFixed(1)} ms` : `${(ms / 1_000).toFixed(1)} s`
}

function detailText(detail: JsonObject): string {
  return Object.keys(detail).length === 0 ? '' : JSON.stringify(detail)
}
