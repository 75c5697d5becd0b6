/**
 * A connection whose end counts only after that of TLS within it. Node tells both alike, but `close_notify` says that the other side
 * has ended what it had to say, and the end of TCP alone comes from a process that was killed too (RFC 8446 section 6.1).
 */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** For `tls.connect({ socket })`. `peer` is its name in the error with which a truncated connection is destroyed. */
export function untruncated(socket: Socket, peer: string): Duplex {
  const connection = new Duplex({
    allowHalfOpen: true,
    read: () => void socket.resume(),
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy(cause, done) {
      socket.destroy()
      done(cause)
    },
  })
  socket.on('data', (chunk: Buffer) => {
    if (!connection.push(chunk)) socket.pause()
  })
  socket.once('end', () => {
    // TLS destroys this itself as soon as it has read a `close_notify`, which came before.
    setImmediate(() =>
      connection.destroy(
        new Error(
          `${peer} ended the connection without \`close_notify\`: nothing shows that it has read the batch; have it send one (RFC 5425 section 4.4), or write \`confirmed_by: close\``,
        ),
      ),
    )
  })
  socket.on('error', (cause) => connection.destroy(cause))
  return connection
}
