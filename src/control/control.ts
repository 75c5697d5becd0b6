/**
 * The operators' port: whether the gateway lives, whether it is ready and why not, its metrics, the keys of the development
 * issuer. What it shows is handed in as functions; it changes nothing.
 */
import { once } from 'node:events'
import type { Server } from 'node:http'
import { createAdaptorServer, type HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import type { Clock, OperatorsListener } from '../model/index.ts'
import { type AuditShows, addAuditRoutes, submissionPath } from './audit.ts'
import { makeHostCheck, makeTokenCheck } from './guard.ts'
import { makeLogStreams, type ReadLines } from './log-stream.ts'
import type { Metrics } from './metrics.ts'

/** Milliseconds for the header of one request; operators' clients are near. */
const headersMsMax = 5_000
/** Milliseconds for a whole request; what a witness is sent is small. */
const requestMsMax = 10_000
/** Milliseconds a connection may idle: longer than the pace of a scrape would keep sockets for nothing. */
const keepAliveMs = 5_000
/** Connections of scrapers, probes and people at once. */
const connectionsMax = 128
/** Seconds others may keep the keys of the development issuer. */
const keysAgeS = 300

export interface ControlShows {
  /** One entry a condition: undefined when it holds, else what is wrong and what to do. */
  readonly readiness: () => readonly (string | undefined)[]
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>
  /** The public JWK set of the development issuer; absent in production. */
  readonly jwks?: (() => unknown) | undefined
  /** The lines of the decision log that a query asks for. */
  readonly logLines: ReadLines
  /** What vouches for that log. */
  readonly audit?: AuditShows | undefined
  readonly clock: Pick<Clock, 'every'>
  /** Told why an answer could not be made, of which whoever asked reads nothing, or why a connection could not be taken. */
  readonly failed: (cause: unknown) => void
}

export interface Control {
  /** Rejects with the error of `node:net`, e.g. `EADDRINUSE`. */
  listen(): Promise<void>
  /** Where it listens; throws before `listen`. */
  readonly address: { readonly host: string; readonly port: number }
  /** Ends every connection. */
  close(): Promise<void>
}

export function makeControl(listener: OperatorsListener, shows: ControlShows): Control {
  const server = createAdaptorServer({
    fetch: makeApp(listener, shows).fetch,
    serverOptions: {
      headersTimeout: headersMsMax,
      requestTimeout: requestMsMax,
      keepAliveTimeout: keepAliveMs,
      requireHostHeader: true,
    },
  }) as Server
  server.maxConnections = connectionsMax
  return {
    async listen() {
      server.listen(listener.port, listener.host)
      await once(server, 'listening')
      // Such as no descriptor left for one more connection: an error that nobody listens for would end the process.
      server.on('error', shows.failed)
    },
    get address() {
      const address = server.address()
      if (typeof address !== 'object' || address === null) throw new Error('the operators port does not listen')
      return { host: listener.host, port: address.port }
    },
    async close() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** Refusals of this port. Agents never see them: theirs are in the fault table. */
const refusals = {
  host_refused: [
    421,
    'this host is not served here',
    'use a loopback name, or add the host to `listeners.operators.hosts`',
  ],
  token_missing: [401, "the operators' token is missing or wrong", 'send `Authorization: Bearer` with it'],
  token_needed: [
    403,
    "the log is shown to holders of the operators' token only",
    'set `listeners.operators.token`: this port is open to every user of the machine, and the log is not',
  ],
  question_refused: [400, 'the log cannot be asked that', 'see `gatehouse tail --help` for what can be asked'],
  streams_used_up: [503, 'too many readers follow the log', 'end another one, or read the files with `gatehouse tail`'],
  path_unknown: [
    404,
    'there is nothing at this path',
    'there is /healthz, /readyz, /metrics, /log, /audit/checkpoint, /audit/proof and, in development mode, /.well-known/jwks.json',
  ],
  method_refused: [405, 'this path takes GET and HEAD only', 'send GET'],
  unproven: [409, 'there is no proof of this', 'ask again in a second'],
  internal: [500, 'the answer could not be made', 'see the log of the gateway'],
} as const

type App = { Bindings: HttpBindings }

function makeApp(listener: OperatorsListener, shows: ControlShows): Hono<App> {
  const { readiness, metrics, jwks, failed } = shows
  const app = new Hono<App>()
  const isOurHost = makeHostCheck(listener.hosts)
  const hasToken = makeTokenCheck(listener.token)
  const isAllowed = (c: Context<App>): boolean => hasToken(c.req.header('authorization'))

  app.use(async (c, next) => {
    if (!isOurHost(c.env.incoming.headers.host)) return refused('host_refused')
    const isPosted = c.req.method === 'POST' && c.req.path === submissionPath && shows.audit?.witness !== undefined
    if (!isPosted && c.req.method !== 'GET' && c.req.method !== 'HEAD')
      return refused('method_refused', { allow: 'GET, HEAD' })
    await next()
    for (const [name, value] of Object.entries(securityHeaders))
      if (!c.res.headers.has(name)) c.res.headers.set(name, value)
    return undefined
  })

  // The process answers: nothing more, so that a full disk does not make a supervisor kill what could recover.
  app.get('/healthz', (c) => c.json({ alive: true }))

  // Probes carry no token: they get the status, and only operators the reasons.
  app.get('/readyz', (c) => {
    const reasons = readiness().filter((reason) => reason !== undefined)
    const ready = reasons.length === 0
    return c.json(isAllowed(c) ? { ready, reasons } : { ready }, ready ? 200 : 503)
  })

  app.get('/metrics', async (c) => {
    if (!isAllowed(c)) return tokenMissing()
    return c.body(await metrics.text(), 200, { 'content-type': metrics.contentType })
  })

  const streams = makeLogStreams(shows)
  app.get('/log', (c) => {
    if (listener.token === undefined) return refused('token_needed')
    if (!isAllowed(c)) return tokenMissing()
    if (c.req.method === 'HEAD') return c.body(null, 200, { 'content-type': 'text/event-stream' })
    const opened = streams.open(new URL(c.req.url).searchParams, c.req.header('last-event-id'))
    if (opened === 'used_up') return refused('streams_used_up')
    if ('refusal' in opened) return refused('question_refused', {}, opened.refusal)
    return streams.respond(c, opened)
  })

  if (shows.audit !== undefined)
    addAuditRoutes(app, shows.audit, {
      forHashes: (c) => (isAllowed(c) ? undefined : tokenMissing()),
      forRecords: (c) =>
        listener.token === undefined ? refused('token_needed') : isAllowed(c) ? undefined : tokenMissing(),
      refused: (code, says) => refused(code, {}, says),
    })

  if (jwks !== undefined)
    app.get('/.well-known/jwks.json', (c) =>
      c.body(JSON.stringify(jwks()), 200, {
        'content-type': 'application/jwk-set+json',
        'cache-control': `public, max-age=${keysAgeS}`,
      }),
    )

  app.notFound(() => refused('path_unknown'))
  app.onError((cause) => {
    failed(cause)
    return refused('internal')
  })
  return app
}

/** Nothing here is a page: no script, no frame, no sniffing, no cache. */
const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

function tokenMissing(): Response {
  return refused('token_missing', { 'www-authenticate': 'Bearer realm="gatehouse operators"' })
}

/** RFC 9457. `detail` in place of the table's. */
function refused(
  code: keyof typeof refusals,
  headers: { readonly [name: string]: string } = {},
  said?: string,
): Response {
  const [status, title, tabled] = refusals[code]
  const detail = said ?? tabled
  const body = JSON.stringify({ type: `urn:problem-type:gatehouse:operators:${code}`, title, status, detail, code })
  return new Response(body, {
    status,
    headers: { ...securityHeaders, ...headers, 'content-type': 'application/problem+json' },
  })
}
