/**
 * Records as log records of OpenTelemetry, by OTLP over HTTP with JSON (OTLP 1.9). A batch is one request, acknowledged by its answer;
 * the library's own exporter is not used, because it drops what it cannot send in time.
 */
import { z } from 'zod'
import type { Log } from '../model/index.ts'
import { clientTls, credential, url, word } from '../settings/index.ts'
import { formatNames } from './format.ts'
import { addressBelow, compressed, credentialField, post, requestMsMax } from './http.ts'
import { makeLogsRequest } from './otlp-request.ts'
import { BatchRefused, type Item, type Rejected, type Sink, sinkKind } from './sink.ts'

const mib = 1024 * 1024
/** Characters of what a receiver says that are told. */
const saidCharsMax = 200

const settings = z.strictObject({
  url: url(['https', 'http'], {
    description: 'Address of the receiver, to which `/v1/logs` is added: `https:`, or `http:` on loopback.',
    examples: ['https://otel.example.com:4318'],
  }),
  service: word('`service.name` of the resource that sends.').default('gatehouse'),
  compression: z.enum(['gzip', 'none']).default('gzip').meta({ description: 'How requests are compressed.' }),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the reference as it is written in the file
  credential: credential('Value of the header.', 'Bearer ${file:secrets/otlp}').optional().meta({
    description: 'What proves this gateway to the receiver.',
  }),
  tls: clientTls().optional().meta({ description: 'TLS towards the receiver, where that is not as everywhere.' }),
})

export const otlp = sinkKind({
  kind: 'otlp',
  says: 'Log records of OpenTelemetry (OTLP over HTTP).',
  settings,
  formats: formatNames,
  batch: { recordsMax: 1_000, bytesMax: mib, waitMs: 500 },
  async open(options, ports): Promise<Sink> {
    const fetchDocument = ports.makeFetch(options.tls)
    const url = addressBelow(options.url, '/v1/logs')
    const request = makeLogsRequest({ service: options.service, hostname: ports.hostname, sender: ports.sender })
    const headers = {
      'content-type': 'application/json',
      ...(options.compression === 'gzip' && { 'content-encoding': 'gzip' }),
      ...credentialField(options.credential),
    }
    return {
      async deliver(batch, signal) {
        const text = Buffer.from(request(batch))
        const body = options.compression === 'gzip' ? compressed(text) : text
        const answer = await post(fetchDocument, { url, body, headers, signal, msMax: requestMsMax })
        return rejectedIn(answer, batch, ports.log)
      },
      close: async () => undefined,
    }
  },
})

/**
 * OTLP's partial success says how many records were rejected, not which. All: they are given back. Some: the batch is refused, so that
 * smaller ones find them; the others come twice then, with the same `log.record.uid`. None: what it says is a warning.
 */
function rejectedIn(answer: Uint8Array, batch: readonly Item[], log: Log): readonly Rejected[] {
  const { count, message } = partialSuccessIn(answer)
  if (count === 0) {
    if (message !== '') log.warn({ said: message }, 'a receiver of OTLP took all records, and warns')
    return []
  }
  const reason = `the receiver rejected ${count} of ${batch.length} records: \`${message}\``
  if (count < batch.length) throw new BatchRefused(reason)
  return batch.map(({ seq }) => ({ seq, reason }))
}

function partialSuccessIn(answer: Uint8Array): { readonly count: number; readonly message: string } {
  const text = Buffer.from(answer).toString('utf8')
  // The answer's body may be left out where there is nothing to say.
  if (text.trim() === '') return { count: 0, message: '' }
  const { partialSuccess } = parsed(text)
  const count = Number(partialSuccess?.rejectedLogRecords ?? 0)
  if (!Number.isSafeInteger(count) || count < 0)
    throw new Error(`the receiver rejected \`${partialSuccess?.rejectedLogRecords}\` records, which is no number`)
  const message = String(partialSuccess?.errorMessage ?? '')
  return { count, message: message.replaceAll(/\s+/g, ' ').slice(0, saidCharsMax) }
}

interface LogsAnswer {
  readonly partialSuccess?: { readonly rejectedLogRecords?: unknown; readonly errorMessage?: unknown } | null
}

/** An address that answers with success and something else is no receiver of OTLP: then nothing is known to be delivered. */
function parsed(text: string): LogsAnswer {
  try {
    const answer: unknown = JSON.parse(text)
    if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) return answer
  } catch {
    // Said below.
  }
  throw new Error(`the receiver answered with success, but not as OTLP does: \`${text.slice(0, saidCharsMax)}\``)
}
