/**
 * Tool servers and agents that send without an end, too much, or too slowly: everything that waits has a bound, what is kept has one too,
 * and no server keeps the others from their work.
 */
import type { ServerResponse } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { limits } from '../../src/model/index.ts'
import { fakeClock } from '../support/clock.ts'
import { initialize, legacy, modern, openSession } from '../support/mcp-agent.ts'
import { event, lastOutcome, mcpHouses, outcomeOf, sseHead } from '../support/mcp-house.ts'
import { echoTool } from '../support/mcp-server.ts'

const house = mcpHouses()
const call = { method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } }, id: 5 }
const jsonHead = { 'content-type': 'application/json' }
const mib = 1024 * 1024

/** Writes as fast as the other side takes it, until that has had enough. */
function pour(response: ServerResponse, piece: string): void {
  const more = (): void => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once('drain', more)
  }
  response.on('error', () => undefined)
  more()
}

it.each([
  ['an event without an end', 'data: ', 'x'.repeat(256 * 1024), 'upstream_rpc', '64MiB'],
  ['a field without an end', '', 'x'.repeat(256 * 1024), 'upstream_rpc', '64MiB'],
  ['comments for ever', '', `: ${'x'.repeat(1_000)}\n`.repeat(256), 'reply_too_large', '1MiB'],
  ['notifications for ever', '', event({ method: 'notifications/message' }).repeat(999), 'reply_too_large', '256KiB'],
  ['empty events for ever', '', '\n'.repeat(256 * 1024), 'reply_too_large', '1MiB'],
])('breaks off %s', async (_note, first, piece, code, most) => {
  const { world } = await house(
    {
      call: ({ response }) => {
        response.writeHead(200, sseHead).write(first)
        pour(response, piece)
        return undefined
      },
    },
    { upstream: { reply_max: most } },
  )
  await expect(modern(world, call)).rejects.toThrow()
  expect(await lastOutcome(world)).toMatchObject({ outcome: 'failed', code, complete: false })
})

it.each([
  ['a reply that is too large', jsonHead, `{"jsonrpc":"2.0","id":1,"result":{"content":[],"x":"`, 'x'.repeat(mib)],
  ['white space for ever', jsonHead, '', ' '.repeat(mib)],
])('refuses %s', async (_note, head, first, piece) => {
  const { world } = await house({
    call: ({ response }) => {
      response.writeHead(200, head).write(first)
      pour(response, piece)
      return undefined
    },
  })
  const reply = await modern(world, call)
  expect([reply.status, reply.json.id]).toEqual([502, 5])
  expect(outcomeOf(world, reply)).toMatchObject({ outcome: 'failed', code: 'reply_too_large' })
})

const bulky = (count: number, bytes: number) =>
  Array.from({ length: count }, (_, index) => ({ ...echoTool, name: `t${index}`, description: 'x'.repeat(bytes) }))

it.each([
  ['more pages than there can be', () => ({ tools: [] })],
  ['more bytes than a list can have', () => ({ tools: bulky(7, 1_000_000) })],
  ['more entries than a list can have', () => ({ tools: bulky(limits.mcpToolsMax / 4, 1) })],
])('does not follow a list with %s', async (_note, page) => {
  let asked = 0
  const { world } = await house({
    answer: ({ message }) =>
      message.method === 'tools/list'
        ? { resultType: 'complete', ...page(), nextCursor: `page ${++asked}` }
        : undefined,
  })
  const reply = await modern(world, { method: 'tools/list' })
  expect(reply.json.error.code).toBe(502)
  expect(outcomeOf(world, reply)).toMatchObject({ outcome: 'failed', code: 'upstream_rpc' })
  expect(asked).toBeLessThanOrEqual(limits.mcpPagesMax)
})

it('does not wait for a list that comes a byte at a time, nor lets it keep what is behind another server', async () => {
  const clock = fakeClock()
  const trickles: ServerResponse[] = []
  const { world } = await house(
    [
      {
        answer: ({ message, response }) => {
          if (message.method !== 'tools/list') return undefined
          response.writeHead(200, jsonHead).write(' ')
          trickles.push(response)
          return undefined
        },
      },
      { tools: [{ ...echoTool, name: 'other' }] },
    ],
    { clock, route: { identity: 'none' }, config: { timing: { call_max: '1h' } } },
  )
  const agent = { token: null }
  const listing = modern(world, { method: 'tools/list', ...agent })
  const calling = modern(world, { ...call, params: { name: 'other', arguments: { text: 'x' } }, ...agent })
  let done = false
  void Promise.all([listing, calling]).finally(() => {
    done = true
  })
  await clock.settled(() => trickles.length > 0)
  await clock.settled(() => {
    for (const response of trickles) if (!response.destroyed) response.write(' ')
    return done
  }, 5_000)
  expect((await listing).json.result.tools).toHaveLength(1)
  expect((await calling).json.result.content[0].text).toBe('x')
  expect(outcomeOf(world, await listing).servers[0]).toMatchObject({ upstream: 's0', code: 'upstream_timeout' })
  // Two patiences of 30 s each are the bound, not the hour that the call has.
  expect(clock.monotonicMs()).toBeLessThan(200_000)
})

const silent: readonly [string, string, object][] = [
  ['a call', 'tools/call', call],
  ['a list', 'tools/list', { method: 'tools/list' }],
  ['what it can do', 'server/discover', { method: 'server/discover' }],
]

it.each(silent)(
  'does not wait for a server that is silent on %s, and closes in peace',
  async (_note, method, message) => {
    const clock = fakeClock()
    const { world, script } = await house(
      { silent: [method] },
      { clock, route: { identity: 'none' }, config: { timing: { call_max: '1h' } } },
    )
    const sending = modern(world, { ...(message as typeof call), token: null })
    let done = false
    void sending.finally(() => {
      done = true
    })
    await clock.settled(() => script.messages.some((one) => one.method === method))
    await clock.settled(() => done, 5_000)
    const reply = await sending
    expect(reply.status).toBe(504)
    expect(outcomeOf(world, reply)).toMatchObject({ code: 'upstream_timeout', complete: true })
    expect(clock.monotonicMs()).toBeLessThan(100_000)
  },
)

it('keeps nothing of messages whose answers never come', async () => {
  const { world, script } = await house({
    // 2025-11-25 allows a server to end a stream without an answer: the agent may fetch it later.
    call: ({ response }) => void response.writeHead(200, sseHead).end('id: 1\ndata:\n\n') as undefined,
  })
  setFlagsFromString('--expose_gc')
  const collect = runInNewContext('gc') as () => void
  const held = (): number => {
    // What the server of the test has noted is not the gateway's.
    for (const noted of [script.messages, script.headers, world.received]) noted.length = 0
    collect()
    return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
  }
  const session = await openSession(world)
  const send = () => legacy(world, session, { ...call, params: { name: 'echo', arguments: { text: 'x'.repeat(mib) } } })
  await send()
  const before = held()
  for (let count = 0; count < 16; count++) expect((await send()).status).toBe(200)
  expect(held() - before).toBeLessThan(6 * mib)
})

it('takes no name that is longer than any can be', async () => {
  const { world, script } = await house()
  const session = await openSession(world)
  const reply = await legacy(world, session, { ...call, params: { name: 'x'.repeat(limits.mcpNameCharsMax + 1) } })
  expect(reply.json.error.code).toBe(-32602)
  expect(outcomeOf(world, reply)).toMatchObject({ outcome: 'refused', code: 'rpc_params_invalid' })
  expect(script.messages.some(({ method }) => method === 'tools/call')).toBe(false)
})

it('opens no session for an opening that is too large to be kept', async () => {
  const { world, script } = await house()
  const clientInfo = { name: 'agent', version: '1', title: 'x'.repeat(limits.mcpOpeningBytesMax) }
  const reply = await initialize(world, { params: { clientInfo } })
  expect([reply.status, reply.json.id]).toEqual([413, 'open'])
  expect(reply.headers['mcp-session-id']).toBeUndefined()
  expect(outcomeOf(world, reply)).toMatchObject({ outcome: 'refused', code: 'body_too_large' })
  expect(script.messages).toEqual([])
})

it('opens no session with a server that answers the opening with more than is kept', async () => {
  const { world } = await house({
    answer: ({ message }) =>
      message.method === 'initialize'
        ? {
            protocolVersion: '2025-11-25',
            capabilities: {},
            serverInfo: { name: 'x', version: '1' },
            instructions: 'x'.repeat(limits.mcpOpeningBytesMax),
          }
        : undefined,
  })
  const reply = await initialize(world)
  expect(reply.status).toBe(502)
  expect(outcomeOf(world, reply)).toMatchObject({ outcome: 'failed', code: 'reply_too_large' })
})

it('leaves no session open at a server for an agent that has too many', async () => {
  const { world, script } = await house()
  const first = await openSession(world)
  const left = limits.mcpSessionsPerOwnerMax - 1
  for (let begun = 0; begun < left; begun += 25)
    await Promise.all(Array.from({ length: Math.min(25, left - begun) }, () => initialize(world)))
  const refused = await initialize(world)
  expect(refused.status).toBe(503)
  expect(outcomeOf(world, refused)).toMatchObject({ code: 'overloaded' })
  await expect.poll(() => script.sessions.size).toBe(limits.mcpSessionsPerOwnerMax)
  expect((await legacy(world, first, { method: 'ping' })).status).toBe(200)
}, 60_000)
