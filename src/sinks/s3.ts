/**
 * Records as objects of an S3 bucket: each batch is one object of lines, named after the log, the day, the numbers of its first and last
 * record and what is in it. So a batch that is sent again has the same name and is not stored twice, and names are in the log's order.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { bucketSettings, openStore } from './bucket.ts'
import { formatNames } from './format.ts'
import { compressed, requestMsMax } from './http.ts'
import { type Item, type Sink, sinkKind } from './sink.ts'

const mib = 1024 * 1024
/** Digits of the greatest number that a double holds exactly, so that names sort as numbers do. */
const seqDigits = 16
/** Hexadecimal digits of the digest in a name: 64 bits, among objects that have the same first and last record. */
const digestDigits = 16

const settings = bucketSettings.safeExtend({
  compression: z.enum(['gzip', 'none']).default('gzip').meta({ description: 'How objects are compressed.' }),
})

export const s3 = sinkKind({
  kind: 's3',
  says: 'Objects of an S3 bucket, or of any service that speaks S3.',
  settings,
  formats: formatNames,
  // An object is a request that is paid for, and what a search opens: some large ones instead of many small ones.
  batch: { recordsMax: 10_000, bytesMax: 8 * mib, waitMs: 30_000 },
  async open(options, ports): Promise<Sink> {
    const { compression } = options
    const bucket = openStore(options, { ...ports, msMax: requestMsMax })
    const isJson = /[/+]json\b/.test(ports.contentType)
    const ending = `${isJson ? 'jsonl' : 'log'}${compression === 'gzip' ? '.gz' : ''}`
    const type = compression === 'gzip' ? 'application/gzip' : isJson ? 'application/x-ndjson' : 'text/plain'

    return {
      async deliver(batch, signal) {
        const lines = Buffer.concat(batch.flatMap(({ bytes }) => [bytes, lineEnd]))
        const content = compression === 'gzip' ? compressed(lines) : lines
        await bucket.put(`${ports.sender.log}/${nameOf(batch, lines)}.${ending}`, content, type, signal)
        return []
      },
      close: async () => undefined,
    }
  },
})

const lineEnd = Buffer.from('\n')

/** `YEAR/MONTH/DAY/FIRST-LAST-DIGEST`, the day being that of the first record; the digest is that of the lines. */
function nameOf(batch: readonly Item[], lines: Buffer): string {
  const first = batch[0]
  const last = batch.at(-1)
  if (first === undefined || last === undefined) throw new TypeError('a batch without a record')
  const day = first.timestamp.slice(0, 10).replaceAll('-', '/')
  const numbers = [first, last].map(({ seq }) => String(seq).padStart(seqDigits, '0')).join('-')
  return `${day}/${numbers}-${createHash('sha256').update(lines).digest('hex').slice(0, digestDigits)}`
}
