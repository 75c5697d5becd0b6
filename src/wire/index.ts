/** The door of the protocols as pure functions, both directions: they read and write text and bytes and do nothing else. */
export { agentFault, rpcFault } from './agent-fault.ts'
export { Gathered } from './gathered.ts'
export {
  connectionNames,
  type Headers,
  isFieldName,
  isFieldValue,
  isHopByHop,
  mediaTypeOf,
  readHeaders,
} from './headers.ts'
export { parseHost } from './host.ts'
export { type Invisible, invisibleIn, jsonWithInvisibleShown, withInvisibleShown } from './invisible.ts'
export { parseBody, parseJson, printJson } from './json.ts'
export { JsonCursor } from './json-cursor.ts'
export { editJson, elementsOf, type JsonEdit, memberOf } from './json-edit.ts'
export { JsonError } from './json-exact.ts'
export { idText, type RpcMessage, readRpc, rpcErrorText, rpcResultText } from './jsonrpc.ts'
export {
  headerValueOf,
  type Mirror,
  mcpHeaders,
  metaKeys,
  mirroredText,
  mirrors,
  mirrorsOf,
  originKey,
  textOfHeader,
} from './mcp-headers.ts'
export { mcpMethod, nameParams, serverNotifications, serverRequests, sessionMethods } from './mcp-methods.ts'
export { saysResourceUnknown, type UnknownKind, unknownText } from './mcp-unknown.ts'
export { hexDigit, percentDecoded } from './percent.ts'
export { type Problem, problemMediaType, problemOf, problemText } from './problem.ts'
export { makeRedactor, redactBytes, StreamRedactor, secretOf } from './secrets.ts'
export { carriesMessage, SseError, type SseEvent, SseReader, sseComment, sseText } from './sse.ts'
export { parseTarget, type RequestTarget } from './target.ts'
export { toolDigest } from './tool-digest.ts'
export { type MakeTrace, makeTraceMaker, traceparentOf } from './trace.ts'
