/**
 * The content of a call: its body, read and parsed exactly when somebody looks at it, and the arguments that the described
 * operation takes from it. A body that must be looked at and cannot be is refused, never passed by.
 */
import {
  type Call,
  Fault,
  type HttpTarget,
  isJsonMediaType,
  type McpAsk,
  type ParsedJson,
  type Target,
} from '../model/index.ts'
import type { Content, Needs } from './input.ts'

/** Strict JSON; faults with `body_malformed` or `body_too_deep`. */
export type ParseBody = (bytes: Uint8Array) => ParsedJson

/**
 * A promise only where a body is read. `policy` is what the policy reads; `recorded` says that the record wants it all.
 * Faults: `body_media_type`, `body_encoded`, what `ParseBody` and `CallBody.bytes` fault with, `argument_*`.
 */
export function readContent(
  call: Call,
  target: Target,
  policy: Needs,
  recorded: boolean,
  parseBody: ParseBody,
): Content | Promise<Content> {
  if (target.mcp !== undefined) return argumentsOf(target.mcp)
  if (target.document !== undefined) return undescribed
  const { operation } = target
  if (call.body.lengthBytes === 0) return contentOf(call, target, undefined)
  if (operation !== undefined) {
    if (!operation.readsBody) return contentOf(call, target, undefined)
  } else if (!policy.body && !(recorded && isJsonMediaType(call.body.mediaType)))
    return contentOf(call, target, undefined)
  return readBody(call, target, parseBody).then((body) => contentOf(call, target, body))
}

/** JSON between systems is UTF-8 (RFC 8259 section 8.1), and its media type has no `charset` (section 11). */
const charsetOfJson = /^[^;]*;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*;?[ \t]*$/i

/** A reader that trusts another `charset` would find other strings, even other fields, in the same bytes. */
function hasOtherCharset(contentType: string | undefined): boolean {
  return contentType !== undefined && /charset/i.test(contentType) && !charsetOfJson.test(contentType)
}

/** A message was read to find its way: nothing of it is left to be read. */
function argumentsOf({ arguments: given, sent }: McpAsk): Content {
  if (given === undefined) return undescribed
  return sent === undefined
    ? { arguments: given, described: true }
    : { arguments: given, parsed: sent, described: true }
}

async function readBody(call: Call, target: HttpTarget, parseBody: ParseBody): Promise<ParsedJson | undefined> {
  const { mediaType } = call.body
  const encoding = call.headers.get('content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new Fault('body_encoded', `the body has a Content-Encoding, and route \`${target.route.id}\` must look at it`)
  // A body under another name would be read by many services all the same, and policy would not have seen it.
  if (!isJsonMediaType(mediaType)) {
    const bytes = await call.body.bytes(target.route.parsedBodyBytesMax)
    if (bytes.length === 0) return undefined
    throw new Fault(
      'body_media_type',
      `the body is ${mediaType === undefined ? 'of no stated type' : 'not JSON'}, and route \`${target.route.id}\` must look at it`,
    )
  }
  if (hasOtherCharset(call.headers.get('content-type')))
    throw new Fault(
      'body_media_type',
      `the body's charset is not UTF-8, and route \`${target.route.id}\` must look at it`,
    )
  const bytes = await call.body.bytes(target.route.parsedBodyBytesMax)
  return bytes.length === 0 ? undefined : parseBody(bytes)
}

function contentOf(call: Call, { operation, route }: HttpTarget, parsed: ParsedJson | undefined): Content {
  if (operation === undefined) return undescribedOf(parsed)
  try {
    const found = operation.argumentsOf(call, parsed?.value)
    return parsed === undefined ? { arguments: found, described: true } : { arguments: found, parsed, described: true }
  } catch (cause) {
    // `undescribed: allow`: a call with more than the description has is no operation of it.
    if (route.undescribed !== 'allow' || !(cause instanceof Fault) || cause.code !== 'argument_unknown') throw cause
    return undescribedOf(parsed)
  }
}

const undescribed: Content = { described: false }

function undescribedOf(parsed: ParsedJson | undefined): Content {
  return parsed === undefined ? undescribed : { body: parsed.value, parsed, described: false }
}
