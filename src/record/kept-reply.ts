/**
 * The body of a reply on its way to the agent, kept for the outcome record as far as it fits: JSON as it is, other text as a text, anything
 * else in base64.
 */
import { isUtf8 } from 'node:buffer'
import { isJsonMediaType, limits, quote, textOf } from '../model/index.ts'
import { parseJson } from '../wire/index.ts'

/** Characters that it may take in the record: half of what a record may have. */
const textCharsMax = limits.recordBytesMax / 2

export class KeptReply {
  private readonly pieces: Uint8Array[] = []
  private sizeBytes = 0

  add(bytes: Uint8Array): void {
    this.sizeBytes += bytes.length
    if (this.sizeBytes <= limits.recordedReplyBytesMax) this.pieces.push(bytes)
    else this.pieces.length = 0
  }

  /** `,"reply":{...},"reply_form":"json"`, or why it is not there. `headers` are the reply's, name and value in turn. */
  text(headers: readonly string[]): string {
    if (this.sizeBytes > limits.recordedReplyBytesMax) return omitted
    const bytes = Buffer.concat(this.pieces)
    const { text, form } = printed(bytes, headers)
    return text.length > textCharsMax ? omitted : `,"reply":${text},"reply_form":"${form}"`
  }
}

const omitted = ',"reply_omitted":"size"'

type Form = 'json' | 'text' | 'base64'

function printed(bytes: Buffer, headers: readonly string[]): { readonly text: string; readonly form: Form } {
  const isEncoded = (headerOf('content-encoding', headers) ?? 'identity') !== 'identity'
  if (isEncoded || !isUtf8(bytes)) return { text: `"${bytes.toString('base64')}"`, form: 'base64' }
  const mediaType = headerOf('content-type', headers)?.split(';', 1)[0]?.trim().toLowerCase()
  const json = bytes.length > 0 && isJsonMediaType(mediaType) ? jsonText(bytes) : undefined
  return json === undefined ? { text: quote(bytes.toString('utf8')), form: 'text' } : { text: json, form: 'json' }
}

/** In one line; undefined where it is no strict JSON. */
function jsonText(bytes: Buffer): string | undefined {
  try {
    const value = parseJson(bytes)
    const text = bytes.toString('utf8')
    return text.includes('\n') || text.includes('\r') ? textOf(value) : text
  } catch {
    return undefined
  }
}

function headerOf(name: string, headers: readonly string[]): string | undefined {
  for (let place = 0; place + 1 < headers.length; place += 2)
    if (headers[place]?.toLowerCase() === name) return headers[place + 1]?.toLowerCase()
  return undefined
}
