/**
 * rsyslog with its TLS driver that sends `close_notify`, and without a queue: what it has read is in its file. Messages are journaled
 * as they came, without their framing.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { selfSigned } from '../../support/certificate.ts'
import { readSyslog } from '../../support/syslog-reader.ts'
import { type ReceiverKind, receivedLine } from './receiver.ts'
import { freePort, startServer } from './server.ts'

export const syslog: ReceiverKind = {
  kind: 'syslog',
  installed: 'GATEHOUSE_TEST_RSYSLOG',
  // Longer than the standard `message_max`.
  poison: { text: 'x'.repeat(10_000) },
  async start(folder, installed) {
    const port = await freePort()
    const at = (name: string): string => join(folder, name)
    const { certificate, key } = selfSigned({ names: ['127.0.0.1'] })
    writeFileSync(at('certificate.pem'), certificate)
    writeFileSync(at('key.pem'), key)
    writeFileSync(at('rsyslog.conf'), configuration(at, port))
    const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64'
    const libraries = join(installed, `usr/lib/${machine}-linux-gnu`)
    const server = await startServer({
      command: join(installed, 'usr/sbin/rsyslogd'),
      args: ['-n', '-f', at('rsyslog.conf'), '-i', 'NONE', '-M', join(libraries, 'rsyslog')],
      environment: { LD_LIBRARY_PATH: libraries },
      port,
    })
    return {
      ...server,
      settings: { server: `127.0.0.1:${port}`, tls: { authorities: at('certificate.pem') } },
      async received() {
        if (!existsSync(at('messages'))) return []
        const lines = readFileSync(at('messages'), 'utf8').split('\n').slice(0, -1)
        return lines.map((line) => receivedLine(readSyslog(line).body))
      },
      close: () => server.kill(),
    }
  },
}

function configuration(at: (name: string) => string, port: number): string {
  return `global(workDirectory="${at('')}" maxMessageSize="16k" processInternalMessages="off"
  defaultNetstreamDriverCAFile="${at('certificate.pem')}"
  defaultNetstreamDriverCertFile="${at('certificate.pem')}"
  defaultNetstreamDriverKeyFile="${at('key.pem')}")
main_queue(queue.type="Direct")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon")
template(name="whole" type="string" string="%rawmsg%\\n")
input(type="imtcp" address="127.0.0.1" port="${port}")
action(type="omfile" file="${at('messages')}" template="whole" asyncWriting="off" flushOnTXEnd="on")
`
}
