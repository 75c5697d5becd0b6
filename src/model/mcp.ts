/**
 * MCP as the rooms pass it on: a message of an agent, what it is about, the session it belongs to, the servers behind a route.
 * `receive/mcp` reads messages, `route/` aims them, `forward/mcp` carries them.
 */
import type { Fault } from './fault.ts'
import type { JsonObject, ParsedJson } from './json.ts'
import type { Upstream } from './upstream.ts'

/** `modern`: each request says its revision and capabilities (2026-07-28). `legacy`: a session begins with `initialize`. */
export type McpEra = 'modern' | 'legacy'

/** Newest first; the places in these lists are the order of revisions. */
export const modernRevisions = ['2026-07-28'] as const
export const legacyRevisions = ['2025-11-25', '2025-06-18', '2025-03-26'] as const

/** What a message names, and so what policy sees of it. */
export type McpNamed = 'tool' | 'prompt' | 'resource' | 'task' | 'completion'

/** A row of the method table (`wire/mcp-methods.ts`). */
export interface McpMethod {
  readonly name: string
  readonly kind: 'request' | 'notification'
  readonly eras: readonly McpEra[]
  readonly names?: McpNamed
  /**
   * `act`: the policy must allow it. `way`: it does nothing but lead to acts (opening, listing, keeping up), so that it is refused
   * only where the policy could allow nothing behind it.
   */
  readonly weight: 'act' | 'way'
  /** The list in its result: one call that asks every server of the route. */
  readonly lists?: 'tools' | 'prompts' | 'resources' | 'resourceTemplates'
}

/** A message of an agent, strictly read and found to be what its header says. */
export interface McpMessage {
  readonly era: McpEra
  /** Of the message (modern) or of its session; for `initialize` the one that was asked for. */
  readonly revision: string
  /**
   * `answer`: a response to a request of a server. `stream` and `end`: GET and DELETE of a legacy session; they have no
   * JSON-RPC method, and policy sees `session/stream`, `session/end` and `session/answer`.
   */
  readonly kind: 'request' | 'notification' | 'answer' | 'stream' | 'end'
  readonly method: McpMethod
  /** The JSON text of its id: a string or an integer. Absent where there is none. */
  readonly idText?: string
  readonly params: JsonObject
  /** All of it; absent for `stream` and `end`. */
  readonly body?: ParsedJson
  /** What the message names, as the agent wrote it: a tool, a prompt, a URI, a task. */
  readonly name?: string
  /** Of a legacy message; absent before there is one. */
  readonly session?: McpSession
  /** Of `stream`: the event after which it goes on. */
  readonly lastEventId?: string
  /** `Mcp-Param-*` fields as they came: lower-case name without the prefix to value. */
  readonly mirrored: ReadonlyMap<string, string>
}

/**
 * What is done with an entry of a list in which characters stand that a model reads and a person does not see: it is left out; they are
 * written out where they stand in text that is for reading alone, else it is left out; it is shown as it is.
 */
export type InvisibleUse = 'refuse' | 'show' | 'pass'

/** One of the servers behind a route. */
export interface McpServer {
  /** Its `basePath` is the endpoint that speaks MCP. */
  readonly upstream: Upstream
  /** Put before the names of its tools and prompts; empty where the route has one server only. */
  readonly prefix: string
  /** What a list does while the server cannot be reached: go on without it, or fail. */
  readonly onFailure: 'open' | 'closed'
  readonly invisible: InvisibleUse
  /** What of it the route offers; absent: everything. */
  readonly selects?: McpSelects
}

/**
 * The server's own names of what is offered, `resources` as URIs and templates; one that ends with `*` stands for all that begin like it. A
 * kind that is absent is offered whole, an empty one not at all.
 */
export interface McpSelects {
  readonly tools?: readonly string[]
  readonly prompts?: readonly string[]
  readonly resources?: readonly string[]
}

export interface McpRoute {
  readonly servers: readonly McpServer[]
  /** Origins (RFC 6454) whose pages may call, besides those of this machine where it is asked for as this machine. */
  readonly origins: readonly string[]
  /** Whether `Host` must be a loopback name: a page of elsewhere could have its own name lead here (DNS rebinding). */
  readonly loopbackHostsOnly: boolean
}

/** What a tool is to policy. The digest covers everything that a model sees of it. */
export interface McpTool {
  readonly server: string
  readonly name: string
  readonly digest: string
  readonly annotations?: JsonObject
}

/** A tool as its server defines it, kept for calls. */
export interface McpToolFacts {
  /** As policy sees it: one object for all calls. */
  readonly tool: McpTool
  /** The definition as it came, and its text. */
  readonly definition: JsonObject
  readonly text: string
  /** Arguments that are mirrored into `Mcp-Param-*`: lower-case name, and the path of properties that leads to it. */
  readonly mirrors: readonly { readonly header: string; readonly path: readonly string[] }[]
}

/** What a message asks for, in the words of the policy's input. */
export interface McpAsk {
  readonly message: McpMessage
  /** Where it goes: one server, or all of the route's for what is asked of all. */
  readonly servers: readonly McpServer[]
  /** What it names, as the server knows it. */
  readonly name?: string
  readonly facts?: McpToolFacts
  readonly resource?: { readonly uri: string }
  readonly prompt?: { readonly name: string }
  readonly task?: { readonly id: string }
  readonly arguments?: JsonObject
  /** The arguments with the bytes that they came as; absent where the gateway made them. */
  readonly sent?: ParsedJson
  /** What the agent gave back of what it was given, opened: its task, its request state. */
  readonly opened?: {
    readonly requestState?: string
    readonly taskIds?: readonly (readonly [server: string, id: string])[]
  }
  /** Of a `session/answer`: the server's request that it answers. */
  readonly answers?: McpAsked
  /** What is wrong with the message, where only who may know of the tool may learn it: thrown behind the decision, unless that hides the tool. */
  readonly objection?: Fault
  /** Whose it is: see `ownerOf`. */
  readonly owner: string
  /** `Principal.untilMs` of whoever asks. */
  readonly untilMs?: number
}

/** A request of a server that an agent has not answered yet. */
export interface McpAsked {
  readonly server: McpServer
  /** JSON text of the server's own id. */
  readonly idText: string
  readonly method: string
  /** Monotonic milliseconds at which the agent was asked. */
  readonly atMs: number
  /** JSON text of the progress token that the server gave; the agent was given its own id for the request. */
  readonly progressText?: string
}

/** A session with an agent. Its id cannot be guessed, and only its owner may use it, on the route that it was opened on. */
export interface McpSession {
  readonly id: string
  readonly owner: string
  readonly route: string
  readonly revision: string
  /** The `initialize` request that opened it, at most `limits.mcpOpeningBytesMax`: sent again where a server has lost its side. */
  readonly opening: Uint8Array
  /** Servers' requests that wait for an answer, by the id that the agent was given for them (JSON text). */
  readonly asked: Map<string, McpAsked>
  /** It is used: it does not become old. */
  touch(): void
  /** Calls `listener` once when the session ends, at once when it has. Returns the function that takes it back. */
  onEnd(listener: () => void): () => void
}

export interface McpSessions {
  /** Faults with `overloaded` when there are too many. */
  open(session: Pick<McpSession, 'owner' | 'route' | 'revision' | 'opening'>): McpSession
  /** The session with this id, if it is this owner's on this route; somebody else's is not there. */
  find(id: string, owner: string, route: string): McpSession | undefined
  end(session: McpSession): void
  readonly count: number
}
