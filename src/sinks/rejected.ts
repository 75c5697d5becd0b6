/**
 * Records that a receiver refused, kept with their lines of the log until an operator sends them again or drops them: retention may
 * have removed the segment by then. `rejected.jsonl` in the folder of the sink, a line a record:
 *
 *     {"seq":17,"at":"2026-03-02T10:00:00.000Z","reason":"it answered 422","record":{"seq":17,...}}
 */
import type { SinkFiles } from './source.ts'

const rejectedFile = 'rejected.jsonl'
/** Records that one sink sets aside at most, and bytes of them: beyond it something is wrong with all, and it stands still. */
const rejectedRecordsMax = 10_000
const rejectedBytesMax = 64 * 1024 * 1024
/** Characters of a reason. */
const reasonCharsMax = 500
const newline = 0x0a
const recordKey = ',"record":'

export interface SetAside {
  readonly seq: number
  /** When it was refused, RFC 3339. */
  readonly at: string
  readonly reason: string
  /** The line of the log, without its end. */
  readonly line: Uint8Array
}

/** In the order in which they were refused; a record that was refused twice is there once, with the last reason. */
export async function loadRejected(files: Pick<SinkFiles, 'read'>): Promise<readonly SetAside[]> {
  const text = (await files.read(rejectedFile))?.toString('utf8') ?? ''
  const found = new Map<number, SetAside>()
  for (const line of text.split('\n').slice(0, -1)) {
    const one = parsed(line)
    if (one !== undefined) found.set(one.seq, one)
  }
  return [...found.values()]
}

/** Whole lines only: the rest of one that a crash cut off was set aside again. */
function parsed(line: string): SetAside | undefined {
  // No string of JSON holds a bare quote: what stands first is the key.
  const at = line.indexOf(recordKey)
  if (at === -1 || !line.endsWith('}')) return undefined
  const { seq, at: time, reason } = JSON.parse(`${line.slice(0, at)}}`) as { seq: number; at: string; reason: string }
  const kept = line.slice(at + recordKey.length, -1)
  return { seq, at: time, reason, line: Buffer.from(kept.startsWith('"') ? (JSON.parse(kept) as string) : kept) }
}

function textOf({ seq, at, reason, line }: SetAside): string {
  const before = JSON.stringify({ seq, at, reason: reason.slice(0, reasonCharsMax) }).slice(0, -1)
  const text = Buffer.from(line).toString('utf8')
  return `${before}${recordKey}${isJson(text) ? text : JSON.stringify(text)}}\n`
}

/** A line that was set aside because it is no record is kept as a text. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return text.startsWith('{')
  } catch {
    return false
  }
}

export interface RejectedStore {
  /** Records that are set aside now. */
  readonly count: number
  /** Why no more should be sent: there is no room to set more aside than one batch. */
  readonly obstacle: string | undefined
  /** Durable when it is done. A record that is there already stays as it is. */
  add(records: readonly SetAside[]): Promise<void>
  list(): Promise<readonly SetAside[]>
  /** Takes away those of `seqs`, and puts others in the place of those in `again`. */
  settle(seqs: ReadonlySet<number>, again: readonly SetAside[]): Promise<void>
}

export async function openRejected(files: SinkFiles): Promise<RejectedStore> {
  const first = await loadRejected(files)
  const before = await files.read(rejectedFile)
  // What comes next must not be added to the rest of a line.
  if (before !== undefined && before.at(-1) !== newline)
    await files.replace(rejectedFile, before.subarray(0, before.lastIndexOf(newline) + 1))
  const kept = new Map(first.map(({ seq, line }) => [seq, line.length]))
  let bytes = first.reduce((sum, { line }) => sum + line.length, 0)
  return {
    get count() {
      return kept.size
    },
    get obstacle() {
      if (kept.size < rejectedRecordsMax && bytes < rejectedBytesMax) return undefined
      return `${kept.size} records that the receiver refused are set aside, and no more can be: put right what it refuses, then send them again with \`gatehouse sinks retry\` or drop them with \`gatehouse sinks drop\``
    },
    async add(records) {
      const fresh = records.filter(({ seq }) => !kept.has(seq))
      const more = fresh.reduce((sum, { line }) => sum + line.length, 0)
      if (fresh.length === 0) return
      await files.append(rejectedFile, Buffer.from(fresh.map(textOf).join('')))
      for (const { seq, line } of fresh) kept.set(seq, line.length)
      bytes += more
    },
    list: () => loadRejected(files),
    async settle(seqs, again) {
      const changed = new Map(again.map((one) => [one.seq, one]))
      const left = (await loadRejected(files))
        .filter(({ seq }) => !seqs.has(seq) || changed.has(seq))
        .map((one) => changed.get(one.seq) ?? one)
      if (left.length === 0) await files.remove(rejectedFile)
      else await files.replace(rejectedFile, Buffer.from(left.map(textOf).join('')))
      kept.clear()
      for (const { seq, line } of left) kept.set(seq, line.length)
      bytes = left.reduce((sum, { line }) => sum + line.length, 0)
    },
  }
}
