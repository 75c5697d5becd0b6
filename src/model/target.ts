/** A target: where a call goes and under which rules, as the configuration says. Only `route/` makes one. */
import type { Call } from './call.ts'
import type { Labels } from './decision.ts'
import type { Json, JsonObject } from './json.ts'
import type { McpAsk, McpRoute } from './mcp.ts'

export type Target = HttpTarget | McpTarget

export interface HttpTarget {
  readonly route: Route
  readonly mcp?: undefined
  readonly upstream: Upstream
  /** The operation of the route's OpenAPI description that this call is; absent on a route without a description. */
  readonly operation?: Operation
  /** Path and query as they go upstream: the route's prefix removed or kept as configured. Begins with `/`. */
  readonly upstreamPath: string
}

export interface McpTarget {
  readonly route: Route
  readonly mcp: McpAsk
  /** Absent where the message goes to all servers of the route. */
  readonly upstream?: Upstream
  readonly operation?: undefined
}

export interface Route {
  readonly id: string
  readonly labels: Labels
  /** The policy package that decides, e.g. `gatehouse`. */
  readonly entrypoint: string
  readonly identity: 'required' | 'none'
  readonly recording: Recording
  /** Largest body, in bytes, that is received at all on this route. */
  readonly bodyBytesMax: number
  /** Largest body, in bytes, that is held in memory to be parsed; a larger one on a route that reads it is `body_too_large`. */
  readonly parsedBodyBytesMax: number
  /** Request headers that policy may see, lower case. */
  readonly policyHeaders: readonly string[]
  readonly undescribed: 'refuse' | 'allow'
  /** What the agent wrote before the upstream's own path, e.g. `/erp`; removed on the way up, put back in `Location`. */
  readonly prefix: string
  /** Cookies pass in both directions only when true. */
  readonly cookies: boolean
  /** Present where the route speaks MCP. */
  readonly mcp?: McpRoute
}

export interface Recording {
  /** Design section 7: when the records must be durable. */
  readonly mode: 'strict' | 'durable' | 'async'
  /** How much of the policy input a record holds. */
  readonly level: 'none' | 'metadata' | 'input'
  /** Whether the outcome record holds the body of what the upstream replied. Default false. */
  readonly reply?: boolean
}

export interface Upstream {
  readonly id: string
  readonly labels: Labels
  /** `http://host:port` or `https://host:port`, no path. */
  readonly origin: string
  /** Path put before every upstream path; empty or begins with `/`, never ends with it. */
  readonly basePath: string
  /** The header that authenticates Gatehouse to the upstream; its value is a secret and never printed. */
  readonly credential?: { readonly header: string; readonly value: string }
  readonly connectMsMax: number
  /** From the last request byte to the reply's header. */
  readonly headersMsMax: number
  /** Between two reads of the reply's body. */
  readonly idleMsMax: number
  readonly replyBytesMax: number
  readonly connectionsMax: number
  /** Further tries after a connection failed before a byte was sent, or of a safe method (RFC 9110 section 9.2.1). */
  readonly retriesMax: number
  /** PEM of the authorities to trust instead of the system's. */
  readonly authorities?: string
}

/** An operation of an OpenAPI description as a tool. */
export interface Operation {
  readonly tool: {
    readonly server: string
    readonly name: string
    readonly digest: string
    readonly annotations?: JsonObject
  }
  /** Whether the arguments include fields of the body, so that it must be parsed. */
  readonly readsBody: boolean
  /**
   * The flat, typed arguments of a call, exactly as the MCP tool made from this operation would get them. `body` is the
   * parsed body, undefined when there is none. Faults: `argument_unknown`, `argument_missing`, `argument_invalid`.
   */
  argumentsOf(call: Call, body: Json | undefined): JsonObject
}
