/**
 * Messages, headers and replies made at random, through a whole house: whatever comes, every call is answered, leaves its two records, and
 * none of them is a mistake of ours. The seed is printed; `GATEHOUSE_SEED` and `GATEHOUSE_FUZZ_RUNS` choose others.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { both, post } from '../support/mcp-agent.ts'
import { mcpServer } from '../support/mcp-server.ts'
import { draws } from '../support/random.ts'
import { openWorld, type World } from '../support/world.ts'

const seed = Number(process.env.GATEHOUSE_SEED ?? 20_261_121)
const runs = Number(process.env.GATEHOUSE_FUZZ_RUNS ?? (process.env.CI === 'true' ? 2_000 : 150))

const texts = [
  '2.0',
  '',
  'echo',
  'tools/call',
  'tools/list',
  'initialize',
  'server/discover',
  'ping',
  'notifications/initialized',
  '2026-07-28',
  '2025-11-25',
  '1900-01-01',
  'é',
  '\u0000',
  '__proto__',
  'x'.repeat(600),
]
const keys = [
  'jsonrpc',
  'id',
  'method',
  'params',
  'result',
  'error',
  'name',
  'arguments',
  '_meta',
  'cursor',
  'requestState',
  'protocolVersion',
  'capabilities',
  'clientInfo',
  'progressToken',
  'io.modelcontextprotocol/protocolVersion',
  'io.modelcontextprotocol/clientCapabilities',
  '__proto__',
]
const headers = [
  'mcp-protocol-version',
  'mcp-method',
  'mcp-name',
  'mcp-session-id',
  'mcp-param-text',
  'last-event-id',
  'origin',
  'accept',
  'content-type',
]
const values = [
  '2026-07-28',
  '2025-11-25',
  'tools/call',
  'echo',
  '=?base64?ZWNobw==?=',
  '=?base64?%?=',
  '',
  'text/plain',
  both,
  'application/json',
  'http://localhost',
  'https://evil.example',
  'x'.repeat(300),
]

type Draw = (below: number) => number
const pick = <T>(draw: Draw, list: readonly T[]): T => list[draw(list.length)] as T

/** A value of any kind, mostly of those that messages are made of. */
function randomValue(draw: Draw, depth: number): unknown {
  const kind = draw(depth > 3 ? 5 : 8)
  if (kind === 0) return pick(draw, texts)
  if (kind === 1) return draw(1_000) - 500
  if (kind === 2) return pick(draw, [null, true, false, 1.5, 2 ** 53, -0])
  if (kind < 5) return pick(draw, texts)
  if (kind === 5) return Array.from({ length: draw(4) }, () => randomValue(draw, depth + 1))
  return Object.fromEntries(Array.from({ length: draw(5) }, () => [pick(draw, keys), randomValue(draw, depth + 1)]))
}

/** A good message, with something of it put wrong. */
function messageOf(draw: Draw): string {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const message: { [key: string]: unknown } = {
    jsonrpc: '2.0',
    id: draw(10),
    method: pick(draw, [
      'tools/call',
      'tools/list',
      'initialize',
      'server/discover',
      'subscriptions/listen',
      'prompts/get',
    ]),
    params: { name: 'echo', arguments: { text: 'x' }, ...(draw(3) > 0 && { _meta: meta }) },
  }
  for (let count = draw(4); count > 0; count--) message[pick(draw, keys)] = randomValue(draw, 0)
  const text = JSON.stringify(message)
  const at = draw(text.length)
  const spoiled = [
    text,
    text,
    text,
    text.slice(0, at),
    `${text.slice(0, at)}${pick(draw, ['"', '}', ',', '\\', '\u0007'])}${text.slice(at)}`,
  ]
  return pick(draw, spoiled)
}

let world: World
let noise: Draw = draws(seed)

beforeAll(async () => {
  const script = mcpServer({
    // The server is as unreliable as the agent.
    call: ({ message, response }) => {
      const kind = noise(6)
      if (kind === 0) return { content: [] }
      if (kind === 1) return { resultType: 'complete', ...(randomValue(noise, 1) as object) }
      const answer = JSON.stringify({
        jsonrpc: '2.0',
        id: message.id,
        result: randomValue(noise, 1),
        ...(kind === 2 && { error: randomValue(noise, 1) }),
      })
      if (kind < 4)
        response.writeHead(pick(noise, [200, 200, 400, 404, 503]), { 'content-type': 'application/json' }).end(answer)
      else {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.end(
          pick(noise, [
            `data: ${answer}\n\n`,
            `id: 1\ndata:\n\ndata: ${answer}\n\n`,
            `data: ${answer.slice(3)}\n\n`,
            ':\n\n',
            'data: {}\n\n',
            '\u0000\r\r\n',
          ]),
        )
      }
      return undefined
    },
  })
  world = await openWorld({
    serve: script.serve,
    route: { path: '/mcp', protocol: 'mcp', upstream: undefined, servers: [{ upstream: 'erp' }] },
    config: { timing: { header_max: '1s', request_max: '2s', call_max: '3s' } },
  })
})
afterAll(() => world.close())

it(`answers and records whatever comes (GATEHOUSE_SEED=${seed})`, async () => {
  const draw = draws(seed)
  noise = draws(seed + 1)
  let sent = 0
  for (let run = 0; run < runs; run++) {
    const given: { [name: string]: string } = {}
    if (draw(4) > 0)
      Object.assign(given, { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo' })
    for (let count = draw(3); count > 0; count--) given[pick(draw, headers)] = pick(draw, values)
    const body = messageOf(draw)
    sent++
    try {
      const reply = await post(world, body, given)
      expect(reply.headers['gatehouse-decision'], `run ${run}: ${body}`).toBeDefined()
      expect(reply.status, `run ${run}: ${body}`).not.toBe(500)
    } catch (cause) {
      // A reply that was broken off: the record says why.
      if (!(cause instanceof Error) || !/aborted|socket hang up|ECONNRESET/.test(cause.message)) throw cause
    }
  }
  await expect
    .poll(() => world.records().filter(({ type }) => type === 'outcome').length, { timeout: 10_000 })
    .toBe(sent)
  const records = world.records()
  expect(records.filter(({ type }) => type === 'decision')).toHaveLength(sent)
  expect(records.filter(({ code }) => code === 'internal')).toEqual([])
  expect(world.programLog.filter(({ level }) => level === 'error')).toEqual([])
}, 600_000)
