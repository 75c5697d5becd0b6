/**
 * Records as messages of a Kafka topic. A batch is acknowledged when all replicas in sync have it (`acks=all`). With
 * `key: log`, the default, all records of a log are in one partition, in order; with `key: call` they are spread, and those of a call
 * stay together. The client tries nothing again by itself: what failed is sent again by the delivery, over a new connection.
 */
import { z } from 'zod'
import { isLoopback } from '../model/index.ts'
import { clientTls, form, hostPort, secret, splitHostPort, word } from '../settings/index.ts'
import { type Connection, connectedSink } from './connected.ts'
import { formatNames } from './format.ts'
import { hasServerName, refuseExposed, tlsOptions } from './server.ts'
import { BatchRefused, type Item, type SinkPorts, sinkKind } from './sink.ts'

/** Servers to begin with: they name the others. */
const brokersMax = 32
/** Milliseconds for one connection to be there. */
const connectMs = 5_000
/** Milliseconds for an answer: longer than any `try_max`, which ends it before. */
const answerMs = 600_000
const kib = 1024
/** Errors of the protocol that are about what is in the batch: MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE, INVALID_RECORD. */
const refusals = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD'] as const
/** Errors within one that are told. */
const causesMax = 4
const headerNames = {
  contentType: Buffer.from('content-type'),
  id: Buffer.from('gatehouse-id'),
  type: Buffer.from('gatehouse-type'),
}

const settings = z
  .strictObject({
    brokers: z
      .array(hostPort({ description: 'A broker, as `HOST:PORT`.', examples: ['kafka.example.com:9093'] }))
      .min(1)
      .max(brokersMax)
      .meta({ description: 'Brokers to begin with; they name the others.' }),
    topic: form(/^[A-Za-z0-9._-]{1,249}$/, 'a name of a topic: letters, digits, `.`, `_` or `-`').meta({
      description: 'The topic; it must be there.',
      examples: ['gatehouse'],
    }),
    key: z.enum(['log', 'call']).default('log').meta({
      description:
        'What decides on the partition. `log`: all records of this gateway go to one, in order. `call`: they are spread, those of one call stay together and in order.',
    }),
    compression: z.enum(['none', 'gzip', 'snappy', 'lz4', 'zstd']).default('none').meta({
      description: 'How batches are compressed.',
    }),
    tls: clientTls().optional().meta({
      description: 'TLS with verification; without it the connection is plain text, which goes to this machine only.',
    }),
    sasl: z
      .strictObject({
        mechanism: z
          .enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])
          .meta({ description: 'How the password is shown.' }),
        username: word('Who writes.'),
        password: secret({ description: 'The password.', examples: ['file:kafka-password'] }),
      })
      .optional()
      .meta({ description: 'Who writes, by name and password; without it, a certificate of `tls` or nobody.' }),
  })
  .superRefine(({ brokers, tls }, context) => refuseExposed('brokers', brokers, tls, context))

type Options = z.output<typeof settings>
type Client = typeof import('@platformatic/kafka')

export const kafka = sinkKind({
  kind: 'kafka',
  says: 'Messages of a Kafka topic.',
  settings,
  formats: formatNames,
  // Below 1 MiB, which a broker takes when it was not told otherwise.
  batch: { recordsMax: 1_000, bytesMax: 900 * kib, waitMs: 50 },
  async open(options, ports) {
    const client = await import('@platformatic/kafka')
    return connectedSink(() => connect(options, ports, client))
  },
})

async function connect(options: Options, ports: SinkPorts, client: Client): Promise<Connection> {
  const { tls, sasl, topic } = options
  const hosts = options.brokers.map((broker) => splitHostPort(broker).host)
  for (const host of hosts) await ports.checkHost(host)
  const producer = new client.Producer<Buffer, Buffer, Buffer, Buffer>({
    clientId: `gatehouse-${ports.id}`,
    bootstrapBrokers: options.brokers.map(splitHostPort),
    compression: options.compression,
    autocreateTopics: false,
    retries: 0,
    repeatOnStaleMetadata: false,
    metadataMaxAge: Number.MAX_SAFE_INTEGER,
    // One request at a time on a connection: what is behind a batch that failed must not be written.
    maxInflights: 1,
    connectTimeout: connectMs,
    requestTimeout: answerMs,
    timeout: answerMs,
    ...(tls !== undefined && {
      tls: { ...tlsOptions(tls), lookup: ports.lookup },
      tlsServerName: hosts.every(hasServerName),
    }),
    ...(sasl !== undefined && { sasl }),
  })
  // Without a listener an error that comes between two requests would end the process.
  producer.connections.on('connecting', ({ connection }) => connection.on('error', () => undefined))
  const cut = () => {
    for (const [, connection] of producer.connections) connection.socket?.destroy()
    // Its connections are gone already: it has nothing left to say.
    producer.close(true).catch(() => undefined)
  }
  try {
    const { brokers } = await producer.metadata({ topics: [topic] })
    // Over TLS every name is looked at as it is resolved.
    if (tls === undefined) for (const { host } of brokers.values()) expectLoopback(host)
  } catch (cause) {
    cut()
    throw new Error(wordsOf(cause), { cause })
  }
  return {
    cut,
    async deliver(batch) {
      const messages = batch.map((item) => messageOf(item, options, ports.contentType))
      try {
        await producer.send({ messages, acks: client.ProduceAcks.ALL })
        return []
      } catch (cause) {
        const isRefused = refusals.some((apiId) => client.findErrorBy(cause as Error, 'apiId', apiId) !== null)
        throw isRefused ? new BatchRefused(wordsOf(cause), { cause }) : new Error(wordsOf(cause), { cause })
      }
    },
  }
}

/** The receiver may name brokers that the settings do not. */
function expectLoopback(host: string): void {
  if (!isLoopback(host)) throw new Error(`the brokers name \`${host}\`, which would be reached without TLS`)
}

/** A record as a message. With `content-type` a reader knows a CloudEvent (Kafka binding, structured content mode). */
export function messageOf(item: Item, { topic, key }: Pick<Options, 'topic' | 'key'>, contentType: string) {
  const log = item.id.slice(0, item.id.lastIndexOf('/'))
  return {
    topic,
    key: Buffer.from(key === 'call' ? (item.callId ?? log) : log),
    value: Buffer.from(item.bytes.buffer, item.bytes.byteOffset, item.bytes.byteLength),
    headers: new Map([
      [headerNames.contentType, Buffer.from(contentType)],
      [headerNames.id, Buffer.from(item.id)],
      [headerNames.type, Buffer.from(item.type)],
    ]),
    timestamp: BigInt(Date.parse(item.timestamp)),
  }
}

/** What the client says, with what lies behind it: its outermost words are mostly that something failed. */
function wordsOf(cause: unknown): string {
  const words = new Set<string>()
  const visit = (one: unknown) => {
    if (!(one instanceof Error) || words.size >= causesMax) return
    words.add(one.message)
    if (one instanceof AggregateError) one.errors.forEach(visit)
    visit(one.cause)
  }
  visit(cause)
  return [...words].join('; ')
}
