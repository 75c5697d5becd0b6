/** What the clock, chance and the network said to a policy, beside its answer: for records, and for replay. */
import type { JsonObject, PolicyAnswer } from '../model/index.ts'
import { type NondeterministicValues, toJson } from '../rego/index.ts'

/** The answer with the values that were used, if any were. */
export function answerWith(answer: PolicyAnswer, used: NondeterministicValues): PolicyAnswer {
  for (const _ in used) return { ...answer, nondeterministic: plain(used) }
  return answer
}

function plain(used: NondeterministicValues): JsonObject {
  return Object.fromEntries(
    Object.entries(used).map(([name, values]) => [
      name,
      Object.fromEntries(Object.entries(values).map(([key, value]) => [key, toJson(value)])),
    ]),
  ) as JsonObject
}
