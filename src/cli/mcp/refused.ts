/**
 * What an endpoint says instead of a result, for a person and for a program: refusals of a gateway with what would help, errors of
 * JSON-RPC, and replies that are no messages at all. Each becomes an error of the command with its exit status.
 */
import { isJsonObject, type Json, type JsonObject, property, visible } from '../../model/index.ts'
import { JsonError, parseJson, printJson } from '../../wire/index.ts'
import { CommandError, exitStatus } from '../io.ts'
import type { Reply } from './exchange.ts'

/** Where Gatehouse writes what it decided, in a result. */
const decisionKey = 'gatehouse/decision'
/** The error code of a refusal by policy that is no result of a tool. */
const refusedCode = 403
/** JSON-RPC and MCP 2026-07-28, "Error Codes": what the client lacks. */
const capabilityMissing = -32021
/** Characters of a text of others that is repeated in an error. */
const quotedCharsMax = 500

/** The problem that a gateway gave instead of what the tool would have answered; undefined where the tool itself answered. */
export function refusalIn(result: JsonObject): CommandError | undefined {
  const problem = property(result._meta, decisionKey)
  if (result.isError !== true || !isProblem(problem)) return undefined
  return new CommandError(`refused: ${problemText(problem)}`, exitStatus.refused, factsOf(problem))
}

/** Of an error that a request was answered with; `asked` says what was asked, such as `tools/list`. */
export function errorOf(
  error: JsonObject,
  { status, headers }: Pick<Reply, 'status' | 'headers'>,
  asked: string,
): CommandError {
  const { code, message, data } = error
  if (isProblem(data)) {
    const isRefused = code === refusedCode || status === 403
    const text = `${isRefused ? 'refused' : `\`${asked}\` failed`}: ${problemText(data)}${challengeText(headers)}`
    return new CommandError(text, isRefused ? exitStatus.refused : statusOf(status), factsOf(data))
  }
  const more = data === undefined ? '' : `; ${quoted(printJson(data))}`
  const lacks = code === capabilityMissing ? ': the tool asks for what this client cannot do' : ''
  const facts = { code: String(code), ...(data !== undefined && { data }) }
  const words = `\`${asked}\` was answered with the error ${String(code)}, ${quoted(String(message))}${lacks}${more}`
  return new CommandError(words, statusOf(status), facts)
}

/** Of a reply that is no message of MCP. */
export function statusError({ status, headers, text }: Reply, url: URL, asked: string): CommandError {
  const place = `\`${url.href}\``
  const problem = parsed(text)
  const said = isProblem(problem) ? problemText(problem) : quoted(text.trim())
  const facts = { http_status: status, ...(isProblem(problem) && factsOf(problem)) }
  const detail = said === '' ? '' : `: ${said}`
  if (status >= 300 && status < 400) {
    const target = headers.get('location')
    const to = target === null ? 'elsewhere' : `to \`${quoted(target)}\``
    return new CommandError(
      `${place} leads ${to} (${status}); name that endpoint if it is meant`,
      exitStatus.usage,
      facts,
    )
  }
  if (status === 401)
    return new CommandError(`${place} does not take the token (401)${detail}`, exitStatus.usage, facts)
  if (status === 403) return new CommandError(`refused${detail}${challengeText(headers)}`, exitStatus.refused, facts)
  return new CommandError(`${place} answered \`${asked}\` with ${status}${detail}`, statusOf(status), facts)
}

function statusOf(status: number): number {
  return status >= 500 ? exitStatus.unreachable : exitStatus.finding
}

type Problem = JsonObject & { readonly code: string; readonly detail: string }

function isProblem(value: Json | undefined): value is Problem {
  return isJsonObject(value) && typeof value.code === 'string' && typeof value.detail === 'string'
}

/** What happened, then a line each for what would help and where to look. */
function problemText(problem: Problem): string {
  const { code, detail, remedy, decision_id: id } = problem
  const reasons = (Array.isArray(problem.reasons) ? problem.reasons : []).filter(isJsonObject)
  const messages = reasons.map(({ message }) => message).filter((one) => typeof one === 'string')
  const remedies = [...reasons.map((reason) => reason.remedy), remedy].filter((one) => typeof one === 'string')
  const codes = reasons.map((reason) => reason.code).filter((one) => typeof one === 'string')
  const lines = [
    messages.length > 0 ? messages.join('; ') : detail,
    `  code      ${unique(codes.length > 0 ? codes : [code]).join(', ')}`,
    ...unique(remedies).map((one) => `  remedy    ${one}`),
    ...(typeof id === 'string' ? [`  decision  ${id}, told whole by \`gatehouse why ${id}\``] : []),
  ]
  return lines.map(quoted).join('\n')
}

/** Scopes that another token would need (RFC 6750 section 3). */
function challengeText(headers: Headers): string {
  const scope = /\bscope="([^"]*)"/.exec(headers.get('www-authenticate') ?? '')?.[1]
  return scope === undefined ? '' : `\n  scopes    ${quoted(scope)}`
}

function factsOf({ code, detail, remedy, decision_id: id, reasons }: Problem): { readonly [name: string]: unknown } {
  return {
    code,
    detail,
    ...(remedy !== undefined && { remedy }),
    ...(id !== undefined && { decision_id: id }),
    ...(reasons !== undefined && { reasons }),
  }
}

function parsed(text: string): Json | undefined {
  try {
    return parseJson(Buffer.from(text))
  } catch (cause) {
    if (cause instanceof JsonError) return undefined
    throw cause
  }
}

function quoted(text: string): string {
  const shown = visible(text.slice(0, quotedCharsMax))
  return text.length > quotedCharsMax ? `${shown}...` : shown
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)]
}
