/** A decision: what policy said about one call, as a value. A refusal is a decision; only something broken is a fault. */
import type { Call } from './call.ts'
import type { Json, JsonObject, ParsedJson } from './json.ts'
import type { Labels } from './labels.ts'
import type { McpTool } from './mcp.ts'
import type { Principal } from './principal.ts'
import type { Target } from './target.ts'
import type { Upstream } from './upstream.ts'

export interface Reason {
  /** Stable, for programs: lower-case words joined by `_`. */
  readonly code: string
  /** One sentence for the agent. */
  readonly message: string
  /** What would help, where something would. */
  readonly remedy?: string
  /** Of `scope_missing`, and of nothing else: what the token would need (RFC 6749 section 3.3), at least one. */
  readonly scopes?: readonly string[]
}

/** `ask` elements as policy gives them. */
export interface Ask {
  readonly chain?: Json
  readonly reason?: string
  readonly risk?: string
  readonly ttl?: string
  readonly summary?: string
}

export type Obligation =
  /** Replaces (default) or removes the fields at these JSON pointers (RFC 6901; `*` is every element) of a JSON reply. */
  | { readonly type: 'mask_response'; readonly fields: readonly string[]; readonly with?: string }
  /** Sets a header of the call on its way upstream (`to: 'upstream'`, default) or of the reply (`to: 'agent'`). */
  | { readonly type: 'set_header'; readonly name: string; readonly value: string; readonly to: 'upstream' | 'agent' }
  /** Refuses a reply with more bytes than this. */
  | { readonly type: 'limit'; readonly response_bytes: number }

/** An entry of a list as policy would see an act with it. */
export interface Listed {
  readonly upstream: Upstream
  readonly tool?: McpTool
  readonly resource?: { readonly uri: string }
  /** Instead of one entry: any of this kind that the server may have, as a resource of a template is. */
  readonly any?: 'tool' | 'prompt' | 'resource'
  readonly prompt?: { readonly name: string }
}

/** Whether an agent may know of an entry. One function always says the same of one entry, so that what it said of a list can be kept. */
export type Sees = (listed: Listed) => boolean

/** Whether the agent may get a message of this method that the upstream sends by itself. */
export type Hears = (upstream: Upstream, method: string) => boolean

export type DecideCall = (call: Call, principal: Principal, target: Target) => Decision | Promise<Decision>

interface DecisionBase {
  /** UUID version 7; the agent's `Gatehouse-Decision`. */
  readonly id: string
  /** The query that was asked, e.g. `gatehouse`; absent when no policy was reached. */
  readonly entrypoint?: string
  /** The policy's revision and digest; absent when no policy was reached. */
  readonly revision?: string
  readonly digest?: string
  readonly reasons: readonly Reason[]
  /** The rules that policy's answer came from (`PolicyAnswer.rules`), whichever of them decided. */
  readonly ruleIds: readonly string[]
  readonly labels: Labels
  /** The document policy saw, for the record; absent when none was built. */
  readonly input?: JsonObject
  /** The body, or a message's arguments, where it was parsed: `input` may hold the very same value, and a record takes its text then. */
  readonly body?: ParsedJson
  /** What policy said, for the record. */
  readonly result?: JsonObject
  /** Values of nondeterministic builtins, for replay. */
  readonly nondeterministic?: JsonObject
}

export type Decision =
  | (DecisionBase & {
      readonly kind: 'allow'
      readonly obligations: readonly Obligation[]
      /** Over MCP: whether the policy could allow anything with this entry. What it could not is not shown. Absent where that cannot be known. */
      readonly sees?: Sees
      readonly hears?: Hears
      /** Over MCP: decides the same call once more, for a stream that outlives its policy. */
      readonly again?: (decide: DecideCall) => Decision | Promise<Decision>
    })
  | (DecisionBase & {
      readonly kind: 'deny'
      /** Whether no act with what it names could be allowed: the agent must not learn that it is there. */
      readonly hidden?: boolean
    })
  | (DecisionBase & { readonly kind: 'ask'; readonly asks: readonly Ask[] })

export type Allow = Extract<Decision, { kind: 'allow' }>
export type Refusal = Exclude<Decision, { kind: 'allow' }>
