/** The parts of the comparison on a machine without wrk, nginx and the reference work, and the policy that is measured. */
import { createPublicKey, verify } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { writeConfiguration } from '../../../bench/http/configuration.ts'
import { load } from '../../../bench/http/load.ts'
import { bodySizes, makeWork, type Work } from '../../../bench/http/work.ts'
import { root } from '../../../bench/machine.ts'
import { freePort, type Subject, start } from '../../../bench/processes.ts'
import { diskFiles, loadConfig } from '../../../src/config/index.ts'
import { prepare } from '../../../src/rego/index.ts'

let folder: string
let work: Work
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-'))
  work = makeWork(join(folder, 'work'), join(folder, 'there-is-no-generator.mjs'))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('work of our own', () => {
  it('has bodies of the sizes that the rows name', () => {
    expect(work.source).toBe('own')
    for (const bytes of Object.values(bodySizes)) {
      const file = work.bodies.get(bytes) ?? ''
      expect(statSync(file).size).toBe(bytes)
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ vendor_id: 'v-017', amount: 1250.5 })
    }
  })

  it('has fifty tokens that its key set verifies', () => {
    const [jwk] = JSON.parse(readFileSync(work.keysFile, 'utf8')).keys
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    const tokens = readFileSync(work.tokensFile, 'utf8').trim().split('\n')
    expect(new Set(tokens).size).toBe(50)
    for (const token of tokens) {
      const [header, payload, signature = ''] = token.split('.')
      const signed = Buffer.from(`${header}.${payload}`)
      expect(verify('RSA-SHA256', signed, key, Buffer.from(signature, 'base64url'))).toBe(true)
    }
  })
})

describe('the measured policy', () => {
  const rule = readFileSync(join(root, 'bench/http/policy/authz.rego'), 'utf8')
  const codesOf = (change: { body?: object; claims?: object; http?: object }): unknown => {
    const data = JSON.parse(readFileSync(work.dataFile, 'utf8'))
    const body = JSON.parse(readFileSync(work.bodies.get(bodySizes.small) ?? '', 'utf8'))
    const input = {
      call: {
        http: { method: 'POST', path: '/erp/purchase-orders', ...change.http },
        body: { ...body, ...change.body },
      },
      identity: { claims: { tier: 'silver', roles: ['buyer'], ...change.claims } },
    }
    const answer = prepare({ query: 'data.gatehouse', modules: { 'authz.rego': rule }, data }).value(input)
    const { allow, deny } = answer as { allow: boolean; deny: { code: string }[] }
    return allow ? deny.map(({ code }) => code) : ['not allowed']
  }

  const cases = [
    { note: 'the reference call', change: {}, codes: [] },
    { note: 'another role', change: { claims: { roles: ['auditor'] } }, codes: ['role'] },
    { note: 'another path', change: { http: { path: '/erp/vendors' } }, codes: ['role'] },
    { note: 'an amount over the tier', change: { body: { amount: 5_001 } }, codes: ['amount'] },
    { note: 'a vendor that is not on the list', change: { body: { vendor_id: 'v-999' } }, codes: ['vendor'] },
    { note: 'a line of nothing', change: { body: { lines: [{ sku: 'a', qty: 0 }] } }, codes: ['quantity'] },
  ]
  it.each(cases)('says $codes to $note', ({ change, codes }) => {
    expect(codesOf(change)).toEqual(codes)
  })
})

describe('the measured configuration', () => {
  const modes = ['strict', 'durable'] as const
  it.each(modes)('is one that the product takes, with the log in mode %s', (mode) => {
    const file = writeConfiguration({ folder: join(folder, mode), port: 8080, work, upstreamPort: 9100, mode })
    const config = loadConfig(file, { environment: {}, files: diskFiles, developmentIssuer: undefined })
    expect(config).toMatchObject({ mode: 'production', routes: [{ route: { recording: { mode, level: 'input' } } }] })
    expect(config.agents).toHaveLength(50)
  })
})

describe('load without wrk', () => {
  const subjects: Subject[] = []
  afterEach(async () => {
    for (const subject of subjects.splice(0).reverse()) await subject.end()
  })

  async function startScript(name: string, ...args: string[]): Promise<Subject> {
    const port = await freePort()
    const script = join(root, 'bench/http', name)
    const subject = await start({ command: process.execPath, args: [script, String(port), ...args], port })
    subjects.push(subject)
    return subject
  }

  it('goes through the bare proxy to the upstream in Node and is counted', async () => {
    const upstream = await startScript('upstream.ts')
    const { port } = await startScript('bare-node.ts', `http://127.0.0.1:${upstream.port}`)
    const bodyFile = work.bodies.get(bodySizes.medium) ?? ''
    const result = await load('own', { port, connections: 2, seconds: 1, tokensFile: work.tokensFile, bodyFile })
    expect(result.calls).toBeGreaterThan(10)
    expect(result.callsPerS).toBeGreaterThan(10)
    expect(result.p99Ms).toBeGreaterThanOrEqual(result.p50Ms)
  })

  it('is refused as a measurement when the calls are refused', async () => {
    const port = await freePort()
    const refuse = `require('node:http').createServer((call, reply) => call.resume().once('end', () => reply.writeHead(403).end())).listen(${port}, '127.0.0.1')`
    subjects.push(await start({ command: process.execPath, args: ['-e', refuse], port }))
    const bodyFile = work.bodies.get(bodySizes.small) ?? ''
    const slice = { port, connections: 1, seconds: 1, tokensFile: work.tokensFile, bodyFile }
    await expect(load('own', slice)).rejects.toThrow(/of (\d+) calls \1 were refused/)
  })
})
