/**
 * All sinks of a configuration: what is new is begun, what is gone is ended, what changed is begun anew at its place, and the rest is
 * left alone. Places of sinks that are gone stay: one that comes back goes on where it was.
 */
import { messageOf, type SinkSettings, type SinkStatus } from '../model/index.ts'
import { type Delivery, type DeliveryPorts, startDelivery } from './delivery.ts'
import type { Sender } from './formats/line.ts'
import type { SinkFiles } from './source.ts'
import { loadState, saveState } from './state.ts'

export interface DeliveriesPorts extends Omit<DeliveryPorts, 'files' | 'sender'> {
  /** Of the sink with this id. */
  readonly filesOf: (id: string) => SinkFiles
  /** Ids of all sinks that ever had a place. */
  readonly known: () => Promise<readonly string[]>
}

export interface Deliveries {
  /** One at a time. Never rejects: what cannot be begun says so in its status. */
  apply(settings: readonly SinkSettings[], sender: Sender): Promise<void>
  statuses(): readonly SinkStatus[]
  /** Lets every sink deliver what is there for up to `graceMs`. */
  close(graceMs: number): Promise<void>
}

export function makeDeliveries(ports: DeliveriesPorts): Deliveries {
  const running = new Map<string, Delivery>()
  let sender: Sender | undefined

  async function forgetGone(settings: readonly SinkSettings[]): Promise<void> {
    for (const id of await ports.known()) {
      if (settings.some((one) => one.id === id)) continue
      const files = ports.filesOf(id)
      const state = await loadState(files)
      if (state === undefined || !state.active) continue
      await ports.record('sink_removed', { sink: id, kind: state.kind, next_seq: state.place?.seq ?? 0 })
      await saveState(files, { ...state, active: false })
    }
  }

  return {
    async apply(settings, by) {
      const wanted = new Map(settings.map((one) => [one.id, one]))
      const isNewSender = !isSame(sender, by)
      const ended = [...running.values()].filter(
        ({ settings: before }) => isNewSender || !isSame(before, wanted.get(before.id)),
      )
      sender = by
      await Promise.all(ended.map((delivery) => delivery.close(0)))
      for (const { settings: before } of ended) running.delete(before.id)
      await forgetGone(settings).catch((cause: unknown) =>
        ports.log.error({ cause: messageOf(cause) }, 'what is left of sinks that are gone could not be looked at'),
      )
      for (const one of settings) {
        if (running.has(one.id)) continue
        running.set(one.id, startDelivery(one, { ...ports, sender, files: ports.filesOf(one.id) }))
      }
    },
    statuses: () => [...running.values()].map((delivery) => delivery.status()),
    async close(graceMs) {
      await Promise.all([...running.values()].map((delivery) => delivery.close(graceMs)))
      running.clear()
    },
  }
}

/** Plain data, made by one schema in one order. */
function isSame<T>(one: T, other: T): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
