/**
 * The body of a call on a route that speaks MCP becomes one message, strictly: what its header says must be what the body says, its
 * method must be known, its session must be its sender's. Everything that is refused here is answered as an error of the message.
 */
import {
  aboutMessage,
  type Call,
  Fault,
  isJsonMediaType,
  isJsonObject,
  isLoopback,
  type Json,
  type JsonObject,
  limits,
  type McpEra,
  type McpMessage,
  type McpMethod,
  type McpSession,
  type McpSessions,
  type ParsedJson,
  property,
  type Route,
  toFault,
} from '../../model/index.ts'
import {
  agentFault,
  mcpHeaders,
  mcpMethod,
  metaKeys,
  nameParams,
  parseBody,
  type RpcMessage,
  readRpc,
  rpcFault,
  sessionMethods,
  textOfHeader,
} from '../../wire/index.ts'
import { eraOf, unsupported } from './era.ts'

/**
 * `owner` is whose message it is (`ownerOf`). Faults: `origin_refused`, `method_unknown`, `body_*`, `rpc_*`, `revision_unsupported`,
 * `session_missing`, `session_unknown`; all with `rpc`, so that they are answered as JSON-RPC.
 */
export type ReadMcpMessage = (call: Call, route: Route, owner: string) => Promise<McpMessage>

export function makeReadMcpMessage(sessions: McpSessions): ReadMcpMessage {
  return async function readMessage(call, route, owner) {
    refuseOrigin(call, route)
    const inSession = (): McpSession => sessionOf(call, sessions, owner, route)
    if (call.method === 'GET' || call.method === 'DELETE') return ofSession(call, inSession)
    if (call.method !== 'POST')
      throw new Fault('method_unknown', `MCP has no \`${call.method}\``, { allowedMethods: ['POST', 'GET', 'DELETE'] })
    let idText: string | undefined
    let era: McpEra | undefined
    try {
      const body = await bodyOf(call, route)
      const message = readRpc(body.value)
      if (message.kind !== 'notification') idText = message.idText
      const found = eraOf(signsOf(call, message))
      era = found.era
      if (era === 'modern') return modernMessage(call, body, message, found.revision as string)
      return legacyMessage(call, body, message, found.revision, inSession)
    } catch (cause) {
      const fault = toFault(cause)
      const known = idText ?? fault.rpc?.idText
      throw aboutMessage(fault, { ...(known !== undefined && { idText: known }), ...(era !== undefined && { era }) })
    }
  }
}

/** DNS rebinding (2025-11-25 "Security Warning"): a page of elsewhere must not reach a gateway on the machine of its reader. */
function refuseOrigin(call: Call, { mcp }: Route): void {
  const local = isLoopback(hostName(call.host))
  if (mcp?.loopbackHostsOnly === true && !local)
    throw agentFault('origin_refused', `\`Host\` is \`${call.host}\`, expected a name of this machine`)
  const origin = call.headers.get('origin')
  if (origin === undefined || mcp?.origins.includes(origin) === true) return
  const page = URL.parse(origin)
  if (local && page !== null && isLoopback(page.hostname)) return
  throw agentFault('origin_refused', `\`Origin\` is \`${origin.slice(0, 200)}\`, which this route does not name`)
}

function hostName(host: string): string {
  const colon = host.lastIndexOf(':')
  return colon === -1 || host.endsWith(']') ? host : host.slice(0, colon)
}

/** GET opens a stream, DELETE ends the session; both exist in the legacy era only, and only within a session. */
function ofSession(call: Call, inSession: () => McpSession): McpMessage {
  if (!call.headers.has(mcpHeaders.session))
    throw new Fault('method_unknown', `\`${call.method}\` came without \`Mcp-Session-Id\``, {
      allowedMethods: ['POST'],
    })
  const session = inSession()
  refuseRevision(call, session)
  const lastEventId = call.headers.get(mcpHeaders.lastEvent)
  const base = { era: 'legacy', revision: session.revision, params: noParams, session, mirrored: noFields } as const
  if (call.method === 'DELETE') return { ...base, kind: 'end', method: sessionMethods.end }
  if (!accepts(call, 'text/event-stream'))
    throw new Fault('rpc_not_acceptable', 'a stream was asked for without `Accept: text/event-stream`')
  return { ...base, kind: 'stream', method: sessionMethods.stream, ...(lastEventId !== undefined && { lastEventId }) }
}

const noParams: JsonObject = Object.freeze({})
const noFields: ReadonlyMap<string, string> = new Map()

function sessionOf(call: Call, sessions: McpSessions, owner: string, route: Route): McpSession {
  const id = call.headers.get(mcpHeaders.session)
  if (id === undefined) throw rpcFault('session_missing', 'the message has no `Mcp-Session-Id`')
  const session = sessions.find(id, owner, route.id)
  // Somebody else's session is one that is not there: nothing tells the two apart.
  if (session === undefined) throw rpcFault('session_unknown', 'the session is not there, or not any more')
  return session
}

function refuseRevision(call: Call, session: McpSession): void {
  const said = call.headers.get(mcpHeaders.revision)
  if (said !== undefined && said !== session.revision)
    throw rpcFault(
      'rpc_header_mismatch',
      `\`MCP-Protocol-Version\` is \`${said.slice(0, 40)}\`, and the session has agreed on \`${session.revision}\``,
    )
}

async function bodyOf(call: Call, route: Route): Promise<ParsedJson> {
  const encoding = call.headers.get('content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new Fault('body_encoded', 'the message has a Content-Encoding')
  if (!isJsonMediaType(call.body.mediaType))
    throw new Fault(
      'body_media_type',
      `the message is \`${call.body.mediaType ?? 'of no stated type'}\`, expected JSON`,
    )
  if (!accepts(call, 'application/json') || !accepts(call, 'text/event-stream'))
    throw new Fault('rpc_not_acceptable', '`Accept` does not have both `application/json` and `text/event-stream`')
  return parseBody(await call.body.bytes(route.parsedBodyBytesMax))
}

/** RFC 9110 section 12.5.1, without weights: whoever names a type takes it. An absent field takes everything. */
function accepts(call: Call, type: string): boolean {
  const accept = call.headers.get('accept')
  if (accept === undefined) return true
  const any = `${type.slice(0, type.indexOf('/'))}/*`
  return accept.split(',').some((part) => {
    const name = part.split(';', 1)[0]?.trim().toLowerCase()
    return name === type || name === any || name === '*/*'
  })
}

function signsOf(call: Call, message: RpcMessage): { header: string | undefined; meta: string | null | undefined } {
  const header = call.headers.get(mcpHeaders.revision)
  if (message.kind === 'response') return { header, meta: undefined }
  const said = property(message.params._meta, metaKeys.revision)
  return { header, meta: said === undefined ? undefined : typeof said === 'string' ? said : null }
}

function modernMessage(call: Call, body: ParsedJson, message: RpcMessage, revision: string): McpMessage {
  if (message.kind === 'response')
    throw rpcFault('rpc_malformed', 'the revision 2026-07-28 has no responses of clients')
  const { params } = message
  const said = call.headers.get(mcpHeaders.method)
  if (said !== message.method)
    throw rpcFault(
      'rpc_header_mismatch',
      said === undefined
        ? `there is no \`Mcp-Method\`, and the method is \`${message.method}\``
        : `\`Mcp-Method\` is \`${said.slice(0, 128)}\`, and the method is \`${message.method}\``,
    )
  if (message.kind === 'request') refuseMeta(params)
  const method = methodOf(message, 'modern')
  const name = nameOf(method, params)
  if (name !== undefined && method.names !== 'completion') refuseName(call, name)
  return {
    era: 'modern',
    revision,
    kind: message.kind,
    method,
    ...(message.kind === 'request' && { idText: message.idText }),
    params,
    body,
    ...(name !== undefined && { name }),
    mirrored: mirroredOf(call),
  }
}

function refuseMeta(params: JsonObject): void {
  const { _meta: meta } = params
  for (const key of [metaKeys.revision, metaKeys.capabilities])
    if (property(meta, key) === undefined) throw rpcFault('rpc_meta_missing', `\`params._meta\` has no \`${key}\``)
  if (!isJsonObject(property(meta, metaKeys.capabilities)))
    throw rpcFault('rpc_meta_missing', `\`${metaKeys.capabilities}\` is no object`)
}

function refuseName(call: Call, name: string): void {
  const field = call.headers.get(mcpHeaders.name)
  if (field === undefined) throw rpcFault('rpc_header_mismatch', 'there is no `Mcp-Name`')
  const said = textOfHeader(field)
  if (said !== name)
    throw rpcFault(
      'rpc_header_mismatch',
      `\`Mcp-Name\` is \`${field.slice(0, 200)}\`, and the message says \`${name.slice(0, 200)}\``,
    )
}

function mirroredOf(call: Call): ReadonlyMap<string, string> {
  let found: Map<string, string> | undefined
  for (const [name, value] of call.headers) {
    if (!name.startsWith(mcpHeaders.paramPrefix)) continue
    found ??= new Map()
    found.set(name.slice(mcpHeaders.paramPrefix.length), value)
  }
  return found ?? noFields
}

function legacyMessage(
  call: Call,
  body: ParsedJson,
  message: RpcMessage,
  revision: string | undefined,
  inSession: () => McpSession,
): McpMessage {
  if (message.kind === 'request' && message.method === 'initialize')
    return openingOf(body, message.params, message.idText)
  const session = inSession()
  if (revision !== undefined) refuseRevision(call, session)
  const base = { era: 'legacy', revision: session.revision, session, body, mirrored: noFields } as const
  if (message.kind === 'response')
    return {
      ...base,
      kind: 'answer',
      method: sessionMethods.answer,
      params: noParams,
      ...(message.idText !== undefined && { idText: message.idText }),
    }
  const { params } = message
  const method = methodOf(message, 'legacy')
  const name = nameOf(method, params)
  return {
    ...base,
    kind: message.kind,
    method,
    ...(message.kind === 'request' && { idText: message.idText }),
    params,
    ...(name !== undefined && { name }),
  }
}

function openingOf(body: ParsedJson, params: JsonObject, idText: string): McpMessage {
  const bytes = body.bytes.length
  if (bytes > limits.mcpOpeningBytesMax)
    throw new Fault(
      'body_too_large',
      `an \`initialize\` has ${bytes} bytes, at most ${limits.mcpOpeningBytesMax} are kept`,
    )
  const { protocolVersion: asked, capabilities, clientInfo } = params
  if (typeof asked !== 'string') throw rpcFault('rpc_params_invalid', '`params.protocolVersion` is no text')
  if (!isJsonObject(capabilities)) throw rpcFault('rpc_params_invalid', '`params.capabilities` is no object')
  if (!isJsonObject(clientInfo)) throw rpcFault('rpc_params_invalid', '`params.clientInfo` is no object')
  const method = mcpMethod('initialize', 'request', 'legacy')
  if (method === undefined) throw unsupported(asked)
  return { era: 'legacy', revision: asked, kind: 'request', method, idText, params, body, mirrored: noFields }
}

function methodOf({ method, kind }: Exclude<RpcMessage, { kind: 'response' }>, era: McpEra): McpMethod {
  const row = mcpMethod(method, kind, era)
  if (row !== undefined) return row
  throw rpcFault('rpc_method_unknown', `the ${kind} \`${method}\` is not known in this era`)
}

/** What a message names. Faults with `rpc_params_invalid` where the parameter is not there. */
function nameOf({ names, name: method }: McpMethod, params: JsonObject): string | undefined {
  if (names === undefined) return undefined
  if (names === 'tool' || names === 'prompt') refuseArguments(params.arguments)
  if (names === 'completion') return completionName(params)
  const param = nameParams[names]
  return text(params[param], `params.${param}`, method)
}

function refuseArguments(value: Json | undefined): void {
  if (value !== undefined && !isJsonObject(value))
    throw rpcFault('rpc_params_invalid', '`params.arguments` is no object')
}

function completionName({ ref }: JsonObject): string {
  const type = property(ref, 'type')
  if (type === 'ref/prompt') return text(property(ref, 'name'), 'params.ref.name', 'completion/complete')
  if (type === 'ref/resource') return text(property(ref, 'uri'), 'params.ref.uri', 'completion/complete')
  throw rpcFault('rpc_params_invalid', '`params.ref` is no reference to a prompt or a resource')
}

function text(value: Json | undefined, place: string, method: string): string {
  if (typeof value === 'string' && value !== '' && value.length <= limits.mcpNameCharsMax) return value
  if (typeof value === 'string' && value !== '')
    throw rpcFault(
      'rpc_params_invalid',
      `\`${place}\` of \`${method}\` has more than ${limits.mcpNameCharsMax} characters`,
    )
  throw rpcFault('rpc_params_invalid', `\`${place}\` of \`${method}\` is no text`)
}
