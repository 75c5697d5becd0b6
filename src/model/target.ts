/** A target: where a call goes and under which rules, as the configuration says. Only `route/` makes one. */
import type { Call } from './call.ts'
import type { Json, JsonObject } from './json.ts'
import type { Labels } from './labels.ts'
import type { McpAsk, McpRoute } from './mcp.ts'
import type { Upstream } from './upstream.ts'

export type Target = HttpTarget | McpTarget | HouseTarget

export interface HttpTarget {
  readonly route: Route
  readonly mcp?: undefined
  readonly document?: undefined
  readonly upstream: Upstream
  /** The operation of the route's OpenAPI description that this call is; absent on a route without a description. */
  readonly operation?: Operation
  /** Path and query as they go upstream: the route's prefix removed or kept as configured. Begins with `/`. */
  readonly upstreamPath: string
}

export interface McpTarget {
  readonly route: Route
  readonly mcp: McpAsk
  readonly document?: undefined
  /** Absent where the message goes to all servers of the route. */
  readonly upstream?: Upstream
  readonly operation?: undefined
}

/** What the house says itself about a route, to everybody: nothing is asked of policy or of an upstream. */
export interface HouseTarget {
  readonly route: Route
  /** JSON text. */
  readonly document: string
  readonly mcp?: undefined
  readonly upstream?: undefined
  readonly operation?: undefined
}

/** What a client without a good token is told about a route (RFC 9728 section 5.1). */
export interface Protection {
  /** URL of the metadata. */
  readonly metadata: string
  /** What a token for the route must have. */
  readonly scopes: readonly string[]
}

export interface Route {
  readonly id: string
  readonly labels: Labels
  /** The policy package that decides, e.g. `gatehouse`. */
  readonly entrypoint: string
  readonly identity: 'required' | 'none'
  /** Scopes that a token must have for any call of the route. Absent: none. */
  readonly scopes?: readonly string[]
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
