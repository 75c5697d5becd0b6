/**
 * A list as the agent gets it: of all servers of the route in the order of the configuration, each entry under the name that the agent
 * knows it by, without those that the policy could never allow, in pages. What was shown is remembered, so that a tool is not called
 * by a definition that nobody has seen.
 */
import {
  type Allow,
  isJsonObject,
  type JsonObject,
  type Listed,
  type ListedServer,
  limits,
  type McpMessage,
  type McpServer,
  type McpTarget,
  type McpToolFacts,
  property,
  type UpstreamReply,
} from '../../model/index.ts'
import { editJson, originKey, printJson } from '../../wire/index.ts'
import type { Plan } from '../obligations.ts'
import { type Catalog, lists } from './catalog.ts'
import { cursorOf, placeIn } from './cursor.ts'
import type { ListKind } from './entries.ts'
import { eachServer } from './open.ts'
import { jsonReply } from './replies.ts'
import { placeOf, sightOf } from './shown.ts'
import type { Way } from './way.ts'

interface Line {
  readonly name: string
  readonly text: string
  /** Of a tool. */
  readonly sight?: string
  /** As policy sees it, and the name that the server has for it. */
  readonly listed: Listed
  readonly own: string
}

/** Names in a record, and characters of one: it must stay readable. */
const hiddenNamesMax = 64
const nameCharsMax = 128

/** Faults: those of the servers as in `eachServer`. */
export async function list(
  way: Way,
  kind: ListKind,
  target: McpTarget,
  plan: Plan,
  sees: Allow['sees'],
): Promise<UpstreamReply> {
  const { message, servers, owner } = target.mcp
  const from = placeIn(message.params.cursor)
  const outcomes = new Map<McpServer, ListedServer>()
  const perServer = await eachServer(
    servers,
    async (server) => {
      const catalog = await way.servers.catalogOf(way.servers.peerOf(server), message)
      const all = kind === 'tools' ? await toolLines(server, catalog, message) : await lineOfEach(server, catalog, kind)
      const [shown, hidden] = divided(all, sees)
      outcomes.set(server, outcomeOf(server, shown, hidden))
      return shown
    },
    (server, { code }) => outcomes.set(server, { upstream: server.upstream.id, code, shown: 0, hidden: 0 }),
  )
  const lines = firstOfEach(perServer.flat())
  const page = lines.slice(from, from + limits.mcpPageEntries)
  if (kind === 'tools') {
    const sights = new Map(page.map(({ name, sight = '' }) => [name, sight]))
    way.memory.shown.note(placeOf(owner, target.route.id, message.session?.id), sights, from === 0)
  }
  const next = from + page.length < lines.length ? `,"nextCursor":${printJson(cursorOf(from + page.length))}` : ''
  // The list is this principal's alone, and a policy may change at any time (2026-07-28 "Caching").
  const modern = message.era === 'modern' ? ',"resultType":"complete","ttlMs":0,"cacheScope":"private"' : ''
  const entries = page.map(({ text }) => text).join(',')
  const result = `{"${lists[kind].member}":[${entries}]${next}${modern}}`
  const bytes = Buffer.from(`{"jsonrpc":"2.0","id":${message.idText},"result":${result}}`)
  const added = servers.flatMap((server) => outcomes.get(server) ?? [])
  return { ...jsonReply(200, bytes, { plan, from: { headersMs: 0, tries: 1, status: 200 } }), servers: added }
}

async function toolLines(server: McpServer, catalog: Catalog, { params }: McpMessage): Promise<readonly Line[]> {
  const { prefix, upstream } = server
  const facts = await catalog.tools('list')
  const tellsOrigin = property(params._meta, originKey) === true
  return [...facts.values()].map(({ tool, text, definition }) => ({
    name: `${prefix}${tool.name}`,
    text: tellsOrigin ? withOrigin(named(text, server, tool.name), tool, definition) : named(text, server, tool.name),
    sight: sightOf(tool),
    listed: { upstream, tool },
    own: tool.name,
  }))
}

async function lineOfEach(server: McpServer, catalog: Catalog, kind: ListKind): Promise<readonly Line[]> {
  const { prefix, upstream } = server
  const entries = await catalog.entries(kind, 'list')
  return entries.map(({ key, text }): Line => {
    if (kind === 'resources') return { name: key, text, listed: { upstream, resource: { uri: key } }, own: key }
    if (kind === 'resourceTemplates') return { name: key, text, listed: { upstream, template: key }, own: key }
    return {
      name: `${prefix}${key}`,
      text: named(text, server, key),
      listed: { upstream, prompt: { name: key } },
      own: key,
    }
  })
}

function divided(lines: readonly Line[], sees: Allow['sees']): readonly [shown: Line[], hidden: Line[]] {
  const shown: Line[] = []
  const hidden: Line[] = []
  for (const line of lines) (sees?.(line.listed) === false ? hidden : shown).push(line)
  return [shown, hidden]
}

function outcomeOf({ upstream }: McpServer, shown: readonly Line[], hidden: readonly Line[]): ListedServer {
  const counts = { upstream: upstream.id, shown: shown.length, hidden: hidden.length }
  if (hidden.length === 0) return counts
  return { ...counts, hidden_names: hidden.slice(0, hiddenNamesMax).map(({ own }) => own.slice(0, nameCharsMax)) }
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

/** What comes first has the name: calls go there too. */
function firstOfEach(lines: readonly Line[]): readonly Line[] {
  const seen = new Set<string>()
  return lines.filter(({ name }) => !seen.has(name) && seen.add(name))
}
