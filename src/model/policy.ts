/**
 * A compiled policy as the path uses it: one question an entrypoint. `policy/` makes it, `decide/` asks it; what both must
 * agree on, the rules that are asked for and the form of the answer, stands here.
 */
import type { Json, JsonObject } from './json.ts'

export interface Policy {
  /** What operators call this version, from the policy's own manifest or a short form of the digest. */
  readonly revision: string
  /** `sha256:` and 64 hex digits over every source that took part. */
  readonly digest: string
  /** By entrypoint, e.g. `gatehouse`: one for every route's. */
  readonly questions: ReadonlyMap<string, Question>
  /** What `data.system.log` says about each record; absent where no policy has that package. */
  readonly recordRules?: RecordRules
}

/** The rules `mask` and `drop` of the package `system.log`, as OPA has them. Evaluation is synchronous and bounded. */
export interface RecordRules {
  /** `event` is the decision's record as an object. Throws when evaluation fails in any way. */
  ask(event: JsonObject): { readonly mask: Json | undefined; readonly drop: boolean }
  /** Paths below `event` that evaluation may read, as in `Question`. */
  readonly reads: readonly (readonly string[])[]
}

/** The rules of an entrypoint's package that are asked for. Every one is optional but `allow`. */
export const policyRules = ['allow', 'deny', 'ask', 'obligations', 'labels'] as const
export type PolicyRule = (typeof policyRules)[number]

/** A prepared query for all of `policyRules` at once. Evaluation is synchronous and bounded. */
export interface Question {
  /** Throws when evaluation fails in any way. `input` is read in place, never changed. */
  ask(input: JsonObject): PolicyAnswer
  /**
   * Paths below `input` that evaluation may read: `['call', 'tool', 'name']`; the empty path is all of it, and everything
   * below a path counts. What no path leads to or through need not be built.
   */
  readonly reads: readonly (readonly string[])[]
  /**
   * Whether anything could be allowed while parts of the call are unknown. `arguments`: some arguments pass; what the input has there
   * is not looked at. `tool`, `prompt` and `resource`: some
   * tool passes, whatever it is; in the same way the others. `act`: some act passes, whatever its tool, resource, prompt, server and method are, and no `deny` holds for
   * every act behind the message that the input is about. A `deny` with the
   * code `scope_missing` keeps no act from passing: another token would be let do it. Never false where something could pass. Absent where the engine cannot tell.
   */
  readonly could?: (input: JsonObject, unknown: 'arguments' | 'tool' | 'prompt' | 'resource' | 'act') => boolean
}

export interface PolicyAnswer {
  /** An object with a list for each rule: empty where the rule is undefined, else its one value. Not checked further. */
  readonly value: Json | undefined
  /**
   * The rules of `policyRules` that gave a part of the answer, at most `limits.ruleIdsMax`: `gatehouse.deny#orders.amount` by the id of the rule's
   * annotation (`custom.id`), else `gatehouse.allow@main.rego:14` by its place.
   */
  readonly rules: readonly string[]
  /** Values of nondeterministic builtins, for replay; absent when none were used. */
  readonly nondeterministic?: JsonObject
}
