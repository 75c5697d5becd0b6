/** A compiled policy as the path uses it: one question an entrypoint. `policy/` makes it, `decide/` asks it. */
import type { Json, JsonObject } from './json.ts'

export interface Policy {
  /** What operators call this version, from the policy's own manifest or a short form of the digest. */
  readonly revision: string
  /** `sha256:` and 64 hex digits over every source that took part. */
  readonly digest: string
  /** By entrypoint, e.g. `gatehouse`: one for every route's. */
  readonly questions: ReadonlyMap<string, Question>
}

/** A prepared query with one value. Evaluation is synchronous and bounded. */
export interface Question {
  /** Undefined when the query is undefined; throws when evaluation fails in any way. `input` is read in place, never changed. */
  value(input: JsonObject): Json | undefined
  /**
   * Paths below `input` that evaluation may read: `['call', 'tool', 'name']`; the empty path is all of it, and everything
   * below a path counts. What no path covers need not be built.
   */
  readonly reads: readonly (readonly string[])[]
}
