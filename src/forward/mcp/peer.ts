/**
 * One tool server as this gateway talks to it: requests with ids of the gateway's own, the eras that it speaks (asked for once, kept
 * for a while), and its side of sessions. What the messages are about is not known here.
 */
import {
  asBuffer,
  type Call,
  type Clock,
  type Departure,
  Fault,
  type Json,
  type JsonObject,
  legacyRevisions,
  limits,
  type McpServer,
  type McpSession,
  modernRevisions,
  property,
} from '../../model/index.ts'
import { editJson, metaKeys, printJson } from '../../wire/index.ts'
import type { Lookup } from '../egress.ts'
import { UpstreamPool } from '../pools.ts'
import { collectAnswer } from './collect.ts'
import type { McpPlan } from './ears.ts'
import { exchange, type ServerReply, type ServerRequest } from './exchange.ts'
import { introductionOf } from './instructions.ts'
import { type Collected, SameAnswers } from './same-answer.ts'
import { acceptBoth, serverHeaders } from './server-headers.ts'
import type { Hop } from './translate.ts'

/** A server's side of a session. */
export interface Link {
  /** Absent where the server gave none: it keeps nothing between messages. */
  readonly sessionId: string | undefined
  readonly revision: string
  /** The result of its `initialize`, as agents get it. */
  readonly opened: JsonObject
  /** Why nobody is shown its instructions. */
  readonly problem?: string
  /** Requests of the agent whose answers are still to come, by the id that the server was given. */
  readonly outstanding: Map<string, Hop>
}

export interface PeerPorts {
  readonly clock: Clock
  readonly lookup: Lookup
  /** A number that no other request to any server has or had. */
  readonly nextId: () => number
  /** Outlive a reload: which links a session has, by server. */
  readonly links: WeakMap<McpSession, Map<string, Promise<Link>>>
}

/** How the house names itself where the protocol wants a name; no version of it, which is nobody's business. */
export const houseInfo = { name: 'gatehouse', version: '1' }

/** What every modern request of the house says of it. */
const houseMeta: JsonObject = {
  [metaKeys.revision]: modernRevisions[0],
  [metaKeys.capabilities]: {},
  'io.modelcontextprotocol/clientInfo': houseInfo,
}

/** Streams towards one server: each of them is a connection that is mostly quiet. */
const streamsMax = 10_000

interface EraKnown {
  readonly modern: boolean
  readonly atMs: number
  /** Result of `server/discover`, as agents get it. */
  readonly discovered?: JsonObject
  /** Why nobody is shown its instructions. */
  readonly problem?: string
}

/** An answer to a request of the house's own. */
export type Answer =
  | { readonly result: JsonObject; readonly bytes: Buffer }
  | { readonly error: JsonObject; readonly bytes: Buffer }

/** What a server answers to `initialize`: its side of the session, or why there is none. */
export type Opened = { readonly link: Link; readonly bytes: Buffer } | Extract<Answer, { error: JsonObject }>

export class Peer {
  readonly server: McpServer
  readonly #ports: PeerPorts
  readonly #pool: UpstreamPool
  readonly #streams: UpstreamPool
  readonly #key: string
  /** Sessions at whose end the server is told. */
  readonly #closing = new WeakSet<McpSession>()
  readonly #same = new SameAnswers()
  /** What was made of an answer: the same one is the same object. */
  readonly #answers = new WeakMap<Collected, Answer>()
  #era: EraKnown | undefined = undefined
  #probing: Promise<EraKnown> | undefined = undefined

  constructor(server: McpServer, ports: PeerPorts) {
    const { upstream } = server
    this.server = server
    this.#ports = ports
    this.#pool = new UpstreamPool(upstream, ports.lookup, ports.clock)
    const quiet = { connectionsMax: streamsMax, idleMsMax: limits.mcpStreamMsMax }
    this.#streams = new UpstreamPool({ ...upstream, ...quiet }, ports.lookup, ports.clock)
    this.#key = JSON.stringify([upstream.id, upstream.origin, upstream.basePath, upstream.credential?.value ?? null])
  }

  get id(): string {
    return this.server.upstream.id
  }

  nextId(): string {
    return String(this.#ports.nextId())
  }

  /**
   * Milliseconds for a whole answer to a question of the house's own: as long as its header and one pause may take. Whoever waits for a
   * list waits for all who ask for it, and a server that sends a byte now and then would keep them for ever.
   */
  get #askMsMax(): number {
    const { headersMsMax, idleMsMax } = this.server.upstream
    return headersMsMax + idleMsMax
  }

  send(request: ServerRequest, departure?: Departure): Promise<ServerReply> {
    const pool = request.lasting === true ? this.#streams : this.#pool
    return exchange(request, { pool, clock: this.#ports.clock, ...(departure !== undefined && { departure }) })
  }

  // --- eras -------------------------------------------------------------------------------------------------------------

  /** What `server/discover` says, where the server speaks the modern era; undefined where it does not. */
  async discovered(use: 'era' | 'answer' = 'era'): Promise<JsonObject | undefined> {
    const known = use === 'era' ? this.#era : undefined
    const ageMs = known === undefined ? 0 : this.#ports.clock.monotonicMs() - known.atMs
    if (known !== undefined && ageMs < (known.modern ? limits.mcpEraPresentMs : limits.mcpEraAbsentMs))
      return known.discovered
    this.#probing ??= this.#probe().finally(() => {
      this.#probing = undefined
    })
    return (await this.#probing).discovered
  }

  /** Why nobody is shown the instructions that the server gave when it was last asked. */
  get discoveredProblem(): string | undefined {
    return this.#era?.problem
  }

  /** What was found out about eras is no longer true. */
  forgetEra(): void {
    this.#era = undefined
  }

  async #probe(): Promise<EraKnown> {
    const { status, answer } = await this.#askModern('server/discover', {})
    const atMs = this.#ports.clock.monotonicMs()
    if (status === 401 || status === 403 || status === 407 || status >= 500) throw refusedStatus(this.id, status)
    const found = answer !== undefined && 'result' in answer ? answer : undefined
    const versions = property(found?.result, 'supportedVersions')
    const modern = Array.isArray(versions) && versions.some((one) => (modernRevisions as readonly Json[]).includes(one))
    if (!modern || found === undefined) this.#era = { modern: false, atMs }
    else {
      const { result: discovered, problem } = introductionOf(this.server, found.result, found.bytes)
      this.#era = { modern, atMs, discovered, ...(problem !== undefined && { problem }) }
    }
    return this.#era
  }

  // --- requests of the house --------------------------------------------------------------------------------------------

  /** In the modern era. Faults as `exchange`, and `upstream_rpc`. */
  async askModern(method: string, params: JsonObject): Promise<Answer> {
    const { status, answer } = await this.#askModern(method, params)
    if (answer === undefined) throw refusedStatus(this.id, status)
    return answer
  }

  /** Asks for a stream about what changes (`subscriptions/listen`), for the house unless it is `of` a call. Faults as `exchange`. */
  async listen(
    notifications: JsonObject,
    of?: { readonly call: Call; readonly plan: McpPlan },
  ): Promise<{ readonly reply: ServerReply; readonly ownIdText: string }> {
    const [revision] = modernRevisions
    const method = 'subscriptions/listen'
    const ownIdText = this.nextId()
    const params = { notifications, _meta: houseMeta }
    const body = Buffer.from(`{"jsonrpc":"2.0","id":${ownIdText},"method":"${method}","params":${printJson(params)}}`)
    const { upstream } = this.server
    const headers = serverHeaders({ upstream, revision, method, ...of, accept: acceptBoth, hasBody: true })
    const reply = await this.send({
      method: 'POST',
      headers,
      body,
      bytesMax: limits.mcpMessageBytesMax,
      lasting: true,
    })
    return { reply, ownIdText }
  }

  async #askModern(method: string, params: JsonObject): Promise<{ status: number; answer: Answer | undefined }> {
    const [revision] = modernRevisions
    const headers = { upstream: this.server.upstream, revision, method, accept: acceptBoth, hasBody: true }
    return this.#ask(method, { ...params, _meta: houseMeta }, serverHeaders(headers))
  }

  /** In a session of an agent, which is opened again where the server has lost it. */
  async askInSession(session: McpSession, method: string, params: JsonObject): Promise<Answer> {
    const first = await this.#askLink(await this.linkOf(session), method, params)
    if (!first.lost) return this.#certain(first)
    this.lose(session)
    return this.#certain(await this.#askLink(await this.linkOf(session), method, params))
  }

  async #askLink(link: Link, method: string, params: JsonObject) {
    const { upstream } = this.server
    const headers = { upstream, revision: link.revision, session: link.sessionId, accept: acceptBoth, hasBody: true }
    const asked = await this.#ask(method, params, serverHeaders(headers))
    return { ...asked, lost: asked.status === 404 && link.sessionId !== undefined }
  }

  #certain({ status, answer }: { status: number; answer: Answer | undefined }): Answer {
    if (answer === undefined) throw refusedStatus(this.id, status)
    return answer
  }

  async #ask(
    method: string,
    params: JsonObject,
    headers: string[],
  ): Promise<{ status: number; answer: Answer | undefined }> {
    const id = this.nextId()
    const question = `"method":${printJson(method)},"params":${printJson(params)}`
    const body = Buffer.from(`{"jsonrpc":"2.0","id":${id},${question}}`)
    const bytesMax = Math.min(this.server.upstream.replyBytesMax, limits.mcpMessageBytesMax)
    const reply = await this.send({ method: 'POST', headers, body, bytesMax, msMax: this.#askMsMax })
    const collected = await collectAnswer(reply, id, (bytes) => this.#same.find(question, bytes, id))
    return { status: reply.status, answer: collected && this.#answerOf(question, collected) }
  }

  #answerOf(question: string, collected: Collected): Answer {
    const before = this.#answers.get(collected)
    if (before !== undefined) return before
    const { message, bytes } = collected
    const answer =
      'result' in message.outcome ? { result: message.outcome.result, bytes } : { error: message.outcome.error, bytes }
    this.#same.keep(question, collected)
    this.#answers.set(collected, answer)
    return answer
  }

  // --- sessions ---------------------------------------------------------------------------------------------------------

  /** Opens the server's side with the agent's `initialize`. Faults: `revision_unsupported` where the server has no sessions. */
  async open(opening: Uint8Array, revision: string, call?: Call): Promise<Opened> {
    const { upstream } = this.server
    const id = this.nextId()
    const body = editJson(asBuffer(opening), [
      { path: ['id'], text: id },
      { path: ['params', 'protocolVersion'], text: printJson(revision) },
      // The experimental tasks of 2025-11-25 are not carried on.
      { path: ['params', 'capabilities', 'tasks'], text: undefined },
    ])
    const headers = serverHeaders({ upstream, revision, accept: acceptBoth, hasBody: true, ...(call && { call }) })
    const reply = await this.send(
      { method: 'POST', headers, body, bytesMax: limits.mcpOpeningBytesMax, msMax: this.#askMsMax },
      call?.departure,
    )
    const collected = await collectAnswer(reply, id)
    if (collected === undefined)
      throw reply.status >= 400 && reply.status < 500
        ? this.#noSessions(revision, `status ${reply.status}`)
        : refusedStatus(this.id, reply.status)
    const { message, bytes } = collected
    if ('error' in message.outcome) {
      const { code } = message.outcome.error
      if (typeof code === 'number' && code <= -32020 && code >= -32022)
        throw this.#noSessions(revision, `error ${code}`)
      return { error: message.outcome.error, bytes }
    }
    const { result } = message.outcome
    const agreed = result.protocolVersion
    if (typeof agreed !== 'string' || !(legacyRevisions as readonly string[]).includes(agreed))
      throw this.#noSessions(revision, `it answered with the revision \`${String(agreed).slice(0, 40)}\``)
    const given = reply.headers['mcp-session-id']
    const introduction = introductionOf(this.server, result, bytes)
    const link: Link = {
      sessionId: typeof given === 'string' && /^[\x21-\x7e]{1,1024}$/.test(given) ? given : undefined,
      revision: agreed,
      opened: introduction.result,
      outstanding: new Map(),
      ...(introduction.problem !== undefined && { problem: introduction.problem }),
    }
    return { link, bytes: introduction.bytes }
  }

  #noSessions(requested: string, why: string): Fault {
    const detail = `the server \`${this.id}\` opens no session of revision \`${requested}\`: ${why}`
    return new Fault('revision_unsupported', detail, {
      publicDetail: 'the tool server does not speak the era of this client',
      revisions: { requested, supported: [...modernRevisions] },
      rpc: {},
    })
  }

  /** Gives back what was opened for a session that does not come about. */
  drop(link: Link): void {
    void this.#end(link)
  }

  /** Keeps a link that was just opened for a session. */
  keep(session: McpSession, link: Link): void {
    this.#linksOf(session).set(this.#key, Promise.resolve(link))
    this.#closeWith(session)
  }

  /** The link of a session; opened anew where the server has lost it. */
  linkOf(session: McpSession): Promise<Link> {
    const links = this.#linksOf(session)
    const known = links.get(this.#key)
    if (known !== undefined) return known
    const made = this.#reopen(session)
    links.set(this.#key, made)
    // A failure is no link: the next message tries again.
    made.catch(() => {
      if (links.get(this.#key) === made) links.delete(this.#key)
    })
    return made
  }

  /** Once a session, however often the server loses its side of it. */
  #closeWith(session: McpSession): void {
    if (this.#closing.has(session)) return
    this.#closing.add(session)
    session.onEnd(() => void this.close(session))
  }

  /** The server no longer knows its side. */
  lose(session: McpSession): void {
    this.#linksOf(session).delete(this.#key)
  }

  async #reopen(session: McpSession): Promise<Link> {
    const opened = await this.open(session.opening, session.revision)
    if (!('link' in opened))
      throw new Fault('upstream_rpc', `the server \`${this.id}\` refused to open a session again`)
    this.#closeWith(session)
    await this.notify(opened.link, 'notifications/initialized')
    return opened.link
  }

  notify(link: Link, method: string): Promise<void> {
    return this.post(link, `{"jsonrpc":"2.0","method":${printJson(method)}}`)
  }

  /** A message that has no answer. */
  async post(link: Link, text: string): Promise<void> {
    const { upstream } = this.server
    const headers = serverHeaders({
      upstream,
      revision: link.revision,
      session: link.sessionId,
      accept: acceptBoth,
      hasBody: true,
    })
    const body = Buffer.from(text)
    const bytesMax = limits.mcpMessageBytesMax
    const reply = await this.send({ method: 'POST', headers, body, bytesMax, msMax: this.#askMsMax })
    if (reply.body.kind === 'events') reply.body.source.cancel(new Error('nothing is expected'))
  }

  /** Tells the server that a session is over; that it cannot be told harms nobody. */
  async close(session: McpSession): Promise<void> {
    const links = this.#ports.links.get(session)
    const known = links?.get(this.#key)
    if (links === undefined || known === undefined) return
    links.delete(this.#key)
    // An opening that failed was told to whoever asked for it, and left nothing to end.
    const link = await known.catch(() => undefined)
    if (link !== undefined) await this.#end(link)
  }

  async #end({ sessionId, revision }: Link): Promise<void> {
    if (sessionId === undefined) return
    const { upstream } = this.server
    const headers = serverHeaders({ upstream, revision, session: sessionId, accept: acceptBoth, hasBody: false })
    const bytesMax = limits.mcpMessageBytesMax
    try {
      const reply = await this.send({ method: 'DELETE', headers, bytesMax, msMax: this.#askMsMax })
      if (reply.body.kind === 'events') reply.body.source.cancel(new Error('nothing is expected'))
    } catch (cause) {
      if (!(cause instanceof Fault)) throw cause
    }
  }

  #linksOf(session: McpSession): Map<string, Promise<Link>> {
    const known = this.#ports.links.get(session)
    if (known !== undefined) return known
    const made = new Map<string, Promise<Link>>()
    this.#ports.links.set(session, made)
    return made
  }

  async shut(): Promise<void> {
    await Promise.all([this.#pool.close(), this.#streams.close()])
  }
}

/** A status that is about the gateway's own standing with the server, or says nothing in the protocol. */
export function refusedStatus(id: string, status: number): Fault {
  return new Fault('upstream_rpc', `the server \`${id}\` answered with status ${status} and no message`)
}
