/**
 * Records as entries of a Redis or Valkey stream. A batch is one transaction: all of its entries are there, next to each other, or
 * none. What the server does with an acknowledged entry when its machine fails is the server's setting (`appendfsync`).
 */
import { z } from 'zod'
import { clientTls, hostPort, secret, splitHostPort, word } from '../settings/index.ts'
import { type Connection, connectedSink } from './connected.ts'
import { formatNames } from './format.ts'
import { hasServerName, refuseExposed, tlsOptions } from './server.ts'
import { type SinkPorts, sinkKind } from './sink.ts'

/** Milliseconds for the connection to be there. */
const connectMs = 5_000
const mib = 1024 * 1024

const settings = z
  .strictObject({
    server: hostPort({ description: 'The server, as `HOST:PORT`.', examples: ['redis.example.com:6379'] }),
    stream: z
      .string()
      .min(1)
      .max(512)
      .meta({ description: 'Key of the stream; made when it is not there.', examples: ['gatehouse:log'] }),
    keep: z.int().min(1_000).max(1_000_000_000).optional().meta({
      description:
        'Entries that the stream keeps, or some more: the oldest go, read or not. Without it nothing is ever removed.',
    }),
    database: z.int().min(0).max(65_535).default(0).meta({ description: 'Number of the database.' }),
    tls: clientTls().optional().meta({
      description: 'TLS with verification; without it the connection is plain text, which goes to this machine only.',
    }),
    user: word('Who writes (ACL); without it, `default`.').optional(),
    password: secret({ description: 'The password.', examples: ['file:redis-password'] }).optional(),
  })
  .superRefine(({ server, tls, user, password }, context) => {
    refuseExposed('server', [server], tls, context)
    if (user !== undefined && password === undefined)
      context.addIssue({
        code: 'custom',
        path: ['user'],
        message: 'a user without a password proves nothing',
        params: { fix: 'write `password` too' },
      })
  })

type Options = z.output<typeof settings>
type Client = typeof import('@redis/client')

export const redis = sinkKind({
  kind: 'redis',
  says: 'Entries of a Redis or Valkey stream.',
  settings,
  formats: formatNames,
  batch: { recordsMax: 1_000, bytesMax: 4 * mib, waitMs: 50 },
  async open(options, ports) {
    const client = await import('@redis/client')
    return connectedSink(() => connect(options, ports, client))
  },
})

async function connect(options: Options, ports: SinkPorts, { createClient }: Client): Promise<Connection> {
  const { tls, user, password, stream, keep } = options
  const { host, port } = splitHostPort(options.server)
  const common = { host, port, lookup: ports.lookup, connectTimeout: connectMs, reconnectStrategy: false } as const
  const client = createClient({
    socket:
      tls === undefined
        ? common
        : { ...common, tls: true, ...tlsOptions(tls), ...(hasServerName(host) && { servername: host }) },
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    database: options.database,
    name: `gatehouse-${ports.id}`,
    // A command that waits for another connection would be written behind the batch that comes next.
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
  })
  // Without a listener an error that comes between two batches would end the process.
  client.on('error', () => undefined)
  const cut = () => client.destroy()
  try {
    await client.connect()
  } catch (cause) {
    cut()
    throw cause
  }
  const trim =
    keep === undefined ? {} : { TRIM: { strategy: 'MAXLEN', strategyModifier: '~', threshold: keep } as const }
  return {
    cut,
    async deliver(batch) {
      const transaction = client.multi()
      for (const { seq, id, type, bytes } of batch) {
        const record = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        transaction.xAdd(stream, '*', { seq: String(seq), id, type, content_type: ports.contentType, record }, trim)
      }
      await transaction.exec()
      return []
    },
  }
}
