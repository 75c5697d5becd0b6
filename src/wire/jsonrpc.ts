/**
 * JSON-RPC 2.0 as MCP uses it: one message, no batches, named parameters, ids that are strings or integers. What is read
 * stays as it was written; errors are written here.
 */
import { type Fault, isJsonObject, type Json, type JsonObject, limits } from '../model/index.ts'
import { rpcFault } from './agent-fault.ts'
import { printJson } from './json.ts'

export type RpcMessage =
  | { readonly kind: 'request'; readonly method: string; readonly idText: string; readonly params: JsonObject }
  | { readonly kind: 'notification'; readonly method: string; readonly params: JsonObject }
  | {
      readonly kind: 'response'
      /** Absent in an error about a message that could not be read. */
      readonly idText?: string
      readonly outcome: { readonly result: JsonObject } | { readonly error: JsonObject }
    }

const noParams: JsonObject = Object.freeze({})
/** Visible ASCII, as every method of the specification is. */
const methodForm = /^[\x21-\x7e]+$/

/**
 * Faults with `rpc_malformed`. `id` of a request is a string or an integer, never null (MCP, "Requests"); a response has either
 * `result` or `error`, both objects; no message has members of two kinds.
 */
export function readRpc(value: Json): RpcMessage {
  if (Array.isArray(value)) throw malformed('it is a batch, expected one message')
  if (!isJsonObject(value)) throw malformed('it is no object')
  const idText = idTextOf(value)
  if (value.jsonrpc !== '2.0') throw malformed('`jsonrpc` is not `2.0`', idText)
  const { method } = value
  const answers = Object.hasOwn(value, 'result') || Object.hasOwn(value, 'error')
  if (method === undefined) return readResponse(value, idText)
  if (answers) throw malformed('it has a `method` and an answer', idText)
  if (typeof method !== 'string' || method.length > limits.rpcMethodCharsMax || !methodForm.test(method))
    throw malformed('`method` is no name of a method', idText)
  const params = value.params === undefined ? noParams : value.params
  if (!isJsonObject(params)) throw malformed('`params` is no object', idText)
  return idText === undefined ? { kind: 'notification', method, params } : { kind: 'request', method, idText, params }
}

function readResponse(value: JsonObject, idText: string | undefined): RpcMessage {
  const { result, error } = value
  if ((result === undefined) === (error === undefined))
    throw malformed('it has neither a `method` nor one of `result` and `error`', idText)
  const id = idText !== undefined && { idText }
  if (isJsonObject(result)) return { kind: 'response', ...id, outcome: { result } }
  if (!isJsonObject(error)) throw malformed('`result` or `error` is no object', idText)
  const { code, message } = error
  if (typeof code !== 'number' || !Number.isSafeInteger(code) || typeof message !== 'string')
    throw malformed('`error` has no whole `code` and no `message`', idText)
  return { kind: 'response', ...id, outcome: { error } }
}

/** The JSON text of a message's id; absent where there is none. Null is allowed nowhere but in an error without a request. */
function idTextOf(value: JsonObject): string | undefined {
  if (!Object.hasOwn(value, 'id')) return undefined
  const { id } = value
  if (id === null && Object.hasOwn(value, 'error')) return undefined
  const text = idText(id)
  if (text === undefined) throw malformed('`id` is no string or integer')
  return text
}

/** One text for one id: `1` and `"1"` are two. Undefined for what is no id, or is too long to be kept. */
export function idText(id: Json | undefined): string | undefined {
  const isId = typeof id === 'string' || typeof id === 'bigint' || (typeof id === 'number' && Number.isSafeInteger(id))
  if (!isId) return undefined
  const text = printJson(id)
  return text.length <= limits.rpcIdCharsMax ? text : undefined
}

function malformed(what: string, id?: string): Fault {
  return rpcFault('rpc_malformed', `the message is no JSON-RPC message: ${what}`, id)
}

/** An answer with an error. `idText` is absent where no id could be read: then it is null (JSON-RPC section 5). */
export function rpcErrorText(idText: string | undefined, code: number, message: string, data?: Json): string {
  return `{"jsonrpc":"2.0","id":${idText ?? 'null'},"error":${printJson({ code, message, ...(data !== undefined && { data }) })}}`
}

export function rpcResultText(idText: string, result: Json): string {
  return `{"jsonrpc":"2.0","id":${idText},"result":${printJson(result)}}`
}
