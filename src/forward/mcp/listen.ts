/**
 * `subscriptions/listen` on a route with several servers: one stream to the agent, one to each server that is concerned. What they will
 * tell of is acknowledged once for all; a server that is down, or goes down, is missed by nobody: it is asked again until it is back.
 */
import {
  type ByteSink,
  type ByteSource,
  type Call,
  Fault,
  isJsonObject,
  type Json,
  type JsonObject,
  limits,
  type McpServer,
  type McpTarget,
  property,
  type UpstreamReply,
} from '../../model/index.ts'
import {
  editJson,
  metaKeys,
  printJson,
  type RpcMessage,
  rpcFault,
  type SseEvent,
  sseComment,
  sseText,
} from '../../wire/index.ts'
import type { Kind, McpPlan } from './ears.ts'
import { translateEvent } from './event.ts'
import { changes, type OpenStream } from './open-streams.ts'
import { streamReply } from './replies.ts'
import { Subscription } from './subscription.ts'
import type { Hop } from './translate.ts'
import { matchesTemplate } from './uri-template.ts'
import type { Way } from './way.ts'

/** Milliseconds for which the acknowledgement waits for the servers; one that is slower acknowledges to nobody. */
const acknowledgeMsMax = 2_000
/** Events that wait for the acknowledgement; with more it comes at once. */
const earlyMax = 256
/** Resources that one stream can be about: each is looked for in the servers' lists. */
const resourcesMax = 1_000

/** What one server is asked to tell of. */
interface Wish {
  readonly server: McpServer
  readonly kinds: readonly Kind[]
  readonly uris: readonly string[]
  /** The server's own ids, and the agent's for the same tasks. */
  readonly tasks: readonly (readonly [own: string, given: string])[]
}

/** Faults: `rpc_params_invalid`. */
export async function listen(way: Way, call: Call, target: McpTarget, plan: McpPlan): Promise<UpstreamReply> {
  const stream = new Listening(way, call, target, plan, await wishesOf(way, target, plan))
  return streamReply(stream, { plan, from: { headersMs: 0, tries: 1, status: 200 } }, true)
}

async function wishesOf(way: Way, { mcp }: McpTarget, { ears }: McpPlan): Promise<readonly Wish[]> {
  const { message, servers, opened } = mcp
  const asked = message.params.notifications
  if (!isJsonObject(asked)) throw rpcFault('rpc_params_invalid', '`params.notifications` is no object', message.idText)
  const kinds = kindsIn(asked)
  const uris = urisIn(asked)
  const holders = new Map<string, McpServer>()
  for (const uri of uris) {
    const holder = await holderOf(way, servers, uri, mcp.message, ears.knows.bind(ears))
    if (holder !== undefined) holders.set(uri, holder)
  }
  const given = asked.taskIds
  return servers.map((server) => ({
    server,
    kinds: kinds.filter((kind) => ears.concerns(server, kind)),
    uris: uris.filter((uri) => holders.get(uri) === server),
    tasks: (opened?.taskIds ?? []).flatMap(([id, own], at) => {
      const text = Array.isArray(given) ? given[at] : undefined
      return id === server.upstream.id && typeof text === 'string' ? [[own, text] as const] : []
    }),
  }))
}

function kindsIn(asked: JsonObject): readonly Kind[] {
  return [...changes.values()].filter((kind) => asked[`${kind}sListChanged`] === true)
}

function urisIn({ resourceSubscriptions: uris = [] }: JsonObject): readonly string[] {
  if (!Array.isArray(uris) || uris.length > resourcesMax || uris.some((uri: Json) => typeof uri !== 'string'))
    throw rpcFault('rpc_params_invalid', `\`resourceSubscriptions\` is no list of at most ${resourcesMax} URIs`)
  return [...new Set(uris as readonly string[])]
}

/** The first server in the order of the configuration that has it, of those that can be asked and that the agent may know of. */
async function holderOf(
  way: Way,
  servers: readonly McpServer[],
  uri: string,
  message: McpTarget['mcp']['message'],
  knows: (server: McpServer, uri: string) => boolean,
): Promise<McpServer | undefined> {
  for (const server of servers) {
    if (!knows(server, uri)) continue
    try {
      const catalog = await way.servers.catalogOf(way.servers.peerOf(server), message)
      if ((await catalog.entries('resources', 'call')).some(({ key }) => key === uri)) return server
      if ((await catalog.entries('resourceTemplates', 'call')).some(({ key }) => matchesTemplate(key, uri)))
        return server
    } catch (cause) {
      // What a server that is down may have is acknowledged to nobody, and no other server answers for it.
      if (!(cause instanceof Fault)) throw cause
      return undefined
    }
  }
  return undefined
}

class Listening implements ByteSource {
  readonly lengthBytes = null
  readonly #way: Way
  readonly #target: McpTarget
  readonly #plan: McpPlan
  readonly #idText: string
  readonly #asked: readonly Kind[]
  /** What was acknowledged to the agent, or will be unless the server says less. */
  readonly #honored: Map<Wish, Wish>
  readonly #waiting: Set<Wish>
  readonly #subscriptions: readonly Subscription[]
  /** Events that came before the acknowledgement, which is the first of all. */
  #early: string[] | undefined = []
  #sink: ByteSink | undefined = undefined
  #over = false
  readonly #stop: (() => void)[] = []

  constructor(way: Way, call: Call, target: McpTarget, plan: McpPlan, wishes: readonly Wish[]) {
    const { message, servers } = target.mcp
    const concerned = wishes.filter(({ kinds, uris, tasks }) => kinds.length + uris.length + tasks.length > 0)
    this.#way = way
    this.#target = target
    this.#plan = plan
    this.#idText = message.idText ?? 'null'
    this.#asked = [...new Set(wishes.flatMap(({ kinds }) => kinds))]
    this.#honored = new Map(concerned.map((wish) => [wish, wish]))
    this.#waiting = new Set(concerned)
    this.#subscriptions = concerned.map((wish) => this.#subscription(wish, call))
    const open: OpenStream = {
      ears: plan.ears,
      servers,
      untilMs: target.mcp.untilMs,
      tell: (method) => this.#tell(method),
      fail: (fault) => this.#fail(fault),
    }
    this.#stop.push(way.memory.streams.add(open, way.clock))
  }

  start(sink: ByteSink): void {
    if (this.#over) return
    this.#sink = sink
    const { clock } = this.#way
    this.#stop.push(
      clock.every(limits.mcpKeepAliveMs, () => this.#sink?.chunk(sseComment)),
      clock.after(acknowledgeMsMax, () => this.#acknowledge()),
    )
    for (const one of this.#subscriptions) one.start()
    if (this.#waiting.size === 0) this.#acknowledge()
  }

  pause(): void {
    for (const one of this.#subscriptions) one.pause()
  }

  resume(): void {
    for (const one of this.#subscriptions) one.resume()
  }

  cancel(): void {
    this.#finish()
  }

  #subscription(wish: Wish, call: Call): Subscription {
    const { kinds, uris, tasks, server } = wish
    const peer = this.#way.servers.peerOf(server)
    const settled = (): void => {
      this.#waiting.delete(wish)
      if (this.#waiting.size === 0) this.#acknowledge()
    }
    return new Subscription({
      clock: this.#way.clock,
      ask: () =>
        peer.listen(
          {
            ...Object.fromEntries(kinds.map((kind) => [`${kind}sListChanged`, true])),
            ...(uris.length > 0 && { resourceSubscriptions: uris }),
            ...(tasks.length > 0 && { taskIds: tasks.map(([own]) => own) }),
          },
          { call, plan: this.#plan },
        ),
      isOpen: () => this.#isOpen(),
      acknowledged: ({ params }, again) => {
        if (this.#early !== undefined) this.#honored.set(wish, honoredOf(wish, params.notifications))
        settled()
        if (again) this.#missed(wish)
      },
      heard: (event, message, ownIdText) => this.#heard(wish, event, message, ownIdText),
      missing: settled,
      none: () => {
        this.#honored.delete(wish)
        settled()
      },
      broken: (fault) => this.#fail(fault),
    })
  }

  /** The servers of an old configuration are asked no more: the agent listens anew, under the one that is in force. */
  #isOpen(): boolean {
    if (!this.#way.servers.closed) return true
    const sink = this.#sink
    this.#finish()
    const meta = `{${printJson(metaKeys.subscription)}:${this.#idText}}`
    const result = `{"jsonrpc":"2.0","id":${this.#idText},"result":{"resultType":"complete","_meta":${meta}}}`
    sink?.chunk(Buffer.from(sseText({ data: result })), true)
    sink?.end()
    return false
  }

  #acknowledge(): void {
    const early = this.#early
    if (early === undefined || this.#over) return
    this.#early = undefined
    const all = [...this.#honored.values()]
    const uris = all.flatMap((wish) => wish.uris)
    const tasks = all.flatMap((wish) => wish.tasks.map(([, given]) => given))
    const notifications = {
      // Of lists the gateway itself tells when the policy changes.
      ...Object.fromEntries(this.#asked.map((kind) => [`${kind}sListChanged`, true])),
      ...(uris.length > 0 && { resourceSubscriptions: uris }),
      ...(tasks.length > 0 && { taskIds: tasks }),
    }
    this.#say('notifications/subscriptions/acknowledged', { notifications })
    for (const text of early) this.#write(text)
  }

  #heard(wish: Wish, event: SseEvent, message: RpcMessage, ownIdText: string): void {
    const { server } = wish
    if (message.kind === 'notification' && !isWished(wish, message, ownIdText)) {
      this.#plan.ears.note(server, message.method, false)
      return
    }
    const { message: asked } = this.#target.mcp
    const { era, method, idText } = asked
    const hop: Hop = {
      message: { era, method, ...(idText !== undefined && { idText }) },
      mask: this.#plan.mask,
      ownIdText,
    }
    const peer = this.#way.servers.peerOf(server)
    const place = { way: this.#way, peer, link: undefined, hop, target: this.#target, plan: this.#plan }
    const relayed = translateEvent(place, event)
    if (relayed !== undefined) this.#write(sseText(relayed.event))
  }

  /** What it told while nobody listened is not known: its lists and resources may all have changed. */
  #missed({ server, kinds, uris }: Wish): void {
    const { ears } = this.#plan
    const peer = this.#way.servers.peerOf(server)
    this.#way.changed(peer, this.#target.mcp.message)
    for (const [method, kind] of changes) if (kinds.includes(kind) && ears.concerns(server, kind)) this.#tell(method)
    for (const uri of uris) if (ears.knows(server, uri)) this.#say('notifications/resources/updated', { uri })
  }

  #tell(method: string): void {
    const kind = changes.get(method)
    if (kind !== undefined && this.#asked.includes(kind)) this.#say(method, {})
  }

  #say(method: string, params: JsonObject): void {
    const text = Buffer.from(`{"jsonrpc":"2.0","method":${printJson(method)},"params":${printJson(params)}}`)
    const edits = [{ path: ['params', '_meta', metaKeys.subscription], text: this.#idText }]
    this.#write(sseText({ data: editJson(text, edits).toString('utf8') }))
  }

  #write(text: string): void {
    if (this.#early !== undefined && this.#early.length === earlyMax) this.#acknowledge()
    if (this.#early !== undefined) this.#early.push(text)
    else this.#sink?.chunk(Buffer.from(text))
  }

  #fail(fault: Fault): void {
    const sink = this.#sink
    this.#finish()
    sink?.fail(fault)
  }

  #finish(): void {
    if (this.#over) return
    this.#over = true
    this.#sink = undefined
    for (const stop of this.#stop) stop()
    for (const one of this.#subscriptions) one.stop()
  }
}

/** What was wished and the server says that it honors. */
function honoredOf(wish: Wish, honored: Json | undefined): Wish {
  const has = (name: string, value: string): boolean => {
    const list = property(honored, name)
    return Array.isArray(list) && list.includes(value)
  }
  return {
    ...wish,
    uris: wish.uris.filter((uri) => has('resourceSubscriptions', uri)),
    tasks: wish.tasks.filter(([own]) => has('taskIds', own)),
  }
}

type Notification = Extract<RpcMessage, { kind: 'notification' }>

/** Only what was opted in to, under the id of the request that did (2026-07-28 "Subscriptions"). */
function isWished({ kinds, uris, tasks }: Wish, { method, params }: Notification, ownIdText: string): boolean {
  const subscription = property(params._meta, metaKeys.subscription)
  if (subscription === undefined || printJson(subscription) !== ownIdText) return false
  const kind = changes.get(method)
  if (kind !== undefined) return kinds.includes(kind)
  const { uri, taskId } = params
  // An update may be of a part of what was subscribed to (2026-07-28 "Resource Updated").
  if (method === 'notifications/resources/updated')
    return (
      typeof uri === 'string' && uris.some((one) => uri === one || uri.startsWith(one.endsWith('/') ? one : `${one}/`))
    )
  return method === 'notifications/tasks' && tasks.some(([own]) => own === taskId)
}
