/**
 * Records as signed webhooks (Standard Webhooks 1.0.0): each request carries an id that is the same when it is sent again, the time,
 * and an HMAC-SHA256 over both and the body, so that the receiver knows who sent it and that nothing was changed.
 */
import { createHmac } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../model/index.ts'
import { clientTls, credential, secret, url } from '../settings/index.ts'
import { formatNames } from './format.ts'
import { credentialField, post, requestMsMax } from './http.ts'
import { BatchRefused, type Item, type Rejected, type Sink, sinkKind } from './sink.ts'

const settings = z.strictObject({
  url: url(['https', 'http'], {
    description: 'Where requests are posted to: `https:`, or `http:` on loopback.',
    examples: ['https://siem.example.com/gatehouse'],
  }),
  secret: secret({
    description: 'Key of the signatures: `whsec_` and at least 24 random bytes as base64.',
    examples: ['file:secrets/webhook'],
  }),
  old_secret: secret({
    description: 'A second key that signs too, while receivers change from one to the other.',
    examples: ['file:secrets/webhook-old'],
  }).optional(),
  body: z.enum(['array', 'lines', 'record']).default('array').meta({
    description:
      'What a request holds: a batch as a JSON array, a batch as lines, or one record alone, which is slower by far.',
  }),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the reference as it is written in the file
  credential: credential('Value of the header.', 'Bearer ${file:secrets/siem}').optional().meta({
    description: 'What the receiver wants besides the signature.',
  }),
  tls: clientTls().optional().meta({ description: 'TLS towards the receiver, where that is not as everywhere.' }),
})

const prefix = 'whsec_'
/** Bytes of a key: what the specification asks for. */
const keyBytesMin = 24
const keyBytesMax = 64

export const webhook = sinkKind({
  kind: 'webhook',
  says: 'Signed HTTP requests (Standard Webhooks).',
  settings,
  formats: formatNames,
  batch: { recordsMax: 500, bytesMax: 1024 * 1024, waitMs: 500 },
  check(options) {
    return (['secret', 'old_secret'] as const).flatMap((name) => {
      const text = options[name]
      return text === undefined || keyOf(text) !== undefined
        ? []
        : [
            {
              path: [name],
              message: `is no key of the form \`${prefix}BASE64\` with ${keyBytesMin} to ${keyBytesMax} bytes`,
              fix: `make one: \`echo ${prefix}$(openssl rand -base64 32)\``,
            },
          ]
    })
  },
  async open(options, ports): Promise<Sink> {
    const fetchDocument = ports.makeFetch(options.tls)
    const keys = [options.secret, options.old_secret].flatMap((text) => keyOf(text ?? '') ?? [])
    const own = credentialField(options.credential)
    const send = (id: string, body: Buffer, contentType: string, signal: AbortSignal) =>
      post(fetchDocument, {
        url: options.url,
        body,
        headers: { 'content-type': contentType, ...own, ...signed(id, body, keys, ports.clock) },
        signal,
        msMax: requestMsMax,
      })

    return {
      async deliver(batch, signal) {
        if (options.body === 'record')
          return await sendEach(batch, (item) => send(item.id, Buffer.from(item.bytes), ports.contentType, signal))
        const { bytes, type } = options.body === 'array' ? arrayOf(batch, ports.contentType) : linesOf(batch)
        await send(idOf(batch), bytes, type, signal)
        return []
      },
      close: async () => undefined,
    }
  },
})

/** In their order; a record that is refused does not keep back the others. */
async function sendEach(batch: readonly Item[], send: (item: Item) => Promise<unknown>): Promise<readonly Rejected[]> {
  const rejected: Rejected[] = []
  for (const item of batch) {
    try {
      await send(item)
    } catch (cause) {
      if (!(cause instanceof BatchRefused)) throw cause
      rejected.push({ seq: item.seq, reason: cause.message })
    }
  }
  return rejected
}

/** Header fields of Standard Webhooks; one signature for each key, with spaces between. */
function signed(id: string, body: Buffer, keys: readonly Buffer[], { nowMs }: Clock): Record<string, string> {
  const timestamp = String(Math.floor(nowMs() / 1_000))
  const signatures = keys.map(
    (key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`,
  )
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}

/** The specification leaves out `.` from ids, because it stands between the parts that are signed; the log's name may have some. */
function idOf(batch: readonly Item[]): string {
  const first = batch[0]
  const last = batch.at(-1)
  if (first === undefined || last === undefined) throw new TypeError('a batch without a record')
  return first === last ? first.id : `${first.id}-${last.seq}`
}

function arrayOf(batch: readonly Item[], contentType: string): { bytes: Buffer; type: string } {
  // A format that is no JSON goes into the array as strings.
  const isJson = /[/+]json\b/.test(contentType)
  const parts = batch.map(({ bytes }) => (isJson ? textOf(bytes) : JSON.stringify(textOf(bytes))))
  return { bytes: Buffer.from(`[${parts.join(',')}]`), type: 'application/json' }
}

function linesOf(batch: readonly Item[]): { bytes: Buffer; type: string } {
  return { bytes: Buffer.from(batch.map(({ bytes }) => `${textOf(bytes)}\n`).join('')), type: 'application/x-ndjson' }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

/** Undefined for a text that is no key. */
function keyOf(text: string): Buffer | undefined {
  if (!text.startsWith(prefix) || !/^[A-Za-z0-9+/]+={0,2}$/.test(text.slice(prefix.length))) return undefined
  const key = Buffer.from(text.slice(prefix.length), 'base64')
  return key.length < keyBytesMin || key.length > keyBytesMax ? undefined : key
}
