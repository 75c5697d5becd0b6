/**
 * Many calls at once over few connections to an upstream that cuts its replies anywhere, says more than it should, closes when it likes,
 * and to agents that leave: every call gets its own reply or a fault, never another's, there are never more connections than the bound,
 * and none is lost. The seed is printed; `GATEHOUSE_SEED` chooses another and `GATEHOUSE_FUZZ_RUNS` how many rounds there are.
 */
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Fault } from '../../src/model/index.ts'
import { makeRandom, type Random } from '../agree/differential/random.ts'
import { fakeCall, forwardWorld, textOf } from '../support/upstream.ts'

const seed = Number(process.env.GATEHOUSE_SEED ?? 1)
const rounds = Number(process.env.GATEHOUSE_FUZZ_RUNS ?? (process.env.CI === 'true' ? 60 : 12))
const callsOfRound = 40
const connectionsMax = 3

interface Reply {
  readonly bytes: string
  /** Nothing else delimits it: cut off, it would seem whole. */
  readonly ends: boolean
  /** What is behind it must come with it: bytes that come later, on a connection that was lent again, nobody can tell from a reply. */
  readonly atOnce: boolean
}

/** A reply to the request for `path` that says which one it was, and perhaps too much. */
function replyTo(path: string, random: Random): Reply {
  const atOnce = random.chance(0.15)
  const text = `${path} `.repeat(1 + random.below(!atOnce && random.chance(0.2) ? 20_000 : 20))
  const interim = random.chance(0.1) ? 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n' : ''
  const close = random.chance(0.1) ? 'connection: close\r\n' : ''
  const surplus = atOnce ? 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n/evil' : ''
  const head = `${interim}HTTP/1.1 200 OK\r\n${close}`
  const half = text.length >> 1
  const chunk = (part: string): string => (part === '' ? '' : `${part.length.toString(16)}\r\n${part}\r\n`)
  switch (random.below(3)) {
    case 0:
      return { bytes: `${head}content-length: ${text.length}\r\n\r\n${text}${surplus}`, ends: false, atOnce }
    case 1:
      return {
        bytes: `${head}transfer-encoding: chunked\r\n\r\n${chunk(text.slice(0, half))}${chunk(text.slice(half))}0\r\n\r\n${surplus}`,
        ends: false,
        atOnce,
      }
    default:
      return { bytes: `${head}\r\n${text}`, ends: true, atOnce: false }
  }
}

/** Answers each request on the connection, in pieces, and now and then does not. */
async function answer(socket: Socket, path: string, random: Random): Promise<void> {
  const { bytes, ends, atOnce } = replyTo(path, random)
  const isCut = !ends && !atOnce && random.chance(0.1)
  const cutAt = isCut ? random.below(bytes.length) : bytes.length
  for (let at = 0; at < cutAt && !socket.destroyed; ) {
    const to = atOnce ? bytes.length : Math.min(cutAt, at + 1 + random.below(random.chance(0.5) ? bytes.length : 200))
    socket.write(Buffer.from(bytes.slice(at, to), 'latin1'))
    at = to
    if (random.chance(0.3)) await setImmediate()
  }
  if (isCut) socket.destroy()
  else if (ends || random.chance(0.1)) socket.end()
}

it(`gives every call its own reply or a fault, seed ${seed}`, async () => {
  const random = makeRandom(seed)
  let wholes = 0
  for (let round = 0; round < rounds; round++) {
    let open = 0
    let openMax = 0
    await using world = await forwardWorld(() => undefined, {
      upstream: { connectionsMax, headersMsMax: 100_000, idleMsMax: 100_000, retriesMax: 1 },
      raw: (socket) => {
        open++
        openMax = Math.max(openMax, open)
        socket.once('close', () => open--)
        let text = ''
        socket.on('data', (bytes) => {
          text += bytes.toString('latin1')
          const path = /^GET (\S+) .*?\r\n\r\n/s.exec(text)?.[1]
          if (path === undefined) return
          text = ''
          void answer(socket, path, random)
        })
      },
    })
    const results = await Promise.all(
      Array.from({ length: callsOfRound }, async (_, number) => {
        const path = `/${round}-${number}`
        const call = fakeCall({ path })
        const leaves = random.chance(0.15) ? random.below(30) : undefined
        if (leaves !== undefined)
          void (async () => {
            for (let turn = 0; turn < leaves; turn++) await setImmediate()
            call.depart('agent_gone')
          })()
        try {
          const text = await world.send(call).then(textOf)
          return { path, text }
        } catch (cause) {
          if (!(cause instanceof Fault)) throw cause
          return { path, code: cause.code }
        }
      }),
    )
    for (const { path, text, code } of results) {
      if (text === undefined) expect(code).toMatch(/^(upstream_cut|upstream_malformed|agent_gone)$/)
      else {
        wholes++
        expect(new Set(text.trim().split(' '))).toEqual(new Set([path]))
      }
    }
    // A server sees the end of a connection a little later than the client.
    expect(openMax).toBeLessThanOrEqual(2 * connectionsMax)
    await world.forwarding.close()
    await world.clock.settled(() => open === 0)
  }
  expect(wholes).toBeGreaterThan((rounds * callsOfRound) / 2)
}, 60_000)
