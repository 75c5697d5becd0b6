/**
 * Messages of a server in the words of the hop towards the agent: ids and progress tokens are the agent's own again, with their
 * type, and every other byte is as the server wrote it. What no server may send is a fault.
 */
import { Fault, isJsonObject, type Json, type McpMessage, property } from '../../model/index.ts'
import {
  editJson,
  idText,
  type JsonEdit,
  JsonError,
  metaKeys,
  parseJson,
  printJson,
  type RpcMessage,
  readRpc,
  saysResourceUnknown,
  unknownText,
} from '../../wire/index.ts'
import type { Mask } from '../mask.ts'
import { maskedAnswer, maskedNotification } from './mask-result.ts'

/** What is kept of a request while it has no answer. */
export type Asked = Pick<McpMessage, 'era' | 'method' | 'idText' | 'name'>

/**
 * A request of an agent on its way: what it was called before this hop, and what it is called behind it. It may wait for its answer as
 * long as its session lives, so nothing of its body is in it.
 */
export interface Hop {
  readonly message: Asked
  /** What is masked of its answer, and of everything that is said meanwhile. */
  readonly mask: Mask | undefined
  /** JSON text of the id, and of the progress token, that the server was given. */
  readonly ownIdText: string
  /** JSON text of the agent's progress token; absent where it gave none. */
  readonly progressText?: string
}

/** Strict JSON that is one message. Faults with `upstream_rpc`. */
export function readServerMessage(bytes: Buffer): { readonly message: RpcMessage; readonly value: Json } {
  try {
    const value = parseJson(bytes)
    return { message: readRpc(value), value }
  } catch (cause) {
    if (cause instanceof JsonError || cause instanceof Fault)
      throw new Fault('upstream_rpc', `the server's message cannot be read: ${cause.message}`, { cause })
    throw cause
  }
}

const resultTypes: ReadonlySet<Json> = new Set(['complete', 'input_required', 'task'])

/** The answer to a request, for the agent. Faults: `upstream_rpc`, `reply_not_maskable`. */
export function translateResponse(
  bytes: Buffer,
  message: Extract<RpcMessage, { kind: 'response' }>,
  { message: asked, mask, ownIdText }: Hop,
): Buffer {
  if (message.idText !== undefined && message.idText !== ownIdText)
    throw new Fault('upstream_rpc', `the server answered \`${message.idText}\`, which was not asked`)
  if (saysUnknown(asked, message)) return Buffer.from(unknownText('resource', asked))
  const edits: JsonEdit[] = [{ path: ['id'], text: asked.idText }]
  if ('result' in message.outcome) {
    const { result } = message.outcome
    const type = result.resultType
    // 2026-07-28 "Results": an absent type is a complete result of an older server, an unknown one nothing that can be used.
    if (asked.era === 'modern' && type !== undefined && !resultTypes.has(type))
      throw new Fault('upstream_rpc', `the result has the type \`${printJson(type).slice(0, 80)}\``)
    if (property(result._meta, metaKeys.subscription) !== undefined)
      edits.push({ path: ['result', '_meta', metaKeys.subscription], text: asked.idText })
  }
  if (mask !== undefined) return maskedAnswer(bytes, message, asked.idText, mask)
  return editJson(bytes, edits)
}

/**
 * Whether the answer says that the resource is not there. Then the agent is told in the gateway's own words: else what is hidden could
 * be told from what is not there.
 */
export function saysUnknown({ method }: Asked, { outcome }: Extract<RpcMessage, { kind: 'response' }>): boolean {
  return method.names === 'resource' && 'error' in outcome && saysResourceUnknown(outcome.error.code)
}

/**
 * What a server tells while a request runs. Undefined where it is about nothing of this agent's, or must not be said: `masks` tells
 * whether a reply that it may be about is masked.
 */
export function translateNotification(
  bytes: Buffer,
  message: Extract<RpcMessage, { kind: 'notification' }>,
  hopOf: (ownIdText: string) => Hop | undefined,
  masks: boolean,
): Buffer | undefined {
  const { params } = message
  const edits: JsonEdit[] = []
  let tokenText: string | undefined
  if (message.method === 'notifications/progress') {
    const token = idText(params.progressToken)
    tokenText = token === undefined ? undefined : hopOf(token)?.progressText
    if (tokenText === undefined) return undefined
    edits.push({ path: ['params', 'progressToken'], text: tokenText })
  }
  const subscription = property(params._meta, metaKeys.subscription)
  let subscriptionText: string | undefined
  if (subscription !== undefined) {
    const own = idText(subscription)
    subscriptionText = own === undefined ? undefined : hopOf(own)?.message.idText
    if (subscriptionText === undefined) return undefined
    edits.push({ path: ['params', '_meta', metaKeys.subscription], text: subscriptionText })
  }
  if (masks)
    return maskedNotification(message, {
      ...(tokenText !== undefined && { tokenText }),
      ...(subscriptionText !== undefined && { subscriptionText }),
    })
  return edits.length === 0 ? bytes : editJson(bytes, edits)
}

/** A message of an agent for a server: our id of a request, our progress token, our span, the server's own name of what is asked for. */
export function translateRequest(
  body: Buffer,
  message: McpMessage,
  change: { readonly ownIdText: string; readonly trace: string; readonly edits: readonly JsonEdit[] },
): { readonly body: Buffer; readonly progressText?: string } {
  const { ownIdText, trace, edits } = change
  const { _meta: meta } = message.params
  const all: JsonEdit[] = [...edits]
  // An answer keeps the id of the server's own request, which stands among the edits.
  if (message.kind === 'request') all.push({ path: ['id'], text: ownIdText })
  const token = property(meta, 'progressToken')
  const progressText = token === undefined ? undefined : idText(token)
  if (token !== undefined) all.push({ path: ['params', '_meta', 'progressToken'], text: progressText && ownIdText })
  if (isJsonObject(meta) && meta.traceparent !== undefined)
    all.push({ path: ['params', '_meta', 'traceparent'], text: printJson(trace) })
  const edited = editJson(body, all)
  return progressText === undefined ? { body: edited } : { body: edited, progressText }
}
