/** What a server offers, as it says it in its lists: asked for when it is needed and no longer fresh, every page of it, bounded. */
import {
  type Clock,
  Fault,
  isJsonObject,
  type JsonObject,
  limits,
  type McpServer,
  property,
} from '../../model/index.ts'
import { elementsOf, memberOf } from '../../wire/index.ts'
import type { Entry, KnownEntries, ListKind, Tools } from './entries.ts'
import type { Answer } from './peer.ts'
import { isSelected } from './selection.ts'

/** The method that gives a list, the member of its result, and the member of an entry that names it. */
export const lists = {
  tools: { method: 'tools/list', member: 'tools', key: 'name' },
  prompts: { method: 'prompts/list', member: 'prompts', key: 'name' },
  resources: { method: 'resources/list', member: 'resources', key: 'uri' },
  resourceTemplates: { method: 'resources/templates/list', member: 'resourceTemplates', key: 'uriTemplate' },
} as const satisfies { readonly [kind in ListKind]: object }

export interface CatalogPorts {
  readonly server: McpServer
  readonly clock: Clock
  readonly ask: (method: string, params: JsonObject) => Promise<Answer>
  /** What the server has listed before, in whatever session. */
  readonly known: KnownEntries
}

/** Method not found (JSON-RPC 2.0 section 5.1): the server has no such list. */
const methodNotFound = -32601

interface Kept {
  readonly atMs: number
  /** Milliseconds for which the server itself says that it may be kept; 0 until it has answered. */
  ttlMs: number
  isOpen: boolean
  readonly value: Promise<readonly Entry[]>
}

/** Whether entries are wanted to be shown, which the server itself is asked for, or for a call that was shown them. */
export type Use = 'list' | 'call'

export class Catalog {
  readonly #ports: CatalogPorts
  readonly #lists = new Map<ListKind, Kept>()
  /** Kinds for which a timer runs. */
  readonly #watched = new Set<ListKind>()

  constructor(ports: CatalogPorts) {
    this.#ports = ports
  }

  /** All that the route offers of it, in the server's order. Faults as `ask`; `upstream_rpc` for a list that is none, or has no end. */
  entries(kind: ListKind, use: Use): Promise<readonly Entry[]> {
    const nowMs = this.#ports.clock.monotonicMs()
    const kept = this.#lists.get(kind)
    if (kept !== undefined) {
      const freshMs = use === 'list' ? kept.ttlMs : Math.max(kept.ttlMs, limits.mcpListFreshMs)
      // An answer that is on its way is as fresh as one that would be asked for now.
      if (kept.isOpen || nowMs - kept.atMs < Math.min(freshMs, limits.mcpListTtlMsMax)) return kept.value
    }
    const { promise, resolve, reject } = Promise.withResolvers<readonly Entry[]>()
    const made: Kept = { atMs: nowMs, ttlMs: 0, isOpen: true, value: promise }
    this.#lists.set(kind, made)
    this.#fetch(kind).then(
      ({ entries, ttlMs }) => {
        made.isOpen = false
        made.ttlMs = ttlMs
        this.#forgetWhenStale(kind)
        resolve(entries)
      },
      (cause: unknown) => {
        // What could not be had is asked for again by the next one who needs it.
        if (this.#lists.get(kind) === made) this.#lists.delete(kind)
        reject(cause)
      },
    )
    return promise
  }

  /** Every session has lists of its own: those that are not in use must not be kept as long as it is. */
  #forgetWhenStale(kind: ListKind): void {
    if (this.#watched.has(kind)) return
    this.#watched.add(kind)
    const { clock } = this.#ports
    clock.after(limits.mcpListTtlMsMax, () => {
      this.#watched.delete(kind)
      const kept = this.#lists.get(kind)
      if (kept === undefined) return
      if (clock.monotonicMs() - kept.atMs < limits.mcpListTtlMsMax) this.#forgetWhenStale(kind)
      else this.#lists.delete(kind)
    })
  }

  /** Its lists have changed: the next one who needs them asks. */
  expire(): void {
    this.#lists.clear()
  }

  /** Tools that can be called. Faults as `entries`. */
  async tools(use: Use): Promise<Tools> {
    return this.#ports.known.toolsOf(await this.entries('tools', use))
  }

  /** What of it nobody is shown. Faults as `entries`. */
  async refused(kind: ListKind, use: Use): Promise<readonly Entry[]> {
    return this.#ports.known.refusedOf(await this.entries(kind, use))
  }

  async #fetch(kind: ListKind): Promise<{ entries: readonly Entry[]; ttlMs: number }> {
    const { method } = lists[kind]
    const pages: (readonly Entry[])[] = []
    let count = 0
    let cursor: string | undefined
    let ttlMs = Number.POSITIVE_INFINITY
    let bytes = 0
    for (let page = 0; page < limits.mcpPagesMax; page++) {
      const answer = await this.#ports.ask(method, cursor === undefined ? {} : { cursor })
      if ('error' in answer) {
        if (answer.error.code === methodNotFound) return { entries: pages.flat(), ttlMs: 0 }
        throw this.#bad(`its \`${method}\` is the error ${String(answer.error.code)}`)
      }
      bytes += answer.bytes.length
      if (bytes > limits.mcpListBytesMax)
        throw this.#bad(`its \`${method}\` has more than ${limits.mcpListBytesMax} bytes`)
      const entries = this.#ports.known.pageOf(answer, () => this.#entriesIn(kind, answer))
      pages.push(entries)
      count += entries.length
      if (count > limits.mcpToolsMax) throw this.#bad(`its \`${method}\` has more than ${limits.mcpToolsMax} entries`)
      const ttl = property(answer.result, 'ttlMs')
      ttlMs = Math.min(ttlMs, typeof ttl === 'number' && ttl > 0 ? ttl : 0)
      const next = property(answer.result, 'nextCursor')
      // A list of one page is what was read of it, no copy: whatever is made of it is found again by that.
      if (next === undefined || next === null) return { entries: page === 0 ? entries : pages.flat(), ttlMs }
      if (typeof next !== 'string' || next === cursor)
        throw this.#bad(`its \`${method}\` has a cursor that leads nowhere`)
      cursor = next
    }
    throw this.#bad(`its \`${method}\` has more than ${limits.mcpPagesMax} pages`)
  }

  /** Those that the route offers. */
  #entriesIn(kind: ListKind, answer: Extract<Answer, { result: JsonObject }>): readonly Entry[] {
    const { known, server } = this.#ports
    const { method, member, key } = lists[kind]
    const list = property(answer.result, member)
    if (!Array.isArray(list)) throw this.#bad(`its \`${method}\` has no list \`${member}\``)
    const texts = elementsOf(memberOf(answer.bytes, ['result', member]) ?? Buffer.alloc(0))
    const entries: Entry[] = []
    for (const [index, value] of list.entries()) {
      const name = property(value, key)
      if (!isJsonObject(value) || typeof name !== 'string' || name === '')
        throw this.#bad(`entry ${index} of its \`${method}\` has no \`${key}\``)
      if (!isSelected(server, kind, name)) continue
      entries.push(known.entryOf(kind, name, texts[index] ?? Buffer.alloc(0), value))
    }
    return entries
  }

  #bad(what: string): Fault {
    return new Fault('upstream_rpc', `the server \`${this.#ports.server.upstream.id}\`: ${what}`)
  }
}
