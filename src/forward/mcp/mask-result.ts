/**
 * The obligation `mask_response` on a result of a tool: the fields are masked where the result is structured and where the same is
 * said as text. What cannot be masked, because it is no JSON, is withheld.
 */
import { Fault, isJsonObject, type Json, type JsonObject } from '../../model/index.ts'
import { type JsonEdit, JsonError, memberOf, parseJson, printJson } from '../../wire/index.ts'
import type { Mask } from '../mask.ts'

/** `bytes` is the message whose `result` this is. Faults with `reply_not_maskable`. */
export function maskResult(bytes: Buffer, result: JsonObject, mask: Mask): readonly JsonEdit[] {
  const edits: JsonEdit[] = []
  const structured = memberOf(bytes, ['result', 'structuredContent'])
  if (structured !== undefined)
    edits.push({ path: ['result', 'structuredContent'], text: mask.apply(structured).toString('utf8') })
  const { content } = result
  if (content !== undefined) edits.push({ path: ['result', 'content'], text: printJson(maskedContent(content, mask)) })
  // Prompts, resources and whatever else carries content elsewhere.
  for (const key of ['contents', 'messages'])
    if (result[key] !== undefined) throw withheld(`the result has \`${key}\`, in which no field can be masked`)
  return edits
}

function maskedContent(content: Json, mask: Mask): Json {
  if (!Array.isArray(content)) throw withheld('`content` of the result is no list')
  return content.map((block: Json) => {
    if (!isJsonObject(block) || block.type !== 'text' || typeof block.text !== 'string')
      throw withheld('a block of the result is no text')
    return { ...block, text: maskedText(block.text, mask) }
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

function withheld(what: string): Fault {
  return new Fault('reply_not_maskable', what)
}
