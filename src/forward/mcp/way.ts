/**
 * What the ways of a message share: the clock, what is sealed on its way to the agent, ids of events, and the word that a server's
 * lists have changed.
 */
import { type Clock, type Json, type McpMessage, type McpTarget, property } from '../../model/index.ts'
import { editJson, type JsonEdit, printJson, type RpcMessage, rpcFault } from '../../wire/index.ts'
import { Offers } from './lines.ts'
import type { Peer } from './peer.ts'
import type { SealPurpose } from './seal.ts'
import type { McpMemory, Servers } from './servers.ts'

export interface WayPorts {
  readonly clock: Clock
  readonly servers: Servers
  readonly memory: McpMemory
}

/** Between the place of a server on its route and its own id of an event. */
const eventMark = '/'

export class Way {
  readonly clock: Clock
  readonly servers: Servers
  readonly memory: McpMemory
  readonly offers: Offers

  constructor({ clock, servers, memory }: WayPorts) {
    this.clock = clock
    this.offers = new Offers(clock)
    this.servers = servers
    this.memory = memory
  }

  /** Request state and task ids go out in an envelope for this principal alone. */
  sealResult(
    bytes: Buffer,
    { outcome }: Extract<RpcMessage, { kind: 'response' }>,
    peer: Peer,
    target: McpTarget,
  ): Buffer {
    if (!('result' in outcome) || target.mcp.message.era !== 'modern') return bytes
    const { result } = outcome
    const edits: JsonEdit[] = []
    if (typeof result.requestState === 'string')
      edits.push({ path: ['result', 'requestState'], text: this.#state(result.requestState, peer, target) })
    if (typeof result.taskId === 'string')
      edits.push({ path: ['result', 'taskId'], text: this.#task(result.taskId, peer, target) })
    return edits.length === 0 ? bytes : editJson(bytes, edits)
  }

  sealNotification(
    bytes: Buffer,
    { method, params }: Extract<RpcMessage, { kind: 'notification' }>,
    peer: Peer,
    target: McpTarget,
  ): Buffer {
    if (method === 'notifications/subscriptions/acknowledged') {
      const honored = property(params.notifications, 'taskIds')
      if (!Array.isArray(honored)) return bytes
      const ids = honored.map((one: Json) => (typeof one === 'string' ? this.#task(one, peer, target) : printJson(one)))
      return editJson(bytes, [{ path: ['params', 'notifications', 'taskIds'], text: `[${ids.join(',')}]` }])
    }
    if (method !== 'notifications/tasks') return bytes
    const id = property(params, 'taskId')
    return typeof id === 'string'
      ? editJson(bytes, [{ path: ['params', 'taskId'], text: this.#task(id, peer, target) }])
      : bytes
  }

  #state(text: string, peer: Peer, { mcp, route }: McpTarget): string {
    const about = `${mcp.message.method.name} ${mcp.message.name ?? ''}`
    return this.#sealed({ kind: 'state', owner: mcp.owner, route: route.id, about }, peer, text)
  }

  #task(text: string, peer: Peer, { mcp, route }: McpTarget): string {
    return this.#sealed({ kind: 'task', owner: mcp.owner, route: route.id, about: '' }, peer, text)
  }

  #sealed(purpose: SealPurpose, peer: Peer, text: string): string {
    return printJson(this.memory.seal.seal(purpose, { server: peer.id, text }))
  }

  withRequestId(bytes: Buffer, idText: string): string {
    return editJson(bytes, [{ path: ['params', 'requestId'], text: idText }]).toString('utf8')
  }

  /** With several servers an id says whose it is, so that a stream is taken up again where it broke off. */
  eventId({ route }: McpTarget, peer: Peer, id: string): string {
    return (route.mcp?.servers.length ?? 0) < 2 ? id : `${peer.id}${eventMark}${id}`
  }

  /** The server's own id, where the event was one of it. */
  ownEventId({ route }: McpTarget, peer: Peer, id: string | undefined): string | undefined {
    if (id === undefined || (route.mcp?.servers.length ?? 0) < 2) return id
    const mark = `${peer.id}${eventMark}`
    // An empty id is how a server takes back the one before: there is nothing to go on from.
    return id.startsWith(mark) && id.length > mark.length ? id.slice(mark.length) : undefined
  }

  /** Behind a session that had to be opened anew the tool may be another one than policy has judged. Faults with `tool_changed`. */
  async refuseChanged(peer: Peer, { mcp }: McpTarget): Promise<void> {
    const { facts, message } = mcp
    if (facts === undefined) return
    const tools = await (await this.servers.catalogOf(peer, message)).tools('call')
    if (tools.get(facts.tool.name)?.tool.digest !== facts.tool.digest)
      throw rpcFault(
        'tool_changed',
        `the definition of \`${facts.tool.name.slice(0, 128)}\` is not the one that was decided on`,
      )
  }

  /** The next who needs the server's lists asks for them. */
  changed(peer: Peer, message: McpMessage): void {
    // Where no session can be had with the server there are no lists that could be old: whoever wants one learns why.
    void this.servers.expire(peer, message).catch(() => undefined)
  }
}
