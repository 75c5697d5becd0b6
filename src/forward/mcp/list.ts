/**
 * A list as the agent gets it: of all servers of the route in the order of the configuration, each entry under the name that the agent
 * knows it by, without those that the policy could never allow, in pages. What was shown is remembered, so that a tool is not called
 * by a definition that nobody has seen.
 */
import {
  type Allow,
  type Listed,
  limits,
  type McpServer,
  type McpTarget,
  type UpstreamReply,
} from '../../model/index.ts'
import { editJson, printJson } from '../../wire/index.ts'
import type { Plan } from '../obligations.ts'
import { type Entry, type ListKind, lists } from './catalog.ts'
import { cursorOf, placeIn } from './cursor.ts'
import { eachServer } from './open.ts'
import { jsonReply } from './replies.ts'
import { placeOf } from './shown.ts'
import type { Way } from './way.ts'

interface Line {
  readonly name: string
  readonly text: string
  readonly digest?: string
}

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
  const perServer = await eachServer(servers, async (server) => {
    const catalog = await way.servers.catalogOf(way.servers.peerOf(server), message)
    if (kind !== 'tools') return linesOf(server, await catalog.entries(kind, 'list'), kind, sees)
    const facts = await catalog.tools('list')
    const shown: Line[] = []
    for (const { tool, text } of facts.values()) {
      if (sees?.({ upstream: server.upstream, tool }) === false) continue
      shown.push({ name: `${server.prefix}${tool.name}`, text: named(text, server, tool.name), digest: tool.digest })
    }
    return shown
  })
  const lines = firstOfEach(perServer.flat())
  if (kind === 'tools') {
    const digests = new Map(lines.map(({ name, digest = '' }) => [name, digest]))
    way.memory.shown.note(placeOf(owner, target.route.id, message.session?.id), digests)
  }
  const page = lines.slice(from, from + limits.mcpPageEntries)
  const next = from + page.length < lines.length ? `,"nextCursor":${printJson(cursorOf(from + page.length))}` : ''
  // The list is this principal's alone, and a policy may change at any time (2026-07-28 "Caching").
  const modern = message.era === 'modern' ? ',"resultType":"complete","ttlMs":0,"cacheScope":"private"' : ''
  const entries = page.map(({ text }) => text).join(',')
  const result = `{"${lists[kind].member}":[${entries}]${next}${modern}}`
  const bytes = Buffer.from(`{"jsonrpc":"2.0","id":${message.idText},"result":${result}}`)
  return jsonReply(200, bytes, { plan, from: { headersMs: 0, tries: 1, status: 200 } })
}

function linesOf(server: McpServer, entries: readonly Entry[], kind: ListKind, sees: Allow['sees']): Line[] {
  const lines: Line[] = []
  for (const { key, text } of entries) {
    if (sees?.(listedOf(server, kind, key)) === false) continue
    if (kind === 'prompts') lines.push({ name: `${server.prefix}${key}`, text: named(text, server, key) })
    else lines.push({ name: key, text })
  }
  return lines
}

function listedOf({ upstream }: McpServer, kind: ListKind, key: string): Listed {
  return kind === 'prompts' ? { upstream, prompt: { name: key } } : { upstream, resource: { uri: key } }
}

function named(text: string, { prefix }: McpServer, name: string): string {
  if (prefix === '') return text
  return editJson(Buffer.from(text), [{ path: ['name'], text: printJson(`${prefix}${name}`) }]).toString('utf8')
}

/** What comes first has the name: calls go there too. */
function firstOfEach(lines: readonly Line[]): readonly Line[] {
  const seen = new Set<string>()
  return lines.filter(({ name }) => !seen.has(name) && seen.add(name))
}
