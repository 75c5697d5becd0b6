/**
 * The lines of a list towards agents: each entry under the name that agents know it by, and what of them one agent is shown. Lists are
 * asked for again and again: as long as a server lists the same, and the policy hides the same, the bytes are made once.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type Clock,
  isJsonObject,
  type JsonObject,
  type Listed,
  type McpServer,
  type McpToolFacts,
  type Sees,
} from '../../model/index.ts'
import { editJson, originKey, printJson } from '../../wire/index.ts'
import type { Entry, ListKind, Tools } from './entries.ts'
import { sightOf } from './shown.ts'

export interface Line {
  readonly name: string
  readonly text: string
  /** Of a tool. */
  readonly sight?: string
  /** As policy sees it, and the name that the server has for it. */
  readonly listed: Listed
  readonly own: string
}

/** Some lines of a list, in its order. */
export class Part {
  readonly lines: readonly Line[]
  #bytes: Buffer | undefined = undefined
  #sights: ReadonlyMap<string, string> | undefined = undefined

  constructor(lines: readonly Line[]) {
    this.lines = lines
  }

  /** The elements of the array with commas between them. */
  get bytes(): Buffer {
    this.#bytes ??= Buffer.from(this.lines.map(({ text }) => text).join(','))
    return this.#bytes
  }

  /** Of tools, by the name that the agent is given. */
  get sights(): ReadonlyMap<string, string> {
    this.#sights ??= new Map(this.lines.map(({ name, sight = '' }) => [name, sight]))
    return this.#sights
  }
}

/** What an agent is shown of a server's list, and what is hidden from it. */
export interface Offer {
  readonly shown: Part
  readonly hidden: readonly Line[]
}

/** What of one list is hidden from whom, kept in so many ways; with more, all are forgotten and found again. */
const waysMax = 32
/**
 * Milliseconds that finding out what of a list is hidden may hold up everything else: under a policy that has just come into force each
 * kind of entry is an evaluation, of some milliseconds where its rules go through much data.
 */
const turnMs = 5

interface Known {
  readonly lines: readonly Line[]
  /** By the places of what is hidden. */
  readonly offers: Map<string, Offer>
  /** The places of what is hidden from whoever has this sight. */
  readonly hidden: WeakMap<Sees, string>
}

/** Parts of several servers, and what they are together. */
interface Whole {
  readonly parts: readonly Part[]
  readonly joined: Part
}

export class Offers {
  readonly #clock: Clock
  readonly #known = new WeakMap<object, Known>()
  /** By their first part: the last ones that were joined. */
  readonly #wholes = new WeakMap<Part, Whole>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `from` is what the server lists: for the same object `linesOf` is asked once. */
  async offerOf(from: object, linesOf: () => readonly Line[], sees: Sees | undefined): Promise<Offer> {
    let known = this.#known.get(from)
    if (known === undefined) {
      known = { lines: linesOf(), offers: new Map(), hidden: new WeakMap() }
      this.#known.set(from, known)
    }
    const { lines, offers, hidden } = known
    let key = sees === undefined ? '' : hidden.get(sees)
    if (key === undefined) {
      key = (await hiddenPlaces(lines, sees, this.#clock)).join(',')
      if (sees !== undefined) hidden.set(sees, key)
    }
    const before = offers.get(key)
    if (before !== undefined) return before
    const made = offered(lines, key === '' ? [] : key.split(',').map(Number))
    if (offers.size >= waysMax) offers.clear()
    offers.set(key, made)
    return made
  }

  /** The same for lines that nobody else is shown. */
  async offerOnce(lines: readonly Line[], sees: Sees | undefined): Promise<Offer> {
    return offered(lines, await hiddenPlaces(lines, sees, this.#clock))
  }

  /** In the order of the servers; what comes first has the name: calls go there too. */
  wholeOf(parts: readonly Part[]): Part {
    const [first, ...others] = parts
    if (first === undefined) return new Part([])
    if (others.length === 0) return first
    const before = this.#wholes.get(first)
    if (before?.parts.length === parts.length && before.parts.every((part, place) => part === parts[place]))
      return before.joined
    const seen = new Set<string>()
    const joined = new Part(parts.flatMap(({ lines }) => lines.filter(({ name }) => !seen.has(name) && seen.add(name))))
    this.#wholes.set(first, { parts, joined })
    return joined
  }
}

async function hiddenPlaces(lines: readonly Line[], sees: Sees | undefined, clock: Clock): Promise<readonly number[]> {
  const places: number[] = []
  if (sees === undefined) return places
  let turnEndsMs = clock.monotonicMs() + turnMs
  for (const [place, { listed }] of lines.entries()) {
    if (sees(listed) === false) places.push(place)
    if (clock.monotonicMs() < turnEndsMs) continue
    await nextTurn()
    turnEndsMs = clock.monotonicMs() + turnMs
  }
  return places
}

function offered(lines: readonly Line[], places: readonly number[]): Offer {
  const hidden = new Set(places)
  return {
    shown: new Part(lines.filter((_, place) => !hidden.has(place))),
    hidden: lines.filter((_, place) => hidden.has(place)),
  }
}

/** `tellsOrigin`: each says in its `_meta` which server it is of. */
export function toolLines(server: McpServer, tools: Tools, tellsOrigin: boolean): readonly Line[] {
  const { prefix, upstream } = server
  return [...tools.values()].map(({ tool, text, definition }) => ({
    name: `${prefix}${tool.name}`,
    text: tellsOrigin ? withOrigin(named(text, server, tool.name), tool, definition) : named(text, server, tool.name),
    sight: sightOf(tool),
    listed: { upstream, tool },
    own: tool.name,
  }))
}

export function entryLines(server: McpServer, entries: readonly Entry[], kind: ListKind): readonly Line[] {
  const { prefix, upstream } = server
  const shown = entries.filter(({ problem }) => problem === undefined)
  return shown.map(({ key, text }): Line => {
    if (kind === 'resources') return { name: key, text, listed: { upstream, resource: { uri: key } }, own: key }
    if (kind === 'resourceTemplates') return { name: key, text, listed: { upstream, any: 'resource' }, own: key }
    return {
      name: `${prefix}${key}`,
      text: named(text, server, key),
      listed: { upstream, prompt: { name: key } },
      own: key,
    }
  })
}

function named(text: string, { prefix }: McpServer, name: string): string {
  if (prefix === '') return text
  return editJson(Buffer.from(text), [{ path: ['name'], text: printJson(`${prefix}${name}`) }]).toString('utf8')
}

/** Whoever asks for it learns which server a tool is of, and the server's own name for it: so its digest can be found out. */
function withOrigin(text: string, { server, name }: McpToolFacts['tool'], { _meta: meta }: JsonObject): string {
  // A `_meta` that is no object is the server's mistake, and stays as it is.
  if (meta !== undefined && !isJsonObject(meta)) return text
  return editJson(Buffer.from(text), [{ path: ['_meta', originKey], text: printJson({ server, name }) }]).toString(
    'utf8',
  )
}
