/** A reply: what goes back to the agent, whoever made it. */
import type { ByteSource } from './bytes.ts'
import type { FaultCode } from './fault.ts'

export interface Reply {
  readonly status: number
  /** Name, value, name, value ... as written on the wire; without hop-by-hop fields and without framing. */
  readonly headers: readonly string[]
  readonly body: ReplyBody
  /** Written as `Gatehouse-Decision` by `receive/`. */
  readonly decisionId: string
  /** Set when Gatehouse, not the upstream, answers because of a fault; `receive/` closes or counts by it. */
  readonly fault?: FaultCode
  /** A stream without an end of its own: not the call's deadline ends it, but `limits.mcpStreamMsMax`, and a drain at once. */
  readonly lasting?: boolean
  /** Whether the agent got this before it was known: then floods of it are bounded per address. */
  readonly unidentified?: boolean
}

/** `bytes` goes out in one write with its `Content-Length`; `stream` as it comes. */
export type ReplyBody =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'stream'; readonly source: ByteSource }

/** What came back from the upstream with the obligations done, before anything of it was given to the agent. */
export interface UpstreamReply extends Omit<Reply, 'decisionId'> {
  readonly upstream: UpstreamTimes
  /** False where the house answered by itself. Default: true. */
  readonly reached?: boolean
  /** Of a list of MCP: what each server of the route added to it. */
  readonly servers?: readonly ListedServer[]
  /** Over MCP: what was said in it so far. Asked when the call has ended. */
  readonly said?: () => McpSaid
  /** Types of the obligations that were carried out, for the outcome record. */
  readonly obligationsDone: readonly string[]
}

export interface ListedServer {
  readonly upstream: string
  /** Code of the fault for which the list goes on without it. */
  readonly code?: FaultCode
  /** Entries that the agent may see, and those that the policy could not allow anything with. */
  readonly shown: number
  readonly hidden: number
  /** The first of those that were hidden, as the server has them; absent where there are none. */
  readonly hidden_names?: readonly string[]
  /** Entries that nobody is shown, because their definition cannot be used; absent where there are none. */
  readonly refused?: number
  /** The first of them, as the server has them, and what is wrong with each. */
  readonly refused_entries?: readonly { readonly name: string; readonly why: string }[]
}

/** What a server of MCP said in a reply, as records have it. */
export interface McpSaid {
  /** A result that says of itself that it is an error: the tool failed. */
  readonly tool_error?: boolean
  /** Code of the error that the server answered with (JSON-RPC 2.0 section 5.1). */
  readonly rpc_error?: number
  readonly messages?: readonly SaidMessages[]
}

/** Messages that a server sent by itself: requests to the agent, notifications, answers to other messages of the session. */
export interface SaidMessages {
  readonly upstream: string
  readonly method: string
  /** Those that the agent was given, and those that it must not have or that were about nothing of it. */
  readonly passed: number
  readonly withheld: number
}

export interface UpstreamTimes {
  /** Milliseconds from handing over the call to the reply's header. */
  readonly headersMs: number
  /** Tries made, 1 or more. */
  readonly tries: number
  /** The upstream's status, before any obligation replaced the reply. */
  readonly status: number
}
