/**
 * The two servers of the agents' port: one listens, with TLS or without, and its connections go to the lane; the other is
 * node:http's parser, which listens nowhere and reads the connections that the lane hands over.
 */
import {
  createServer as createParser,
  type IncomingMessage,
  type Server as Parser,
  type ServerResponse,
} from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import { limits } from '../model/index.ts'
import type { Remote } from './refusals.ts'

/** PEM texts: the certificate chain, leaf first, and its private key. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
}

export interface ListenerOptions {
  readonly tls?: Certificate
  /** Open connections; one more is closed at once. */
  readonly connectionsMax: number
  /** Milliseconds that a TLS handshake may take. */
  readonly handshakeMsMax: number
}

export interface ListenerEvents {
  /** A connection that can be read: with TLS, one whose handshake is over. */
  readonly connected: (socket: Socket) => void
  /** With TLS only: the connection below, before its handshake. */
  readonly underTls: (socket: Socket) => void
  readonly handshakeFailed: (error: Error, socket: Remote) => void
  readonly dropped: (remote: Remote) => void
}

export interface ParserEvents {
  readonly request: (message: IncomingMessage, response: ServerResponse) => void
  /** The agent waits for `100 Continue`. */
  readonly awaitsContinue: (message: IncomingMessage, response: ServerResponse) => void
  /** The agent expects something else. */
  readonly expects: (message: IncomingMessage, response: ServerResponse) => void
  readonly connect: (message: IncomingMessage, socket: Socket) => void
  readonly refused: (error: Error, socket: Socket) => void
}

export function makeListener(options: ListenerOptions, events: ListenerEvents): Server | TlsServer {
  const server =
    options.tls === undefined
      ? createServer({ allowHalfOpen: true, noDelay: true })
      : createTlsServer({
          noDelay: true,
          cert: options.tls.certificate,
          key: options.tls.key,
          minVersion: 'TLSv1.2',
          ALPNProtocols: ['http/1.1'],
          handshakeTimeout: options.handshakeMsMax,
        })
  server.maxConnections = options.connectionsMax
  server.on('drop', (remote) => events.dropped(remote ?? {}))
  if (options.tls === undefined) server.on('connection', events.connected)
  else {
    server.on('secureConnection', events.connected)
    server.on('connection', events.underTls)
    server.on('tlsClientError', (error: Error, socket: Socket) => {
      events.handshakeFailed(error, socket)
      socket.destroy()
    })
  }
  return server
}

/** A connection is given to it with `emit('connection', socket)`, which node:http documents for this. */
export function makeParser(events: ParserEvents): Parser {
  const parser = createParser({
    maxHeaderSize: limits.headerBytesMax,
    // A request without Host, and one that expects something, are calls to be refused and recorded.
    requireHostHeader: false,
    insecureHTTPParser: false,
    // Every deadline is kept by the sweeps: node's own would cost a timer a call, and answer without a record.
    headersTimeout: 0,
    requestTimeout: 0,
    keepAliveTimeout: 0,
  })
  parser.timeout = 0
  // 0 is no limit: with one node drops the fields beyond it in silence. `wire/headers` counts them instead.
  parser.maxHeadersCount = 0
  parser.on('request', events.request)
  parser.on('checkContinue', events.awaitsContinue)
  parser.on('checkExpectation', events.expects)
  parser.on('connect', (message, socket) => events.connect(message, socket as Socket))
  parser.on('clientError', (error, socket) => events.refused(error, socket as Socket))
  return parser
}
