/** The tool servers of a generation, their lists, and what outlives it: sessions must not notice a reload. */
import type { Clock, McpMessage, McpServer, McpSession } from '../../model/index.ts'
import type { Lookup } from '../egress.ts'
import { Catalog, type CatalogPorts } from './catalog.ts'
import { KnownEntries } from './entries.ts'
import { OpenStreams } from './open-streams.ts'
import { type Link, Peer } from './peer.ts'
import { makeSeal, type Seal } from './seal.ts'
import { Shown } from './shown.ts'
import { watchLists } from './watch-lists.ts'

/** Made once a process, handed to every generation. */
export interface McpMemory {
  readonly links: WeakMap<McpSession, Map<string, Promise<Link>>>
  readonly nextId: () => number
  readonly seal: Seal
  readonly shown: Shown
  readonly streams: OpenStreams
}

/** `sealKey`: 32 bytes, the same after a restart: agents bring back what they were given before it. */
export function makeMcpMemory(sealKey: () => Uint8Array): McpMemory {
  let id = 0
  return {
    links: new WeakMap(),
    nextId: () => ++id,
    seal: makeSeal(sealKey),
    shown: new Shown(),
    streams: new OpenStreams(),
  }
}

export interface ServersPorts {
  readonly clock: Clock
  readonly lookup: Lookup
  readonly memory: McpMemory
}

export class Servers {
  readonly #ports: ServersPorts
  readonly #peers = new Map<McpServer, Peer>()
  /** Of the modern era: what a server lists does not depend on who is connected (2026-07-28 "Tools: listing"). */
  readonly #catalogs = new Map<Peer, Catalog>()
  /** Of the legacy era: a server may list other things in another session. */
  readonly #sessionCatalogs = new WeakMap<Link, Catalog>()
  readonly #known = new Map<Peer, KnownEntries>()

  readonly #watches: (() => void)[] = []
  #closed = false

  constructor(ports: ServersPorts) {
    this.#ports = ports
  }

  peerOf(server: McpServer): Peer {
    const known = this.#peers.get(server)
    if (known !== undefined) return known
    const { clock, lookup, memory } = this.#ports
    const made = new Peer(server, { clock, lookup, nextId: memory.nextId, links: memory.links })
    this.#peers.set(server, made)
    return made
  }

  /** What this server offers to the sender of a message. Faults as `linkOf`. */
  async catalogOf(peer: Peer, { era, session }: McpMessage): Promise<Catalog> {
    if (era === 'modern' || session === undefined) return this.#modernCatalog(peer)
    const link = await peer.linkOf(session)
    const known = this.#sessionCatalogs.get(link)
    if (known !== undefined) return known
    const made = this.#makeCatalog(peer, (method, params) => peer.askInSession(session, method, params))
    this.#sessionCatalogs.set(link, made)
    return made
  }

  #modernCatalog(peer: Peer): Catalog {
    let catalog = this.#catalogs.get(peer)
    if (catalog === undefined) {
      catalog = this.#makeCatalog(peer, (method, params) => peer.askModern(method, params))
      this.#catalogs.set(peer, catalog)
      const watch = watchLists(peer, catalog, this.#ports.clock, () => !this.#closed)
      this.#watches.push(watch)
    }
    return catalog
  }

  #makeCatalog(peer: Peer, ask: CatalogPorts['ask']): Catalog {
    return new Catalog({ server: peer.server, clock: this.#ports.clock, ask, known: this.knownOf(peer) })
  }

  /** What a server has listed, to anybody. */
  knownOf(peer: Peer): KnownEntries {
    const known = this.#known.get(peer) ?? new KnownEntries(peer.server)
    this.#known.set(peer, known)
    return known
  }

  /** The server has said that its lists changed. */
  async expire(peer: Peer, message: McpMessage): Promise<void> {
    const catalog = await this.catalogOf(peer, message)
    catalog.expire()
  }

  /** Whether another configuration is in force: nothing new is asked of these servers. */
  get closed(): boolean {
    return this.#closed
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const stop of this.#watches) stop()
    await Promise.all([...this.#peers.values()].map((peer) => peer.shut()))
  }
}
