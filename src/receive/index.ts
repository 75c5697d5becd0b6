/** The door of receiving: bytes to calls, replies to bytes. */
export { type Answer, answer, makeAnswer } from './answer.ts'
export type { Flood } from './floods.ts'
export { makeReadMcpMessage, type ReadMcpMessage } from './mcp/read-message.ts'
export { makeMcpSessions } from './mcp/sessions.ts'
export { type Receive, receive } from './receive.ts'
export { makeReceiver, type Receiver, type ReceiverOptions, type ReceiverPorts } from './receiver.ts'
export type { Certificate } from './servers.ts'
