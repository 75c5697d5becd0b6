/** Redis over TLS, with an append-only file and a password; read back with its own `redis-cli`. */
import { join } from 'node:path'
import { run } from '../../support/command.ts'
import { type ReceiverKind, receivedLine } from './receiver.ts'
import { freePort, startServer } from './server.ts'
import { writeTls } from './tls.ts'

const password = 'redis-password-0123456789'
const stream = 'gatehouse:log'

export const redis: ReceiverKind = {
  kind: 'redis',
  installed: 'GATEHOUSE_TEST_REDIS',
  poison: { none: 'Redis takes every record' },
  async start(folder, installed) {
    const port = await freePort()
    const tls = writeTls(folder)
    const ask = async (...words: string[]): Promise<string> => {
      const command = [
        join(installed, 'redis-cli'),
        '-h',
        '127.0.0.1',
        '-p',
        String(port),
        '--tls',
        '--cacert',
        tls.certificate,
        '--json',
        ...words,
      ]
      const { status, out, err } = await run(command as [string, ...string[]], {
        env: { ...process.env, REDISCLI_AUTH: password },
      })
      if (status !== 0) throw new Error(`redis-cli ${words.join(' ')}: ${err}${out}`)
      return out
    }
    const server = await startServer({
      command: join(installed, 'redis-server'),
      args: [
        ...['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no'],
        ...['--tls-cert-file', tls.certificate, '--tls-key-file', tls.key, '--tls-ca-cert-file', tls.certificate],
        ...['--bind', '127.0.0.1', '--dir', folder, '--requirepass', password],
        ...['--appendonly', 'yes', '--save', '', '--maxmemory-policy', 'noeviction'],
      ],
      port,
      ready: async () => (await ask('PING')).trim() === '"PONG"',
    })
    return {
      ...server,
      settings: {
        server: `localhost:${port}`,
        stream,
        tls: { authorities: tls.certificate },
        password: `\${REDIS_PASSWORD}`,
      },
      environment: { REDIS_PASSWORD: password },
      async received() {
        const entries = JSON.parse(await ask('XRANGE', stream, '-', '+')) as [id: string, fields: string[]][]
        return entries.map(([, fields]) => receivedLine(fields[fields.indexOf('record') + 1] ?? ''))
      },
      close: () => server.kill(),
    }
  },
}
