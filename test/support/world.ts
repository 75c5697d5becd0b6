/**
 * A whole house in this process, for tests that follow a call from socket to log: a configuration written to a folder of its
 * own, an issuer with a key of its own, a real upstream, real sockets on free ports. Every test builds its own and closes it.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, createServer as createRawServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { stringify } from 'yaml'
import { systemClock } from '../../src/cli/clock.ts'
import { type House, openHouse } from '../../src/cli/house.ts'
import { diskFiles, loadConfig } from '../../src/config/index.ts'
import type { Clock, Config, Log } from '../../src/model/index.ts'
import { type LogFiles, nodeFiles } from '../../src/record/index.ts'
import { segmentTexts } from './segment-texts.ts'

export const issuerName = 'https://issuer.example.test'

/** Allows everything; tests that are about policy bring their own. */
export const allowAll = 'package gatehouse\n\nallow := true\n'

export interface WorldOptions {
  /** File name to Rego source; default: allow everything. */
  readonly policies?: { readonly [file: string]: string }
  /** An OpenAPI description for the one route. */
  readonly description?: object
  /** Merged over the one route `orders` (path `/`). */
  readonly route?: object
  /** Merged over the one upstream. */
  readonly upstream?: object
  /** Merged over the top level of the file. */
  readonly config?: object
  /** Further files in the folder of the configuration. */
  readonly files?: { readonly [file: string]: string }
  /** Changes what was loaded, for what the file cannot say. */
  readonly patch?: (config: Config) => Config
  /** What the upstream answers; default: 200 with JSON that tells what it got. */
  readonly serve?: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void
  /** Instead of `serve`: the upstream is this raw server. */
  readonly rawUpstream?: Server
  /** The upstream's port is closed. */
  readonly noUpstream?: boolean
  readonly clock?: Clock
  /** The disk of the decision log; default: the real one. */
  readonly logFiles?: LogFiles
}

export interface SentReply {
  readonly status: number
  readonly headers: { readonly [name: string]: string | string[] | undefined }
  readonly text: string
  /** The parsed body, when it is JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever shape it expects.
  readonly json: any
}

export interface SendOptions {
  readonly method?: string
  readonly path?: string
  readonly headers?: { readonly [name: string]: string | string[] }
  readonly body?: string | Uint8Array
  /** Default: a good token of agent `buyer`; null sends none. */
  readonly token?: string | null
}

// biome-ignore lint/suspicious/noExplicitAny: records are read back as the JSON they are.
export type ReadRecord = any

export interface World {
  readonly house: House
  readonly folder: string
  readonly port: number
  /** Requests that the upstream got, newest last. */
  readonly received: {
    method: string
    url: string
    headers: IncomingMessage['headers']
    rawHeaders: string[]
    body: Buffer
  }[]
  readonly programLog: { level: string; message: string; fields: object }[]
  /** A good one unless `claims`, `header` or the time of issue (seconds since 1970) say otherwise. */
  token(claims?: JWTPayload, header?: object, issuedS?: number): Promise<string>
  /** Signed like a good one, an hour too late. */
  expiredToken(): Promise<string>
  send(options?: SendOptions): Promise<SentReply>
  /** Writes `bytes` to a connection and gives all that comes back until it is closed, or for `ms`. */
  raw(bytes: string | Uint8Array, ms?: number): Promise<string>
  /** Every line of the decision log so far. */
  records(): ReadRecord[]
  /** The decision and outcome of the newest call, found by its decision id when given. */
  pair(decisionId?: string): { decision: ReadRecord; outcome: ReadRecord }
  write(file: string, text: string): void
  close(): Promise<void>
}

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-world-'))
  const received: World['received'] = []
  const programLog: World['programLog'] = []
  const upstream = options.rawUpstream ?? makeUpstream(options, received)
  const upstreamPort = await listenOn(upstream)
  if (options.noUpstream === true) await new Promise((resolve) => upstream.close(resolve))

  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const write = (file: string, text: string) => {
    mkdirSync(join(folder, file, '..'), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  write('jwks.json', JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] }))
  for (const [file, text] of Object.entries(options.policies ?? { 'main.rego': allowAll }))
    write(`policies/${file}`, text)
  if (options.description !== undefined) write('description.json', JSON.stringify(options.description))
  for (const [file, text] of Object.entries(options.files ?? {})) write(file, text)
  write('credential', 'upstream-secret-0123456789')
  write('gatehouse.yaml', stringify(configurationOf(options, upstreamPort)))

  const load = async (): Promise<Config> => {
    const config = loadConfig(join(folder, 'gatehouse.yaml'), {
      environment: {},
      files: diskFiles,
      developmentIssuer: undefined,
    })
    return options.patch?.(config) ?? config
  }
  const house = await openHouse(
    { config: await load(), load, version: '0.0.0-test', servicesProgram: '' },
    {
      clock: options.clock ?? systemClock,
      randomBytes: (count) => randomBytes(count),
      log: collectingLog(programLog),
      files: options.logFiles ?? nodeFiles,
    },
  ).catch((cause: unknown) => {
    upstream.close()
    rmSync(folder, { recursive: true, force: true })
    throw cause
  })
  const port = Number(new URL(house.agentsUrl).port)

  const token = (claims: JWTPayload = {}, header: object = {}, issuedS = Math.floor(Date.now() / 1000)) =>
    new SignJWT({ iss: issuerName, aud: 'gatehouse', sub: 'buyer', client_id: 'buyer', ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k1', ...header })
      .setIssuedAt(issuedS)
      .setExpirationTime(issuedS + 3_600)
      .sign(privateKey)
  let drained: Promise<number> | undefined
  const goodToken = await token()
  const records = (): ReadRecord[] => {
    return segmentTexts(join(folder, 'data/log')).flatMap(({ text }) =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    )
  }
  return {
    house: Object.create(house, {
      drain: {
        value() {
          drained ??= house.drain()
          return drained
        },
      },
    }),
    folder,
    port,
    received,
    programLog,
    token,
    expiredToken: () => token({}, {}, Math.floor(Date.now() / 1000) - 7_200),
    send: (sent = {}) => send(port, goodToken, sent),
    raw: (bytes, ms = 5_000) => raw(port, bytes, ms),
    records,
    pair(decisionId) {
      const calls = records().filter(({ type }) => type === 'decision' || type === 'outcome')
      const id = decisionId ?? calls.at(-1)?.decision_id
      const own = calls.filter(({ decision_id }) => decision_id === id)
      const decisions = own.filter(({ type }) => type === 'decision')
      const outcomes = own.filter(({ type }) => type === 'outcome')
      if (decisions.length !== 1 || outcomes.length !== 1)
        throw new Error(
          `the call \`${id}\` left ${decisions.length} decision and ${outcomes.length} outcome records, expected one of each`,
        )
      return { decision: decisions[0], outcome: outcomes[0] }
    },
    write,
    async close() {
      drained ??= house.drain()
      await drained
      await new Promise((resolve) => {
        upstream.close(resolve)
        if ('closeAllConnections' in upstream && typeof upstream.closeAllConnections === 'function')
          upstream.closeAllConnections()
      })
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function configurationOf(options: WorldOptions, upstreamPort: number): object {
  return {
    listeners: { agents: { port: 0 }, operators: { port: 0 } },
    issuers: [{ issuer: issuerName, keys: { file: 'jwks.json' }, audiences: ['gatehouse'], algorithms: ['ES256'] }],
    agents: [{ id: 'buyer', team: 'procurement', identity: { issuer: issuerName } }],
    upstreams: [
      {
        id: 'erp',
        url: `http://127.0.0.1:${upstreamPort}`,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the configuration, not of JavaScript.
        credential: { value: 'Bearer ${file:credential}' },
        ...options.upstream,
      },
    ],
    routes: [
      {
        id: 'orders',
        path: '/',
        upstream: 'erp',
        ...(options.description !== undefined && { description: 'description.json' }),
        ...options.route,
      },
    ],
    policy: { paths: ['policies'] },
    ...options.config,
  }
}

function makeUpstream(options: WorldOptions, received: World['received']): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => undefined)
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      received.push({
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        rawHeaders: request.rawHeaders,
        body,
      })
      if (options.serve !== undefined) return options.serve(request, response, body)
      const told = JSON.stringify({ method: request.method, url: request.url, bytes: body.length })
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(told) })
        .end(told)
    })
  })
}

export function listenOn(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

/** A raw upstream: `speak` gets each connection once its first bytes have come. */
export function rawUpstream(
  speak: (write: (bytes: string | Buffer) => void, end: () => void, destroy: () => void) => void,
): Server {
  return createRawServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () =>
      speak(
        (bytes) => void socket.write(bytes),
        () => void socket.end(),
        () => void socket.destroy(),
      ),
    )
  })
}

function send(
  port: number,
  goodToken: string,
  { method = 'GET', path = '/orders', headers = {}, body, token = goodToken }: SendOptions,
): Promise<SentReply> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        agent: false,
        headers: { ...(token !== null && { authorization: `Bearer ${token}` }), ...headers },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          const isJson = /json/.test(response.headers['content-type'] ?? '')
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            json: isJson && text !== '' ? JSON.parse(text) : undefined,
          })
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

function raw(port: number, bytes: string | Uint8Array, ms: number): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1')
    const done = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(Buffer.concat(chunks).toString('latin1'))
    }
    const timer = setTimeout(done, ms)
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('close', done)
    socket.on('error', done)
    socket.write(bytes)
  })
}

function collectingLog(lines: World['programLog']): Log {
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, message, fields })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
