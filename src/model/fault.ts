/**
 * Faults: everything that can break on a call's way, one row each. The row decides the HTTP status, what the agent reads
 * and whether another try makes sense; what really happened goes to the record only. Status codes are chosen here and
 * nowhere else. The page `docs/reference/faults.md` is made from this table.
 */

export type FaultSource = 'agent' | 'policy' | 'upstream' | 'operator' | 'house'

export interface FaultRow {
  /** Who has to change something. */
  readonly source: FaultSource
  readonly status: number
  /** Whether the same call may succeed when it is sent again: `if-idempotent` when the upstream may have acted. */
  readonly retry: 'no' | 'yes' | 'if-idempotent'
  /** One sentence for the agent: lower case, no full stop, nothing of the inside. */
  readonly says: string
  /** What would help, where something would. */
  readonly remedy?: string
  /** The code of a JSON-RPC error that says it, where the protocol has one; else `status` is the code, outside of its range. */
  readonly rpc?: number
}

const row = (source: FaultSource, status: number, retry: FaultRow['retry'], says: string, remedy?: string): FaultRow =>
  remedy === undefined ? { source, status, retry, says } : { source, status, retry, says, remedy }

/** A row whose JSON-RPC code the protocol names. */
const rpcRow = (rpc: number, ...[source, status, retry, says, remedy]: Parameters<typeof row>): FaultRow => ({
  ...row(source, status, retry, says, remedy),
  rpc,
})

/** Status 0: not a call, the connection is closed or answered by the parser, and one fault record is written. */
export const faults = {
  // Bytes that are not a call.
  http_malformed: row('agent', 400, 'no', 'the bytes are not an HTTP/1.1 request'),
  header_too_large: row(
    'agent',
    431,
    'no',
    'the header is larger than the gateway accepts',
    'send fewer or shorter header fields',
  ),
  tls_refused: row('agent', 0, 'no', 'the TLS handshake failed'),
  request_slow: row('agent', 408, 'yes', 'the header did not arrive in time', 'send the whole header at once'),
  connection_limit: row('agent', 0, 'yes', 'too many connections are open'),
  refusal_flood: row('agent', 0, 'yes', 'too many refused calls came from this address'),

  // Receiving.
  method_refused: row(
    'agent',
    501,
    'no',
    'tunnels (CONNECT), TRACE and protocol upgrades are not offered',
    'send a plain HTTP/1.1 request',
  ),
  framing_refused: row(
    'agent',
    400,
    'no',
    'the message framing is ambiguous',
    'send Content-Length or chunked Transfer-Encoding, not both',
  ),
  host_refused: row(
    'agent',
    400,
    'no',
    'exactly one valid Host header is needed',
    'send one Host header with the name, and the port where it is not the usual one',
  ),
  target_refused: row(
    'agent',
    400,
    'no',
    'the path or query can be read in more than one way',
    'percent-encode the path and query as RFC 3986 says, without dot segments, empty segments or encoded slashes',
  ),
  header_refused: row(
    'agent',
    400,
    'no',
    'a header field came twice, or has a name or value that is not allowed',
    'send such a field once, as printable text',
  ),
  expectation_refused: row(
    'agent',
    417,
    'no',
    'the expectation is not one that the gateway can meet',
    'leave out Expect, or send 100-continue',
  ),
  body_too_large: row('agent', 413, 'no', 'the body is larger than this route accepts', 'send less at once'),
  body_slow: row('agent', 408, 'yes', 'the body did not arrive in time', 'send the body without long pauses'),
  body_malformed: rpcRow(
    -32700,
    'agent',
    400,
    'no',
    'the body is not strict JSON',
    'send UTF-8 JSON without duplicate keys, comments or trailing commas',
  ),
  body_too_deep: rpcRow(
    -32700,
    'agent',
    400,
    'no',
    'the body is nested deeper than the gateway accepts',
    'send fewer levels of nesting',
  ),
  body_media_type: row(
    'agent',
    415,
    'no',
    'the body is not of a media type that is taken here',
    'set Content-Type: application/json, or what the description of the operation names',
  ),
  body_encoded: row(
    'agent',
    415,
    'no',
    'a compressed body cannot be checked here',
    'send the body without Content-Encoding',
  ),
  agent_gone: row('agent', 499, 'if-idempotent', 'the agent closed the connection'),
  call_timeout: row(
    'house',
    504,
    'if-idempotent',
    'the call took longer than the gateway allows',
    'see whether it took effect before sending it again, or ask for less at once',
  ),
  draining: row('house', 503, 'yes', 'the gateway is shutting down', 'send the call again on a new connection'),
  overloaded: row('house', 503, 'yes', 'the gateway has too many calls under way', 'send the call again later'),

  // Identity (RFC 6750 section 3.1).
  token_missing: row(
    'agent',
    401,
    'no',
    'no access token was sent',
    'send Authorization: Bearer with a token from a trusted issuer',
  ),
  token_malformed: row(
    'agent',
    401,
    'no',
    'the access token cannot be read',
    'send the access token as the issuer gave it, after the word Bearer',
  ),
  token_issuer: row(
    'agent',
    401,
    'no',
    'the access token comes from an issuer that is not trusted here',
    'ask the operator which issuers are trusted here',
  ),
  token_audience: row(
    'agent',
    401,
    'no',
    'the access token is meant for somebody else',
    'ask the issuer for a token with this gateway as audience',
  ),
  token_algorithm: row(
    'agent',
    401,
    'no',
    'the access token is signed with an algorithm that is not accepted',
    'ask the issuer for a token with another signature algorithm',
  ),
  token_type: row('agent', 401, 'no', 'the token is not an access token', 'send an access token, not an ID token'),
  token_signature: row(
    'agent',
    401,
    'no',
    'the signature of the access token is not valid',
    'get a new token; when that is refused too, tell the operator',
  ),
  token_expired: row('agent', 401, 'no', 'the access token has expired', 'get a new token'),
  token_not_yet_valid: row('agent', 401, 'no', 'the access token is not valid yet', 'send the call again later'),
  token_too_old: row('agent', 401, 'no', 'the access token was issued too long ago', 'get a new token'),
  token_claims: row(
    'agent',
    401,
    'no',
    'the access token lacks a claim or has one that is not valid',
    'ask the issuer for an access token with the claims of RFC 9068',
  ),
  token_bound: row(
    'agent',
    401,
    'no',
    'the access token is bound to a key, which this gateway cannot check yet',
    'ask the issuer for a bearer token',
  ),
  keys_unavailable: row(
    'operator',
    503,
    'yes',
    'the keys of the token issuer cannot be had right now',
    'send the call again later',
  ),
  agent_unknown: row(
    'operator',
    403,
    'no',
    'the token does not name one agent that is known here',
    'ask the operator to add or correct the agent',
  ),
  agent_suspended: row('operator', 403, 'no', 'this agent is suspended', 'ask the owner of the agent'),

  scope_missing: row(
    'agent',
    403,
    'no',
    'the access token does not have the scopes that are needed here',
    'get a token with the scopes that the challenge names',
  ),

  // Routing and the description.
  route_unknown: row(
    'agent',
    404,
    'no',
    'no route takes this host, path and method',
    'ask the operator which paths lead to services',
  ),
  method_unknown: row(
    'agent',
    405,
    'no',
    'the path is known, but not with this method',
    'use a method that the Allow header names',
  ),
  operation_unknown: row(
    'agent',
    404,
    'no',
    'the description of this service has no such operation',
    'use a path and method that the description of the service has',
  ),
  argument_unknown: row(
    'agent',
    400,
    'no',
    'a field is not part of the described operation',
    'send only the fields that the description has',
  ),
  argument_missing: row(
    'agent',
    400,
    'no',
    'a field that the described operation requires is missing',
    'send every field that the description requires',
  ),
  argument_invalid: row(
    'agent',
    400,
    'no',
    'a field does not have the type or form that the description says',
    'send the field in the type and form that the description says',
  ),

  // MCP (revision 2026-07-28 "Streamable HTTP" and "Error Codes"; JSON-RPC 2.0 section 5.1).
  origin_refused: row(
    'agent',
    403,
    'no',
    'pages of this origin may not call here',
    'ask the operator to add the origin to the route',
  ),
  rpc_malformed: rpcRow(
    -32600,
    'agent',
    400,
    'no',
    'the body is not one JSON-RPC 2.0 message',
    'send one message, with an id that is a string or an integer where it is a request',
  ),
  rpc_not_acceptable: row(
    'agent',
    406,
    'no',
    'the reply may be JSON or an event stream, and the call does not accept both',
    'send Accept: application/json, text/event-stream',
  ),
  rpc_header_mismatch: rpcRow(
    -32020,
    'agent',
    400,
    'no',
    'the header fields do not say what the message says',
    'send MCP-Protocol-Version, Mcp-Method, Mcp-Name and Mcp-Param fields as the message has them',
  ),
  revision_unsupported: rpcRow(
    -32022,
    'agent',
    400,
    'no',
    'this revision of the protocol is not spoken here',
    'use one of the supported revisions',
  ),
  rpc_meta_missing: rpcRow(
    -32602,
    'agent',
    400,
    'no',
    'the message does not say its protocol version and the capabilities of the client',
    'send both in params._meta, as revision 2026-07-28 asks',
  ),
  rpc_params_invalid: rpcRow(
    -32602,
    'agent',
    400,
    'no',
    'the parameters are not those of the method',
    'send the parameters that the method has',
  ),
  rpc_method_unknown: rpcRow(
    -32601,
    'agent',
    404,
    'no',
    'the method is not known here',
    'use a method of the revision that the message is of',
  ),
  tool_unknown: rpcRow(-32602, 'agent', 200, 'no', 'there is no such tool', 'list the tools again'),
  prompt_unknown: rpcRow(-32602, 'agent', 200, 'no', 'there is no such prompt', 'list the prompts again'),
  resource_unknown: rpcRow(-32602, 'agent', 200, 'no', 'there is no such resource', 'list the resources again'),
  tool_changed: rpcRow(
    409,
    'upstream',
    200,
    'no',
    'the definition of the tool has changed since it was listed',
    'list the tools again, and look at the definition before calling it',
  ),
  session_missing: row(
    'agent',
    400,
    'no',
    'the message belongs to no session',
    'send initialize first, then Mcp-Session-Id with every message',
  ),
  session_unknown: row('agent', 404, 'no', 'there is no such session', 'open a new session with initialize'),

  // Policy.
  policy_denied: row(
    'policy',
    403,
    'no',
    'the policy does not allow this call',
    'ask the owner of the agent, and name the decision_id',
  ),
  approval_required: row(
    'policy',
    403,
    'no',
    'the policy wants a person to approve this call',
    'ask a person who may approve it',
  ),
  policy_undefined: row(
    'policy',
    403,
    'no',
    'the policy has no answer for this call',
    'tell the operator the decision_id',
  ),
  policy_error: row('policy', 403, 'no', 'the policy could not be evaluated', 'tell the operator the decision_id'),
  obligation_unknown: row(
    'policy',
    403,
    'no',
    'the policy sets a condition that the gateway cannot meet',
    'tell the operator the decision_id',
  ),

  // Upstream.
  upstream_unreachable: row(
    'upstream',
    502,
    'yes',
    'the service behind the gateway cannot be reached',
    'send the call again later',
  ),
  upstream_timeout: row(
    'upstream',
    504,
    'if-idempotent',
    'the service behind the gateway did not answer in time',
    'see whether it took effect before sending it again',
  ),
  upstream_malformed: row(
    'upstream',
    502,
    'if-idempotent',
    'the service behind the gateway sent something that is not HTTP',
    'see whether it took effect before sending it again',
  ),
  upstream_cut: row(
    'upstream',
    502,
    'if-idempotent',
    'the service behind the gateway broke off its reply',
    'see whether it took effect before sending it again',
  ),
  upstream_refused_address: row(
    'operator',
    502,
    'no',
    'the address of the service behind the gateway is not allowed',
    'tell the operator the decision_id',
  ),
  upstream_rpc: row(
    'upstream',
    502,
    'if-idempotent',
    'the tool server sent something that is no answer to the message',
    'see whether it took effect before sending it again',
  ),
  reply_too_large: row(
    'upstream',
    502,
    'if-idempotent',
    'the reply is larger than the gateway passes on',
    'ask for less at once; the service may have acted',
  ),
  reply_not_maskable: row(
    'upstream',
    502,
    'if-idempotent',
    'the reply cannot be masked and is withheld; the service did act',
    'do not send it again; tell the operator the decision_id',
  ),

  // The house.
  log_unavailable: row(
    'house',
    503,
    'yes',
    'the decision log cannot be written, so nothing may be done',
    'send the call again later',
  ),
  log_queue_full: row('house', 503, 'yes', 'the decision log cannot keep up', 'send the call again later'),
  internal: row('house', 500, 'no', 'the gateway failed', 'tell the operator the decision_id'),
} as const satisfies Record<string, FaultRow>

export type FaultCode = keyof typeof faults

/** The message that a fault is about, as far as it could be read. */
export interface RpcPlace {
  /** JSON text of its id. */
  readonly idText?: string
  readonly era?: 'modern' | 'legacy'
  /** What it names. */
  readonly name?: string
}

export interface FaultOptions {
  readonly cause?: unknown
  readonly publicDetail?: string
  readonly allowedMethods?: readonly string[]
  readonly rpc?: RpcPlace
  readonly revisions?: { readonly requested: string; readonly supported: readonly string[] }
}

/** Thrown or returned when something broke. `detail` and `cause` are for the record; the agent sees the row and `publicDetail`. */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  /** What happened, with the offending value in backticks: lower case, no full stop. Never a secret. */
  readonly detail: string
  /** One more sentence that the agent may read, e.g. the name of the unknown field. Never of the inside. */
  readonly publicDetail: string | undefined
  /** Of `method_unknown`: the methods that the place does take, for the field `Allow` (RFC 9110 section 15.5.6). */
  readonly allowedMethods: readonly string[] | undefined
  /** Set where it is about a JSON-RPC message, and answered as its error. */
  readonly rpc: RpcPlace | undefined
  /** Of `revision_unsupported`: the revision that was asked for, and those that there are. */
  readonly revisions: { readonly requested: string; readonly supported: readonly string[] } | undefined

  constructor(code: FaultCode, detail: string, options: FaultOptions = {}) {
    super(`${code}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.detail = detail
    this.publicDetail = options.publicDetail
    this.allowedMethods = options.allowedMethods
    this.rpc = options.rpc
    this.revisions = options.revisions
  }
}

/** The same fault, as one about a JSON-RPC message. */
export function aboutMessage(fault: Fault, rpc: RpcPlace): Fault {
  const { code, detail, cause, publicDetail, allowedMethods, revisions } = fault
  return new Fault(code, detail, {
    rpc,
    ...(cause !== undefined && { cause }),
    ...(publicDetail !== undefined && { publicDetail }),
    ...(allowedMethods !== undefined && { allowedMethods }),
    ...(revisions !== undefined && { revisions }),
  })
}

/** What something caught says, for a sentence of ours. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

/** A fault as it is; anything else thrown is a bug of ours and becomes `internal`, whose details stay inside. */
export function toFault(cause: unknown): Fault {
  if (cause instanceof Fault) return cause
  const detail = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
  return new Fault('internal', detail, { cause })
}
