/** Which replies can be masked at all: plain, strict JSON of a bounded size. Every other one is withheld. */
import { Fault, isJsonMediaType, limits } from '../model/index.ts'
import { JsonError, mediaTypeOf, parseJson } from '../wire/index.ts'
import type { UpstreamHeaders } from './reply-head.ts'

/** Only plain JSON of a bounded size can be masked; the header says so before any byte is kept. */
export function refuseUnmaskable(headers: UpstreamHeaders, lengthBytes: number | null): Fault | undefined {
  const coding = headers['content-encoding']
  if (coding !== undefined && coding !== 'identity')
    return new Fault('reply_not_maskable', `the reply is encoded with \`${String(coding).slice(0, 80)}\``)
  const type = headers['content-type']
  const media = mediaTypeOf(typeof type === 'string' ? type : undefined)
  if (lengthBytes !== 0 && !isJsonMediaType(media))
    return new Fault('reply_not_maskable', `the reply is \`${media ?? 'untyped'}\`, expected JSON`)
  return lengthBytes !== null && lengthBytes > limits.maskedReplyBytesMax ? tooLargeToMask() : undefined
}

export function tooLargeToMask(): Fault {
  return new Fault('reply_not_maskable', `the reply has more than ${limits.maskedReplyBytesMax} bytes`)
}

/** A reader that takes the other one of two equal keys would see what was to be masked: the reply must be strict JSON. */
export function refuseNotJson(bytes: Buffer): Fault | undefined {
  try {
    parseJson(bytes)
    return undefined
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause
    return new Fault('reply_not_maskable', `the reply is not strict JSON: ${cause.message}`, { cause })
  }
}
