/** The one answer in a server's reply, whether it came as JSON or at the end of a stream of events. */
import { type ByteSource, Fault, limits, toFault } from '../../model/index.ts'
import { carriesMessage, mediaTypeOf, SseError, SseReader } from '../../wire/index.ts'
import type { ServerReply } from './exchange.ts'
import type { Collected } from './same-answer.ts'
import { readServerMessage } from './translate.ts'

/** What is known of the answer before it is read: the very answer, where these bytes are it. */
export type Known = (bytes: Buffer) => Collected | undefined

const nothingKnown: Known = () => undefined

/** Undefined for a reply that is no message. Rejects with a `Fault` where it is one, and not the answer to `idText`. */
export async function collectAnswer(
  reply: ServerReply,
  idText: string,
  known: Known = nothingKnown,
): Promise<Collected | undefined> {
  if (reply.body.kind === 'events') return answerIn(reply.body.source, idText, known)
  const type = reply.headers['content-type']
  if (mediaTypeOf(typeof type === 'string' ? type : undefined) !== 'application/json') return undefined
  const { bytes } = reply.body
  const before = known(bytes)
  if (before !== undefined) return before
  const { message } = readServerMessage(bytes)
  if (message.kind !== 'response' || (message.idText !== undefined && message.idText !== idText))
    throw new Fault('upstream_rpc', 'the server sent a message that is no answer to the one it got')
  return { message, bytes }
}

function answerIn(source: ByteSource, idText: string, known: Known): Promise<Collected> {
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
          for (const event of reader.take(bytes)) {
            if (event.data === '' || !carriesMessage(event)) continue
            const text = Buffer.from(event.data)
            const answer = known(text) ?? answerOf(text, idText)
            // What a server tells on the way is about no call of an agent.
            if (answer === undefined) continue
            resolve(answer)
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

function answerOf(bytes: Buffer, idText: string): Collected | undefined {
  const { message } = readServerMessage(bytes)
  if (message.kind !== 'response') return undefined
  if (message.idText !== idText) throw new Fault('upstream_rpc', 'the server answered what was not asked')
  return { message, bytes }
}
