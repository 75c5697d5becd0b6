/** Faults about what the agent itself sent: it may read the whole detail, since it knows every byte of it already. */
import { Fault, type FaultCode } from '../model/index.ts'

export function agentFault(code: FaultCode, detail: string): Fault {
  return new Fault(code, detail, { publicDetail: detail })
}

/** Of a JSON-RPC message, answered as its error; `idText` is the JSON text of its id, where it could be read. */
export function rpcFault(code: FaultCode, detail: string, idText?: string): Fault {
  return new Fault(code, detail, { publicDetail: detail, rpc: idText === undefined ? {} : { idText } })
}
