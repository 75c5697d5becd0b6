/** Faults about what the agent itself sent: it may read the whole detail, since it knows every byte of it already. */
import { Fault, type FaultCode } from '../model/index.ts'

export function agentFault(code: FaultCode, detail: string): Fault {
  return new Fault(code, detail, { publicDetail: detail })
}
