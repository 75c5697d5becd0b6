/**
 * The record that says which lines retention is about to remove. It holds a statement with the signature of the log's key:
 * whoever can write the files but does not have the key cannot pass off lines that they removed as removed by retention.
 */
import type { AdminRecord, JsonObject } from '../model/index.ts'
import { logSignature, parseNote, type SignerKey, signedBy, type VerifierKey } from '../proof/index.ts'
import type { ReadFiles } from './files.ts'
import { lineChunks, lineOf } from './line-chunks.ts'
import { newestLine } from './newest-line.ts'
import { parsed } from './place.ts'

export const retentionEvent = 'retention'

const newline = 0x0a
/** How such a line begins: agents and upstreams write nothing of it. */
const pattern = /^\{"seq":\d{1,16},"type":"admin","timestamp":"[0-9TZ:.-]{1,40}","event":"retention",/
const patternBytes = 128
const mark = Buffer.from(',"event":"retention","detail":{')

/** Whole segments with all lines from `fromSeq` to `throughSeq`. */
export interface Going {
  /** Their numbers, rising. */
  readonly segments: readonly number[]
  readonly fromSeq: number
  readonly throughSeq: number
  readonly bytes: number
  /** RFC 3339: of the newest record among them. */
  readonly newest: string
  /** `size`: some are not too old, but there was no room for them. */
  readonly reason: 'age' | 'size'
}

export function retentionDetail(
  { segments, fromSeq, throughSeq, bytes, newest, reason }: Going,
  signer: SignerKey,
): JsonObject {
  const text = statement(signer.verifier.name, throughSeq, newest)
  return {
    reason,
    segments,
    from_seq: fromSeq,
    through_seq: throughSeq,
    bytes,
    newest_timestamp: newest,
    note: `${text}\n${logSignature(text, signer)}`,
  }
}

/** The second line is no number, so that nobody takes it for a checkpoint. */
function statement(origin: string, throughSeq: number, newest: string): string {
  return `${origin}\nremoved by retention\n${throughSeq}\n${newest}\n`
}

/** A retention record whose statement the log's key signed. */
export interface Retained {
  readonly throughSeq: number
  readonly seq: number
  /** RFC 3339: when it was written. */
  readonly timestamp: string
}

/** The first record that covers the line `last`, else the one that covers the most; undefined when none is signed. */
export async function retentionOf(
  last: number,
  { files, directory, key }: { readonly files: ReadFiles; readonly directory: string; readonly key: VerifierKey },
): Promise<Retained | undefined> {
  let most: Retained | undefined
  for await (const chunk of lineChunks(files, directory, 0)) {
    const { bytes, starts } = chunk
    const end = starts.at(-1) ?? 0
    for (let at = bytes.indexOf(mark); at !== -1 && at < end; at = bytes.indexOf(mark, at + 1)) {
      const start = bytes.lastIndexOf(newline, at) + 1
      const found = retainedIn(lineOf({ ...chunk, starts: [start, bytes.indexOf(newline, at) + 1] }, 0), key)
      if (found === undefined || found.throughSeq <= (most?.throughSeq ?? -1)) continue
      if (found.throughSeq >= last) return found
      most = found
    }
  }
  return most
}

/** The newest one in the last `bytesMax` bytes of the log: what it covers, and how many lines the log has with it. */
export async function newestRetention({
  files,
  directory,
  key,
  bytesMax,
}: {
  readonly files: ReadFiles
  readonly directory: string
  readonly key: VerifierKey
  readonly bytesMax: number
}): Promise<{ readonly throughSeq: number; readonly lines: number } | undefined> {
  const read = (line: Buffer) => retainedIn(line, key)
  const found = await newestLine(files, directory, { mark, bytesMax, read })
  return found && { throughSeq: found.throughSeq, lines: found.seq + 1 }
}

/** What the line holds, of which only what is signed is believed. */
function retainedIn(line: Buffer, key: VerifierKey): Retained | undefined {
  if (!pattern.test(line.toString('latin1', 0, patternBytes))) return undefined
  const record = parsed(line.toString()) as AdminRecord | undefined
  const { note } = record?.detail ?? {}
  const signed = typeof note === 'string' ? parseNote(note) : undefined
  if (record === undefined || signed === undefined || signedBy(signed, key).kind !== 'signed') return undefined
  const [, , through = '', newest = ''] = signed.text.split('\n')
  const throughSeq = Number(through)
  if (!Number.isSafeInteger(throughSeq) || signed.text !== statement(key.name, throughSeq, newest)) return undefined
  return { throughSeq, seq: record.seq, timestamp: record.timestamp }
}
