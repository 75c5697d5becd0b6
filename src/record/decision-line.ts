/** What a decision record is made from. */
import type { Arrival, Call, Decision, Principal, Recording, Target } from '../model/index.ts'

export interface DecisionLine {
  readonly id: string
  readonly arrival: Arrival
  readonly call: Call | undefined
  readonly principal: Principal | undefined
  readonly target: Target | undefined
  /** Undefined when the call was refused before policy was asked. */
  readonly decision: Decision | undefined
  readonly kind: Decision['kind']
  /** Absent on allow. */
  readonly code: string | undefined
  readonly detail: string | undefined
  readonly level: Recording['level']
  /** `"timer_decide_ns":1200,...` */
  readonly metrics: string
}
