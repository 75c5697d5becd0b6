/** What undici says when a try fails, in the words of the fault table. */
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
  if (code === 'HPE_INVALID_EOF_STATE') return new Fault('upstream_cut', detail, { cause: error })
  if (code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW')
    return new Fault('upstream_malformed', detail, { cause: error })
  return new Fault('upstream_cut', detail, { cause: error })
}
