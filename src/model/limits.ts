/**
 * The bounds that several files or an operator meet, each with its unit and reason, and the relations that must hold between
 * them. Those that an operator may change are in `config/` with these as their defaults or their outer edges.
 */
import assert from 'node:assert/strict'

const kib = 1024
const mib = 1024 * kib

export const limits = {
  /** Bytes of the request line and header fields: 16 KiB as node:http's default; tokens of large tenants reach 8 KiB. */
  headerBytesMax: 16 * kib,
  /** Header fields: counted in `wire/headers`, because node:http would drop the ones beyond its own bound in silence. */
  headerFieldsMax: 100,
  /** Characters of a path with its query: the practical bound of servers and proxies. */
  targetCharsMax: 8 * kib,
  /** Path segments; policy sees them as an array. */
  segmentsMax: 64,
  /** Query pairs; policy sees them as an object. */
  queryPairsMax: 256,
  /** Bytes of a streamed body by default; a route may say up to `bodyBytesMaxEdge`. */
  bodyBytesMax: 64 * mib,
  bodyBytesMaxEdge: 1024 * mib * 4,
  /** Bytes of a body that is held and parsed, by default: tool arguments are 1 to 100 KB, uploads are streamed. */
  parsedBodyBytesMax: 4 * mib,
  parsedBodyBytesMaxEdge: 64 * mib,
  /** Nesting of JSON that is parsed: far beyond honest arguments, far below the stack. */
  jsonDepthMax: 128,
  /** Digits of a JSON number: work on longer ones grows with their square. */
  jsonNumberDigitsMax: 400,
  /** Bytes of a token: 16 KiB of header hold it anyway. */
  tokenBytesMax: 12 * kib,
  /** Verified tokens remembered; about 3 KiB each. */
  rememberedTokensMax: 20_000,
  /** Actors of a delegation chain (`act`, RFC 8693 section 4.1); deeper is refused, never cut. */
  actorsMax: 8,
  /** Milliseconds for header bytes of one request. */
  headerMsMax: 10_000,
  /** Milliseconds for a whole request including its body. */
  requestMsMax: 60_000,
  /** Milliseconds for a whole call including its reply, by default. */
  callMsMax: 120_000,
  /** Milliseconds a kept-alive connection may idle towards agents: longer than usual client pools keep theirs. */
  keepAliveMs: 65_000,
  /** Open connections of agents. */
  connectionsMax: 10_000,
  /** Milliseconds between two looks at all connections for deadlines that passed: no call pays for a timer of its own. */
  sweepMs: 250,
  /** Calls of one connection that wait for the one before them (RFC 9112 section 9.3.2); honest clients send none. */
  pipelinedCallsMax: 16,
  /** Bytes of an unread body that are thrown away so that the connection can be kept; with more to come it is closed. */
  discardedBodyBytesMax: 64 * kib,
  /** Milliseconds a closing connection is still read, so that the agent gets the reply rather than a reset. */
  lingerMsMax: 2_000,
  /** Milliseconds that a departed call gets to end before its connection is cut. */
  departedMsMax: 5_000,
  /** Calls under way; each holds at most one parsed body. */
  callsMax: 4_096,
  /** Bytes of a reply that go out in one write: its end then waits for the log without holding a stream open. */
  oneWriteReplyBytesMax: 64 * kib,
  /** Bytes of a reply that is held to be masked. */
  maskedReplyBytesMax: 8 * mib,
  /** Refusals of one address in a second before its sockets are closed unread. */
  refusalsPerAddressPerSecondMax: 200,
  /** Addresses whose refusals are counted at once. */
  refusalAddressesMax: 4_096,
  /** Records waiting for the disk; beyond it calls wait, then are refused. */
  logQueueRecordsMax: 16_384,
  logQueueBytesMax: 64 * mib,
  /** Records of refusals before identification that may wait at once: a flood must not fill the queue of real calls. */
  unidentifiedQueueRecordsMax: 1_024,
  /** Milliseconds a call waits for room in the log's queue. */
  logWaitMsMax: 2_000,
  /** Bytes of one record: the input is cut to metadata beyond it, and the record says so. */
  recordBytesMax: 1 * mib,
  /** Bytes of a reply that an outcome record holds, where the route asks for it; as text in JSON it may take up to six times that. */
  recordedReplyBytesMax: 256 * kib,
  /** Bytes of a segment before the next one is begun. */
  segmentBytesMax: 256 * mib,
  /** Milliseconds after which the next one is begun, however small it is: a day's records can be put away together. */
  segmentMsMax: 24 * 3_600_000,
  /** Free bytes on the log's disk below which readiness is red and nothing new is accepted. */
  freeDiskBytesMin: 256 * mib,
  /** Milliseconds that running calls get after SIGTERM. */
  drainMsMax: 30_000,
  /** Milliseconds to fetch keys; bytes of a key set. */
  keysMsMax: 5_000,
  keysBytesMax: 512 * kib,
  /** Milliseconds between two fetches of keys for an unknown `kid`: an attacker makes up kids for free. */
  keysCooldownMs: 30_000,
  /** Milliseconds after which keys are fetched again in the background, and after which a call waits for that. */
  keysFreshMs: 300_000,
  keysExpiryMs: 600_000,
  /** Milliseconds between two tries to fetch keys that failed: all calls of that time share one answer. */
  keysRetryMs: 1_000,
  /** Milliseconds that keys are served while their issuer is down; a revoked key works no longer than this. */
  keysStaleMsMax: 24 * 3_600_000,
  /** Keys of one set: issuers rotate with two or three. */
  keysPerSetMax: 100,
  /** Keys tried for one token without `kid`: each try is a signature check an attacker gets for free. */
  keysTriedMax: 4,
  /** Characters of a secret: a shorter one cannot be taken out of texts by value without tearing honest words apart. */
  secretCharsMin: 8,
  /** Tokens with a bad signature that are remembered, so that an agent that repeats one costs no signature check. */
  refusedTokensMax: 1_024,
  /** Characters of remembered tokens in all. */
  rememberedTokenCharsMax: 64 * mib,
  /** Bytes of a configuration, a policy, a description or a key file. */
  configurationBytesMax: 1 * mib,
  policyFileBytesMax: 2 * mib,
  /** Bytes of a module that OPA built: 130 kB are OPA's own, a hundred rules are some 50 kB more. */
  policyWasmBytesMax: 16 * mib,
  /** Bytes of one data document of a policy, and of all its files together. */
  policyDataBytesMax: 32 * mib,
  policyBytesMax: 64 * mib,
  /** Files and folders that are looked at for one policy, and how deep they lie. */
  policyEntriesMax: 10_000,
  policyDepthMax: 16,
  /** Steps and values of one evaluation: some 100 ms of one core, thousands of times what an honest rule needs. */
  policyStepsMax: 2_000_000,
  policyResultValuesMax: 100_000,
  descriptionBytesMax: 8 * mib,
  /** Characters of a JSON-RPC method and of an id as JSON text: UUIDs and counters are a tenth of it. */
  rpcMethodCharsMax: 128,
  rpcIdCharsMax: 512,
  /** Characters of what a message names: in the modern era a header field repeats it, which has no room for more. */
  mcpNameCharsMax: 16 * kib,
  /** Sessions with agents at once, and of one agent: each is some 2 KiB beside its streams. */
  mcpSessionsMax: 50_000,
  mcpSessionsPerOwnerMax: 1_000,
  /** Bytes of an `initialize` and of a server's answer to it: they are kept as long as the session is. */
  mcpOpeningBytesMax: 64 * kib,
  /** Milliseconds after which a session that nobody used is forgotten; the agent opens another one. */
  mcpSessionIdleMs: 3_600_000,
  /** Requests of one server that wait for an agent's answer, in one session: honest servers ask one thing at a time. */
  mcpAskedMax: 64,
  /** Milliseconds after which such a request may be forgotten for a new one: people have had time to answer. */
  mcpAskedMsMax: 600_000,
  /** Milliseconds that a server may tell an agent to wait before it reconnects, at least and at most: it is not alone on the stream. */
  mcpRetryMsMin: 100,
  mcpRetryMsMax: 60_000,
  /** Messages of an agent whose answer is still to come, in one session: their ids are kept until it does. */
  mcpOutstandingMax: 1_024,
  /** Bytes of one event of a server's stream: as much as of a whole reply that is held. */
  mcpMessageBytesMax: 8 * mib,
  /** Milliseconds between two signs of life on a stream: proxies close what is quiet for a minute. */
  mcpKeepAliveMs: 25_000,
  /** Milliseconds after which a stream without an end of its own is closed; agents open it again. */
  mcpStreamMsMax: 4 * 3_600_000,
  /** Entries of one list of a server: a model is given some dozens of tools. */
  mcpToolsMax: 10_000,
  /** Bytes of all pages of one list of a server: ten thousand definitions of 3 KiB. */
  mcpListBytesMax: 32 * mib,
  /** Milliseconds for which a server's definitions are taken as known; a call after it asks for them again first. */
  mcpListFreshMs: 5_000,
  /** Milliseconds for which a list is kept at most, whatever the server says: a tool that was withdrawn must be gone by then. */
  mcpListTtlMsMax: 60_000,
  /** Milliseconds for which it is remembered that a server does not speak an era, and that it does. */
  mcpEraAbsentMs: 30_000,
  mcpEraPresentMs: 600_000,
  /** Entries of one page of a list towards agents. */
  mcpPageEntries: 1_000,
  /** Pages of one list of a server. */
  mcpPagesMax: 200,
  /** Reasons and obligations that one decision may carry. */
  reasonsMax: 64,
  obligationsMax: 32,
  /** Rules that one decision names: a record must stay readable, and a hundred more say nothing more. */
  ruleIdsMax: 64,
} as const

assert(limits.headerMsMax < limits.requestMsMax && limits.requestMsMax < limits.callMsMax)
assert(limits.parsedBodyBytesMax <= limits.bodyBytesMax)
assert(limits.tokenBytesMax < limits.headerBytesMax)
assert(limits.recordBytesMax <= limits.logQueueBytesMax)
assert(limits.keysFreshMs < limits.keysExpiryMs && limits.keysExpiryMs < limits.keysStaleMsMax)
assert(limits.keysCooldownMs < limits.keysFreshMs)
assert(limits.unidentifiedQueueRecordsMax < limits.logQueueRecordsMax)
assert(limits.policyFileBytesMax <= limits.policyDataBytesMax && limits.policyDataBytesMax <= limits.policyBytesMax)
assert(limits.oneWriteReplyBytesMax <= limits.maskedReplyBytesMax)
assert(limits.mcpMessageBytesMax <= limits.mcpListBytesMax)
assert(limits.mcpListFreshMs <= limits.mcpListTtlMsMax)
assert(limits.mcpKeepAliveMs < limits.keepAliveMs && limits.mcpSessionsPerOwnerMax <= limits.mcpSessionsMax)
assert(limits.freeDiskBytesMin >= limits.logQueueBytesMax)
