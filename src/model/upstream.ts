/** An upstream: a service behind the gateway, as the configuration says. */
import type { Labels } from './labels.ts'

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
