/**
 * The lane beside node:http: the same bytes on two connections of one listener, one of which begins with an empty line, which
 * only node:http forgives. Arrivals, bodies, replies, fault records and the end of both connections must be the same. The
 * seed is printed; `GATEHOUSE_SEED` chooses another and `GATEHOUSE_FUZZ_RUNS` how many conversations there are.
 */
import { describe, expect, it } from 'vitest'
import type { Arrival, ByteSource, Call, Reply } from '../../../src/model/index.ts'
import { LaneRequest } from '../../../src/receive/lane-request.ts'
import { makeRandom, type Random } from '../../agree/differential/random.ts'
import { bytesReply, jsonReply, type RawClient, type ReceiverWorld, receiverWorld } from '../../support/receiver.ts'

const seed = Number(process.env.GATEHOUSE_SEED ?? 1)
const runs = Number(process.env.GATEHOUSE_FUZZ_RUNS ?? (process.env.CI === 'true' ? 400 : 60))

const bodyBytesMax = 1_000

/** What was seen of one connection. */
interface Seen {
  readonly arrivals: unknown[]
  readonly refused: unknown[]
  text: string
  lane: number
}

/** A source that gives `pieces`, one a turn. */
function sourceOf(pieces: readonly string[], lengthBytes: number | null): ByteSource {
  return {
    lengthBytes,
    start(sink) {
      let at = 0
      const next = (): void => {
        const piece = pieces[at++]
        if (piece === undefined) sink.end()
        else {
          sink.chunk(Buffer.from(piece))
          setImmediate(next)
        }
      }
      next()
    },
    pause() {},
    resume() {},
    cancel() {},
  }
}

/** What the gateway of the test does is said by the path. */
async function handled(call: Call): Promise<Reply> {
  const reads = /^\/(a|through)/.test(call.path)
  // node:http lets a call run between the header and the body of one piece; what is not read shall be there whoever reads it.
  if (!reads) for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
  if (call.path.startsWith('/unread')) return jsonReply(call, 'unread')
  if (call.path.startsWith('/none')) return { ...bytesReply(call, ''), status: 204 }
  if (call.path.startsWith('/stream'))
    return { ...bytesReply(call, ''), body: { kind: 'stream', source: sourceOf(['a', '', 'bc', 'd'], null) } }
  if (call.path.startsWith('/length'))
    return { ...bytesReply(call, ''), body: { kind: 'stream', source: sourceOf(['a', 'bc'], 3) } }
  if (call.path.endsWith('through') && call.body.lengthBytes !== 0) return jsonReply(call, await counted(call))
  if (call.body.lengthBytes === 0 && call.path.endsWith('through')) return jsonReply(call, '')
  return jsonReply(call, Buffer.from(await call.body.bytes(bodyBytesMax)).toString('latin1'))
}

function counted(call: Call): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    call.body.stream(bodyBytesMax).start({
      chunk: (bytes) => {
        text += Buffer.from(bytes).toString('latin1')
      },
      end: () => resolve(text),
      fail: reject,
    })
  })
}

const quietTurns = 25

async function quiet(clients: readonly RawClient[]): Promise<void> {
  let before = -1
  for (let turns = 0; turns < quietTurns; turns++) {
    await new Promise(setImmediate)
    const length = clients.reduce((sum, { text, isClosed }) => sum + text.length + Number(isClosed), 0)
    if (length !== before) turns = 0
    before = length
  }
}

/** Says `pieces` on a connection of the lane and on one of node:http; a null waits until both are quiet. */
async function converse(pieces: readonly (Buffer | null)[]): Promise<{ readonly lane: Seen; readonly node: Seen }> {
  const seen = new Map<number, Seen>()
  const of = (port: number): Seen => {
    const known = seen.get(port) ?? { arrivals: [], refused: [], text: '', lane: 0 }
    seen.set(port, known)
    return known
  }
  const timing = { callMsMax: 4_000, headerMsMax: 1_000, requestMsMax: 2_000, keepAliveMs: 3_000 }
  await using world: ReceiverWorld = await receiverWorld(
    async (call, arrival) => {
      const { method, rawTarget, rawHeaders, peer, body } = arrival
      const { arrivals } = of(peer.port)
      const entry = { method, rawTarget, rawHeaders, length: body.lengthBytes, type: body.mediaType, end: '' }
      arrivals.push(entry)
      if ((arrival as Arrival & { carrier?: unknown }).carrier instanceof LaneRequest) of(peer.port).lane++
      try {
        const reply = await handled(call)
        entry.end = `read ${body.receivedBytes}, held ${body.held?.length}`
        return reply
      } catch (cause) {
        entry.end = `${cause}`
        throw cause
      }
    },
    { timing },
  )
  const lane = world.connect()
  const node = world.connect()
  const clients = [lane, node]
  await Promise.all(clients.map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))))
  // Otherwise the kernel holds small pieces back until the ones before them are acknowledged.
  for (const { socket } of clients) socket.setNoDelay(true)
  const ports = clients.map(({ socket }) => socket.localPort as number)
  node.write('\r\n')
  await quiet(clients)
  for (const piece of pieces) {
    if (piece === null) await quiet(clients)
    else for (const client of clients) if (!client.isClosed) client.write(piece)
    await new Promise(setImmediate)
  }
  await quiet(clients)
  await world.clock.settled(() => lane.isClosed && node.isClosed, 250)
  for (const { code, detail, peer } of world.refused) of(peer.port).refused.push({ code, detail })
  const [one, other] = ports.map((port, index) => {
    const found = of(port)
    found.text = (clients[index] as RawClient).text
      .replaceAll(/Date: [^\r]*/g, 'Date')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')
    return found
  })
  return { lane: one as Seen, node: other as Seen }
}

/**
 * Requests that the lane takes, and some that it leaves to node:http. Whether a body that nobody reads is there when its reply
 * is written must not depend on chance: such a request is sent in one piece.
 */
function request(random: Random, closes: boolean): { readonly text: string; readonly whole: boolean } {
  const path = random.pick(paths)
  return { text: requestTo(path, random, closes), whole: !/^\/(a|later|through)/.test(path) }
}

const paths = ['/a', '/later', '/unread', '/none', '/stream', '/length', '/through', '/later/through', '/..', '/a?b=c']

function requestTo(path: string, { pick, below, chance }: Random, closes: boolean): string {
  const odd = chance(0.2)
  const body = 'x'.repeat(pick([0, 1, 5, 300, bodyBytesMax, bodyBytesMax + 1]))
  const head = `${path} HTTP/1.1\r\nHost: h\r\n${closes ? 'Connection: close\r\n' : pick(['', 'X: y\r\n', 'connection: Keep-Alive\r\n'])}`
  if (!odd && chance(0.4)) return `${pick(['GET', 'HEAD', 'DELETE', 'OPTIONS'])} ${head}\r\n`
  if (!odd) return `${pick(['POST', 'PUT', 'PATCH', 'GET'])} ${head}Content-Length: ${body.length}\r\n\r\n${body}`
  // What is refused for its path or its size is answered before its chunks have been read, or behind them: see above.
  const chunked = head.replace('/..', '/a')
  const chunk = body.slice(0, bodyBytesMax)
  return pick([
    `POST ${chunked}Transfer-Encoding: chunked\r\n\r\n${chunk === '' ? '' : `${chunk.length.toString(16)}\r\n${chunk}\r\n`}0\r\n\r\n`,
    `GET ${head}Content-Type: ü\r\n\r\n`,
    `TRACE ${head}\r\n`,
    `GET ${head}${'A: b\r\n'.repeat(110)}\r\n`,
    `POST ${head}Expect: wonders\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    `GET http://h${head}\r\n`,
    `\r\nGET ${head}\r\n`,
    `GET ${head}Upgrade: h2c\r\n\r\n`,
    `GET ${head}Content-Length: 0\r\nHost: h\r\n\r\n`,
    `${'GET'[below(3)]} ${head}\r\n`,
  ])
}

/** Bytes with which no connection can go on. */
const broken: readonly string[] = [
  'GET / HTTP/1.0\r\n\r\n',
  'nonsense\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx',
  'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'GET /a HTTP/1.1\r\nA : b\r\n\r\n',
  'GET /a HTTP/1.1\r\nA: b\n\r\n',
  'GET /a HTTP/1.1\r\nA: \0\r\n\r\n',
  `GET /a HTTP/1.1\r\nA: ${'x'.repeat(17_000)}\r\n\r\n`,
  'GET /a HTTP/1.1\r\nHo',
  'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nshort',
  'POST /unread HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nshort',
  '\x16\x03\x01\0',
]

function conversation(random: Random): (Buffer | null)[] {
  const { below, chance, pick } = random
  const pieces: (Buffer | null)[] = []
  const pipelined = chance(0.5)
  const messages = 1 + below(5)
  for (let index = 0; index < messages; index++) {
    const { text, whole } = request(random, index === messages - 1 && chance(0.5))
    pieces.push(...(whole ? [Buffer.from(text, 'latin1')] : split(random, text)))
    if (!pipelined || chance(0.3)) pieces.push(null)
  }
  pieces.push(null)
  if (chance(0.5)) pieces.push(...split(random, pick(broken)), null)
  return pieces
}

/** In one piece, in a few, or byte by byte. */
function split({ below, chance }: Random, text: string): Buffer[] {
  const bytes = Buffer.from(text, 'latin1')
  if (bytes.length === 0) return []
  if (chance(0.4)) return [bytes]
  const pieces: Buffer[] = []
  const largest = chance(0.2) ? 8 : 1 + below(bytes.length)
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + below(largest))
    pieces.push(bytes.subarray(at, end))
    at = end
  }
  return pieces
}

describe('the lane', () => {
  it(`does what node:http does, in ${runs} conversations (GATEHOUSE_SEED=${seed})`, async () => {
    let taken = 0
    for (let run = 0; run < runs; run++) {
      const pieces = conversation(makeRandom(seed * 1_000_003 + run))
      const { lane, node } = await converse(pieces)
      taken += lane.lane
      const shown = `run ${run}: ${JSON.stringify(pieces.map((piece) => piece?.toString('latin1')))}`
      expect({ ...lane, lane: 0 }, shown).toEqual(node)
    }
    // Otherwise the comparison would be of nothing.
    expect(taken).toBeGreaterThan(runs / 2)
  }, 300_000)

  it.each(broken.map((text) => [text]))(
    'ends as node:http does with %j, first, next and behind an unanswered call',
    async (text) => {
      const bytes = Buffer.from(text, 'latin1')
      const call = Buffer.from('POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi')
      const closing = Buffer.from('GET /later HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
      const closingWithBody = Buffer.from(
        'POST /later HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi',
      )
      for (const pieces of [
        [bytes],
        [call, null, bytes],
        [Buffer.concat([call, bytes])],
        [Buffer.concat([call, call, bytes])],
        [Buffer.concat([closing, bytes])],
        [Buffer.concat([closingWithBody, bytes])],
        [Buffer.concat([closing, Buffer.from('\r\n\r\n')]), bytes],
      ]) {
        const { lane, node } = await converse(pieces)
        expect({ ...lane, lane: 0 }).toEqual(node)
        expect(lane.lane > 0 || pieces[0] === bytes).toBe(true)
      }
    },
  )
})
