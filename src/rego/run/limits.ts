/** The bounds of one evaluation. A limit that is reached ends it with `eval_cancel_error`: a policy cannot hang the process that asks it. */
export interface EvaluationLimits {
  /**
   * Elements visited, values collected and work charged by builtins: 1 and up, default 50,000,000 (a few seconds of one core). Straight-line
   * rules cost nothing: their number is bounded by the policy's text.
   */
  readonly stepsMax: number
  /** Values in a result, elements of collections included: 1 and up, default 10,000,000. */
  readonly resultValuesMax: number
  /** Times that one evaluation may wait for the network: 0 and up, default 100. */
  readonly waitsMax: number
}

export const defaultLimits: EvaluationLimits = {
  stepsMax: 50_000_000,
  resultValuesMax: 10_000_000,
  waitsMax: 100,
}
