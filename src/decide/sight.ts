/**
 * What of the tools, prompts and resources behind a route an agent may know of: those with which the policy could allow something. Asked
 * with arguments that nobody knows yet and at no certain moment, so that an answer is good as long as policy and identity are the same.
 */
import type { Hears, JsonObject, Principal, Question, Route, Sees } from '../model/index.ts'
import { denialsOf, saidOf } from './answer.ts'
import { listedInput, saidInput } from './input.ts'

export interface Sight {
  /**
   * One function for all messages of a principal to a route, so that what it said of a list can be kept with it. Undefined where the engine
   * cannot tell: then nothing is hidden.
   */
  readonly seesOf: (principal: Principal, route: Route) => Sees | undefined
  /** What a server says by itself does nothing yet: refused only where a message that leads to acts would be. */
  readonly hearsOf: (principal: Principal, route: Route) => Hears
  /** Whether anything behind a message that leads to acts could be allowed; `input` is about the message. Undefined where the engine cannot tell. */
  readonly leads: ((input: JsonObject) => boolean) | undefined
}

export function makeSight({ could, ask }: Question): Sight {
  const known = new WeakMap<Principal, Map<Route, Sees>>()

  return {
    seesOf(principal, route) {
      if (could === undefined) return undefined
      let routes = known.get(principal)
      if (routes === undefined) {
        routes = new Map()
        known.set(principal, routes)
      }
      let sees = routes.get(route)
      if (sees === undefined) {
        sees = (listed) => could(listedInput(principal, route, listed), listed.any ?? 'arguments')
        routes.set(route, sees)
      }
      return sees
    },
    hearsOf: (principal, route) => (upstream, method) => {
      const input = saidInput(principal, route, upstream, method)
      // An engine that cannot tell what could hold is asked what does.
      return could !== undefined ? could(input, 'act') : denialsOf(saidOf(ask(input).value)).length === 0
    },
    leads: could === undefined ? undefined : (input) => could(input, 'act'),
  }
}
