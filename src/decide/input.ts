/**
 * The input document: what policy sees of a call, one shape for every protocol. What costs anything to
 * build is built only where the policy or the record reads it; absent parts are absent, never null.
 */
import {
  type Call,
  type Json,
  type JsonObject,
  type Listed,
  type McpAsk,
  type McpTool,
  makeTimestamps,
  type ParsedJson,
  type Principal,
  type Question,
  type RecordRules,
  type Route,
  type Target,
  type Upstream,
} from '../model/index.ts'

/** The costly parts that somebody reads. */
export interface Needs {
  readonly time: boolean
  readonly timeNs: boolean
  readonly query: boolean
  readonly headers: boolean
  readonly arguments: boolean
  readonly body: boolean
}

export const everything: Needs = { time: true, timeNs: true, query: true, headers: true, arguments: true, body: true }

/** What prepared queries may look at: a path that leads to a part, or through it, needs it. */
export function needsOf(question: Question, recordRules: RecordRules | undefined): Needs {
  // The event that a record's rules see has the input as one of its fields.
  const ofRecord = (recordRules?.reads ?? []).filter(([name]) => name === undefined || name === 'input')
  const reads = [...question.reads, ...ofRecord.map((path) => path.slice(1))]
  const reaches = (...part: readonly string[]): boolean =>
    reads.some((path) => path.every((key, index) => index >= part.length || key === part[index]))
  return {
    time: reaches('call', 'time'),
    timeNs: reaches('call', 'time_ns'),
    query: reaches('call', 'http', 'query'),
    headers: reaches('call', 'http', 'headers'),
    arguments: reaches('call', 'arguments'),
    body: reaches('call', 'body'),
  }
}

/** What of the call's content is known by now. */
export interface Content {
  /** The described operation's arguments; then `tool` is in the document too. */
  readonly arguments?: JsonObject
  /** The parsed body, on calls that are no described operation. */
  readonly body?: Json
  /** The body, or a message's arguments, as it was read, where it was: arguments may be the same value. */
  readonly parsed?: ParsedJson
  /** False where the call goes beyond its description, which the route allows: then it is no operation. */
  readonly described: boolean
}

/** Mutable while it is built, and by nobody after. */
interface Draft {
  [key: string]: Json
}

export function inputOf(call: Call, principal: Principal, target: Target, content: Content, needs: Needs): JsonObject {
  // All but `call` are the same objects at every call of this principal and route: recorders keep their text.
  const document: Draft = {
    call: callPart(call, target, content, needs),
    identity: principal.identity as Principal['identity'] & JsonObject,
  }
  if (principal.agent !== undefined) document.agent = principal.agent as NonNullable<Principal['agent']> & JsonObject
  document.route = namedPart(target.route)
  if (target.upstream !== undefined) document.upstream = namedPart(target.upstream)
  return document
}

const namedParts = new WeakMap<Route | Upstream, JsonObject>()

function namedPart(named: Route | Upstream): JsonObject {
  let part = namedParts.get(named)
  if (part === undefined) {
    part = Object.freeze({ id: named.id, labels: named.labels })
    namedParts.set(named, part)
  }
  return part
}

function callPart(call: Call, target: Target, content: Content, needs: Needs): JsonObject {
  const { operation, route, mcp } = target
  const part: Draft = { id: call.id, protocol: mcp === undefined ? 'http' : 'mcp', phase: 'call' }
  if (needs.time) part.time = timeText(call.receivedMs)
  if (needs.timeNs) part.time_ns = nanoseconds(call.receivedMs)
  if (mcp !== undefined) return mcpPart(part, mcp, content, needs)
  if (operation !== undefined && content.described) {
    part.tool = operation.tool
    if (content.arguments !== undefined && needs.arguments) part.arguments = content.arguments
  }
  const http: Draft = { method: call.method, host: call.host, path: call.path, segments: call.segments }
  if (needs.query) http.query = queryOf(call)
  if (needs.headers) http.headers = headersOf(call, route.policyHeaders)
  part.http = http
  if (content.body !== undefined && needs.body) part.body = content.body
  return part
}

/** A message has no part of HTTP: what its header says is in the message too. */
function mcpPart(
  part: Draft,
  { message, facts, resource, prompt, task, answers }: McpAsk,
  content: Content,
  needs: Needs,
): Draft {
  part.method = message.method.name
  if (facts !== undefined) part.tool = facts.tool as McpTool & JsonObject
  if (resource !== undefined) part.resource = resource
  if (prompt !== undefined) part.prompt = prompt
  if (task !== undefined) part.task = task
  if (answers !== undefined) part.answers = { method: answers.method, server: answers.server.upstream.id }
  if (content.arguments !== undefined && needs.arguments) part.arguments = content.arguments
  return part
}

const actOf = { tool: 'tools/call', prompt: 'prompts/get', resource: 'resources/read' } as const

/** A message that a server sends by itself, as policy sees it: without id and moment. */
export function saidInput(principal: Principal, route: Route, upstream: Upstream, method: string): JsonObject {
  return around({ protocol: 'mcp', phase: 'call', method }, principal, route, upstream)
}

/** An act with an entry of a list, as policy sees it while it is listed: of `call.phase` `list`, without id, arguments and moment. */
export function listedInput(principal: Principal, route: Route, listed: Listed): JsonObject {
  const { upstream, tool, prompt, resource, any } = listed
  const kind = any ?? (tool !== undefined ? 'tool' : prompt !== undefined ? 'prompt' : 'resource')
  const part: Draft = { protocol: 'mcp', phase: 'list', method: actOf[kind] }
  if (tool !== undefined) part.tool = tool as McpTool & JsonObject
  if (prompt !== undefined) part.prompt = prompt
  if (resource !== undefined) part.resource = resource
  return around(part, principal, route, upstream)
}

function around(part: Draft, principal: Principal, route: Route, upstream: Upstream): JsonObject {
  const document: Draft = { call: part, identity: principal.identity as Principal['identity'] & JsonObject }
  if (principal.agent !== undefined) document.agent = principal.agent as NonNullable<Principal['agent']> & JsonObject
  document.route = namedPart(route)
  document.upstream = namedPart(upstream)
  return document
}

/** `2026-03-02T10:00:00.000000Z` */
const timeText = makeTimestamps()

/** As OPA's `time.now_ns` counts: beyond 2^53, so exact only as a bigint. */
function nanoseconds(ms: number): bigint {
  return BigInt(Math.floor(ms * 1000)) * 1000n
}

/** Every value is a list: one that is sometimes text and sometimes a list would make half of all rules wrong. */
function queryOf({ queryPairs }: Call): JsonObject {
  const lists = new Map<string, Json[]>()
  for (const [name, value] of queryPairs) {
    const list = lists.get(name)
    if (list === undefined) lists.set(name, [value])
    else list.push(value)
  }
  // `fromEntries` defines properties: a parameter called `__proto__` stays one.
  return Object.fromEntries(lists)
}

function headersOf({ headers }: Call, names: readonly string[]): JsonObject {
  const found: [string, string][] = []
  for (const name of names) {
    const value = headers.get(name)
    if (value !== undefined) found.push([name, value])
  }
  return Object.fromEntries(found)
}
