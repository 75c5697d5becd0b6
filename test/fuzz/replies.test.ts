/**
 * Upstreams' replies, well-formed and mutilated, read by the gateway's reader and by undici: whatever the gateway takes for a whole reply, undici
 * takes for the same one, in status, header and body. The other way round the gateway may refuse more. The seed is printed; `GATEHOUSE_SEED`
 * chooses another and `GATEHOUSE_FUZZ_RUNS` how many replies there are.
 */
import { type AddressInfo, createServer, type Server } from 'node:net'
import { request } from 'undici'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { MalformedReply, type ReplyHead } from '../../src/forward/reply-head.ts'
import { ReplyReader } from '../../src/forward/reply-reader.ts'
import { makeRandom, type Random } from '../agree/differential/random.ts'

const seed = Number(process.env.GATEHOUSE_SEED ?? 1)
const runs = Number(process.env.GATEHOUSE_FUZZ_RUNS ?? (process.env.CI === 'true' ? 3_000 : 500))

const chunks = (random: Random) =>
  `${random.pick(['3\r\nabc\r\n', 'A;x=y\r\n0123456789\r\n', '1\r\n\n\r\n', '0003\r\nabc\r\n', ''])}0\r\n${random.pick(['', 'X: y\r\n'])}\r\n`

/** A reply that most often is one. */
function makeReply(random: Random): Buffer {
  const odd = random.chance(0.2)
  const version = odd ? random.pick(['1.0', '1.2', '2.0']) : '1.1'
  const status = random.pick(odd ? ['204', '304', '103', '101', '999', '099'] : ['200', '404', '500'])
  const fields = random.shuffled([
    'X-A: b',
    'x-a:\tc\t',
    'Keep-Alive: timeout=5',
    'Connection: close',
    'Date: now',
    'Set-Cookie: a=b',
  ])
  const head = [
    `HTTP/${version} ${status} ${random.pick(['OK', '', 'Not \xe4'])}`,
    ...fields.slice(0, random.below(4)),
    ...(odd ? [random.pick(['X-\xe4: b', 'X B: c', ' folded', 'X: \x01', 'Connection: keep-alive'])] : []),
  ]
  const framing = random.pick([
    ['Content-Length: 3', 'abc'],
    ['Content-Length: 0', ''],
    ['content-length:  5', 'ab\r\nc'],
    ['Content-Length: 3', 'ab'],
    ['Content-Length: 3', 'abcdef'],
    ['Content-Length: 3\r\nContent-Length: 3', 'abc'],
    ['Content-Length: 3\r\nTransfer-Encoding: chunked', chunks(random)],
    ['Transfer-Encoding: chunked', chunks(random)],
    ['transfer-encoding: CHUNKED', chunks(random)],
    ['Transfer-Encoding: gzip, chunked', chunks(random)],
    ['X: y', 'until the end'],
  ] as const)
  const text = `${[...head, framing[0]].join('\r\n')}\r\n\r\n${framing[1]}`
  return mutilated(Buffer.from(text, 'latin1'), random)
}

function mutilated(bytes: Buffer, random: Random): Buffer {
  const out = Buffer.from(bytes)
  if (random.below(3) > 0) return out
  const at = random.below(out.length)
  switch (random.below(4)) {
    case 0:
      return out.subarray(0, at)
    case 1:
      return Buffer.concat([out.subarray(0, at), out.subarray(at + 1)])
    case 2:
      return Buffer.concat([
        out.subarray(0, at),
        Buffer.from([random.pick([0, 9, 10, 13, 32, 58, 48, 127, 255])]),
        out.subarray(at),
      ])
    default:
      out[at] = random.pick([0, 9, 10, 13, 32, 58, 48, 127, 255])
      return out
  }
}

/** What HTTP allows and undici takes otherwise or not at all: white space behind a length or a coding (RFC 9110 section 5.5), and in a chunk's extension (RFC 9112 section 7.1.1). */
const onlyHere = [
  /(?:content-length|transfer-encoding):[^\r]*[\t ]\r/i,
  /\r\n[0-9a-f]+[\t ]*;[^\r]*[\t ]/i,
  /\r\n[0-9a-f]+[\t ]+;/i,
]

interface Whole {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: string
}

/** Undefined for what is refused, or not whole. */
function readHere(bytes: Buffer, random: Random): Whole | undefined {
  let head: ReplyHead | undefined
  let body = ''
  let ends = 0
  const reader = new ReplyReader({
    head: (one) => {
      head = one
    },
    data: (piece) => {
      body += piece.toString('latin1')
    },
    end: () => {
      ends += 1
    },
  })
  reader.begin('GET')
  try {
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + 1 + random.below(bytes.length))
      reader.take(bytes.subarray(at, end))
      at = end
    }
  } catch (cause) {
    if (!(cause instanceof MalformedReply)) throw cause
    return undefined
  }
  if (ends === 0) reader.close()
  expect(ends).toBeLessThan(2)
  return ends === 0 || head === undefined ? undefined : { status: head.status, headers: { ...head.headers }, body }
}

let server: Server
let reply: Buffer = Buffer.alloc(0)
beforeAll(async () => {
  server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(reply))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => void server.close())

async function readByUndici(): Promise<Whole | undefined> {
  try {
    const { port } = server.address() as AddressInfo
    const { statusCode, headers, body } = await request(`http://127.0.0.1:${port}/`, { reset: true })
    return { status: statusCode, headers, body: Buffer.from(await body.arrayBuffer()).toString('latin1') }
  } catch {
    return undefined
  }
}

it(`agree with undici wherever the gateway takes one (seed ${seed}, ${runs} replies)`, async () => {
  const random = makeRandom(seed)
  let taken = 0
  for (let run = 0; run < runs; run += 1) {
    reply = makeReply(random)
    const here = readHere(reply, random)
    if (here === undefined) continue
    taken += 1
    const there = await readByUndici()
    const shown = JSON.stringify(reply.toString('latin1'))
    if (onlyHere.some((shape) => shape.test(reply.toString('latin1')))) continue
    expect(there?.status, shown).toBe(here.status)
    expect(there?.body, shown).toBe(here.body)
    // undici reads values as UTF-8 and leaves white space behind them: neither is what is looked at here.
    const shownOf = (headers: Whole['headers']) =>
      Object.entries(headers).map(([name, value]) => [
        name,
        [value].flat().map((one) =>
          String(one)
            .trim()
            .replace(/[^ -~]+/g, '?'),
        ),
      ])
    expect(Object.fromEntries(shownOf(there?.headers ?? {})), shown).toEqual(Object.fromEntries(shownOf(here.headers)))
  }
  expect(taken).toBeGreaterThan(runs / 10)
}, 600_000)
