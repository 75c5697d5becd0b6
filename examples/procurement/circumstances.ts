/** What the header fields of a request say about the call, whichever door it came through. */
import type { Circumstances } from './operation.ts'

/** `header` gives the value of a field by its lower-case name; `nowMs` is in milliseconds since 1970. */
export function circumstancesOf(header: (name: string) => string | undefined, nowMs: number): Circumstances {
  const actor = header('on-behalf-of')
  const ifMatch = header('if-match')
  return {
    now: new Date(nowMs).toISOString(),
    ...(actor !== undefined && /^[\x21-\x7e]{1,128}$/.test(actor) && { actor }),
    ...(ifMatch !== undefined && ifMatch !== '*' && { acceptedVersions: versionsOf(ifMatch) }),
  }
}

/** A tag that is none of ours stays in the list as NaN and matches nothing. */
function versionsOf(ifMatch: string): number[] {
  return ifMatch.split(',').map((one) => Number(/^\s*"v(\d{1,15})"\s*$/.exec(one)?.[1] ?? Number.NaN))
}
