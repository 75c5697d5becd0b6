/**
 * Records as messages of a NATS JetStream stream. Each is acknowledged by the stream one by one, in order, and carries `LOG/SEQ` as its
 * message id: within the stream's duplicate window a record that is sent again is not stored again.
 */
import type { NodeConnectionOptions } from '@nats-io/transport-node'
import { z } from 'zod'
import { clientTls, form, hostPort, secret, splitHostPort, word } from '../settings/index.ts'
import { type Connection, connectedSink } from './connected.ts'
import { formatNames } from './format.ts'
import { refuseExposed, tlsOptions } from './server.ts'
import { type Item, type Rejected, type SinkPorts, sinkKind } from './sink.ts'

/** Servers to try, in their order. */
const serversMax = 32
/** Milliseconds for one server to answer. */
const connectMs = 5_000
/** Milliseconds for an acknowledgement: longer than any `try_max`, which ends it before. */
const answerMs = 600_000
/** Milliseconds between two pings: a server that is gone without a word is found out after two. */
const pingMs = 20_000
const mib = 1024 * 1024
/** Errors of the stream that are about one message: it is longer than the stream's `max_msg_size`. */
const messageTooLong = 10_054

const name = '[^\\s.*>]+'

const settings = z
  .strictObject({
    servers: z
      .array(hostPort({ description: 'A server, as `HOST:PORT`.', examples: ['nats.example.com:4222'] }))
      .min(1)
      .max(serversMax)
      .meta({ description: 'Servers of the cluster; the first that answers is taken.' }),
    subject: form(new RegExp(`^${name}(\\.${name})*$`), 'a subject without wildcards, such as `gatehouse.log`')
      .max(255)
      .meta({ description: 'The subject; a stream must listen on it.', examples: ['gatehouse.log'] }),
    stream: form(/^[^\s.*>/\\]{1,255}$/, 'a name of a stream')
      .optional()
      .meta({ description: 'The stream that must take the records; without it, whichever listens on the subject.' }),
    tls: clientTls().optional().meta({
      description: 'TLS with verification; without it the connection is plain text, which goes to this machine only.',
    }),
    user: word('Who publishes; with `password`.').optional(),
    password: secret({ description: 'The password of `user`.', examples: ['file:nats-password'] }).optional(),
    token: secret({ description: 'A token, instead of user and password.', examples: ['file:nats-token'] }).optional(),
    credentials: secret({
      description: 'A credentials file (JWT and seed), instead of user and password.',
      examples: ['file:gatehouse.creds'],
    }).optional(),
  })
  .superRefine((options, context) => {
    const { servers, tls, user, password, token, credentials } = options
    refuseExposed('servers', servers, tls, context)
    if ((user === undefined) !== (password === undefined))
      context.addIssue({
        code: 'custom',
        message: '`user` and `password` belong together',
        params: { fix: 'write both, or neither' },
      })
    if ([user, token, credentials].filter((one) => one !== undefined).length > 1)
      context.addIssue({
        code: 'custom',
        message: 'there is more than one way to prove who publishes',
        params: { fix: 'write `user` and `password`, or `token`, or `credentials`' },
      })
  })

type Options = z.output<typeof settings>
interface Client {
  readonly core: typeof import('@nats-io/transport-node')
  readonly jetstream: typeof import('@nats-io/jetstream')
}

export const nats = sinkKind({
  kind: 'nats',
  says: 'Messages of a NATS JetStream stream.',
  settings,
  formats: formatNames,
  batch: { recordsMax: 500, bytesMax: 4 * mib, waitMs: 50 },
  async open(options, ports) {
    const client = { core: await import('@nats-io/transport-node'), jetstream: await import('@nats-io/jetstream') }
    return connectedSink(() => connect(options, ports, client))
  },
})

async function connect(options: Options, ports: SinkPorts, { core, jetstream }: Client): Promise<Connection> {
  for (const server of options.servers) await ports.checkHost(splitHostPort(server).host)
  const connection = await core.connect({
    servers: [...options.servers],
    noRandomize: true,
    // Servers that the cluster tells of were not checked, and are not in the settings.
    ignoreClusterUpdates: true,
    reconnect: false,
    timeout: connectMs,
    pingInterval: pingMs,
    name: `gatehouse-${ports.id}`,
    noAsyncTraces: true,
    ...(options.tls !== undefined && { tls: tlsOptions(options.tls) }),
    ...proofOf(options, core),
  })
  const stream = jetstream.jetstream(connection, { timeout: answerMs })
  const expect = options.stream === undefined ? {} : { expect: { streamName: options.stream } }

  async function publish(item: Item): Promise<Rejected | undefined> {
    const headers = core.headers()
    headers.set('Content-Type', ports.contentType)
    try {
      await stream.publish(options.subject, item.bytes, { msgID: item.id, headers, ...expect })
      return undefined
    } catch (cause) {
      if (isAboutMessage(cause)) return { seq: item.seq, reason: cause.message }
      if (cause instanceof Error && cause.cause instanceof core.RequestError && cause.cause.isNoResponders())
        throw new Error(`no stream of JetStream listens on \`${options.subject}\``, { cause })
      throw cause
    }
  }

  /** The server takes no message that is longer than it said, headers and all. */
  function isAboutMessage(cause: unknown): cause is Error {
    if (cause instanceof jetstream.JetStreamApiError) return cause.code === messageTooLong
    return cause instanceof core.errors.InvalidArgumentError
  }

  return {
    cut() {
      // Cut because something is wrong with it already, which was told.
      connection.close().catch(() => undefined)
    },
    async deliver(batch) {
      // Sent in this order on one connection, which is the order in which the stream stores them.
      const rejected = await Promise.all(batch.map(publish))
      return rejected.filter((one) => one !== undefined)
    },
  }
}

function proofOf({ user, password, token, credentials }: Options, core: Client['core']): NodeConnectionOptions {
  if (user !== undefined && password !== undefined) return { user, pass: password }
  if (token !== undefined) return { token }
  if (credentials !== undefined) return { authenticator: core.credsAuthenticator(Buffer.from(credentials)) }
  return {}
}
