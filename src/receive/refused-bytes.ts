/** What node:http's parser and TLS say about bytes that are no call, in the words of the fault table. */
import { Fault, type FaultCode, faults } from '../model/index.ts'

/** llhttp's error codes for a message whose length can be read in two ways (RFC 9112 section 6.3). */
const framingCodes: ReadonlySet<string> = new Set([
  'HPE_INVALID_CONTENT_LENGTH',
  'HPE_UNEXPECTED_CONTENT_LENGTH',
  'HPE_INVALID_TRANSFER_ENCODING',
  'HPE_INVALID_CHUNK_SIZE',
  'HPE_CHUNK_EXTENSIONS_OVERFLOW',
  'ERR_HTTP_CHUNK_EXTENSIONS_OVERFLOW',
])

/** The fault of a parser error; undefined when the peer merely went away. */
export function parserFault(error: Error & { code?: string; reason?: string }): Fault | undefined {
  const code = error.code ?? ''
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNABORTED' || code === 'ETIMEDOUT') return undefined
  const detail = `${code || error.name}: ${error.reason ?? error.message}`
  if (code === 'HPE_HEADER_OVERFLOW') return new Fault('header_too_large', detail)
  return new Fault(framingCodes.has(code) ? 'framing_refused' : 'http_malformed', detail)
}

/** Whether the peer ended the connection inside a message: its bytes are in order, it merely went away. */
export function endsTooEarly(error: Error & { code?: string }): boolean {
  return error.code === 'HPE_INVALID_EOF_STATE'
}

/** A whole reply without body for bytes that are no call: there is no decision, so there are no problem details. */
export function bareReply(code: FaultCode): string {
  const status = faults[code].status
  const phrase = phrases[status]
  return phrase === undefined ? '' : `HTTP/1.1 ${status} ${phrase}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
}

const phrases: { readonly [status: number]: string } = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
}
