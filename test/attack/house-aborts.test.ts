/**
 * Agents that leave at every moment: within the header, the body, the decision, the forwarding and the reply, by a reset, an end,
 * or rubbish; and agents that stay and never read. Every call that began has exactly its two records, nothing stays under way,
 * and the next agent is served.
 */
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { openWorld, type World } from '../support/world.ts'

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

/** A chance that comes out the same for the same seed (Lehmer's generator of 1988, modulus 2^31 - 1). */
function chances(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

/** Types of the records of each decision id. */
function byCall(here: World): Map<string, string[]> {
  const types = new Map<string, string[]>()
  for (const { decision_id: id, type } of here.records())
    if (id !== undefined) types.set(id, [...(types.get(id) ?? []), type])
  return types
}

async function figure(here: World, name: string): Promise<number> {
  const text = await (await fetch(`${here.house.operatorsUrl}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1])
}

const seed = Number(process.env.SEED ?? 20_260_302)
const rounds = 8
const agents = 50

describe('agents that leave', () => {
  it(`at ${rounds * agents} moments leave whole pairs of records and nothing under way (SEED=${seed})`, async () => {
    const here = await openWorld({
      policies: {
        'main.rego': 'package gatehouse\n\nallow if input.call.http.method == "GET"\n\nallow if input.call.body.a\n',
      },
      serve: (request, response, body) => {
        if (request.url !== '/big') response.end(`${body.length} bytes`)
        else response.writeHead(200).end(Buffer.alloc(2_000_000, 'x'))
      },
    })
    world = here
    const head = `Host: h\r\nAuthorization: Bearer ${await here.token()}\r\n`
    const json = 'Content-Type: application/json\r\n'
    const messages = [
      `GET /small HTTP/1.1\r\n${head}\r\n`,
      `GET /big HTTP/1.1\r\n${head}\r\n`,
      `POST /a HTTP/1.1\r\n${head}${json}Content-Length: 10\r\n\r\n{"a":true}`,
      `POST /a HTTP/1.1\r\n${head}${json}Transfer-Encoding: chunked\r\n\r\n5;x=y\r\n{"a":\r\n5\r\ntrue}\r\n0\r\nX-Trailer: y\r\n\r\n`,
      `POST /a HTTP/1.1\r\n${head}${json}Expect: 100-continue\r\nContent-Length: 10\r\n\r\n{"a":true}`,
      `GET /small HTTP/1.1\r\n${head}\r\nGET /big HTTP/1.1\r\n${head}\r\nPOST /a HTTP/1.1\r\n${head}Content-Length: 3\r\n\r\nxx`,
    ]
    const chance = chances(seed)
    const agent = (): Promise<void> =>
      new Promise((resolve) => {
        const message = messages[Math.floor(chance() * messages.length)] as string
        const bytes = chance() < 0.4 ? message.length : Math.floor(chance() * message.length)
        const way = Math.floor(chance() * 4)
        // Each refusal of bytes counts for its address: one of its own keeps the agent below the bound of floods.
        const localAddress = `127.0.0.${2 + Math.floor(chance() * 200)}`
        const socket = connect({ port: here.port, host: '127.0.0.1', localAddress })
        const leave = (): void => {
          if (way === 0) socket.resetAndDestroy()
          else if (way === 1) socket.destroy()
          else if (way === 2) socket.end()
          else socket.end('\0\0')
        }
        let turns = Math.floor(chance() * 40)
        const later = (): void => void (turns-- > 0 ? setImmediate(later) : leave())
        socket.on('error', () => undefined).on('close', () => resolve())
        socket.resume()
        socket.write(message.slice(0, bytes), later)
      })
    for (let round = 0; round < rounds; round++) await Promise.all(Array.from({ length: agents }, agent))

    await expect.poll(() => figure(here, 'gatehouse_calls_under_way')).toBe(0)
    expect((await here.send()).status).toBe(200)
    await expect.poll(() => [...byCall(here)].filter(([, types]) => types.join(' ') !== 'decision outcome')).toEqual([])
    expect(byCall(here).size).toBeGreaterThan(rounds * 5)
    expect(here.programLog.filter(({ level }) => level === 'error')).toEqual([])
  })

  it('while their body is on the way are gone, not malformed', async () => {
    const here = await openWorld({ policies: { 'main.rego': 'package gatehouse\n\nallow if input.call.body.a\n' } })
    world = here
    const token = await here.token()
    for (const framing of ['Content-Length: 100', 'Transfer-Encoding: chunked']) {
      const before = here.records().length
      const socket = connect(here.port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.end(
        `POST /a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n${framing}\r\n\r\n5\r\n{"a":`,
      )
      await expect
        .poll(() =>
          here
            .records()
            .slice(before)
            .find(({ type }) => type === 'outcome'),
        )
        .toMatchObject({ code: 'agent_gone', complete: false, upstream_reached: false })
      here.pair()
    }
    expect(here.received).toEqual([])
  })
})

describe('an agent that never reads its reply', () => {
  it.each([
    { note: 'of known length', length: true },
    { note: 'without end', length: false },
  ])('$note is cut at the deadline of the call, and its upstream let go', async ({ length }) => {
    let closed = false
    const here = await openWorld({
      config: { timing: { header_max: '100ms', request_max: '200ms', call_max: '400ms' } },
      serve: (request, response) => {
        request.socket.on('close', () => {
          closed = true
        })
        response.on('error', () => undefined)
        response.writeHead(200, length ? { 'content-length': 50_000_000 } : {})
        const more = (): void => {
          while (response.write(Buffer.alloc(1_000_000)) && !response.destroyed);
        }
        response.on('drain', more)
        more()
      },
    })
    world = here
    const socket = connect(here.port, '127.0.0.1')
    socket.on('error', () => undefined).pause()
    socket.write(`GET /big HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${await here.token()}\r\n\r\n`)
    await expect
      .poll(() => here.records().find(({ type }) => type === 'outcome'), { timeout: 5_000 })
      .toMatchObject({ code: 'call_timeout', complete: false, upstream_reached: true })
    await expect.poll(() => closed).toBe(true)
    await expect.poll(() => figure(here, 'gatehouse_connections')).toBe(0)
    here.pair()
    socket.destroy()
  })
})
