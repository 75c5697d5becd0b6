/** A NATS server with JetStream on disk, over TLS and with a password: one stream, which refuses long messages and drops what comes twice. */
import { join } from 'node:path'
import { jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream'
import { connect, type NatsConnection, nanos } from '@nats-io/transport-node'
import { type Received, type ReceiverKind, receivedLine } from './receiver.ts'
import { freePort, startServer } from './server.ts'
import { writeTls } from './tls.ts'

const user = 'gatehouse'
const password = 'nats-password-0123456789'
const stream = 'AUDIT'
const subject = 'gatehouse.log'
/** Bytes of a message at most; the poison has more. */
const messageBytesMax = 64 * 1024
const windowMs = 600_000

export const nats: ReceiverKind = {
  kind: 'nats',
  installed: 'GATEHOUSE_TEST_NATS',
  poison: { text: 'x'.repeat(messageBytesMax) },
  async start(folder, installed) {
    const port = await freePort()
    const tls = writeTls(folder)
    const withConnection = async <T>(use: (connection: NatsConnection) => Promise<T>): Promise<T> => {
      const servers = `localhost:${port}`
      const connection = await connect({
        servers,
        user,
        pass: password,
        tls: { caFile: tls.certificate },
        reconnect: false,
      })
      try {
        return await use(connection)
      } finally {
        await connection.close()
      }
    }
    const server = await startServer({
      command: join(installed, 'nats-server'),
      args: [
        ...[
          '-js',
          '-sd',
          join(folder, 'data'),
          '-a',
          '127.0.0.1',
          '-p',
          String(port),
          '--user',
          user,
          '--pass',
          password,
        ],
        ...['--tls', '--tlscert', tls.certificate, '--tlskey', tls.key],
      ],
      port,
      ready: () =>
        withConnection(async (connection) => {
          const manager = await jetstreamManager(connection)
          await manager.streams.add({
            name: stream,
            subjects: [subject],
            storage: StorageType.File,
            max_msg_size: messageBytesMax,
            duplicate_window: nanos(windowMs),
          })
          return true
        }),
    })
    return {
      ...server,
      settings: {
        servers: [`localhost:${port}`],
        subject,
        stream,
        tls: { authorities: tls.certificate },
        user,
        password: `\${NATS_PASSWORD}`,
      },
      environment: { NATS_PASSWORD: password },
      received: () =>
        withConnection(async (connection) => {
          const { state } = await (await jetstreamManager(connection)).streams.info(stream)
          const consumer = await jetstream(connection).consumers.get(stream)
          const found: Received[] = []
          while (found.length < state.messages) {
            for await (const message of await consumer.fetch({ max_messages: 500, expires: 5_000 })) {
              found.push(receivedLine(message.string()))
              if (found.length === state.messages) break
            }
          }
          return found
        }),
      close: () => server.kill(),
    }
  },
}
