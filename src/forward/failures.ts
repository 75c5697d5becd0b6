/** What undici says when a try fails, in the words of the fault table. */
import { errors } from 'undici'
import { Fault, type Upstream } from '../model/index.ts'

/** How far the try had come. */
export type Progress = 'unsent' | 'sent' | 'answered'

/** The fault of a failed try. An error that is a fault already (of the agent's own body) stays what it is. */
export function upstreamFault(error: Error & { code?: string }, progress: Progress, upstream: Upstream): Fault {
  if (error instanceof Fault) return error
  const code = error.code ?? error.name
  const detail = `upstream \`${upstream.id}\`: ${code}: ${error.message}`
  if (code === 'EGRESS_REFUSED') return new Fault('upstream_refused_address', detail, { cause: error })
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || progress === 'unsent')
    return new Fault('upstream_unreachable', detail, { cause: error })
  if (code === 'UND_ERR_HEADERS_TIMEOUT')
    return new Fault('upstream_timeout', `upstream \`${upstream.id}\`: no reply within ${upstream.headersMsMax} ms`)
  if (code === 'UND_ERR_BODY_TIMEOUT')
    return new Fault(
      'upstream_timeout',
      `upstream \`${upstream.id}\`: the reply stood still for ${upstream.idleMsMax} ms`,
    )
  if (isMalformed(error, progress)) return new Fault('upstream_malformed', detail, { cause: error })
  return new Fault('upstream_cut', detail, { cause: error })
}

/**
 * Whether the bytes were no HTTP. undici's parser also complains when the connection ends inside a message, then about no byte at
 * all; and it speaks of a wrong length when a broken header names one.
 */
function isMalformed(error: Error, progress: Progress): boolean {
  // Status codes below 100 and upgrades that nobody asked for are no parser errors to undici: it asserts that there are none.
  if ((error as { readonly code?: string }).code === 'ERR_ASSERTION') return true
  if (error instanceof errors.HTTPParserError) return (error as { readonly data?: string }).data !== ''
  return (
    error instanceof errors.HeadersOverflowError ||
    (error instanceof errors.ResponseContentLengthMismatchError && progress !== 'answered')
  )
}
