/** The embedded default, driven by clients that we did not write: curl, undici, fetch, and Python's requests. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isInstalled, type Running, run, startHouse } from '../support/command.ts'

const python = process.env.GATEHOUSE_TEST_PYTHON ?? 'python3'
const hasCurl = await isInstalled('curl')
const hasRequests = await isInstalled(python, '-c', 'import requests')
const reason = (has: boolean, what: string) => (has ? '' : ` (skipped: ${what} is not installed)`)

const body = '{"vendor_id":"acme","amount":900,"currency":"EUR"}'
const approve = '/erp/purchase-orders'

describe('the embedded default', () => {
  let folder: string
  let house: Running
  let token: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-clients-'))
    const data = join(folder, 'data')
    house = await startHouse([
      process.execPath,
      'bin/gatehouse',
      'start',
      '--data',
      data,
      '--port',
      '0',
      '--operators-port',
      '0',
    ])
    token = (await run([process.execPath, 'bin/gatehouse', 'token', 'buyer', '--data', data])).out.trim()
  }, 60_000)
  afterAll(async () => {
    await house.end()
    rmSync(folder, { recursive: true, force: true })
  })

  it.skipIf(!hasCurl)(`serves curl, over one connection for several calls${reason(hasCurl, 'curl')}`, async () => {
    const call = [
      '-sS',
      '-w',
      '\n%{http_code} %{num_connects}\n',
      '-H',
      `Authorization: Bearer ${token}`,
      '-H',
      'Content-Type: application/json',
      '-d',
      body,
      `${house.agentsUrl}${approve}`,
    ]
    const { status, out } = await run(['curl', ...call, '--next', ...call])
    expect(status).toBe(0)
    expect(
      out
        .trim()
        .split('\n')
        .filter((line) => /^\d{3} \d$/.test(line)),
    ).toEqual(['201 1', '201 0'])
  })

  it.skipIf(!hasCurl)(`serves curl that waits for 100 Continue${reason(hasCurl, 'curl')}`, async () => {
    const { out } = await run([
      'curl',
      '-sS',
      '-w',
      '%{http_code}',
      '-o',
      '/dev/null',
      '-H',
      'Expect: 100-continue',
      '-H',
      `Authorization: Bearer ${token}`,
      '-H',
      'Content-Type: application/json',
      '-d',
      body,
      `${house.agentsUrl}${approve}`,
    ])
    expect(out).toBe('201')
  })

  it('serves undici', async () => {
    const {
      statusCode,
      headers,
      body: reply,
    } = await request(`${house.agentsUrl}${approve}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body,
    })
    expect(statusCode).toBe(201)
    expect(headers['gatehouse-decision']).toMatch(/^[0-9a-f-]{36}$/)
    expect(await reply.json()).toMatchObject({ vendor_id: 'acme', status: 'draft' })
  })

  it('serves fetch with a streamed body', async () => {
    const stream = new ReadableStream({
      start(controller) {
        for (const part of body.match(/.{1,10}/g) ?? []) controller.enqueue(new TextEncoder().encode(part))
        controller.close()
      },
    })
    const reply = await fetch(`${house.agentsUrl}${approve}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: stream,
      duplex: 'half',
    } as RequestInit)
    expect(reply.status).toBe(201)
  })

  it.skipIf(!hasRequests)(
    `serves Python's requests, sessions, redirects off and on${reason(hasRequests, 'requests')}`,
    async () => {
      const script = `
import json, requests, sys
url, token = sys.argv[1:]
s = requests.Session()
s.headers["Authorization"] = "Bearer " + token
made = s.post(url + "/erp/purchase-orders", json={"vendor_id": "acme", "amount": 900.50, "currency": "EUR"})
read = s.get(url + made.headers["Location"] if made.headers["Location"].startswith("/") else made.headers["Location"])
denied = s.post(url + "/erp/purchase-orders", json={"vendor_id": "nightshade", "amount": 1, "currency": "EUR"})
anonymous = requests.get(url + "/erp/vendors")
print(json.dumps([made.status_code, read.json()["amount"], denied.json()["code"], denied.headers["Content-Type"], anonymous.status_code, anonymous.headers["WWW-Authenticate"]]))
`
      const { status, out, err } = await run([python, '-c', script, house.agentsUrl, token])
      expect(err).toBe('')
      expect(status).toBe(0)
      expect(JSON.parse(out)).toEqual([
        201,
        900.5,
        'vendor_not_listed',
        'application/problem+json',
        401,
        expect.stringMatching(/^Bearer/),
      ])
    },
  )

  it.skipIf(!hasCurl)(`tells an operator what happened${reason(hasCurl, 'curl')}`, async () => {
    const { out } = await run([
      process.execPath,
      'bin/gatehouse',
      'tail',
      '--no-follow',
      '--format',
      'json',
      '--decision',
      'allow',
      '--data',
      join(folder, 'data'),
    ])
    const records = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(records.length).toBeGreaterThan(0)
    expect(new Set(records.map(({ target }) => target?.tool).filter((tool) => tool !== undefined))).toContain(
      'create_purchase_order',
    )
  })
})
