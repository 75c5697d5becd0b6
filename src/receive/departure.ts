/** The end of an agent's interest in its call, told once to whoever works for it. */
import { type Departure, type DepartureReason, Fault } from '../model/index.ts'

export class CallDeparture implements Departure {
  reason: DepartureReason | undefined = undefined
  /** Monotonic milliseconds at which `reason` was set. */
  sinceMs = 0
  #listeners: ((reason: DepartureReason) => void)[] | undefined = undefined

  onDeparture(listener: (reason: DepartureReason) => void): () => void {
    if (this.reason !== undefined) {
      listener(this.reason)
      return nothing
    }
    this.#listeners ??= []
    this.#listeners.push(listener)
    return () => {
      const listeners = this.#listeners
      if (listeners === undefined) return
      const index = listeners.indexOf(listener)
      if (index !== -1) listeners.splice(index, 1)
    }
  }

  /** The first reason stays: a call that timed out did not also leave. */
  depart(reason: DepartureReason, nowMs: number): void {
    if (this.reason !== undefined) return
    this.reason = reason
    this.sinceMs = nowMs
    const listeners = this.#listeners
    this.#listeners = undefined
    if (listeners !== undefined) for (const listener of listeners) listener(reason)
  }
}

/** The fault of a call that ends because of `reason`. */
export function departureFault(reason: DepartureReason): Fault {
  if (reason === 'agent_gone') return new Fault('agent_gone', 'the connection was closed before the reply was sent')
  if (reason === 'call_timeout') return new Fault('call_timeout', 'the deadline of the call passed')
  return new Fault('draining', 'the time to finish running calls was over')
}

function nothing(): void {}
