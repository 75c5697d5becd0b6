/**
 * The agents' server: HTTP/1.1 only, on the lane or on node:http. It turns requests into arrivals, hands each to the gateway and
 * writes the reply; it bounds connections, calls, header and body bytes, and time, and drains on request. What a call means
 * is not known here.
 */
import { type IncomingMessage, type Server as Parser, ServerResponse } from 'node:http'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { Server as TlsServer } from 'node:tls'
import {
  type Arrival,
  Fault,
  type FaultCode,
  type Log,
  limits,
  type MakeId,
  type RandomBytes,
  type Reply,
} from '../model/index.ts'
import { makeTraceMaker } from '../wire/index.ts'
import type { Carrier } from './carrier.ts'
import { Connection, type Deadlines } from './connection.ts'
import { departureFault } from './departure.ts'
import { type ArrivalPorts, Exchange } from './exchange.ts'
import { Lane, type LanePorts } from './lane.ts'
import { DateText } from './lane-reply.ts'
import { NodeCarrier } from './node-carrier.ts'
import { peerOf, type RefusalPorts, Refusals, type Remote } from './refusals.ts'
import { bareReply, endsTooEarly, parserFault } from './refused-bytes.ts'
import { writeReply } from './reply-writer.ts'
import { type Certificate, makeListener, makeParser } from './servers.ts'

export interface ReceiverOptions {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly tls?: Certificate
  /** Open connections; one more is closed at once. */
  readonly connectionsMax: number
  /** Calls under way; beyond it a call is refused with `overloaded`, beyond one and a half times it the connection is cut. */
  readonly callsMax: number
  readonly timing: Deadlines
}

export interface ReceiverPorts extends RefusalPorts {
  readonly makeId: MakeId
  readonly randomBytes: RandomBytes
  readonly log: Log
  /** The gateway. Never rejects; if it does all the same, the connection is cut and the program's log says why. */
  readonly handle: (arrival: Arrival) => Promise<Reply>
}

export interface Receiver {
  /** Rejects with the error of the socket, e.g. `EADDRINUSE`. */
  listen(): Promise<void>
  /** Known after `listen`. */
  readonly address: { readonly host: string; readonly port: number }
  readonly connections: number
  readonly callsUnderWay: number
  /** New handshakes use it; connections that are open go on. Throws when the pair does not fit together. */
  reloadCertificate(certificate: Certificate): void
  /**
   * Takes no new connection, refuses new calls with `draining`, lets running calls end for at most `msMax` milliseconds, then
   * departs them and cuts every connection. Gives the number of calls that were cut.
   */
  drain(msMax: number): Promise<number>
  /** Cuts everything at once. */
  close(): Promise<void>
}

export function makeReceiver(options: ReceiverOptions, ports: ReceiverPorts): Receiver {
  return new HttpReceiver(options, ports)
}

/** Connections that the kernel holds until they are taken: a burst that lasts shorter than a look at the others. */
const backlogMax = 1024
/** Refusing a call costs a record and a reply; beyond this many times `callsMax` even that is too much. */
const cutFactor = 1.5

/** After these nobody can be sure where the next call on the connection would begin, or whether it would ever come. */
const endsConnection: ReadonlySet<FaultCode> = new Set<FaultCode>(['framing_refused', 'http_malformed', 'body_slow'])

class HttpReceiver implements Receiver {
  readonly #options: ReceiverOptions
  readonly #ports: ReceiverPorts
  readonly #arrivalPorts: ArrivalPorts
  readonly #scheme: 'http' | 'https'
  readonly #server: Server | TlsServer
  readonly #parser: Parser
  readonly #lanePorts: LanePorts
  readonly #connections = new Map<Socket, Connection>()
  /** With TLS: sockets under the connections, and those whose handshake is not over, which are no connections yet. */
  readonly #underTls = new Set<Socket>()
  readonly #refusals: Refusals
  #callsUnderWay = 0
  #draining = false
  #stopSweeps: (() => void) | undefined = undefined
  #onQuiet: (() => void) | undefined = undefined

  constructor(options: ReceiverOptions, ports: ReceiverPorts) {
    this.#options = options
    this.#ports = ports
    this.#arrivalPorts = { clock: ports.clock, makeId: ports.makeId, makeTrace: makeTraceMaker(ports.randomBytes) }
    this.#refusals = new Refusals(ports)
    this.#scheme = options.tls === undefined ? 'http' : 'https'
    this.#server = this.#makeServer(options)
    this.#parser = makeParser({
      request: (message, response) => this.#parsed(message, response, undefined, false),
      awaitsContinue: (message, response) => this.#parsed(message, response, undefined, true),
      expects: (message, response) => {
        const fault = new Fault('expectation_refused', `the expectation is \`${message.headers.expect?.slice(0, 80)}\``)
        this.#parsed(message, response, fault, false)
      },
      connect: (message, socket) => this.#parsedConnect(message, socket),
      refused: (error, socket) => this.#refuseBytes(error, socket),
    })
    this.#lanePorts = {
      clock: ports.clock,
      dates: new DateText(),
      arrived: (connection, carrier) => this.#arrived(connection, carrier, undefined, false),
      handOver: ({ socket }) => void this.#parser.emit('connection', socket),
      refused: ({ socket }, error) => this.#refuseBytes(error, socket),
    }
  }

  get address(): { readonly host: string; readonly port: number } {
    const { address, port } = this.#server.address() as AddressInfo
    return { host: address, port }
  }

  get connections(): number {
    return this.#connections.size
  }

  get callsUnderWay(): number {
    return this.#callsUnderWay
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host: this.#options.host, port: this.#options.port, backlog: backlogMax }, () => {
        this.#server.removeListener('error', reject)
        this.#server.on('error', (error) => this.#ports.log.error({ error: error.message }, 'the listener failed'))
        this.#stopSweeps = this.#ports.clock.every(limits.sweepMs, () => this.#sweep())
        resolve()
      })
    })
  }

  reloadCertificate(certificate: Certificate): void {
    if (this.#scheme !== 'https') throw new Error('this listener has no TLS')
    ;(this.#server as TlsServer).setSecureContext({ cert: certificate.certificate, key: certificate.key })
  }

  async drain(msMax: number): Promise<number> {
    this.#draining = true
    this.#server.close()
    for (const connection of this.#connections.values()) {
      connection.closing = true
      // A stream that would never end by itself has nothing that could be finished.
      if (connection.lasting) this.#depart(connection, 'draining', this.#ports.clock.monotonicMs())
      if (connection.current === undefined && connection.socket.writableLength === 0) connection.cut()
    }
    if (this.#callsUnderWay > 0) {
      await new Promise<void>((resolve) => {
        const forget = this.#ports.clock.after(msMax, resolve)
        this.#onQuiet = () => {
          forget()
          resolve()
        }
      })
    }
    const cut = this.#callsUnderWay
    const nowMs = this.#ports.clock.monotonicMs()
    for (const connection of this.#connections.values()) this.#depart(connection, 'draining', nowMs)
    await this.close()
    return cut
  }

  async close(): Promise<void> {
    this.#draining = true
    this.#stopSweeps?.()
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
    for (const connection of this.#connections.values()) connection.cut()
    // Who has not finished his handshake would hold the end up for as long as one may take.
    for (const socket of this.#underTls) socket.destroy()
    await closed
  }

  #makeServer(options: ReceiverOptions): Server | TlsServer {
    const { tls, connectionsMax, timing } = options
    return makeListener(
      { ...(tls === undefined ? {} : { tls }), connectionsMax, handshakeMsMax: timing.headerMsMax },
      {
        connected: (socket) => this.#connected(socket),
        underTls: (socket) => this.#connectedUnderTls(socket),
        handshakeFailed: (error, remote) => {
          if (parserFault(error) !== undefined)
            this.#refusals.report(new Fault('tls_refused', error.message), peerOf(remote))
        },
        dropped: (remote) => this.#dropped(remote),
      },
    )
  }

  #connected(socket: Socket): void {
    const connection = new Connection(socket, this.#ports.clock.monotonicMs())
    if (this.#scheme === 'http' && this.#refusals.closes(socket)) return
    this.#connections.set(socket, connection)
    // Node takes its own listener off with a CONNECT: from then on a reset would be an error that nobody hears, and end the process.
    socket.on('error', ignore)
    socket.once('close', () => this.#closed(connection))
    new Lane(connection, this.#lanePorts)
  }

  #connectedUnderTls(socket: Socket): void {
    if (this.#refusals.closes(socket)) return
    this.#underTls.add(socket)
    socket.once('close', () => this.#underTls.delete(socket))
  }

  #closed(connection: Connection): void {
    this.#connections.delete(connection.socket)
    this.#depart(connection, 'agent_gone', this.#ports.clock.monotonicMs())
    connection.waiting.length = 0
  }

  #depart(connection: Connection, reason: 'agent_gone' | 'draining', nowMs: number): void {
    const call = connection.current
    if (call === undefined || call.departure.reason !== undefined) return
    call.departure.depart(reason, nowMs)
    call.body.fail(departureFault(reason))
  }

  #parsed(
    message: IncomingMessage,
    response: ServerResponse,
    refusal: Fault | undefined,
    awaitsContinue: boolean,
  ): void {
    const connection = this.#connections.get(message.socket)
    if (connection === undefined || (connection.closing && message.method !== 'CONNECT')) return
    const { httpVersionMajor, httpVersionMinor } = message
    if (httpVersionMajor === 1 && httpVersionMinor === 1)
      this.#arrived(connection, new NodeCarrier(message, response), refusal, awaitsContinue)
    else if (!this.#refusals.closes(message.socket)) {
      const detail = `the version is HTTP/${message.httpVersion}, expected HTTP/1.1`
      this.#refuse(connection, new Fault('http_malformed', detail))
    }
  }

  #arrived(connection: Connection, carrier: Carrier, refusal: Fault | undefined, awaitsContinue: boolean): void {
    if (this.#refusals.closes(connection.socket)) return
    if (
      this.#callsUnderWay >= this.#options.callsMax * cutFactor ||
      connection.waiting.length >= limits.pipelinedCallsMax
    ) {
      this.#refusals.report(
        new Fault(
          'overloaded',
          `${this.#callsUnderWay} calls are under way, ${connection.waiting.length} wait on this connection`,
        ),
        connection.peer,
      )
      connection.cut()
      return
    }
    const exchange = new Exchange(
      carrier,
      {
        scheme: this.#scheme,
        peer: connection.peer,
        refusal: refusal ?? this.#houseRefusal(),
        awaitsContinue,
      },
      this.#arrivalPorts,
    )
    if (connection.current === undefined) this.#run(connection, exchange)
    else connection.waiting.push(exchange)
  }

  #houseRefusal(): Fault | undefined {
    if (this.#draining) return new Fault('draining', 'the call came after the drain had begun')
    if (this.#callsUnderWay >= this.#options.callsMax)
      return new Fault('overloaded', `${this.#callsUnderWay} calls are under way`)
    return undefined
  }

  /**
   * Node gives a CONNECT without a response to answer on: one is put onto its socket, so that it is a call like any other. Behind
   * a call that is not answered yet there is no room for one, and node no longer tells that call when the socket takes more: the
   * connection is cut, and a fault record tells of it.
   */
  #parsedConnect(message: IncomingMessage, socket: Socket): void {
    const connection = this.#connections.get(socket)
    if (connection === undefined) return
    connection.closing = true
    if (connection.answering) {
      this.#refusals.report(
        new Fault('method_refused', 'a CONNECT came behind a call that was not answered yet'),
        connection.peer,
      )
      connection.cut()
      return
    }
    const response = new ServerResponse(message)
    response.assignSocket(socket)
    response.once('finish', () => connection.linger(this.#ports.clock.monotonicMs()))
    this.#parsed(message, response, undefined, false)
  }

  #run(connection: Connection, exchange: Exchange): void {
    connection.begin(exchange)
    this.#callsUnderWay++
    this.#ports.handle(exchange).then(
      (reply) => this.#reply(connection, exchange, reply),
      (cause: unknown) => {
        this.#ports.log.error({ call: exchange.id, error: String(cause) }, 'the gateway threw: the connection is cut')
        this.#finish(connection, false)
      },
    )
  }

  #reply(connection: Connection, exchange: Exchange, reply: Reply): void {
    const { carrier } = exchange
    if (reply.unidentified === true) this.#refusals.count(connection.peer)
    const length = exchange.body.lengthBytes
    const unread = !carrier.received
    const leavesMuch = unread && (length === null || length > limits.discardedBodyBytesMax)
    if (reply.lasting === true) {
      connection.lasting = true
      if (this.#draining) this.#depart(connection, 'draining', this.#ports.clock.monotonicMs())
    }
    const distrusted = reply.fault !== undefined && endsConnection.has(reply.fault)
    // RFC 9110 section 10.1.1: an agent that was never told to go on may send its body or leave it out.
    const unsure = unread && exchange.body.uninvited
    if (leavesMuch || distrusted || unsure || carrier.saysClose || this.#draining) connection.closing = true
    // A closing connection ends as soon as the reply is out; the rest of the body must be read a little longer.
    if (unread && connection.closing) carrier.endWith(() => connection.linger(this.#ports.clock.monotonicMs()))
    try {
      writeReply(reply, exchange.method, carrier, exchange.departure, connection.closing, (whole) =>
        this.#finish(connection, whole),
      )
    } catch (cause) {
      this.#ports.log.error(
        { call: exchange.id, error: String(cause) },
        'the reply could not be written: the connection is cut',
      )
      // Whoever follows the stream records its end, and its upstream connection is free again.
      if (reply.body.kind === 'stream') reply.body.source.cancel(new Error('the reply could not be written'))
      this.#finish(connection, false)
    }
  }

  #finish(connection: Connection, whole: boolean): void {
    this.#callsUnderWay--
    connection.rest(this.#ports.clock.monotonicMs())
    if (!whole) connection.cut()
    else {
      const next = connection.waiting.shift()
      if (next !== undefined && !connection.closing) this.#run(connection, next)
    }
    if (this.#callsUnderWay === 0) this.#onQuiet?.()
  }

  /** The parser gave up on this connection: a call whose body that is learns it there, otherwise the bytes were no call. */
  #refuseBytes(error: Error, socket: Socket): void {
    const connection = this.#connections.get(socket)
    const fault = parserFault(error)
    if (connection === undefined || fault === undefined || !socket.writable) {
      socket.destroy()
      return
    }
    const { current } = connection
    if (current === undefined) {
      this.#refuse(connection, fault)
      return
    }
    if (connection.broken) return
    const newest = connection.waiting.at(-1) ?? current
    connection.broken = true
    connection.closing = true
    connection.waiting.length = 0
    if (endsTooEarly(error)) this.#depart(connection, 'agent_gone', this.#ports.clock.monotonicMs())
    else if (newest === current && !current.carrier.received) current.body.fail(fault)
    // Behind a message that is whole, or in the body of one that waits: the call that runs has no part in it.
    else this.#refusals.report(fault, connection.peer)
  }

  #refuse(connection: Connection, fault: Fault): void {
    if (this.#refusals.closes(connection.socket)) return
    this.#refusals.report(fault, connection.peer)
    if (connection.lingering) return
    connection.socket.write(bareReply(fault.code))
    connection.linger(this.#ports.clock.monotonicMs())
  }

  #dropped(remote: Remote): void {
    this.#refusals.report(
      new Fault('connection_limit', `${this.#options.connectionsMax} connections are open`),
      peerOf(remote),
    )
  }

  #sweep(): void {
    const nowMs = this.#ports.clock.monotonicMs()
    this.#refusals.turn()
    for (const connection of this.#connections.values()) {
      const fault = connection.sweep(nowMs, this.#options.timing)
      if (fault !== undefined) this.#refuse(connection, fault)
    }
  }
}

function ignore(): void {}
