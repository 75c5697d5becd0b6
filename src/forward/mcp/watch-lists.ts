/**
 * The house's own ear at a server of the modern era: it is told when lists change, so that a definition that changed is asked for again at
 * the very next call. A server that promises no such word, or breaks it, is found out when its lists are no longer fresh.
 */
import { type Clock, type JsonObject, property } from '../../model/index.ts'
import { metaKeys, printJson } from '../../wire/index.ts'
import type { Catalog } from './catalog.ts'
import { changes } from './open-streams.ts'
import type { Peer } from './peer.ts'
import { Subscription } from './subscription.ts'

/** Returns what ends it. `isOpen`: whether the server may still be asked. */
export function watchLists(peer: Peer, catalog: Catalog, clock: Clock, isOpen: () => boolean): () => void {
  let subscription: Subscription | undefined
  let stopped = false
  const begin = (capabilities: JsonObject[string] | undefined): void => {
    const kinds = [...changes.values()].filter(
      (kind) => property(property(capabilities, `${kind}s`), 'listChanged') === true,
    )
    if (stopped || kinds.length === 0) return
    const wish = Object.fromEntries(kinds.map((kind) => [`${kind}sListChanged`, true]))
    subscription = new Subscription({
      clock,
      ask: () => peer.listen(wish),
      isOpen,
      // Before it was acknowledged, and while it was broken, the lists may have changed unseen.
      acknowledged: () => catalog.expire(),
      heard(_event, message, ownIdText) {
        if (message.kind !== 'notification' || !changes.has(message.method)) return
        const of = property(message.params._meta, metaKeys.subscription)
        if (of !== undefined && printJson(of) === ownIdText) catalog.expire()
      },
      missing: () => {},
      none: () => {},
      broken: () => {},
    })
    subscription.start()
  }
  peer.discovered().then(
    (discovered) => begin(discovered?.capabilities),
    // Who cannot be asked for its eras cannot be listened to; whoever needs its lists hears why.
    () => undefined,
  )
  return () => {
    stopped = true
    subscription?.stop()
  }
}
