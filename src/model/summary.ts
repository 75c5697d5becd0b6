/** What the metrics are told about a call, once, when it has ended. */
export const steps = ['receive', 'identify', 'route', 'decide', 'record', 'forward', 'reply'] as const
export type Step = (typeof steps)[number]

export interface CallSummary {
  readonly decision: 'allow' | 'deny' | 'ask'
  /** First reason or fault code; `ok` when there is none. A policy may make as many as it likes: whoever keeps something by code bounds that. */
  readonly code: string
  /** Route id, or `none`. */
  readonly route: string
  /** Upstream id, or `none`. */
  readonly upstream: string
  readonly status: number
  readonly upstreamStatus: number | undefined
  /** Milliseconds spent in each of `steps`, in their order; 0 for a step that was not reached. */
  readonly stepMs: Float64Array
  readonly totalMs: number
}

/** Must cost well under 3 us: it runs on every call. */
export type ObserveCall = (summary: CallSummary) => void
