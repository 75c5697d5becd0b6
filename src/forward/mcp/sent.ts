/**
 * The arguments of a message with the bytes that they came as. Those are looked for when somebody wants them, which a record does, so that
 * nothing is printed anew that was read a moment ago.
 */
import { asBuffer, isJsonObject, type JsonObject, type McpMessage, type ParsedJson } from '../../model/index.ts'
import { memberOf } from '../../wire/index.ts'

export class Sent implements ParsedJson {
  readonly value: JsonObject
  readonly #message: Uint8Array
  #bytes: Uint8Array | undefined = undefined

  /** `value` is `params.arguments` of the message. */
  constructor(value: JsonObject, message: Uint8Array) {
    this.value = value
    this.#message = message
  }

  get bytes(): Uint8Array {
    this.#bytes ??= memberOf(asBuffer(this.#message), ['params', 'arguments'])
    if (this.#bytes === undefined) throw new Error('the message that was read has no `params.arguments`')
    return this.#bytes
  }
}

/** What the message gives as arguments; nothing where it gives none. */
export function sentOf({ params, body }: McpMessage): { readonly arguments?: JsonObject; readonly sent?: ParsedJson } {
  const given = params.arguments
  if (!isJsonObject(given)) return {}
  return body === undefined ? { arguments: given } : { arguments: given, sent: new Sent(given, body.bytes) }
}
