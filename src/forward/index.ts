/** The door of forwarding: calls out to upstreams, replies back, and small documents through the same guarded egress. */
export { type DocumentPorts, makeFetchDocument } from './document.ts'
export { addressesOf, checkHost, guardedLookup, isAllowedAddress, type Lookup } from './egress.ts'
export { type Forward, type Forwarding, type ForwardOptions, type ForwardPorts, makeForward } from './forward.ts'
export type { AimMcp } from './mcp/aim.ts'
export { type McpMemory, makeMcpMemory } from './mcp/servers.ts'
export { makeSend, type SendPorts } from './send.ts'
