/**
 * How an agent learns what there is: `initialize` opens a session with every server of the route, `server/discover` asks them; several
 * servers are one to the agent, with what any of them can do.
 */
import {
  type Call,
  type Fault,
  isJsonObject,
  type Json,
  type JsonObject,
  legacyRevisions,
  type McpServer,
  type McpSession,
  type McpSessions,
  type McpTarget,
  modernRevisions,
  property,
  toFault,
  type UpstreamReply,
} from '../../model/index.ts'
import { editJson, type JsonEdit, mcpHeaders, rpcErrorText, rpcResultText } from '../../wire/index.ts'
import { otherEra } from './aim.ts'
import type { Ears, McpPlan } from './ears.ts'
import { withRefused } from './instructions.ts'
import { houseInfo, type Link, type Opened, type Peer } from './peer.ts'
import { jsonReply } from './replies.ts'
import type { Way } from './way.ts'

/** Faults: as those of the servers; with several, those whose `onFailure` is `closed`, and of the last where all fail. */
export async function openSession(
  way: Way,
  sessions: McpSessions,
  call: Call,
  target: McpTarget,
  plan: McpPlan,
): Promise<UpstreamReply> {
  const { message, servers, owner } = target.mcp
  const { body, idText = '0', revision: asked } = message
  if (body === undefined) throw new Error('an `initialize` without a body')
  const wanted = (legacyRevisions as readonly string[]).includes(asked) ? asked : legacyRevisions[0]
  const [only] = servers
  const began: Begun[] = []
  const open = async (server: McpServer) => {
    const peer = way.servers.peerOf(server)
    const opened = await peer.open(body.bytes, wanted, call)
    if ('link' in opened) began.push({ peer, link: opened.link })
    return opened
  }
  const begin = (revision: string): McpSession => {
    const session = sessions.open({ owner, route: target.route.id, revision, opening: body.bytes.slice() })
    for (const { peer, link } of began) peer.keep(session, link)
    return session
  }
  const recorded = (reply: UpstreamReply) =>
    withRefused(
      reply,
      began.map(({ peer, link }) => ({ server: peer.server, problem: link.problem })),
    )
  try {
    if (only === undefined || servers.length > 1)
      return recorded(openAll(await eachServer(servers, open), idText, plan, begin))
    const opened = await open(only)
    if (!('link' in opened)) return jsonReply(200, editJson(opened.bytes, [{ path: ['id'], text: idText }]), { plan })
    const { link, bytes } = opened
    const session = begin(link.revision)
    const result = editJson(bytes, [{ path: ['id'], text: idText }, ...capabilityEdits(link.opened, only, plan)])
    return recorded(jsonReply(200, result, made(plan, session.id)))
  } catch (cause) {
    // The servers have opened their sides already, and would keep what nobody can use.
    for (const { peer, link } of began) peer.drop(link)
    throw cause
  }
}

interface Begun {
  readonly peer: Peer
  readonly link: Link
}

/** One session out of those of several servers. */
function openAll(
  answers: readonly Opened[],
  idText: string,
  plan: McpPlan,
  begin: (revision: string) => McpSession,
): UpstreamReply {
  const links = answers.flatMap((one) => ('link' in one ? [one.link] : []))
  if (links.length === 0) {
    const refused = answers.map((one) => ('error' in one ? one.error : undefined)).find((one) => one !== undefined)
    return jsonReply(200, Buffer.from(rpcErrorText(idText, -32_603, 'no server opened a session', refused)), { plan })
  }
  const revision = oldest(links.map((link) => link.revision))
  const session = begin(revision)
  const result = {
    protocolVersion: revision,
    capabilities: changing(merged(links.map(({ opened }) => opened.capabilities))),
    serverInfo: houseInfo,
    ...instructionsOf(links.map(({ opened }) => opened.instructions)),
  }
  return jsonReply(200, Buffer.from(rpcResultText(idText, result)), made(plan, session.id))
}

function made(plan: McpPlan, sessionId: string) {
  return { plan, from: { headersMs: 0, tries: 1, status: 200 }, headers: [mcpHeaders.session, sessionId] }
}

/**
 * The experimental tasks of 2025-11-25 are not carried on, so nobody is told that they are there; nor of kinds of things of which the
 * agent could use none.
 */
function capabilityEdits({ capabilities }: JsonObject, server: McpServer, { ears }: McpPlan): readonly JsonEdit[] {
  if (!isJsonObject(capabilities)) return []
  const edits: JsonEdit[] = []
  for (const name of ['tasks', ...unusable(server, ears)])
    if (capabilities[name] !== undefined) edits.push({ path: ['result', 'capabilities', name], text: undefined })
  // With the policy the lists change, whatever the server says of its own.
  for (const kind of listed)
    if (isJsonObject(capabilities[kind]) && !edits.some(({ path }) => path.at(-1) === kind))
      edits.push({ path: ['result', 'capabilities', kind, 'listChanged'], text: 'true' })
  return edits
}

function usable(server: McpServer, capabilities: Json | undefined, { ears }: McpPlan): Json | undefined {
  if (!isJsonObject(capabilities)) return capabilities
  const without = unusable(server, ears)
  return Object.fromEntries(Object.entries(capabilities).filter(([name]) => !without.includes(name)))
}

/** Capabilities of a server that are none to this agent. Completion is of arguments of prompts and resources. */
function unusable(server: McpServer, ears: Ears): readonly string[] {
  const none = (['tool', 'prompt', 'resource'] as const).filter((kind) => !ears.concerns(server, kind))
  const names: string[] = none.map((kind) => `${kind}s`)
  if (none.includes('prompt') && none.includes('resource')) names.push('completions')
  return names
}

const listed = ['tools', 'prompts', 'resources'] as const

function changing(capabilities: JsonObject): JsonObject {
  const out: { [name: string]: Json } = { ...capabilities }
  for (const kind of listed) {
    const one = out[kind]
    if (isJsonObject(one)) out[kind] = { ...one, listChanged: true }
  }
  return out
}

/** Faults: `revision_unsupported` where the only server does not speak the modern era. */
export async function discover(way: Way, target: McpTarget, plan: McpPlan): Promise<UpstreamReply> {
  const { servers, message } = target.mcp
  const { idText = '0' } = message
  const [only] = servers
  const results = await eachServer(servers, async (server) => {
    const found = await way.servers.peerOf(server).discovered('answer')
    if (found === undefined) throw otherEra(server, message.revision)
    const capabilities = usable(server, found.capabilities, plan)
    return capabilities === undefined ? found : { ...found, capabilities }
  })
  const [first = {}] = results
  const versions = [...modernRevisions]
  const own: JsonObject =
    only !== undefined && servers.length === 1
      ? { ...first, supportedVersions: versions }
      : {
          resultType: 'complete',
          supportedVersions: versions,
          capabilities: merged(results.map(({ capabilities }) => capabilities)),
          ...instructionsOf(results.map(({ instructions }) => instructions)),
          _meta: { 'io.modelcontextprotocol/serverInfo': houseInfo },
        }
  // What an agent may see depends on who it is: nobody may keep it for another.
  const result = { ...own, ttlMs: 0, cacheScope: 'private' }
  const from = { headersMs: 0, tries: 1, status: 200 }
  return withRefused(
    jsonReply(200, Buffer.from(rpcResultText(idText, result)), { plan, from }),
    servers.map((server) => ({ server, problem: way.servers.peerOf(server).discoveredProblem })),
  )
}

/** Of every server that can be had. Rejects with the failure of one that lists must not do without, or when none can be had. */
export async function eachServer<T>(
  servers: readonly McpServer[],
  ask: (server: McpServer) => Promise<T>,
  missing: (server: McpServer, fault: Fault) => void = () => {},
): Promise<T[]> {
  const settled = await Promise.allSettled(servers.map(ask))
  const found: T[] = []
  let failure: Fault | undefined
  for (const [index, one] of settled.entries()) {
    if (one.status === 'fulfilled') found.push(one.value)
    else {
      failure = toFault(one.reason)
      const server = servers[index]
      if (failure.code === 'internal' || server === undefined || server.onFailure === 'closed') throw failure
      missing(server, failure)
    }
  }
  if (found.length === 0 && failure !== undefined) throw failure
  return found
}

/** What any of them can do. Settings of the same capability are joined; where two say otherwise, the first one counts. */
function merged(all: readonly (Json | undefined)[]): JsonObject {
  const out: { [name: string]: Json } = {}
  for (const one of all) {
    if (!isJsonObject(one)) continue
    for (const [name, value] of Object.entries(one)) {
      if (name === 'tasks') continue
      // A server may name one `constructor`: what objects have from elsewhere is nobody's capability.
      const before = property(out, name)
      const joined = isJsonObject(before) && isJsonObject(value) ? { ...value, ...before } : (before ?? value)
      Object.defineProperty(out, name, { value: joined, enumerable: true, configurable: true, writable: true })
    }
  }
  return out
}

function instructionsOf(all: readonly (Json | undefined)[]): { instructions?: string } {
  const said = all.filter((one) => typeof one === 'string' && one !== '')
  return said.length === 0 ? {} : { instructions: said.join('\n\n') }
}

/** Of revisions that are in force at once, the one that all agents of a session can rely on. */
function oldest(revisions: readonly string[]): string {
  return [...revisions].sort()[0] ?? legacyRevisions[0]
}
