/** The one answer in a server's reply, whether it came as JSON or at the end of a stream of events. */
import { type ByteSource, Fault, limits, toFault } from '../../model/index.ts'
import { mediaTypeOf, type RpcMessage, SseError, SseReader } from '../../wire/index.ts'
import type { ServerReply } from './exchange.ts'
import { readServerMessage } from './translate.ts'

export interface Collected {
  readonly message: Extract<RpcMessage, { kind: 'response' }>
  readonly bytes: Buffer
}

/** Undefined for a reply that is no message. Rejects with a `Fault` where it is one, and not the answer to `idText`. */
export async function collectAnswer(reply: ServerReply, idText: string): Promise<Collected | undefined> {
  if (reply.body.kind === 'events') return answerIn(reply.body.source, idText)
  const type = reply.headers['content-type']
  if (mediaTypeOf(typeof type === 'string' ? type : undefined) !== 'application/json') return undefined
  const { bytes } = reply.body
  const { message } = readServerMessage(bytes)
  if (message.kind !== 'response' || (message.idText !== undefined && message.idText !== idText))
    throw new Fault('upstream_rpc', 'the server sent a message that is no answer to the one it got')
  return { message, bytes }
}

function answerIn(source: ByteSource, idText: string): Promise<Collected> {
  return new Promise((resolve, reject) => {
    const reader = new SseReader(limits.mcpMessageBytesMax)
    let over = false
    const stop = (fault: Fault | undefined): void => {
      if (over) return
      over = true
      if (fault !== undefined) reject(fault)
      source.cancel(fault ?? new Error('the answer has come'))
    }
    source.start({
      chunk(bytes) {
        if (over) return
        try {
          for (const { data } of reader.take(bytes)) {
            if (data === '') continue
            const text = Buffer.from(data)
            const { message } = readServerMessage(text)
            // What a server tells on the way is about no call of an agent.
            if (message.kind !== 'response') continue
            if (message.idText !== idText) throw new Fault('upstream_rpc', 'the server answered what was not asked')
            resolve({ message, bytes: text })
            stop(undefined)
            return
          }
        } catch (cause) {
          stop(
            cause instanceof SseError
              ? new Fault('upstream_rpc', `the server's stream: ${cause.message}`)
              : toFault(cause),
          )
        }
      },
      end: () => stop(new Fault('upstream_cut', 'the stream of the server ended without an answer')),
      fail: stop,
    })
  })
}
