/** What operators see of a sink: how far it is, what it did, what is wrong. */

export interface SinkStatus {
  readonly id: string
  readonly kind: string
  readonly required: boolean
  /** The first record that the receiver has not acknowledged; undefined before the first one was read. */
  readonly nextSeq: number | undefined
  /** Durable records that it has not had, those that its filter passes over among them. */
  readonly lagRecords: number
  /** Milliseconds since the oldest of them was written; 0 when there is none. */
  readonly lagMs: number
  /** Bound of `lagMs` for readiness, where it is required. */
  readonly lagMsMax: number
  /** Since the sink was added. */
  readonly batches: number
  readonly records: number
  /** Tries that failed. */
  readonly failures: number
  /** Records that were ever set aside, and those that are now. */
  readonly setAside: number
  readonly rejected: number
  /** Absent while it works: since when (RFC 3339) it does not, and why. */
  readonly failing?: { readonly since: string; readonly reason: string }
}
