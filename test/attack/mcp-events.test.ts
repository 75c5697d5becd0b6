/**
 * Tool servers that hide things in their event streams: line ends of every kind, fields that mean something to somebody else, identifiers
 * of other streams. What agents get is written anew, event by event, from messages that were read.
 */
import type { ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import { limits } from '../../src/model/index.ts'
import { eventsOf, legacy, listen, modern, openSession } from '../support/mcp-agent.ts'
import { event, lastOutcome, mcpHouses, outcomeOf, sseHead } from '../support/mcp-house.ts'

const house = mcpHouses()
const call = { method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } }, id: 5 }

const note = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}'
/** The answer to `id`, as one line of data. */
const answerTo = (id: unknown, text = 'the answer'): string =>
  JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } })

/** What the agent of a session reads when the server answers its call with these bytes. */
async function told(bytes: (id: unknown) => string | Buffer) {
  const { world } = await house({
    call: ({ message, response }) => {
      response.writeHead(200, sseHead).end(bytes(message.id))
      return undefined
    },
  })
  return { world, reply: await legacy(world, await openSession(world), call) }
}

it.each([
  ['line feeds', (id: unknown) => `event: message\ndata: ${note}\n\ndata: ${answerTo(id)}\n\n`],
  ['carriage returns', (id: unknown) => `event: message\rdata: ${note}\r\rdata: ${answerTo(id)}\r\r`],
  ['both', (id: unknown) => `event: message\r\ndata: ${note}\r\n\r\ndata: ${answerTo(id)}\r\n\r\n`],
  ['all of them mixed', (id: unknown) => `data: ${note}\r\n\ndata: ${answerTo(id)}\n\r\n`],
  ['a mark at the start', (id: unknown) => `\uFEFFdata: ${note}\n\ndata: ${answerTo(id)}\n\n`],
  [
    'messages over several lines',
    (id: unknown) => `data: ${note.replaceAll(',', ',\rdata:')}\n\ndata: ${answerTo(id)}\n\n`,
  ],
])('reads events with %s as every reader does', async (_note, bytes) => {
  const { world, reply } = await told(bytes)
  expect(eventsOf(reply).map(({ id, method }) => id ?? method)).toEqual(['notifications/message', 5])
  expect(reply.text).not.toContain('\r')
  expect(outcomeOf(world, reply).outcome).toBe('forwarded')
})

it.each([
  [
    'an event of another type',
    (id: unknown) => `event: endpoint\ndata: https://evil.example/\n\ndata: ${answerTo(id)}\n\n`,
  ],
  ['a comment', (id: unknown) => `: data: ${note}\n\ndata: ${answerTo(id)}\n\n`],
  ['a field of nobody', (id: unknown) => `x-evil: 1\nset-cookie: a=b\n\ndata: ${answerTo(id)}\n\n`],
  ['an event that never ends', (id: unknown) => `data: ${answerTo(id)}\n\ndata: ${note}`],
  ['what comes behind the answer', (id: unknown) => `data: ${answerTo(id)}\n\ndata: ${note}\n\n`],
  ['an id with a zero byte', (id: unknown) => `id: a\0b\ndata: ${answerTo(id)}\n\n`],
  ['a field that only looks like data', (id: unknown) => `Data: ${note}\n data: ${note}\n\ndata: ${answerTo(id)}\n\n`],
])('passes nothing on of %s', async (_note, bytes) => {
  const { reply } = await told(bytes)
  expect(reply.text).toMatch(/^data: \{[^\n]*\}\n\n$/)
  expect(eventsOf(reply)).toMatchObject([{ id: 5, result: { content: [{ text: 'the answer' }] } }])
})

it.each([
  ['that is no JSON', 'data: hello\n\n'],
  ['with a key twice', 'data: {"jsonrpc":"2.0","method":"a","method":"b"}\n\n'],
  ['that is a batch', `data: [${note}]\n\n`],
  ['that is too deep', `data: ${'['.repeat(500)}${']'.repeat(500)}\n\n`],
  ['with half a surrogate', 'data: {"jsonrpc":"2.0","method":"a\\ud800"}\n\n'],
  ['that is not UTF-8', Buffer.from([...Buffer.from('data: "'), 0xc0, 0xaf, ...Buffer.from('"\n\n')])],
  ['with a line feed in a text', 'data: {"jsonrpc":"2.0","method":"a\ndata: b"}\n\n'],
])('breaks off at a message %s', async (_note, bytes) => {
  const { world } = await house({
    call: ({ response }) => {
      response.writeHead(200, sseHead).end(bytes)
      return undefined
    },
  })
  await expect(modern(world, call)).rejects.toThrow()
  expect(await lastOutcome(world)).toMatchObject({ outcome: 'failed', code: 'upstream_rpc', complete: false })
})

it('takes no event of another type for the answer', async () => {
  const { world } = await house({
    call: ({ message, response }) => {
      response.writeHead(200, sseHead).end(`event: answer\ndata: ${answerTo(message.id)}\n\n`)
      return undefined
    },
  })
  await expect(modern(world, call)).rejects.toThrow()
  expect(await lastOutcome(world)).toMatchObject({ outcome: 'failed', code: 'upstream_cut' })
})

it.each([
  [0, limits.mcpRetryMsMin],
  [999_999_999, limits.mcpRetryMsMax],
  [5_000, 5_000],
])('lets no server keep an agent away, or make it hammer: retry %d', async (asked, got) => {
  const { reply } = await told((id) => `retry: ${asked}\ndata: ${answerTo(id)}\n\n`)
  expect(reply.text).toContain(`retry: ${got}\n`)
})

it('takes a stream up again at its own server alone, by its own id', async () => {
  const asked: (string | undefined)[][] = [[], []]
  const streams: ServerResponse[] = []
  const { world } = await house(
    asked.map((ids) => ({
      stream: (request, response) => {
        ids.push(request.headers['last-event-id'] as string | undefined)
        response.writeHead(200, sseHead).flushHeaders()
        streams.push(response)
      },
    })),
  )
  const session = await openSession(world)
  for (const id of [undefined, 's0/7', 's1/x/y', 's10/7', '/7', 's0', '7', 's0/'])
    (await listen(world, session, { headers: { 'last-event-id': id } })).close()
  await expect.poll(() => streams.length).toBe(16)
  expect(asked).toEqual([
    [undefined, '7', undefined, undefined, undefined, undefined, undefined, undefined],
    [undefined, undefined, 'x/y', undefined, undefined, undefined, undefined, undefined],
  ])
})

it('gives the answer to a request to nobody but its session, on whatever stream it comes', async () => {
  const streams: ServerResponse[] = []
  let pending: unknown
  const { world } = await house({
    call: ({ message, response }) => {
      pending = message.id
      response.writeHead(200, sseHead).end('id: 1\ndata:\n\n')
      return undefined
    },
    stream: (_, response) => {
      response.writeHead(200, sseHead).flushHeaders()
      streams.push(response)
    },
  })
  const mine = await openSession(world)
  const token = await world.token({ sub: 'thief', client_id: 'thief' })
  const foreign = await openSession(world, { token })
  await legacy(world, mine, call)
  const [own, other] = [await listen(world, mine), await listen(world, foreign, { token })]
  await expect.poll(() => streams.length).toBe(2)
  for (const stream of streams) stream.write(event(JSON.parse(answerTo(pending, 'secret'))))
  expect(await own.heard(1)).toMatchObject([{ id: 5 }])
  streams[1]?.write(event(JSON.parse(note)))
  await other.heard(1)
  expect(other.text()).not.toContain('secret')
  // Once: an answer that comes again is to nothing.
  for (const stream of streams) stream.write(event(JSON.parse(answerTo(pending, 'again'))) + event(JSON.parse(note)))
  await own.heard(2)
  expect(own.text()).not.toContain('again')
  own.close()
  other.close()
})
