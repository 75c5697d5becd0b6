/**
 * The configuration after reading: frozen, every default filled in, every reference to a secret resolved, every path
 * absolute. `config/` makes it from `gatehouse.yaml`; each room gets the part that it needs.
 */
import type { Labels } from './labels.ts'
import type { InvisibleUse, McpSelects } from './mcp.ts'
import type { AgentFacts } from './principal.ts'
import type { RecordFilter } from './record.ts'
import type { Route } from './target.ts'
import type { Upstream } from './upstream.ts'

export interface Config {
  /** Absolute path of the file that was read. */
  readonly file: string
  /** `development` brings its own issuer, listens on loopback only and starts the procurement world. */
  readonly mode: 'development' | 'production'
  readonly agentsListener: AgentsListener
  readonly operatorsListener: OperatorsListener
  /** Absolute; one process owns it. */
  readonly dataDirectory: string
  readonly issuers: readonly Issuer[]
  readonly agents: readonly AgentEntry[]
  /** Whether a token that names none of `agents` is refused (`agent_unknown`); otherwise policy sees no `agent`. */
  readonly agentsRequired: boolean
  readonly upstreams: readonly Upstream[]
  readonly routes: readonly RouteRule[]
  readonly policy: PolicySource
  readonly log: LogSettings
  readonly audit: AuditSettings
  /** Where the log streams to. */
  readonly sinks: readonly SinkSettings[]
  /** Labels put into every record, as OPA's `labels`. */
  readonly labels: Labels
  readonly timing: Timing
  /** Values that must never be printed: what every secret reference resolved to. */
  readonly secrets: readonly string[]
  /** Every file the configuration depends on, absolute: watched for reload. */
  readonly watched: readonly string[]
}

export interface AgentsListener {
  readonly host: string
  readonly port: number
  /** Absolute paths of PEM files, reloaded when they change. */
  readonly tls?: { readonly certificate: string; readonly key: string }
  /** How agents reach this listener, e.g. `https://agents.example.com`; used for `Location`. Default: from `Host`. */
  readonly publicUrl?: string
  readonly connectionsMax: number
  readonly callsMax: number
}

export interface OperatorsListener {
  readonly host: string
  readonly port: number
  /** Bearer token that operators must send; required off loopback. A secret. */
  readonly token?: string
  /** Values of `Host` that are accepted besides loopback names. */
  readonly hosts: readonly string[]
}

/** One trusted issuer. */
export interface Issuer {
  /** Exact value of `iss`. */
  readonly issuer: string
  /** `https:` URL, or absolute path of a JWK set file. */
  readonly keys: { readonly url: string } | { readonly file: string }
  /** At least one of these must be in `aud`. */
  readonly audiences: readonly string[]
  /** Asymmetric signature algorithms (RFC 7518 section 3.1, RFC 8037, RFC 9864). */
  readonly algorithms: readonly string[]
  /** Accepted `typ`, lower case, without `application/`; a token without `typ` is accepted only if `none` is listed. */
  readonly types: readonly string[]
  /** Seconds of clock difference that are forgiven; 0 to 60. */
  readonly skewS: number
  /** Seconds after `iat` beyond which a token is refused whatever its `exp` says. */
  readonly ageSMax: number
  /** Claims copied to `identity.claims`. */
  readonly claims: readonly string[]
}

export interface AgentEntry {
  readonly facts: AgentFacts
  /** The identity that is this agent: the issuer, the claim, and its value. */
  readonly identity: { readonly issuer: string; readonly claim: string; readonly value: string }
}

export interface RouteRule {
  readonly route: Route
  /** Lower-case host without port, or `*` for any. */
  readonly host: string
  /** Path prefix on segment borders, normalised, e.g. `/erp`; `/` takes all. The longest match wins. */
  readonly path: string
  /** Upper case; empty means all but CONNECT. */
  readonly methods: readonly string[]
  /** Absent where the route speaks MCP. */
  readonly upstream?: string
  /** Present where it does; see `McpRoute`. */
  readonly mcp?: {
    readonly servers: readonly {
      readonly upstream: string
      /** Behind the upstream's base path. */
      readonly path: string
      readonly prefix: string
      readonly onFailure: 'open' | 'closed'
      readonly invisible: InvisibleUse
      readonly selects?: McpSelects
    }[]
    readonly origins: readonly string[]
    readonly loopbackHostsOnly: boolean
  }
  /** Absolute path of an OpenAPI 3.0 or 3.1 description, JSON or YAML. */
  readonly description?: string
  /** New names of arguments that collide: operationId -> `path.id`, `query.id` or `body.id` -> new name. */
  readonly renames: { readonly [operationId: string]: { readonly [field: string]: string } }
}

export interface PolicySource {
  /** Absolute paths of folders, read recursively, of files and of bundles (`.tar.gz`): `*.rego`, `data.json`, `data.yaml`, `policy.wasm`. */
  readonly paths: readonly string[]
}

export interface LogSettings {
  readonly directory: string
  readonly segmentBytesMax: number
  /** Milliseconds after which the next segment is begun. */
  readonly segmentMsMax: number
  readonly freeDiskBytesMin: number
  /** Whether segments are packed once they are rotated out. */
  readonly packs: boolean
  /** Milliseconds that records are kept at least; absent: for ever. */
  readonly retentionMs?: number
  /** Bytes of all segments, beyond which the oldest are removed; absent: none is for its size. */
  readonly totalBytesMax?: number
}

export interface AuditSettings {
  /** Name of the log in its checkpoints; absent: the name that its key has. */
  readonly origin?: string
  /** Absolute path of the key that signs checkpoints; made when it is not there. */
  readonly keyFile: string
  readonly anchors: readonly AnchorSettings[]
  /** Present when this gateway is a witness for others. */
  readonly witness?: WitnessSettings
}

/** Where checkpoints are kept besides the log. */
export interface AnchorSettings {
  readonly id: string
  /** Milliseconds between two checkpoints that it gets, while records arrive; 1,000 to 86,400,000. */
  readonly everyMs: number
  readonly to:
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'webhook'; readonly url: string; readonly credential?: AnchorCredential }
    /** As the settings of a bucket read it; opened by `sinks/`. */
    | { readonly kind: 's3'; readonly bucket: unknown }
    | {
        readonly kind: 'witness'
        /** Submission prefix (C2SP tlog-witness). */
        readonly url: string
        /** Its public key as text. */
        readonly key: string
        readonly credential?: AnchorCredential
      }
}

/** A header field of the request; the value is a secret, the name lower case. */
export interface AnchorCredential {
  readonly header: string
  readonly value: string
}

export interface WitnessSettings {
  /** Name in its signatures. */
  readonly name: string
  /** Absolute path; made when it is not there. */
  readonly keyFile: string
  /** Public keys, as text, of the logs that it watches. */
  readonly logs: readonly string[]
}

/** A receiver of the decision log. `sinks/` makes these from an entry of the file. */
export interface SinkSettings {
  readonly id: string
  readonly kind: string
  /** What the schema of the kind made of its settings: secrets as they are, paths absolute, files as their texts. */
  readonly options: unknown
  readonly format: string
  /** Which records it gets; absent: all. By the names of `tail`'s flags. */
  readonly only?: SinkFilter
  /** JSON pointers (RFC 6901) to what is taken out of each record. */
  readonly mask: readonly string[]
  /** Where a sink that has no place yet begins. */
  readonly begin: 'start' | 'now'
  readonly batch: { readonly recordsMax: number; readonly bytesMax: number; readonly waitMs: number }
  /** Milliseconds for one try. */
  readonly tryMsMax: number
  /** Milliseconds between two tries at most. */
  readonly retryMsMax: number
  /** Whether readiness and retention wait for it. */
  readonly required: boolean
  /** Milliseconds that the oldest record which it has not had may have waited, before a required sink is late. */
  readonly lagMsMax: number
}

export interface SinkFilter extends RecordFilter {
  /** As `parseCondition` takes them. */
  readonly where?: readonly string[]
}

export interface Timing {
  readonly callMsMax: number
  readonly headerMsMax: number
  readonly requestMsMax: number
  readonly keepAliveMs: number
  readonly drainMsMax: number
}
