/**
 * Where a message goes and what it asks for: the server that has the tool, the prompt or the resource, and the definition by which
 * policy judges. What no server has is answered as if it had never been there.
 */
import {
  aboutMessage,
  Fault,
  type Json,
  type JsonObject,
  legacyRevisions,
  type McpAsk,
  type McpMessage,
  type McpServer,
  type McpToolFacts,
  modernRevisions,
  property,
  type Route,
} from '../../model/index.ts'
import { mirrors as mirrorsValue, rpcFault, textOfHeader } from '../../wire/index.ts'
import { placeIn } from './cursor.ts'
import type { Entry, ListKind } from './entries.ts'
import { isSelected, leadsOut } from './selection.ts'
import { sentOf } from './sent.ts'
import type { McpMemory, Servers } from './servers.ts'
import { placeOf, sightOf } from './shown.ts'
import { matchesTemplate } from './uri-template.ts'

/**
 * Faults: `tool_unknown`, `prompt_unknown`, `resource_unknown`, `tool_changed`, `rpc_params_invalid`, `rpc_header_mismatch`, `revision_unsupported` where a server does not
 * speak the message's era, and those of asking the server.
 */
export type AimMcp = (message: McpMessage, route: Route, owner: string) => Promise<McpAsk>

export function makeAim(servers: Servers, { seal, shown }: McpMemory): AimMcp {
  return async function aim(message, route, owner) {
    const all = route.mcp?.servers ?? []
    const { method, era } = message
    const state = openedState(message, route, owner)
    const base = { message, owner, ...(state !== undefined && { opened: { requestState: state.text } }) }
    if (era === 'modern' && method.name !== 'server/discover') await refuseOtherEra(all, message)
    if (method.names === undefined) return unnamed(base, all, route)
    const from = state === undefined ? all : all.filter(({ upstream }) => upstream.id === state.server)
    if (method.names === 'tool') return toolOf(base, from, route)
    if (method.names === 'task') return taskOf(base, all, route)
    if (method.names === 'prompt') return promptOf(base, from, message.name ?? '')
    if (method.names === 'resource') return resourceOf(base, from, message.name ?? '')
    return completionOf(base, from)
  }

  function openedState({ params, method, name }: McpMessage, route: Route, owner: string) {
    const given = params.requestState
    if (given === undefined || method.weight !== 'act') return undefined
    const about = `${method.name} ${name ?? ''}`
    const opened =
      typeof given === 'string' ? seal.open({ kind: 'state', owner, route: route.id, about }, given) : undefined
    if (opened === undefined)
      throw rpcFault('rpc_params_invalid', '`params.requestState` is not what was given for this request')
    return opened
  }

  /** A server that does not speak the era is a matter of the first message to it; with several, each act asks its own. */
  async function refuseOtherEra(among: readonly McpServer[], { revision }: McpMessage): Promise<void> {
    const [only] = among
    if (among.length !== 1 || only === undefined) return
    if ((await servers.peerOf(only).discovered()) === undefined) throw otherEra(only, revision)
  }

  function unnamed(base: Base, all: readonly McpServer[], route: Route): McpAsk {
    const { message, owner } = base
    if (message.kind === 'answer') {
      const { session, idText } = message
      const answers = idText === undefined ? undefined : session?.asked.get(idText)
      const server = all.find(({ upstream }) => upstream.id === answers?.server.upstream.id)
      if (answers === undefined || server === undefined) throw answersNothing(message)
      return { ...base, servers: [server], answers }
    }
    if (message.method.lists !== undefined) placeIn(message.params.cursor)
    if (message.method.name !== 'subscriptions/listen') return { ...base, servers: all }
    const asked = property(message.params.notifications, 'taskIds')
    if (asked === undefined) return { ...base, servers: all }
    if (!Array.isArray(asked)) throw rpcFault('rpc_params_invalid', '`taskIds` is no list')
    const taskIds = asked.map((one: Json) => {
      const opened = typeof one === 'string' ? seal.open(taskPurpose(owner, route), one) : undefined
      if (opened === undefined) throw rpcFault('rpc_params_invalid', 'there is no such task')
      return [opened.server, opened.text] as const
    })
    return { ...base, servers: all, opened: { taskIds } }
  }

  async function toolOf(base: Base, all: readonly McpServer[], route: Route): Promise<McpAsk> {
    const { message, owner } = base
    const name = message.name ?? ''
    const found = await findTool(all, message, name)
    if (found === undefined) throw unknown('tool_unknown', name)
    const { server, facts } = found
    const before = shown.lastOf(placeOf(owner, route.id, message.session?.id), name)
    if (before !== undefined && before !== sightOf(facts.tool))
      throw rpcFault('tool_changed', `the definition of \`${name.slice(0, 128)}\` is not the one that was listed`)
    const objection = message.era === 'modern' ? mirroredAmiss(message, facts) : undefined
    return {
      ...base,
      ...(objection !== undefined && { objection: aboutMessage(objection, message) }),
      servers: [server],
      name: facts.tool.name,
      facts,
      arguments: noArguments,
      ...sentOf(message),
    }
  }

  /** The first server in the order of the configuration that has it: a later one cannot take a name away. */
  async function findTool(
    all: readonly McpServer[],
    message: McpMessage,
    name: string,
  ): Promise<{ server: McpServer; facts: McpToolFacts } | undefined> {
    let failure: unknown
    for (const server of all) {
      if (!name.startsWith(server.prefix)) continue
      const peer = servers.peerOf(server)
      const own = name.slice(server.prefix.length)
      let refused: Entry | undefined
      try {
        const catalog = await servers.catalogOf(peer, message)
        const facts = (await catalog.tools('call')).get(own)
        if (facts !== undefined) return { server, facts }
        refused = (await catalog.refused('tools', 'call')).find(({ key }) => key === own)
      } catch (cause) {
        // An earlier server wins, also while it is down: nobody else may answer for what it has.
        if (server.onFailure === 'closed' || all.length === 1 || servers.knownOf(peer).keysOf('tools').has(own))
          throw cause
        failure = cause
      }
      // The name is this server's all the same: no later one may take it.
      if (refused !== undefined) throw rpcFault('tool_unknown', `\`${name.slice(0, 200)}\`: ${refused.problem}`)
    }
    if (failure !== undefined) throw failure
    return undefined
  }

  function taskOf(base: Base, all: readonly McpServer[], route: Route): McpAsk {
    const { message, owner } = base
    const opened = seal.open(taskPurpose(owner, route), message.name ?? '')
    const server = all.find(({ upstream }) => upstream.id === opened?.server)
    if (opened === undefined || server === undefined) throw rpcFault('rpc_params_invalid', 'there is no such task')
    return { ...base, servers: [server], name: opened.text, task: { id: opened.text } }
  }

  async function promptOf(base: Base, all: readonly McpServer[], name: string): Promise<McpAsk> {
    const server = await findListed(all, base.message, ['prompts'], (entry, { prefix }) => `${prefix}${entry}` === name)
    if (server === undefined) throw unknown('prompt_unknown', name)
    const own = name.slice(server.prefix.length)
    return {
      ...base,
      servers: [server],
      name: own,
      prompt: { name: own },
      ...sentOf(base.message),
    }
  }

  async function resourceOf(base: Base, all: readonly McpServer[], uri: string): Promise<McpAsk> {
    // One server after the other, each with its templates: what an earlier one may have is not for a later one to list.
    const has = (entry: string, _: McpServer, kind: ListKind) =>
      entry === uri || (kind === 'resourceTemplates' && matchesTemplate(entry, uri))
    const among = all.filter((server) => !leadsOut(server, uri))
    const server =
      unlisted(all, base.message, uri) ??
      (await findListed(among, base.message, ['resources', 'resourceTemplates'], has))
    if (server === undefined) throw unknown('resource_unknown', uri)
    return { ...base, servers: [server], name: uri, resource: { uri } }
  }

  async function completionOf(base: Base, all: readonly McpServer[]): Promise<McpAsk> {
    const { message } = base
    const { ref, argument } = message.params
    const name = property(argument, 'name')
    const value = property(argument, 'value')
    if (typeof name !== 'string' || typeof value !== 'string')
      throw rpcFault('rpc_params_invalid', '`params.argument` has no `name` and `value`')
    const found =
      property(ref, 'type') === 'ref/prompt'
        ? await promptOf(base, all, message.name ?? '')
        : await resourceOf(base, all, message.name ?? '')
    const { sent: _notOfThis, ...place } = found
    return { ...place, arguments: Object.fromEntries([[name, value]]) }
  }

  /** A server may have more resources than it lists (2026-07-28 "Resource Links"): the only one of a route knows itself what it has. */
  function unlisted(all: readonly McpServer[], { method }: McpMessage, uri: string): McpServer | undefined {
    const [only] = all
    if (all.length !== 1 || only === undefined || method.names !== 'resource') return undefined
    return isSelected(only, 'resources', uri) ? only : undefined
  }

  async function findListed(
    all: readonly McpServer[],
    message: McpMessage,
    kinds: readonly ListKind[],
    is: (key: string, server: McpServer, kind: ListKind) => boolean,
  ): Promise<McpServer | undefined> {
    let failure: unknown
    for (const server of all) {
      const peer = servers.peerOf(server)
      try {
        const catalog = await servers.catalogOf(peer, message)
        for (const kind of kinds)
          for (const { key, problem } of await catalog.entries(kind, 'call'))
            if (problem === undefined && is(key, server, kind)) return server
      } catch (cause) {
        const had = kinds.some((kind) => [...servers.knownOf(peer).keysOf(kind)].some((key) => is(key, server, kind)))
        if (server.onFailure === 'closed' || all.length === 1 || had) throw cause
        failure = cause
      }
    }
    if (failure !== undefined) throw failure
    return undefined
  }
}

type Base = Pick<McpAsk, 'message' | 'owner' | 'opened'>

const noArguments: JsonObject = Object.freeze({})

function taskPurpose(owner: string, route: Route) {
  return { kind: 'task', owner, route: route.id, about: '' } as const
}

function unknown(code: 'tool_unknown' | 'prompt_unknown' | 'resource_unknown', name: string): Fault {
  return rpcFault(code, `\`${name.slice(0, 200)}\` is of no server of the route`)
}

export function answersNothing({ idText }: McpMessage): Fault {
  return rpcFault('rpc_params_invalid', 'the answer is to nothing that was asked', idText)
}

export function otherEra(server: McpServer, requested: string): Fault {
  const legacy = (modernRevisions as readonly string[]).includes(requested)
  return new Fault('revision_unsupported', `the server \`${server.upstream.id}\` does not speak \`${requested}\``, {
    publicDetail: 'the tool server does not speak the era of this client',
    revisions: { requested, supported: legacy ? [...legacyRevisions] : [...modernRevisions] },
    rpc: {},
  })
}

/** 2026-07-28 "Custom Headers from Tool Parameters": what is mirrored must be there and say the same, and nothing else. */
function mirroredAmiss({ params, mirrored }: McpMessage, { mirrors }: McpToolFacts): Fault | undefined {
  for (const { header, path } of mirrors) {
    let value: Json | undefined = params.arguments
    for (const key of path) value = property(value, key)
    const field = mirrored.get(header)
    if (value === undefined || value === null) {
      if (field !== undefined) return mismatch(header, 'is there, and the argument is not')
      continue
    }
    if (field === undefined) return mismatch(header, 'is not there, and the argument is')
    const said = textOfHeader(field)
    if (said === undefined || !mirrorsValue(said, value)) return mismatch(header, 'does not say what the argument says')
  }
  return undefined
}

function mismatch(header: string, what: string): Fault {
  return rpcFault('rpc_header_mismatch', `\`Mcp-Param-${header}\` ${what}`)
}
