/**
 * Tool servers that answer at random, through a whole house: streams cut and spoiled in any place, lists, openings and eras that make no
 * sense, in both eras, alone and beside another. Whatever they send, every call ends and leaves its two records, what agents read is well
 * formed, nothing is a mistake of ours, and the server beside them is heard. The seed is printed; `GATEHOUSE_SEED` chooses another and
 * `GATEHOUSE_FUZZ_RUNS` how many conversations there are.
 */
import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initialize, legacy, listen, modern } from '../support/mcp-agent.ts'
import { echoTool, type McpServerOptions, mcpServer, startMcpServer } from '../support/mcp-server.ts'
import { draws } from '../support/random.ts'
import { openWorld, type SentReply, type World } from '../support/world.ts'

const seed = Number(process.env.GATEHOUSE_SEED ?? 20_261_122)
const runs = Number(process.env.GATEHOUSE_FUZZ_RUNS ?? (process.env.CI === 'true' ? 1_000 : 80))

type Draw = (below: number) => number
const pick = <T>(draw: Draw, list: readonly T[]): T => list[draw(list.length)] as T
/** One draw for all that the servers do: what they do depends on the order in which they are asked. */
let draw: Draw = draws(seed)

const words = [
  '2026-07-28',
  '2025-11-25',
  '1900-01-01',
  'echo',
  '',
  'constructor',
  '__proto__',
  '\u202e',
  'x'.repeat(300),
  'é',
]
const keys = [
  'tools',
  'nextCursor',
  'ttlMs',
  'name',
  'inputSchema',
  'properties',
  'x-mcp-header',
  'description',
  'capabilities',
  'protocolVersion',
  'supportedVersions',
  'instructions',
  'serverInfo',
  'content',
  'structuredContent',
  'isError',
  'resultType',
  'requestState',
  'taskId',
  '_meta',
  'annotations',
  'toString',
]

function anything(depth: number): unknown {
  const kind = draw(depth > 4 ? 5 : 8)
  if (kind === 0) return pick(draw, [null, true, -1, 1.5, 2 ** 53, 1e300])
  if (kind < 5) return pick(draw, words)
  if (kind === 5) return Array.from({ length: draw(4) }, () => anything(depth + 1))
  return members(depth)
}

function members(depth: number): object {
  return Object.fromEntries(Array.from({ length: draw(6) }, () => [pick(draw, keys), anything(depth + 1)]))
}

/** A good result with something of it put wrong. */
function resultOf(method: string): object {
  const good: { readonly [method: string]: object } = {
    initialize: {
      protocolVersion: '2025-11-25',
      capabilities: { tools: { listChanged: true } },
      serverInfo: { name: 'x', version: '1' },
    },
    'server/discover': { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: { tools: {} } },
    'tools/list': { resultType: 'complete', tools: [echoTool, { name: 'odd', ...members(0) }], ttlMs: 0 },
    'tools/call': { resultType: 'complete', content: [{ type: 'text', text: 'x' }] },
  }
  return { ...(good[method] ?? {}), ...(draw(3) === 0 && members(0)) }
}

const events = [
  ':\n\n',
  'data:\n\n',
  'id: 1\ndata:\n\n',
  'retry: 1\n\n',
  'event: ping\ndata: {}\n\n',
  'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}\n\n',
  'data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\r\n\r\n',
  'data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}\n\n',
  'data: {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}\n\n',
  'data: {"jsonrpc":"2.0","id":1,"method":"ping"}\n\n',
  'data: {"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{"message":"x"}}\r\r',
  'data: {"jsonrpc":"2.0","id":77,"result":{}}\n\n',
  'data: [{}]\n\n',
]

/** An answer as a stream, cut into pieces anywhere, some of its bytes spoiled. */
function stream(response: ServerResponse, answer: string): void {
  const parts = Array.from({ length: draw(4) }, () => pick(draw, events))
  if (draw(6) > 0) parts.splice(draw(parts.length + 1), 0, `data: ${answer}\n\n`)
  const bytes = Buffer.from(parts.join(''))
  for (let count = draw(8) === 0 ? 1 + draw(3) : 0; count > 0 && bytes.length > 0; count--)
    bytes[draw(bytes.length)] = draw(256)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (let from = 0; from < bytes.length; ) {
    const to = from + 1 + draw(200)
    response.write(bytes.subarray(from, to))
    from = to
  }
  if (draw(10) === 0) response.destroy()
  else response.end()
}

function answerAtRandom({ message, response }: Parameters<NonNullable<McpServerOptions['answer']>>[0]): undefined {
  // What is found out about eras is kept for half a minute: mostly it is to be found that the server speaks both.
  if (message.method === 'server/discover' && draw(20) > 0) {
    const result = resultOf('server/discover')
    const answer = JSON.stringify({
      jsonrpc: '2.0',
      id: message.id,
      result: { ...result, supportedVersions: ['2026-07-28'] },
    })
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
    return undefined
  }
  const error = { code: pick(draw, [-32_601, -32_602, -32_000, -32_022, 0, 1]), message: pick(draw, words) }
  const id = draw(12) === 0 ? pick(draw, [1, 'x', null, `${message.id}`]) : message.id
  const body = draw(6) === 0 ? { error } : { result: resultOf(message.method) }
  const answer = JSON.stringify({ jsonrpc: '2.0', id, ...body })
  const kind = draw(12)
  if (kind < 6) {
    const status = draw(5) === 0 ? pick(draw, [201, 302, 400, 401, 403, 404, 405, 429, 500, 503]) : 200
    const type = draw(10) === 0 ? 'text/html' : 'application/json'
    const headers = {
      'content-type': type,
      ...(draw(3) === 0 && { 'mcp-session-id': pick(draw, ['a', 'b', 'é'.slice(1)]) }),
    }
    response.writeHead(status, headers).end(draw(10) === 0 ? answer.slice(0, draw(answer.length)) : answer)
  } else if (kind < 11) stream(response, answer)
  else response.destroy()
  return undefined
}

const random: McpServerOptions = {
  sessions: false,
  answer: answerAtRandom,
  call: answerAtRandom,
  stream: (_, response) => stream(response, '{"jsonrpc":"2.0","method":"notifications/message"}'),
}

describe.each(['alone', 'beside another'])('a server that answers at random, %s', (place) => {
  const isAlone = place === 'alone'
  let world: World
  let close = async (): Promise<void> => undefined
  beforeAll(async () => {
    draw = draws(seed + (isAlone ? 0 : 1))
    const started = await Promise.all(
      [mcpServer(random), mcpServer({ tools: [{ ...echoTool, name: 'steady' }] })].map(startMcpServer),
    )
    const upstreams = started.map(({ url }, index) => ({ id: `s${index}`, url, headers_max: '2s', idle_max: '1s' }))
    world = await openWorld({
      route: {
        path: '/mcp',
        protocol: 'mcp',
        upstream: undefined,
        servers: [{ upstream: 's0', prefix: 'odd_' }, ...(isAlone ? [] : [{ upstream: 's1' }])],
      },
      config: { upstreams, timing: { header_max: '1s', request_max: '2s', call_max: '8s' } },
    })
    close = async () => {
      await world.close()
      for (const one of started) await one.close()
    }
  })
  afterAll(() => close())

  /** Null for a reply that was broken off: the record says why. */
  const whole = async (sending: Promise<SentReply>): Promise<SentReply | null> => {
    try {
      return await sending
    } catch (cause) {
      if (cause instanceof Error && /aborted|socket hang up|ECONNRESET/.test(cause.message)) return null
      throw cause
    }
  }

  it(`is answered for, and recorded (GATEHOUSE_SEED=${seed})`, async () => {
    let sent = 0
    const check = (reply: SentReply | null, run: number): void => {
      sent++
      if (reply === null) return
      expect(reply.headers['gatehouse-decision'], `run ${run}`).toBeDefined()
      if (reply.headers['content-type'] !== 'text/event-stream') return
      for (const line of reply.text.split('\n'))
        expect(line, `run ${run}`).toMatch(/^(?:|:|id: .*|retry: [0-9]+|event: message|data: ?|data: \{.*\})$/)
      for (const line of reply.text.match(/^data: \{.*$/gm) ?? [])
        expect(JSON.parse(line.slice(6)), `run ${run}`).toMatchObject({ jsonrpc: '2.0' })
    }
    const call = { method: 'tools/call', params: { name: 'odd_echo', arguments: { text: 'x' } }, id: 'mine' }
    for (let run = 0; run < runs; run++) {
      const kind = draw(4)
      if (kind === 0) check(await whole(modern(world, call)), run)
      else if (kind === 1)
        check(await whole(modern(world, { method: pick(draw, ['tools/list', 'server/discover']) })), run)
      else {
        const opened = await whole(initialize(world))
        check(opened, run)
        const session = opened?.headers['mcp-session-id']
        if (typeof session !== 'string') continue
        const headers = { accept: 'text/event-stream', 'mcp-session-id': session }
        check(await whole(legacy(world, session, { method: 'tools/list' })), run)
        check(await whole(legacy(world, session, call)), run)
        if (draw(3) === 0) {
          // It goes on as long as the session does, whatever the servers' own streams come to.
          const stream = await listen(world, session).catch(() => undefined)
          sent++
          stream?.close()
        }
        check(await whole(world.send({ method: 'DELETE', path: '/mcp', headers })), run)
      }
      if (isAlone || run % 10 > 0) continue
      const steady = await modern(world, { ...call, params: { name: 'steady', arguments: { text: 'heard' } } })
      check(steady, run)
      expect(steady.json.result.content[0].text).toBe('heard')
    }
    const outcomes = () => world.records().filter(({ type }) => type === 'outcome')
    await expect.poll(() => outcomes().length, { timeout: 20_000 }).toBe(sent)
    expect(world.records().filter(({ type }) => type === 'decision')).toHaveLength(sent)
    expect(outcomes().filter(({ code }) => code === 'internal')).toEqual([])
    // Chance must not have led to refusals alone.
    expect(outcomes().map(({ outcome }) => outcome)).toEqual(expect.arrayContaining(['forwarded', 'failed']))
  }, 600_000)
})
