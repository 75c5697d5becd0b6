/** The door of the protocols as pure functions, both directions: they read and write text and bytes and do nothing else. */
export { agentFault } from './agent-fault.ts'
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
export { parseBody, parseJson, printJson } from './json.ts'
export { JsonError } from './json-exact.ts'
export { hexDigit, percentDecoded } from './percent.ts'
export { type Problem, problemMediaType, problemText } from './problem.ts'
export { makeRedactor, redactBytes, StreamRedactor, secretOf } from './secrets.ts'
export { parseTarget, type RequestTarget } from './target.ts'
export { type MakeTrace, makeTraceMaker, traceparentOf } from './trace.ts'
