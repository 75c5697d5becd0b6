/** Why a try fails, and what that is in the words of the fault table. */
import { Fault, type Upstream } from '../model/index.ts'
import { MalformedReply } from './reply-head.ts'

/** The connection ended before the reply did. */
export class UpstreamCut extends Error {
  override readonly name = 'UpstreamCut'
}

/** No header came in time, or the body stood still. */
export class UpstreamTimeout extends Error {
  override readonly name = 'UpstreamTimeout'
  readonly waitedFor: 'header' | 'body'

  constructor(waitedFor: 'header' | 'body') {
    super(`the ${waitedFor} did not come in time`)
    this.waitedFor = waitedFor
  }
}

/** How far the try had come. */
export type Progress = 'unsent' | 'sent' | 'answered'

/** The fault of a failed try. An error that is a fault already (of the agent's own body) stays what it is. */
export function upstreamFault(error: Error & { code?: string }, progress: Progress, upstream: Upstream): Fault {
  if (error instanceof Fault) return error
  const code = error.code ?? error.name
  const detail = `upstream \`${upstream.id}\`: ${code}: ${error.message}`
  if (code === 'EGRESS_REFUSED') return new Fault('upstream_refused_address', detail, { cause: error })
  if (progress === 'unsent') return new Fault('upstream_unreachable', detail, { cause: error })
  if (error instanceof UpstreamTimeout)
    return new Fault(
      'upstream_timeout',
      error.waitedFor === 'header'
        ? `upstream \`${upstream.id}\`: no reply within ${upstream.headersMsMax} ms`
        : `upstream \`${upstream.id}\`: the reply stood still for ${upstream.idleMsMax} ms`,
    )
  if (error instanceof MalformedReply) return new Fault('upstream_malformed', detail, { cause: error })
  return new Fault('upstream_cut', detail, { cause: error })
}
