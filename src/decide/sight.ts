/**
 * What of the tools, prompts and resources behind a route an agent may know of: those with which the policy could allow something. Asked
 * with arguments that nobody knows yet and at no certain moment, so that an answer is good as long as policy and identity are the same.
 */
import {
  type Call,
  canonicalText,
  type JsonObject,
  type Listed,
  type Principal,
  type Question,
  type Sees,
  type Target,
} from '../model/index.ts'
import { listedInput } from './input.ts'

/** Answers that are kept for one policy; with more, all are forgotten and found again. */
const answersMax = 100_000

export interface Sight {
  /** Undefined where the engine cannot tell: then nothing is hidden. */
  readonly seesOf: (call: Call, principal: Principal, target: Target) => Sees | undefined
  /** Whether anything behind a message that leads to acts could be allowed; `input` is about the message. */
  readonly leads: (principal: Principal, target: Target, input: JsonObject) => boolean
}

export function makeSight({ could }: Question): Sight {
  const answers = new Map<string, boolean>()
  const names = new WeakMap<Principal, string>()

  /** Who it is to policy: a new token of the same agent is the same. */
  function nameOf(principal: Principal): string {
    let name = names.get(principal)
    if (name === undefined) {
      const { identity, agent = null } = principal
      name = canonicalText([identity as Principal['identity'] & JsonObject, agent as JsonObject | null])
      names.set(principal, name)
    }
    return name
  }

  function kept(principal: Principal, about: readonly (string | boolean | undefined)[], ask: () => boolean): boolean {
    const key = `${JSON.stringify(about)}${nameOf(principal)}`
    const known = answers.get(key)
    if (known !== undefined) return known
    const found = ask()
    if (answers.size >= answersMax) answers.clear()
    answers.set(key, found)
    return found
  }

  return {
    seesOf(call, principal, target) {
      if (could === undefined) return undefined
      const { id } = target.route
      return (listed) =>
        kept(principal, [id, ...nameOfListed(listed)], () =>
          could(listedInput(call, principal, target, listed), listed.template === undefined ? 'arguments' : 'resource'),
        )
    },
    leads(principal, target, input) {
      if (could === undefined) return true
      const { route, upstream, mcp } = target
      const about = [route.id, upstream?.id, mcp?.message.method.name, mcp?.answers?.method]
      return kept(principal, about, () => could(input, 'act'))
    },
  }
}

/** Of templates nothing is known that could tell them apart. */
function nameOfListed({
  upstream,
  tool,
  prompt,
  resource,
  template,
}: Listed): readonly (string | boolean | undefined)[] {
  return [upstream.id, tool?.name, tool?.digest, prompt?.name, resource?.uri, template !== undefined]
}
