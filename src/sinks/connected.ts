/**
 * A sink whose receiver is reached over a connection of its own client. The connection is made when the first batch comes and thrown
 * away when anything goes wrong with it: what a client still had in mind must not be written behind the batch that comes next.
 */
import { BatchRefused, type Item, type Rejected, type Sink } from './sink.ts'

export interface Connection {
  /** As `Sink.deliver`. Need not care for the end of the time: then it is cut. */
  readonly deliver: (batch: readonly Item[]) => Promise<readonly Rejected[]>
  /** Ends it at once: nothing is written any more, whatever was under way. Must not throw. */
  readonly cut: () => void
}

/** `connect` makes a connection that is ready, or rejects; it may take its time, a connection that comes too late is cut. */
export function connectedSink(connect: () => Promise<Connection>): Sink {
  let connection: Connection | undefined

  return {
    async deliver(batch, signal) {
      const over = overAt(signal)
      try {
        if (connection === undefined) {
          const connecting = connect()
          connection = await Promise.race([connecting, over.rejected]).catch((cause: unknown) => {
            connecting.then(
              (late) => late.cut(),
              // That it took too long was told: why it failed after that helps nobody.
              () => undefined,
            )
            throw cause
          })
        }
        return await Promise.race([connection.deliver(batch), over.rejected])
      } catch (cause) {
        // The receiver answered: nothing is wrong with the connection.
        if (cause instanceof BatchRefused) throw cause
        connection?.cut()
        connection = undefined
        throw cause
      } finally {
        over.forget()
      }
    },
    async close() {
      connection?.cut()
      connection = undefined
    },
  }
}

/** A promise that rejects when `signal` is aborted, until it is forgotten. */
function overAt(signal: AbortSignal): { readonly rejected: Promise<never>; readonly forget: () => void } {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  // A race may be over before anybody waits for this one.
  promise.catch(() => undefined)
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  return { rejected: promise, forget: () => signal.removeEventListener('abort', onAbort) }
}
