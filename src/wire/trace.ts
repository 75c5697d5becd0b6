/** W3C Trace Context (level 2, `traceparent` and `tracestate`): read, continued with a span of our own, written. */
import type { RandomBytes, Trace } from '../model/index.ts'

/** 32 list members and 512 characters: what the recommendation makes everybody pass on (section 3.3.1.5). */
const stateCharsMax = 512
const stateMembersMax = 32
const parentPattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const zeroTrace = '0'.repeat(32)
const zeroSpan = '0'.repeat(16)
/** One member: key (simple or `tenant@system`), `=`, printable value without `,` and `=` (section 3.3.1.3). */
const memberPattern =
  /^[a-z0-9][a-z0-9_\-*/]{0,255}(?:@[a-z][a-z0-9_\-*/]{0,13})?=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/
/** Sampled and random-trace-id (section 3.2.2.5): the only flags of level 2; a new trace is both, since the log records it. */
const flagBits = 0x03
const newFlags = '03'

/** Makes the trace of a call from what the agent sent: continued when `parent` is valid, new otherwise. */
export type MakeTrace = (parent: string | undefined, state: string | undefined) => Trace

/** `randomBytes` is asked for 3 KiB at a time: one system call for about 128 calls. */
export function makeTraceMaker(randomBytes: RandomBytes): MakeTrace {
  const poolBytes = 3072
  let pool = ''
  let used = 0
  const hex = (digits: number): string => {
    if (used + digits > pool.length) {
      pool = Buffer.from(randomBytes(poolBytes)).toString('hex')
      used = 0
    }
    const text = pool.slice(used, used + digits)
    used += digits
    return text
  }
  const span = (): string => {
    const text = hex(16)
    return text === zeroSpan ? span() : text
  }
  const trace = (): string => {
    const text = hex(32)
    return text === zeroTrace ? trace() : text
  }
  return (parent, state) => {
    if (parent === undefined) return { traceId: trace(), spanId: span(), flags: newFlags }
    const match = parentPattern.exec(parent)
    const [, version, traceId, parentId, flags, rest] = match ?? []
    // Version ff is forbidden; version 00 ends after the flags, a later one may go on (section 3.2.4).
    const valid =
      version !== undefined &&
      version !== 'ff' &&
      (version !== '00' || rest === undefined) &&
      traceId !== zeroTrace &&
      parentId !== zeroSpan
    if (!valid || traceId === undefined || parentId === undefined || flags === undefined)
      return { traceId: trace(), spanId: span(), flags: newFlags }
    const kept = (Number.parseInt(flags, 16) & flagBits).toString(16).padStart(2, '0')
    const continued = { traceId, spanId: span(), parentId, flags: kept }
    return state !== undefined && isTraceState(state) ? { ...continued, state } : continued
  }
}

function isTraceState(state: string): boolean {
  if (state.length > stateCharsMax) return false
  const members = state.split(',').map((member) => member.trim())
  const keys = new Set(members.map((member) => member.slice(0, member.indexOf('='))))
  return (
    members.length <= stateMembersMax &&
    keys.size === members.length &&
    members.every((member) => memberPattern.test(member))
  )
}

/** The `traceparent` that makes this call's span the parent of the upstream's (version 00). */
export function traceparentOf(trace: Trace): string {
  return `00-${trace.traceId}-${trace.spanId}-${trace.flags}`
}
