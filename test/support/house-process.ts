/**
 * The program as a process of its own in front of a real upstream: for what cannot be done to the process that runs the test, such
 * as killing it or filling its disk. Folder, configuration, issuer and upstream outlive the process; it can be started again.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { stringify } from 'yaml'
import { type Running, startHouse } from './command.ts'
import { segmentTexts } from './segment-texts.ts'
import { root } from './sources.ts'
import { issuerName, listenOn, type ReadRecord } from './world.ts'

export interface Answered {
  readonly status: number
  /** The agent's `Gatehouse-Decision`. */
  readonly decisionId: string
  readonly text: string
}

export interface HouseProcess extends AsyncDisposable {
  /** `data` of the configuration. */
  readonly data: string
  /** `under` is a command that runs the program as the rest of its words, and leaves it the process that was started. */
  start(under?: readonly string[]): Promise<Running>
  /** Starts it and kills it so many milliseconds later, ready or not. */
  startAndKill(afterMs: number): Promise<void>
  /** One call over a connection that is kept; rejects when the reply does not come whole. */
  call(running: Running, options?: { readonly path?: string; readonly body?: string }): Promise<Answered>
  records(): ReadRecord[]
}

/** `data` is where the process keeps its state; by default a folder that is made and removed here. */
export async function houseProcess(
  options: {
    readonly data?: string
    readonly config?: object
    readonly serve?: Parameters<typeof createServer>[1]
  } = {},
): Promise<HouseProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-process-'))
  const data = options.data ?? join(folder, 'data')
  const upstream = createServer(
    options.serve ?? ((incoming, response) => void incoming.resume().on('end', () => response.end('done'))),
  )
  const port = await listenOn(upstream)
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const token = await new SignJWT({ client_id: 'buyer' })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k1' })
    .setIssuer(issuerName)
    .setAudience('gatehouse')
    .setSubject('buyer')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey)
  writeFileSync(join(folder, 'jwks.json'), JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1' }] }))
  writeFileSync(join(folder, 'main.rego'), 'package gatehouse\n\nallow := true\n')
  writeFileSync(
    join(folder, 'gatehouse.yaml'),
    stringify({
      listeners: { agents: { port: 0 }, operators: { port: 0 } },
      data,
      issuers: [{ issuer: issuerName, keys: { file: 'jwks.json' }, audiences: ['gatehouse'], algorithms: ['ES256'] }],
      upstreams: [{ id: 'erp', url: `http://127.0.0.1:${port}` }],
      routes: [{ id: 'orders', path: '/', upstream: 'erp' }],
      policy: { paths: ['main.rego'] },
      ...options.config,
    }),
  )
  const agent = new Agent({ keepAlive: true })
  const running: Running[] = []
  const words = [join(root, 'bin/gatehouse'), 'start', '--config', join(folder, 'gatehouse.yaml')] as const
  return {
    data,
    async startAndKill(afterMs) {
      const child = spawn(process.execPath, words, { cwd: folder, stdio: 'ignore' })
      await setTimeout(afterMs)
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
    async start(under = []) {
      const [command = process.execPath, ...rest] = [...under, process.execPath, ...words]
      const one = await startHouse([command, ...rest], folder)
      running.push(one)
      return one
    },
    call: ({ agentsUrl }, { path = '/orders', body } = {}) =>
      new Promise((resolve, reject) => {
        const headers = {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'text/plain' }),
        }
        const method = body === undefined ? 'GET' : 'POST'
        const sent = request(`${agentsUrl}${path}`, { agent, method, headers }, (response) => {
          const pieces: Buffer[] = []
          response.on('data', (piece: Buffer) => pieces.push(piece))
          response.on('error', reject)
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              decisionId: String(response.headers['gatehouse-decision']),
              text: Buffer.concat(pieces).toString(),
            }),
          )
        })
        sent.on('error', reject)
        sent.end(body)
      }),
    records() {
      const lines = segmentTexts(join(data, 'log')).flatMap(({ text }) => text.split('\n'))
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line))
    },
    async [Symbol.asyncDispose]() {
      for (const one of running) await one.end('SIGKILL')
      agent.destroy()
      upstream.closeAllConnections()
      await new Promise((resolve) => upstream.close(resolve))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Types of the records of each decision id, in the order of the log. */
export function typesByCall(records: readonly ReadRecord[]): ReadonlyMap<string, string> {
  const types = new Map<string, string>()
  for (const { decision_id: id, type } of records)
    if (id !== undefined) types.set(id, types.has(id) ? `${types.get(id)} ${type}` : type)
  return types
}
