/**
 * The path of one call: receive, identify, route, decide, forward, record. Nothing else knows this
 * order. A refusal is a value; something broken is a fault; whatever happens, the entry is closed once and answers.
 */

import type { Decide } from './decide/index.ts'
import type { Forward } from './forward/index.ts'
import type { Identify } from './identify/index.ts'
import { type Arrival, type Fault, type Reply, toFault } from './model/index.ts'
import type { Answer, Receive } from './receive/index.ts'
import type { OpenEntry } from './record/index.ts'
import type { RouteCall } from './route/index.ts'

/** One consistent set of rooms, made from one configuration and one policy. A call uses one set from its first step to its last. */
export interface Rooms {
  readonly record: OpenEntry
  readonly receive: Receive
  readonly identify: Identify
  readonly route: RouteCall
  readonly decide: Decide
  readonly forward: Forward
  readonly answer: Answer
  /** Told of every fault that is a mistake of ours, with its cause: the agent and the record get no stack. */
  readonly reportBug: (fault: Fault) => void
}

export type Gateway = (arrival: Arrival) => Promise<Reply>

/** `rooms` gives the set that is in force now: a reload swaps it whole. Never rejects. */
export function makeGateway(rooms: () => Rooms): Gateway {
  return async function pass(arrival) {
    const { record, receive, identify, route, decide, forward, answer, reportBug } = rooms()
    const entry = record(arrival)
    try {
      const call = entry.received(receive(arrival))
      const principal = entry.identified(await identify(call))
      const target = entry.routed(await route(call, principal))
      const decision = await entry.decided(await decide(call, principal, target))
      if (decision.kind !== 'allow') return await entry.refused(answer.refusal(decision, target, call))
      return await entry.followed(await forward(call, target, decision))
    } catch (cause) {
      const fault = toFault(cause)
      if (fault.code === 'internal') reportBug(fault)
      return entry.failed(fault, answer.fault)
    }
  }
}
