/**
 * OPA's decision-log service (OPA 1.20, "Decision Log Service API"): events as gzipped JSON arrays, posted to `URL/logs`, for whatever
 * takes the decision logs of OPA today. A chunk has a greatest size after compression, as `upload_size_limit_bytes` in OPA.
 */
import { z } from 'zod'
import { bytes, clientTls, credential, form, url } from '../settings/index.ts'
import { addressBelow, compressed, credentialField, post, requestMsMax } from './http.ts'
import { BatchRefused, type Item, type Rejected, type Sink, sinkKind } from './sink.ts'

const kib = 1024
/** What compression is taken to save before the first chunk has shown it. */
const firstRatio = 4

const settings = z.strictObject({
  url: url(['https', 'http'], {
    description: 'Address of the service, as `services.NAME.url` in OPA: `https:`, or `http:` on loopback.',
    examples: ['https://decision-logs.example.com/v1'],
  }),
  resource: form(/^\/[A-Za-z0-9\-._~/]{0,1000}$/, 'a path that begins with `/`')
    .default('/logs')
    .meta({ description: 'Path below that address, as `decision_logs.resource` in OPA.' }),
  chunk_max: bytes(
    { min: 1 * kib, max: 64 * kib * kib, standard: 32 * kib },
    'Size of one request after compression, as `upload_size_limit_bytes` in OPA.',
  ),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the reference as it is written in the file
  credential: credential('Value of the header.', 'Bearer ${file:secrets/decision-logs}').optional().meta({
    description: 'What proves this gateway to the service.',
  }),
  tls: clientTls().optional().meta({ description: 'TLS towards the service, where that is not as everywhere.' }),
})

export const opa = sinkKind({
  kind: 'opa',
  says: "OPA's decision-log service: gzipped chunks of events.",
  settings,
  formats: ['opa', 'native'],
  batch: { recordsMax: 1_000, bytesMax: 4 * kib * kib, waitMs: 1_000 },
  async open(options, ports): Promise<Sink> {
    const fetchDocument = ports.makeFetch(options.tls)
    const url = addressBelow(options.url, options.resource)
    const headers = {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      ...credentialField(options.credential),
    }
    let ratio = firstRatio

    async function send(items: readonly Item[], signal: AbortSignal): Promise<readonly Rejected[]> {
      const array = arrayOf(items)
      const body = compressed(array)
      ratio = Math.max(1, array.length / body.length)
      if (body.length > options.chunk_max) return await sendSmaller(items, body.length, signal)
      try {
        await post(fetchDocument, { url, body, headers, signal, msMax: requestMsMax })
        return []
      } catch (cause) {
        if (!(cause instanceof BatchRefused)) throw cause
        // Looked for here: what went out in earlier chunks of the batch need not go out again.
        return items.length === 1 ? rejected(items, cause.message) : await sendHalves(items, signal)
      }
    }

    async function sendSmaller(
      items: readonly Item[],
      size: number,
      signal: AbortSignal,
    ): Promise<readonly Rejected[]> {
      if (items.length > 1) return await sendHalves(items, signal)
      return rejected(items, `the event has ${size} bytes after compression, and \`chunk_max\` is ${options.chunk_max}`)
    }

    async function sendHalves(items: readonly Item[], signal: AbortSignal): Promise<readonly Rejected[]> {
      const middle = Math.ceil(items.length / 2)
      return [...(await send(items.slice(0, middle), signal)), ...(await send(items.slice(middle), signal))]
    }

    return {
      async deliver(batch, signal) {
        const refused: Rejected[] = []
        // Compression is foretold by that of the chunk before; where it saves less, the chunk is halved.
        for (let from = 0; from < batch.length; ) {
          const to = endOfChunk(batch, from, options.chunk_max * ratio)
          refused.push(...(await send(batch.slice(from, to), signal)))
          from = to
        }
        return refused
      },
      close: async () => undefined,
    }
  },
})

/** The first record that does not fit any more; at least one fits. */
function endOfChunk(batch: readonly Item[], from: number, bytesMax: number): number {
  let to = from
  let size = 2
  while (to < batch.length) {
    size += (batch[to]?.bytes.length ?? 0) + 1
    if (size > bytesMax && to > from) break
    to += 1
  }
  return to
}

function arrayOf(items: readonly Item[]): Buffer {
  const pieces: Uint8Array[] = [Buffer.from('[')]
  for (const [index, { bytes }] of items.entries()) {
    if (index > 0) pieces.push(Buffer.from(','))
    pieces.push(bytes)
  }
  pieces.push(Buffer.from(']'))
  return Buffer.concat(pieces)
}

function rejected(items: readonly Item[], reason: string): readonly Rejected[] {
  return items.map(({ seq }) => ({ seq, reason }))
}
