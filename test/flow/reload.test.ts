/** Changes while the house runs: taken in whole, or refused with a reason while what was in force goes on. */
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect as connectTls } from 'node:tls'
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterEach, describe, expect, it } from 'vitest'
import { allowAll, issuerName, openWorld, type World, type WorldOptions } from '../support/world.ts'

const open: World[] = []
afterEach(async () => {
  for (const world of open.splice(0)) await world.close()
})
async function worldOf(options: WorldOptions = {}): Promise<World> {
  const world = await openWorld(options)
  open.push(world)
  return world
}

const denyAll = 'package gatehouse\n\nallow := false\n'
const fixture = (name: string) => readFileSync(new URL(`../cases/tls/${name}.pem`, import.meta.url), 'utf8')

function operators(world: World, path: string, headers: object = {}): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const url = new URL(path, world.house.operatorsUrl)
    request(url, { headers: { ...headers }, agent: false }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
      .on('error', reject)
      .end()
  })
}

describe('a reload', () => {
  it('puts a changed policy in force for the next call and records it first', async () => {
    const world = await worldOf()
    expect((await world.send()).status).toBe(200)
    const before = world.pair().decision.bundles
    world.write('policies/main.rego', denyAll)
    expect(await world.house.reload()).toBeUndefined()
    expect((await world.send()).status).toBe(403)
    expect(world.pair().decision.bundles).not.toEqual(before)
    expect(world.records().filter(({ event }) => event === 'reload')).toMatchObject([
      { type: 'admin', detail: { changed: ['policy'] } },
    ])
  })

  it('names the keys that a changed file brings, and a start those that it began with', async () => {
    const world = await worldOf()
    const { publicKey } = await generateKeyPair('ES256')
    world.write('jwks.json', JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] }))
    expect(await world.house.reload()).toBeUndefined()
    expect((await world.send()).status).toBe(401)
    const [start, reload] = world.records().filter(({ type }) => type === 'admin')
    expect(reload).toMatchObject({ event: 'reload', detail: { changed: ['keys'] } })
    const names = [start, reload].map(({ detail }) => detail.keys[issuerName])
    expect(names).toEqual([[expect.stringMatching(/^k1 sha256:/)], [expect.stringMatching(/^k1 sha256:/)]])
    expect(names[0]).not.toEqual(names[1])
  })

  it('happens by itself when a file changes', async () => {
    const world = await worldOf()
    world.write('policies/main.rego', denyAll)
    await expect.poll(async () => (await world.send()).status, { timeout: 10_000 }).toBe(403)
  })

  const bad: { note: string; break: (world: World) => void; says: RegExp }[] = [
    {
      note: 'a policy that does not parse',
      break: (world) => world.write('policies/main.rego', 'package gatehouse\n\nallow if {\n'),
      says: /main\.rego:\d+:\d+/,
    },
    {
      note: 'a policy without the entrypoint',
      break: (world) => world.write('policies/main.rego', 'package elsewhere\n\nallow := true\n'),
      says: /gatehouse/,
    },
    {
      note: 'an unknown key',
      break: (world) =>
        world.write('gatehouse.yaml', `${readFileSync(`${world.folder}/gatehouse.yaml`, 'utf8')}\nroute: []\n`),
      says: /routes/,
    },
    {
      note: 'a missing secret',
      break: (world) =>
        world.write(
          'gatehouse.yaml',
          readFileSync(`${world.folder}/gatehouse.yaml`, 'utf8').replace('file:credential', 'file:nowhere'),
        ),
      says: /nowhere/,
    },
    { note: 'keys that are no keys', break: (world) => world.write('jwks.json', '{"keys":'), says: /jwks\.json/ },
    {
      note: 'another data directory',
      break: (world) =>
        world.write('gatehouse.yaml', `${readFileSync(`${world.folder}/gatehouse.yaml`, 'utf8')}\ndata: elsewhere\n`),
      says: /`data`.*restart/s,
    },
  ]
  it.each(bad)(
    'refuses $note, says why in readiness, in the program log and in a record, and goes on',
    async ({ break: spoil, says }) => {
      const world = await worldOf()
      spoil(world)
      expect(await world.house.reload()).toMatch(says)
      expect((await world.send()).status).toBe(200)
      const ready = await operators(world, '/readyz')
      expect(ready.status).toBe(503)
      expect(ready.text).toMatch(/the last change was refused/)
      expect(world.programLog.some(({ level, message }) => level === 'error' && /refused/.test(message))).toBe(true)
      expect(world.records().filter(({ event }) => event === 'reload_refused')).toHaveLength(1)
    },
  )

  it('is ready again once the change is mended', async () => {
    const world = await worldOf()
    world.write('policies/main.rego', 'package gatehouse\n\nallow if {')
    await world.house.reload()
    world.write('policies/main.rego', allowAll)
    expect(await world.house.reload()).toBeUndefined()
    expect((await operators(world, '/readyz')).status).toBe(200)
  })

  it('lets a call that runs end under the rules it began with', async () => {
    let release: () => void = () => undefined
    let arrived: () => void = () => undefined
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const world = await worldOf({
      serve: (_, response) => {
        release = () => void response.end('late')
        arrived()
      },
    })
    const running = world.send()
    await arrival
    world.write('policies/main.rego', denyAll)
    await world.house.reload()
    release()
    expect((await running).text).toBe('late')
  })

  it('trusts a rotated key and forgets what the old one signed', async () => {
    const world = await worldOf()
    const old = await world.token()
    expect((await world.send({ token: old })).status).toBe(200)
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    world.write('jwks.json', JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k2', alg: 'ES256' }] }))
    expect(await world.house.reload()).toBeUndefined()
    expect((await world.send({ token: old })).json.code).toBe('token_signature')
    const rotated = await new SignJWT(decodeJwt(old))
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k2' })
      .sign(privateKey)
    expect((await world.send({ token: rotated })).status).toBe(200)
  })
})

describe('TLS on the agents port', () => {
  it('uses a changed certificate for the next connection and keeps the open ones', async () => {
    const world = await worldOf({
      config: {
        listeners: {
          agents: { port: 0, tls: { certificate: 'tls/certificate.pem', key: 'tls/key.pem' } },
          operators: { port: 0 },
        },
      },
      files: { 'tls/certificate.pem': fixture('first.certificate'), 'tls/key.pem': fixture('first.key') },
    })
    const nameSeen = () =>
      new Promise<string | undefined>((resolve, reject) => {
        const socket = connectTls(
          { port: world.port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] },
          () => {
            const { CN } = socket.getPeerCertificate().subject
            socket.end()
            resolve(Array.isArray(CN) ? CN[0] : CN)
          },
        ).on('error', reject)
      })
    expect(await nameSeen()).toBe('first.gatehouse.example.test')
    world.write('tls/certificate.pem', fixture('second.certificate'))
    world.write('tls/key.pem', fixture('second.key'))
    expect(await world.house.reload()).toBeUndefined()
    expect(await nameSeen()).toBe('second.gatehouse.example.test')
  })

  it('refuses a certificate that does not fit its key and keeps the old one', async () => {
    const world = await worldOf({
      config: {
        listeners: {
          agents: { port: 0, tls: { certificate: 'tls/certificate.pem', key: 'tls/key.pem' } },
          operators: { port: 0 },
        },
      },
      files: { 'tls/certificate.pem': fixture('first.certificate'), 'tls/key.pem': fixture('first.key') },
    })
    world.write('tls/certificate.pem', fixture('second.certificate'))
    expect(await world.house.reload()).toMatch(/certificate|key/)
  })
})

describe('the operators port', () => {
  it('answers health, readiness and metrics', async () => {
    const world = await worldOf()
    await world.send()
    await world.send({ token: null })
    expect((await operators(world, '/healthz')).status).toBe(200)
    expect(await operators(world, '/readyz')).toMatchObject({ status: 200 })
    const { text } = await operators(world, '/metrics')
    expect(text).toMatch(/gatehouse_calls_total\{route="orders",decision="allow",status="200"\} 1/)
    expect(text).toMatch(/gatehouse_decisions_total\{decision="deny",code="token_missing"\} 1/)
    expect(text).toMatch(/gatehouse_step_duration_seconds_bucket\{step="decide"/)
    expect(text).toMatch(/gatehouse_log_records_total \d+/)
  })

  it('refuses a strange Host, as DNS rebinding brings it', async () => {
    const world = await worldOf()
    expect((await operators(world, '/metrics', { host: 'evil.example.test' })).status).toBe(421)
  })
})

describe('a drain', () => {
  it('finishes what runs, refuses what is new, and records the stop', async () => {
    let release: () => void = () => undefined
    let arrived: () => void = () => undefined
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const world = await openWorld({
      serve: (_, response) => {
        release = () => void response.end('late')
        arrived()
      },
    })
    const running = world.send()
    await arrival
    const drained = world.house.drain()
    await expect(world.send()).rejects.toThrow(/ECONNREFUSED|socket hang up/)
    release()
    expect((await running).text).toBe('late')
    expect(await drained).toBe(0)
    expect(world.records().at(-1)).toMatchObject({ type: 'admin', event: 'stop', detail: { calls_cut: 0 } })
    await world.close()
  })

  it('cuts what does not end before the deadline, and records those calls too', async () => {
    let arrived: () => void = () => undefined
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const world = await openWorld({ config: { timing: { drain_max: '200ms' } }, serve: () => arrived() })
    const running = world.send().catch((cause: Error) => cause)
    await arrival
    expect(await world.house.drain()).toBe(1)
    await running
    expect(world.pair().outcome).toMatchObject({ code: 'draining', upstream_reached: true })
    await world.close()
  })
})
