/**
 * One request to an endpoint of MCP over streamable HTTP, and the message that answers it, whether it comes as JSON or in a stream of
 * events. What comes is read strictly and is bounded; nothing is followed elsewhere, because the token is for this endpoint alone.
 */
import { Fault, type JsonObject, limits, visible } from '../../model/index.ts'
import { JsonError, mediaTypeOf, parseJson, type RpcMessage, readRpc, SseError, SseReader } from '../../wire/index.ts'
import { codeOf, reasonOf } from '../fetch-failure.ts'
import { CommandError, exitStatus } from '../io.ts'
import type { Endpoint } from './endpoint.ts'

/** `bytes` is the whole message as it was written. */
export type Answer =
  | { readonly kind: 'result'; readonly result: JsonObject; readonly bytes: Buffer }
  | { readonly kind: 'error'; readonly error: JsonObject; readonly bytes: Buffer }

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly answer: Answer | undefined
  /** Of a reply that is no message: its beginning. */
  readonly text: string
  /** Of a stream that ended without the answer: the last event's id, and the milliseconds to wait before it is taken up again. */
  readonly cut: { readonly lastEventId: string | undefined; readonly retryMs: number | undefined } | undefined
}

export interface Sent {
  readonly method: 'POST' | 'GET' | 'DELETE'
  readonly headers: { readonly [name: string]: string }
  readonly body?: string
  /** JSON text of the id whose answer is waited for; absent where none is. */
  readonly idText?: string
}

export interface Listening {
  /** Its reason is thrown when it is aborted. */
  readonly signal: AbortSignal
  /** Told of every message that is not the answer. */
  readonly hear: (message: Exclude<RpcMessage, { kind: 'response' }>) => void
}

/** Bytes of a reply that is no message: a problem document has some hundred. */
const textBytesMax = 16 * 1024

/** Rejects with a `CommandError`: status 3 where nobody answers, 1 where what comes is no message of MCP. */
export async function exchange(endpoint: Endpoint, sent: Sent, { signal, hear }: Listening): Promise<Reply> {
  const { method, headers, body, idText } = sent
  const authorization = endpoint.token !== undefined && { authorization: `Bearer ${endpoint.token}` }
  const failed = (cause: unknown): unknown => (signal.aborted ? signal.reason : unanswered(endpoint, cause))
  const response = await fetch(endpoint.url, {
    method,
    headers: { ...headers, ...authorization },
    ...(body !== undefined && { body }),
    redirect: 'manual',
    signal,
  }).catch((cause: unknown) => {
    throw failed(cause)
  })
  try {
    return await read(response, idText, { signal, hear })
  } catch (cause) {
    throw cause instanceof BrokenOff ? failed(cause.cause) : cause
  }
}

async function read(response: Response, idText: string | undefined, { signal, hear }: Listening): Promise<Reply> {
  const { status, headers, ok } = response
  const base = { status, headers, answer: undefined, text: '', cut: undefined }
  const type = mediaTypeOf(headers.get('content-type') ?? undefined)
  if (idText !== undefined && ok && type === 'text/event-stream')
    return { ...base, ...(await answerInEvents(response, idText, hear, signal)) }
  const isJson = type === 'application/json'
  const bytes = await bytesOf(response, isJson ? limits.mcpMessageBytesMax : textBytesMax, isJson)
  const answer = idText === undefined || !isJson ? undefined : answerIn(bytes, idText, ok)
  return answer === undefined ? { ...base, text: bytes.toString('utf8') } : { ...base, answer }
}

/** The connection failed while a reply was read. */
class BrokenOff extends Error {
  override readonly name = 'BrokenOff'
}

/** What fails here is the connection, and nothing of ours. */
async function* piecesOf({ body }: Response): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    if (body !== null) yield* body
  } catch (cause) {
    throw new BrokenOff('the reply broke off', { cause })
  }
}

/** Codes of failures behind the request: nobody knows whether it was acted on. */
const sentCodes = /^(?:UND_ERR_(?:SOCKET|HEADERS_TIMEOUT|BODY_TIMEOUT)|ECONNRESET|EPIPE|HPE_)/

function unanswered({ url }: Endpoint, cause: unknown): CommandError {
  const reason = visible(reasonOf(cause))
  const text = sentCodes.test(codeOf(cause))
    ? `\`${url.origin}\` broke off without an answer: ${reason}; whether anything was done is not known`
    : `\`${url.origin}\` cannot be reached: ${reason}`
  return new CommandError(text, exitStatus.unreachable)
}

/** Beyond the bound the rest is not read; what must be whole then fails. */
async function bytesOf(response: Response, bytesMax: number, mustBeWhole: boolean): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of piecesOf(response)) {
    pieces.push(piece)
    length += piece.byteLength
    if (length <= bytesMax) continue
    if (mustBeWhole) throw broken(`a message of more than ${bytesMax} bytes`)
    break
  }
  return Buffer.concat(pieces).subarray(0, bytesMax)
}

/** Undefined for JSON that is no message at a status that needs none, such as a problem document. */
function answerIn(bytes: Buffer, idText: string, isOk: boolean): Answer | undefined {
  let message: RpcMessage
  try {
    message = readMessage(bytes)
  } catch (cause) {
    if (!isOk && cause instanceof CommandError) return undefined
    throw cause
  }
  if (message.kind !== 'response') throw broken('a message that is no answer')
  return answerOf(message, bytes, idText)
}

/** A stream that breaks off can be taken up again, if it has said where, just like one that ends. */
async function answerInEvents(response: Response, idText: string, hear: Listening['hear'], signal: AbortSignal) {
  const reader = new SseReader(limits.mcpMessageBytesMax)
  let lastEventId: string | undefined
  let retryMs: number | undefined
  try {
    // Leaving the loop cancels the stream.
    for await (const piece of piecesOf(response)) {
      for (const { data, id, retry } of eventsIn(reader, piece)) {
        lastEventId = id ?? lastEventId
        retryMs = retry ?? retryMs
        if (data === '') continue
        const bytes = Buffer.from(data)
        const message = readMessage(bytes)
        if (message.kind === 'response') return { answer: answerOf(message, bytes, idText) }
        hear(message)
      }
    }
  } catch (cause) {
    if (!(cause instanceof BrokenOff) || signal.aborted) throw cause
  }
  return { cut: { lastEventId, retryMs } }
}

function eventsIn(reader: SseReader, piece: Uint8Array) {
  try {
    return reader.take(piece)
  } catch (cause) {
    throw cause instanceof SseError ? broken(`a stream that cannot be read: ${cause.message}`) : cause
  }
}

function readMessage(bytes: Buffer): RpcMessage {
  try {
    return readRpc(parseJson(bytes))
  } catch (cause) {
    if (cause instanceof JsonError || cause instanceof Fault)
      throw broken(`what is no message of MCP: ${visible(cause.message)}`)
    throw cause
  }
}

function answerOf(message: Extract<RpcMessage, { kind: 'response' }>, bytes: Buffer, idText: string): Answer {
  const { outcome } = message
  // An error about a message that could not be read has no id (JSON-RPC section 5).
  const isOurs = message.idText === idText || (message.idText === undefined && 'error' in outcome)
  if (!isOurs) throw broken('the answer to what was not asked')
  return 'result' in outcome
    ? { kind: 'result', result: outcome.result, bytes }
    : { kind: 'error', error: outcome.error, bytes }
}

function broken(what: string): CommandError {
  return new CommandError(`the endpoint sent ${what}`, exitStatus.finding)
}
