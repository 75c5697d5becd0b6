/** How the JavaScript engine is set for a gateway: before it has done anything, because the flags hold for what comes after. */
import { setFlagsFromString } from 'node:v8'

const flags = [
  /**
   * V8 puts objects of a call site straight into the old generation once they lived long there. A call's objects hold each
   * other and die together, but an old dead one keeps the young ones alive until the next full collection: measured, collection
   * costs 7.6 us a call with that, 1.6 without.
   */
  '--no-allocation-site-pretenuring',
  /** What survives a call is little: helper threads cost more to wake than they copy. Measured: 3 us less of 62 a call. */
  '--no-parallel-scavenge',
]

export function setEngine(): void {
  for (const flag of flags) setFlagsFromString(flag)
}
