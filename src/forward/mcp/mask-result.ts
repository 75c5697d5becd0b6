/**
 * The obligation `mask_response` on what a server says during a call: nothing of it reaches the agent but what the mask was laid on, and
 * what the protocol gives a fixed form. So a value cannot be had by saying it somewhere else. What cannot be masked is withheld.
 */
import { Fault, isJsonObject, type Json } from '../../model/index.ts'
import {
  editJson,
  JsonError,
  memberOf,
  metaKeys,
  parseJson,
  printJson,
  type RpcMessage,
  rpcErrorText,
} from '../../wire/index.ts'
import type { Mask } from '../mask.ts'

type Response = Extract<RpcMessage, { kind: 'response' }>
type Notification = Extract<RpcMessage, { kind: 'notification' }>

/** In place of what a server says of an error of its own. */
const withheldError = 'the tool server answered with an error whose text cannot be masked'

/** The answer as the agent gets it: `bytes` is the message, `idText` the agent's id. Faults with `reply_not_maskable`. */
export function maskedAnswer(bytes: Buffer, { outcome }: Response, idText: string | undefined, mask: Mask): Buffer {
  if ('error' in outcome) return Buffer.from(rpcErrorText(idText, Number(outcome.error.code), withheldError))
  const { result } = outcome
  const { resultType, isError } = result
  if (resultType !== undefined && resultType !== 'complete')
    throw withheld(`in a result of the type \`${printJson(resultType).slice(0, 80)}\` no field can be masked`)
  const members: string[] = resultType === undefined ? [] : ['"resultType":"complete"']
  if (result.content !== undefined) members.push(`"content":${printJson(maskedContent(result.content, mask))}`)
  const structured = memberOf(bytes, ['result', 'structuredContent'])
  if (structured !== undefined) members.push(`"structuredContent":${mask.apply(structured).toString('utf8')}`)
  else if (result.content === undefined)
    throw withheld('the result has neither `content` nor `structuredContent`, in which alone fields can be masked')
  if (typeof isError === 'boolean') members.push(`"isError":${isError}`)
  return Buffer.from(`{"jsonrpc":"2.0","id":${idText ?? 'null'},"result":{${members.join(',')}}}`)
}

/** A list, or another document that the gateway made itself: masked like the body of a reply over HTTP. */
export function maskedDocument(bytes: Buffer, mask: Mask): Buffer {
  const result = memberOf(bytes, ['result'])
  return result === undefined
    ? bytes
    : editJson(bytes, [{ path: ['result'], text: mask.apply(result).toString('utf8') }])
}

/** Notifications that say nothing but that something changed. */
const bare = /^notifications\/(tools|prompts|resources)\/list_changed$/

/**
 * What a server tells while it works: how far it is, in numbers, and that lists changed. Undefined for everything else: it is text without
 * a form. `tokenText` and `subscriptionText` are what the agent knows it by.
 */
export function maskedNotification(
  { method, params }: Notification,
  { tokenText, subscriptionText }: { readonly tokenText?: string; readonly subscriptionText?: string },
): Buffer | undefined {
  const meta = subscriptionText === undefined ? '' : `"_meta":{${printJson(metaKeys.subscription)}:${subscriptionText}}`
  const { progress, total } = params
  if (bare.test(method)) return Buffer.from(`{"jsonrpc":"2.0","method":"${method}","params":{${meta}}}`)
  if (method !== 'notifications/progress' || tokenText === undefined || typeof progress !== 'number') return undefined
  const whole = typeof total === 'number' ? `,"total":${printJson(total)}` : ''
  const far = `"progressToken":${tokenText},"progress":${printJson(progress)}${whole}`
  return Buffer.from(`{"jsonrpc":"2.0","method":"${method}","params":{${far}}}`)
}

function maskedContent(content: Json, mask: Mask): Json {
  if (!Array.isArray(content)) throw withheld('`content` of the result is no list')
  return content.map((block: Json) => {
    if (!isJsonObject(block) || block.type !== 'text' || typeof block.text !== 'string')
      throw withheld('a block of the result is no text')
    return { type: 'text', text: maskedText(block.text, mask) }
  })
}

function maskedText(text: string, mask: Mask): string {
  const bytes = Buffer.from(text)
  try {
    parseJson(bytes)
  } catch (cause) {
    if (cause instanceof JsonError) throw withheld(`a text of the result is not strict JSON: ${cause.message}`)
    throw cause
  }
  return mask.apply(bytes).toString('utf8')
}

export function withheld(what: string): Fault {
  return new Fault('reply_not_maskable', what)
}
