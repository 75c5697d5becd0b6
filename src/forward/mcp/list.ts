/**
 * A list as the agent gets it: of all servers of the route in the order of the configuration, each entry under the name that the agent
 * knows it by, without those that the policy could never allow, in pages. What was shown is remembered, so that a tool is not called
 * by a definition that nobody has seen.
 */
import {
  type Allow,
  type ListedServer,
  limits,
  type McpMessage,
  type McpServer,
  type McpTarget,
  property,
  type UpstreamReply,
} from '../../model/index.ts'
import { originKey, printJson } from '../../wire/index.ts'
import { type Catalog, lists } from './catalog.ts'
import { cursorOf, placeIn } from './cursor.ts'
import type { McpPlan } from './ears.ts'
import type { Entry, ListKind } from './entries.ts'
import { entryLines, type Offer, Part, toolLines } from './lines.ts'
import { eachServer } from './open.ts'
import { jsonReply } from './replies.ts'
import { placeOf } from './shown.ts'
import type { Way } from './way.ts'

/** Names in a record, and characters of one: it must stay readable. */
const namesMax = 64
const nameCharsMax = 128

/** Faults: those of the servers as in `eachServer`. */
export async function list(
  way: Way,
  kind: ListKind,
  target: McpTarget,
  plan: McpPlan,
  sees: Allow['sees'],
): Promise<UpstreamReply> {
  const { message, servers, owner } = target.mcp
  const from = placeIn(message.params.cursor)
  const outcomes = new Map<McpServer, ListedServer>()
  const parts = await eachServer(
    servers,
    async (server) => {
      const catalog = await way.servers.catalogOf(way.servers.peerOf(server), message)
      const offer = await offerOf(way, kind, server, catalog, message, sees)
      outcomes.set(server, outcomeOf(server, offer, await catalog.refused(kind, 'call')))
      return offer.shown
    },
    (server, { code }) => outcomes.set(server, { upstream: server.upstream.id, code, shown: 0, hidden: 0 }),
  )
  const whole = way.offers.wholeOf(parts)
  const count = whole.lines.length
  const page = from === 0 && count <= limits.mcpPageEntries ? whole : pageOf(whole, from)
  if (kind === 'tools')
    way.memory.shown.note(placeOf(owner, target.route.id, message.session?.id), page.sights, from === 0)
  const next = from + page.lines.length
  const more = next < count ? `,"nextCursor":${printJson(cursorOf(next))}` : ''
  // The list is this principal's alone, and a policy may change at any time (2026-07-28 "Caching").
  const modern = message.era === 'modern' ? ',"resultType":"complete","ttlMs":0,"cacheScope":"private"' : ''
  const bytes = Buffer.concat([
    Buffer.from(`{"jsonrpc":"2.0","id":${message.idText},"result":{"${lists[kind].member}":[`),
    page.bytes,
    Buffer.from(`]${more}${modern}}}`),
  ])
  const added = servers.flatMap((server) => outcomes.get(server) ?? [])
  return { ...jsonReply(200, bytes, { plan, from: { headersMs: 0, tries: 1, status: 200 } }), servers: added }
}

async function offerOf(
  way: Way,
  kind: ListKind,
  server: McpServer,
  catalog: Catalog,
  { params }: McpMessage,
  sees: Allow['sees'],
): Promise<Offer> {
  if (kind !== 'tools') {
    const entries = await catalog.entries(kind, 'list')
    return way.offers.offerOf(entries, () => entryLines(server, entries, kind), sees)
  }
  const tools = await catalog.tools('list')
  if (property(params._meta, originKey) === true) return way.offers.offerOnce(toolLines(server, tools, true), sees)
  return way.offers.offerOf(tools, () => toolLines(server, tools, false), sees)
}

function pageOf({ lines }: Part, from: number): Part {
  return new Part(lines.slice(from, from + limits.mcpPageEntries))
}

function outcomeOf({ upstream }: McpServer, { shown, hidden }: Offer, refused: readonly Entry[]): ListedServer {
  const counts = { upstream: upstream.id, shown: shown.lines.length, hidden: hidden.length }
  const names = hidden.slice(0, namesMax).map(({ own }) => own.slice(0, nameCharsMax))
  return {
    ...counts,
    ...(hidden.length > 0 && { hidden_names: names }),
    ...(refused.length > 0 && { refused: refused.length, refused_entries: refused.slice(0, namesMax).map(wordsOf) }),
  }
}

function wordsOf({ key, problem = '' }: Entry): { readonly name: string; readonly why: string } {
  return { name: key.slice(0, nameCharsMax), why: problem.slice(0, 2 * nameCharsMax) }
}
