/**
 * Entries of a server's lists, read once: two that are the same byte for byte are one object, in whatever session they were listed, so
 * that a session costs no list of its own. A tool's digest covers everything that a model sees of it; what it does not cover (`_meta`)
 * may differ between sessions, and each gets its own.
 */
import { createHash } from 'node:crypto'
import { isJsonObject, type JsonObject, limits, type McpMethod, type McpToolFacts } from '../../model/index.ts'
import { mirrorsOf, toolDigest } from '../../wire/index.ts'
import type { Answer } from './peer.ts'

export type ListKind = NonNullable<McpMethod['lists']>

/** An entry of a list as it came. */
export interface Entry {
  /** Its name, URI or template, as the server has it. */
  readonly key: string
  readonly text: string
  readonly value: JsonObject
  /** Of a tool that can be called over HTTP. */
  readonly facts?: McpToolFacts
}

/** Tools that can be called, by the server's name. */
export type Tools = ReadonlyMap<string, McpToolFacts>

/** Entries of one server that are kept to be shared, and their bytes; with more, all are forgotten and found again. */
const entriesMax = 4 * limits.mcpToolsMax
const bytesMax = 2 * limits.mcpListBytesMax

const noKeys: ReadonlySet<string> = new Set()

export class KnownEntries {
  readonly #serverId: string
  readonly #entries = new Map<string, Entry>()
  readonly #names = new Map<ListKind, Set<string>>()
  readonly #tools = new WeakMap<readonly Entry[], Tools>()
  #pages = new WeakMap<Answer, readonly Entry[]>()
  #bytes = 0

  constructor(serverId: string) {
    this.#serverId = serverId
  }

  /** `value` is what `bytes` say, and `key` what names it. */
  entryOf(kind: ListKind, key: string, bytes: Buffer, value: JsonObject): Entry {
    const name = `${kind} ${createHash('sha256').update(bytes).digest('base64')}`
    const before = this.#entries.get(name)
    if (before !== undefined) return before
    const text = bytes.toString('utf8')
    const facts = kind === 'tools' ? this.#factsOf(key, text, value) : undefined
    const made: Entry = { key, text, value, ...(facts !== undefined && { facts }) }
    if (this.#entries.size >= entriesMax || this.#bytes + bytes.length > bytesMax) {
      this.#entries.clear()
      this.#names.clear()
      this.#pages = new WeakMap()
      this.#bytes = 0
    }
    this.#entries.set(name, made)
    const names = this.#names.get(kind) ?? new Set()
    this.#names.set(kind, names.add(key))
    this.#bytes += bytes.length
    return made
  }

  /** What `read` made of this answer: the same answer is not read again, as long as its entries are remembered. */
  pageOf(answer: Answer, read: () => readonly Entry[]): readonly Entry[] {
    const before = this.#pages.get(answer)
    if (before !== undefined) return before
    const made = read()
    this.#pages.set(answer, made)
    return made
  }

  /** Those whose definition cannot be used over HTTP are left out. */
  toolsOf(entries: readonly Entry[]): Tools {
    const before = this.#tools.get(entries)
    if (before !== undefined) return before
    const tools = new Map<string, McpToolFacts>()
    // The first of two tools with one name is the one that the server means, whichever it listed later.
    for (const { facts, key } of entries) if (facts !== undefined && !tools.has(key)) tools.set(key, facts)
    this.#tools.set(entries, tools)
    return tools
  }

  /** Keys that the server has listed, as far as that is remembered: while it is down, what it had is still its own. */
  keysOf(kind: ListKind): ReadonlySet<string> {
    return this.#names.get(kind) ?? noKeys
  }

  /** Undefined where the definition cannot be used over HTTP. */
  #factsOf(name: string, text: string, value: JsonObject): McpToolFacts | undefined {
    const mirrors = mirrorsOf(value.inputSchema)
    if ('problem' in mirrors) return undefined
    const digest = toolDigest(value)
    const { annotations } = value
    const tool = { server: this.#serverId, name, digest, ...(isJsonObject(annotations) && { annotations }) }
    return { tool: Object.freeze(tool), definition: value, text, mirrors }
  }
}
