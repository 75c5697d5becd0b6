/**
 * Records as syslog messages (RFC 5424) over TLS (RFC 5425), or over plain TCP on this machine. Syslog acknowledges nothing, so
 * every batch goes over a connection of its own, which is ended behind it: a receiver ends its side when it has read to the end, and
 * that is the acknowledgement. A message that is longer than the receiver takes is set aside here, because there it would be cut.
 */
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { z } from 'zod'
import { bytes, clientTls, count, form, hostPort, splitHostPort } from '../settings/index.ts'
import { formatNames } from './format.ts'
import { makeSyslogMessage, octetCounted } from './formats/syslog.ts'
import { hasServerName, refuseExposed, tlsOptions } from './server.ts'
import { type Rejected, type Sink, type SinkPorts, sinkKind } from './sink.ts'
import { untruncated } from './untruncated.ts'

const kib = 1024
/** Log audit (RFC 5424 table 1). */
const facilityStandard = 13
/** The enterprise number for examples (RFC 5612): that of nobody. */
const enterpriseStandard = 32_473

const settings = z
  .strictObject({
    server: hostPort({ description: 'The receiver, as `HOST:PORT`.', examples: ['syslog.example.com:6514'] }),
    tls: clientTls().optional().meta({
      description: 'TLS with verification; without it the connection is plain text, which goes to this machine only.',
    }),
    confirmed_by: z.enum(['close_notify', 'close']).optional().meta({
      description:
        'What shows that the receiver has read a batch to its end. `close_notify`, the default with TLS: its own (RFC 5425 section 4.4). `close`, the default without: that it ends the connection; records that it had read and not kept when it died are lost then.',
    }),
    message_max: bytes(
      { min: 480, max: 2 * kib * kib, standard: 8 * kib },
      'Size of the longest message that the receiver takes whole, as it is set there; a longer one is set aside.',
    ),
    facility: count({ min: 0, max: 23, standard: facilityStandard }, 'Facility (RFC 5424 table 1); 13 is log audit.'),
    application: form(/^[\x21-\x7e]{1,48}$/, 'up to 48 visible ASCII characters')
      .default('gatehouse')
      .meta({ description: 'APP-NAME of the messages.' }),
    enterprise: count(
      { min: 1, max: 4_294_967_295, standard: enterpriseStandard },
      'IANA private enterprise number in the name of the structured data; the standard one is that of examples.',
    ),
  })
  .superRefine(({ server, tls, confirmed_by: confirmedBy }, context) => {
    refuseExposed('server', [server], tls, context)
    if (tls === undefined && confirmedBy === 'close_notify')
      context.addIssue({
        code: 'custom',
        path: ['confirmed_by'],
        message: 'there is no `close_notify` without TLS',
        params: { fix: 'write `tls: {}`, or remove it' },
      })
  })

type Options = z.output<typeof settings>

export const syslog = sinkKind({
  kind: 'syslog',
  says: 'Syslog messages over TLS (RFC 5424, RFC 5425).',
  settings,
  formats: formatNames,
  batch: { recordsMax: 1_000, bytesMax: kib * kib, waitMs: 250 },
  async open(options, ports): Promise<Sink> {
    const { message_max: messageMax, facility, application, enterprise } = options
    const { hostname, sender } = ports
    // The log's name stands where a process does: with `seq` it names the record.
    const message = makeSyslogMessage({ facility, application, enterprise, hostname, process: sender.log })
    const connection = makeConnection(options, ports)

    return {
      async deliver(batch, signal) {
        const rejected: Rejected[] = []
        const frames: Buffer[] = []
        for (const { seq, record, bytes } of batch) {
          const text = message({ record: record() }, textOf(bytes))
          const size = Buffer.byteLength(text)
          if (size <= messageMax) frames.push(octetCounted(text))
          else rejected.push({ seq, reason: `the message has ${size} bytes, and \`message_max\` is ${messageMax}` })
        }
        if (frames.length > 0) await sendWhole(connection(), Buffer.concat(frames), options.server, signal)
        return rejected
      },
      close: async () => undefined,
    }
  },
})

/** A way to begin connections: those over TLS take up the session of the one before, which spares most of the handshake. */
function makeConnection(options: Options, { lookup }: SinkPorts): () => Duplex {
  const { tls, confirmed_by: confirmedBy = 'close_notify', server } = options
  const { host, port } = splitHostPort(server)
  const plain = (): Socket => connect({ host, port, lookup, allowHalfOpen: true })
  if (tls === undefined) return plain
  let session: Buffer | undefined
  return () => {
    const socket = connectTls({
      socket: confirmedBy === 'close' ? plain() : untruncated(plain(), `\`${server}\``),
      host,
      ...(hasServerName(host) && { servername: host }),
      ...tlsOptions(tls),
      ...(session !== undefined && { session }),
    })
    socket.on('session', (given: Buffer) => {
      session = given
    })
    // One that failed may be the reason.
    socket.once('error', () => {
      session = undefined
    })
    return socket
  }
}

/**
 * Resolves when the other side has ended the connection in answer to our end of it; nothing is written after it has settled. A receiver
 * that ends it by itself in the very moment in which ours is on its way cannot be told from one that answers.
 */
function sendWhole(socket: Duplex, frames: Buffer, server: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => void socket.destroy(signal.reason)
    if (signal.aborted) aborted()
    else signal.addEventListener('abort', aborted, { once: true })
    let hasEnded = false
    let isRead = false
    socket.once('end', () => {
      isRead = hasEnded
      socket.destroy()
    })
    socket.once('error', reject)
    socket.once('close', () => {
      signal.removeEventListener('abort', aborted)
      if (isRead) resolve()
      else reject(new Error(`\`${server}\` ended the connection by itself, before it was given all of the batch`))
    })
    // What a receiver says has no meaning; left unread, its end would not be seen.
    socket.resume()
    socket.write(frames, () =>
      // An end that has come by now is no answer to ours.
      setImmediate(() => {
        if (socket.destroyed) return
        hasEnded = true
        socket.end()
      }),
    )
  })
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
