/**
 * What an agent is told over MCP when its message goes no further: a refused tool call is a result that the model can read and act
 * on, everything else an error of JSON-RPC. Both carry the very object that an HTTP call would get.
 */
import {
  type Fault,
  type FaultCode,
  type FaultRow,
  faults,
  type Json,
  type McpAsk,
  type Reason,
  type Refusal,
  type Reply,
  type RpcPlace,
} from '../../model/index.ts'
import {
  type Problem,
  problemOf,
  rpcErrorText,
  rpcResultText,
  type UnknownKind,
  unknownText,
} from '../../wire/index.ts'

/** Where a result says what was decided about it. */
const decisionKey = 'gatehouse/decision'
/** Of an error that a policy's refusal is: outside of what JSON-RPC keeps for itself. */
const refusedCode = 403

/** Faults that say of what is named that it is not there, and nothing else: no decision is in them, as there is none in what hides. */
const unknownKinds: ReadonlyMap<FaultCode, UnknownKind> = new Map([
  ['tool_unknown', 'tool'],
  ['prompt_unknown', 'prompt'],
  ['resource_unknown', 'resource'],
])

const json = ['Content-Type', 'application/json', 'Cache-Control', 'no-store'] as const

/** `challenge` is the field that names missing scopes, or empty: clients look for it at a 403 alone (2026-07-28 "Scope Challenge Handling"). */
export function mcpRefusal(
  refusal: Refusal,
  problem: Problem,
  { message, facts, prompt }: McpAsk,
  challenge: readonly string[],
): Reply {
  const { id } = refusal
  if (refusal.kind === 'deny' && refusal.hidden === true) {
    const kind = facts !== undefined ? 'tool' : prompt !== undefined ? 'prompt' : 'resource'
    return replyOf(200, unknownText(kind, message), id)
  }
  const data = problemOf(problem)
  if (challenge.length > 0) {
    const reply = replyOf(403, rpcErrorText(message.idText, refusedCode, problem.detail, data), id)
    return { ...reply, headers: [...json, ...challenge] }
  }
  if (message.kind !== 'request' || message.idText === undefined)
    return replyOf(403, rpcErrorText(message.idText, refusedCode, problem.detail, data), id)
  if (message.method.names !== 'tool')
    return replyOf(200, rpcErrorText(message.idText, refusedCode, problem.detail, data), id)
  const result = {
    ...(message.era === 'modern' && { resultType: 'complete' }),
    content: [{ type: 'text', text: wordsOf(problem) }],
    isError: true,
    _meta: { [decisionKey]: data },
  }
  return replyOf(200, rpcResultText(message.idText, result), id)
}

/** `status` and `headers` as for HTTP; a 404 of the legacy era would tell the agent that its session is gone. */
export function mcpFault(fault: Fault, problem: Problem, place: RpcPlace, headers: readonly string[]): Reply {
  const row: FaultRow = faults[fault.code]
  const unknown = unknownKinds.get(fault.code)
  if (unknown !== undefined)
    return { ...replyOf(row.status, unknownText(unknown, place), problem.decisionId), fault: fault.code }
  const code = row.rpc ?? problem.status
  const { revisions } = fault
  const data: Json = revisions === undefined ? problemOf(problem) : { ...revisions }
  const misleading = place.era !== 'modern' && problem.status === 404 && fault.code !== 'session_unknown'
  const text = rpcErrorText(place.idText, code, fault.publicDetail ?? row.says, data)
  const status = misleading ? (place.idText === undefined ? 400 : 200) : problem.status
  return { ...replyOf(status, text, problem.decisionId), headers: [...json, ...headers], fault: fault.code }
}

/** For a model: what happened, and what would help. */
function wordsOf({ detail, reasons, remedy, code, decisionId }: Problem): string {
  const said = reasons.length === 0 ? [detail] : reasons.map(({ message }) => message)
  const help = reasons.length === 0 ? [remedy] : reasons.map((reason: Reason) => reason.remedy ?? remedy)
  const helps = [...new Set(help.filter((one) => one !== undefined))]
  const remedies = helps.length === 0 ? '' : `\nWhat would help: ${helps.join('; ')}.`
  return `The call was refused: ${said.join('; ')}.${remedies}\n(code ${code}, decision ${decisionId})`
}

function replyOf(status: number, text: string, decisionId: string): Reply {
  return { status, headers: json, body: { kind: 'bytes', bytes: Buffer.from(text) }, decisionId }
}
