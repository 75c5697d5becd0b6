/**
 * Entries of a server's lists, read once: two that are the same byte for byte are one object, in whatever session they were listed, so
 * that a session costs no list of its own. A tool's digest covers everything that a model sees of it; what it does not cover (`_meta`)
 * may differ between sessions, and each gets its own.
 */
import { createHash } from 'node:crypto'
import {
  type InvisibleUse,
  isJsonObject,
  type JsonObject,
  limits,
  type McpMethod,
  type McpServer,
  type McpToolFacts,
} from '../../model/index.ts'
import { invisibleIn, jsonWithInvisibleShown, mirrorsOf, toolDigest } from '../../wire/index.ts'
import type { Answer } from './peer.ts'

export type ListKind = NonNullable<McpMethod['lists']>

/** An entry of a list as it came. */
export interface Entry {
  /** Its name, URI or template, as the server has it. */
  readonly key: string
  readonly text: string
  readonly value: JsonObject
  /** Of a tool that can be called. */
  readonly facts?: McpToolFacts
  /** Why nobody is shown it. */
  readonly problem?: string
}

/** Tools that can be called, by the server's name. */
export type Tools = ReadonlyMap<string, McpToolFacts>

/** Entries of one server that are kept to be shared, and their bytes; with more, all are forgotten and found again. */
const entriesMax = 4 * limits.mcpToolsMax
const bytesMax = 2 * limits.mcpListBytesMax

const noKeys: ReadonlySet<string> = new Set()

export class KnownEntries {
  readonly #server: McpServer
  readonly #entries = new Map<string, Entry>()
  readonly #names = new Map<ListKind, Set<string>>()
  readonly #tools = new WeakMap<readonly Entry[], Tools>()
  readonly #refused = new WeakMap<readonly Entry[], readonly Entry[]>()
  #pages = new WeakMap<Answer, readonly Entry[]>()
  #bytes = 0

  constructor(server: McpServer) {
    this.#server = server
  }

  /** `value` is what `bytes` say, and `key` what names it. */
  entryOf(kind: ListKind, key: string, bytes: Buffer, value: JsonObject): Entry {
    const name = `${kind} ${createHash('sha256').update(bytes).digest('base64')}`
    const before = this.#entries.get(name)
    if (before !== undefined) return before
    const made = this.#read(kind, key, bytes.toString('utf8'), value)
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

  /** Those whose definition cannot be used are left out. */
  toolsOf(entries: readonly Entry[]): Tools {
    const before = this.#tools.get(entries)
    if (before !== undefined) return before
    const tools = new Map<string, McpToolFacts>()
    // The first of two tools with one name is the one that the server means, whichever it listed later.
    const seen = new Set<string>()
    for (const { facts, key } of entries) {
      if (facts !== undefined && !seen.has(key)) tools.set(key, facts)
      seen.add(key)
    }
    this.#tools.set(entries, tools)
    return tools
  }

  /** Those that nobody is shown. */
  refusedOf(entries: readonly Entry[]): readonly Entry[] {
    const before = this.#refused.get(entries)
    if (before !== undefined) return before
    const refused = entries.filter(({ problem }) => problem !== undefined)
    this.#refused.set(entries, refused)
    return refused
  }

  /** Keys that the server has listed, as far as that is remembered: while it is down, what it had is still its own. */
  keysOf(kind: ListKind): ReadonlySet<string> {
    return this.#names.get(kind) ?? noKeys
  }

  #read(kind: ListKind, key: string, told: string, value: JsonObject): Entry {
    const { text, problem } = seenBy(told, value, this.#server.invisible)
    if (problem !== undefined) return { key, text, value, problem }
    if (kind !== 'tools') return { key, text, value }
    const mirrors = mirrorsOf(value.inputSchema)
    if ('problem' in mirrors) return { key, text, value, problem: mirrors.problem }
    const digest = toolDigest(value)
    const { annotations } = value
    const server = this.#server.upstream.id
    const tool = { server, name: key, digest, ...(isJsonObject(annotations) && { annotations }) }
    return { key, text, value, facts: { tool: Object.freeze(tool), definition: value, text, mirrors } }
  }
}

/** An entry's text as agents get it, or why they do not. */
function seenBy(
  text: string,
  value: JsonObject,
  use: InvisibleUse,
): { readonly text: string; readonly problem?: string } {
  const found = use === 'pass' ? undefined : invisibleIn(value)
  if (found === undefined) return { text }
  if (use === 'show' && found.isProse) return { text: jsonWithInvisibleShown(text) }
  return { text, problem: `\`${found.place.slice(0, 128)}\` has ${found.character}, which nobody sees` }
}
