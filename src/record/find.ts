/** The records of one call, found by its id: a UUID version 7 holds the millisecond in which it was made, so little is read. */
import type { DecisionRecord, OutcomeRecord } from '../model/index.ts'
import type { LogFiles } from './files.ts'
import { findPlace, parsed } from './place.ts'
import { readForwards } from './read.ts'
import { unpacked } from './unpacked.ts'

/** Milliseconds by which a record may lie before the time in its id: clocks are set back by so much at times. */
const leadMs = 60_000
/** Milliseconds after its time in which the decision of a call is looked for; no call waits longer for one. */
const decisionMsMax = 3_600_000

export interface FoundCall {
  readonly decision: DecisionRecord
  /** As it stands in the log: numbers are exact here. */
  readonly decisionText: string
  /** Absent while the call is under way, and when the gateway ended before the call did. */
  readonly outcome?: OutcomeRecord | undefined
  readonly outcomeText?: string | undefined
}

export interface FindOptions {
  readonly directory: string
  readonly files: Pick<LogFiles, 'list' | 'read' | 'sizeBytes'>
  readonly signal: AbortSignal
}

/** RFC 9562 section 5.7. */
const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** Whether a text can be the id of a call or a decision. */
export function isRecordId(text: string): boolean {
  return uuid7.test(text)
}

/** When the id was made, milliseconds since 1970. */
export function madeMs(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}

/** Every line has it near its start, after the place and the type. */
function timestampOf(line: string): string | undefined {
  return /"timestamp":"([^"]+)"/.exec(line.slice(0, 100))?.[1]
}

/** `id`: of the call or of its decision. Undefined when the log has no such call. Throws what the file system throws. */
export async function findCall(id: string, asked: FindOptions): Promise<FoundCall | undefined> {
  const options = { ...asked, files: unpacked(asked.files) }
  const ms = madeMs(id)
  const from = new Date(ms - leadMs).toISOString().slice(0, -1)
  const until = new Date(ms + decisionMsMax).toISOString()
  const place = await findPlace(options, ({ timestamp }) => timestamp < from)
  let found: { decision: DecisionRecord; decisionText: string } | undefined
  const reading = { ...options, follow: false, pause: async () => {}, unreadable: () => {} }
  for await (const { text } of readForwards(reading, place)) {
    if (found === undefined && (timestampOf(text) ?? '') > until) return undefined
    // Most lines are of other calls: they need not be parsed.
    if (!text.includes(id)) continue
    const record = parsed(text)
    if (record?.type === 'decision' && (record.decision_id === id || record.call_id === id))
      found = { decision: record, decisionText: text }
    else if (record?.type === 'outcome' && found?.decision.decision_id === record.decision_id)
      return { ...found, outcome: record, outcomeText: text }
  }
  return found
}

/** The line at a place of the log, without its newline; undefined when it is not there. Throws what the file system throws. */
export async function recordAt(line: number, asked: FindOptions): Promise<string | undefined> {
  const options = { ...asked, files: unpacked(asked.files) }
  const place = await findPlace(options, ({ seq }) => seq < line)
  const reading = { ...options, follow: false, pause: async () => {}, unreadable: () => {} }
  for await (const { text } of readForwards(reading, place)) {
    const seq = parsed(text)?.seq
    if (seq === line) return text
    if (seq !== undefined && seq > line) return undefined
  }
  return undefined
}
