/** Somebody else answers where `tail --url` looks for a gateway: nothing reaches the terminal as it was sent, nothing grows without end. */
import { createServer, type RequestListener } from 'node:http'
import { describe, expect, it } from 'vitest'
import { runWords } from '../../src/cli/main.ts'
import { makeFakeIo } from '../support/io.ts'
import { listenOn } from '../support/world.ts'

const evil = '\u001b[31mX\u001b]0;t\u0007\u009b2J\u202eY\r\n\u2028'
const control = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u
const record = (parts: object) =>
  JSON.stringify({ seq: 0, type: 'admin', timestamp: '2026-11-21T15:00:00.000000Z', event: 'x', detail: {}, ...parts })
const stream: RequestListener = (_, reply) => void reply.writeHead(200, { 'content-type': 'text/event-stream' })

async function ask(
  answer: RequestListener,
  flags = '',
): Promise<{ status: number; out: string; err: string; seen: string[] }> {
  const seen: string[] = []
  const server = createServer((incoming, reply) => {
    seen.push(String(incoming.url))
    answer(incoming, reply)
  })
  const port = await listenOn(server)
  try {
    const environment = { GATEHOUSE_OPERATORS_TOKEN: 'operators-token-of-32-characters' }
    const io = makeFakeIo({ directory: '/', environment, columns: 120, pause: async () => {} })
    const words = [
      'tail',
      '--no-follow',
      '--url',
      `http://127.0.0.1:${port}`,
      ...flags.split(' ').filter((word) => word !== ''),
    ]
    const status = await runWords(words, io)
    return { status, out: io.stdout.text, err: io.stderr.text, seen }
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

/** Sends as fast as it is taken, until the connection ends. */
const endless =
  (head: number, type: string, first: string): RequestListener =>
  (_, reply) => {
    reply.writeHead(head, { 'content-type': type }).write(first)
    const piece = 'x'.repeat(64 * 1024)
    const more = (): void => {
      while (!reply.destroyed && reply.write(piece));
    }
    reply.on('drain', more)
    more()
  }

describe('an answer', () => {
  it.each([400, 401, 403, 404, 500])('of %i with a detail for the terminal is shown, not obeyed', async (code) => {
    const { status, out, err } = await ask((_, reply) =>
      reply.writeHead(code, { 'content-type': 'application/problem+json' }).end(JSON.stringify({ detail: evil })),
    )
    expect(status).toBe(code < 500 ? 2 : 3)
    expect(err).toContain('\\u{1b}[31mX')
    expect(`${out}${err}`.replaceAll('\n', '')).not.toMatch(control)
  })

  it('of records with texts for the terminal is shown, not obeyed, in both formats', async () => {
    const answer: RequestListener = (incoming, reply) => {
      stream(incoming, reply)
      reply.end(`id: 0\ndata: ${record({ event: evil, detail: { [evil]: evil } })}\n\n`)
    }
    for (const flags of ['--format text', '--format json', '--wide --why']) {
      const { status, out, err } = await ask(answer, flags)
      expect([status, err]).toEqual([0, ''])
      // Our own colours are there, theirs are not.
      expect(out).not.toMatch(/\p{Cc}\[31m?X|\p{Cc}\]0|\u009b|\u202e|\u2028/u)
      expect(out).toMatch(/u\{?001b|u\{1b\}/)
    }
  })

  it.each([
    {
      note: 'a refusal without end',
      answer: endless(400, 'application/problem+json', '{"detail":"'),
      says: /answered 400/,
    },
    {
      note: 'an event without end',
      answer: endless(200, 'text/event-stream', 'data: '),
      says: /longer than a record can be/,
    },
  ])('that is $note is left', async ({ answer, says }) => {
    const before = process.memoryUsage.rss()
    const { status, err } = await ask(answer)
    expect(status).toBe(2)
    expect(err).toMatch(says)
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 1024 * 1024)
  })

  it.each([
    '{}',
    'null',
    '[]',
    '{"seq":1}',
    record({ seq: -1 }),
    record({ detail: 'x' }),
    record({ type: '__proto__' }),
  ])('of %s is no record, and is said to be none', async (text) => {
    const { status, err } = await ask((incoming, reply) => {
      stream(incoming, reply)
      reply.end(`data: ${text}\n\n`)
    })
    expect(status).toBe(2)
    expect(err).toMatch(/sent what is no record/)
  })

  it('that leads elsewhere takes the token nowhere', async () => {
    const other: string[] = []
    const elsewhere = createServer((incoming, reply) => {
      other.push(String(incoming.headers.authorization))
      reply.end()
    })
    const port = await listenOn(elsewhere)
    const { status } = await ask((_, reply) => reply.writeHead(302, { location: `http://127.0.0.1:${port}/log` }).end())
    await new Promise((resolve) => elsewhere.close(resolve))
    expect([status, other]).toEqual([3, []])
  })
})
