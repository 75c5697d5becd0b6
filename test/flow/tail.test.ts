/** `tail` and `why` against a whole house: over the operators' port, through restarts of it, and from its files. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runWords } from '../../src/cli/main.ts'
import { makeFakeIo } from '../support/io.ts'
import { openWorld, type World } from '../support/world.ts'

const token = 'operators-token-of-32-characters'
const withToken = {
  files: { 'operators-token': token },
  config: { listeners: { agents: { port: 0 }, operators: { port: 0, token: 'file:operators-token' } } },
}

function tailing(world: World, flags: string, url = world.house.operatorsUrl) {
  const io = makeFakeIo({
    directory: world.folder,
    environment: { GATEHOUSE_OPERATORS_TOKEN: token },
    pause: () => new Promise((resolve) => setImmediate(resolve)),
  })
  const done = runWords(['tail', '--url', url, ...flags.split(' ').filter((word) => word !== '')], io)
  const lines = () => io.stdout.text.split('\n').filter((line) => line !== '')
  return { io, done, lines, seqs: () => lines().map((line) => JSON.parse(line).seq as number) }
}

/** What is shown of the log: a slow machine may have a checkpoint, which nobody asked for, anywhere between. */
const shownOf = (world: World) => world.records().filter(({ type }) => type !== 'checkpoint')
const placesOf = (world: World, from = 0) =>
  shownOf(world)
    .map(({ seq }) => seq)
    .slice(from)

describe('tail of a gateway elsewhere', () => {
  it('shows what the files hold, byte by byte, then what comes', async () => {
    const world = await openWorld(withToken)
    try {
      for (let count = 0; count < 3; count++) expect((await world.send()).status).toBe(200)
      const reading = tailing(world, '--last 4')
      await expect.poll(reading.seqs).toEqual(placesOf(world, 3))
      expect(placesOf(world, 3)).toHaveLength(4)
      await world.send()
      await expect.poll(reading.seqs).toEqual(placesOf(world, 3))
      expect(reading.lines().map((line) => JSON.parse(line))).toEqual(shownOf(world).slice(3))
      reading.io.interrupt('SIGINT')
      expect(await reading.done).toBe(0)
      expect(reading.io.stderr.text).toBe('')
    } finally {
      await world.close()
    }
  })

  it('asks with every filter, and shows an outcome with what its decision said', async () => {
    const world = await openWorld({
      ...withToken,
      policies: { 'main.rego': 'package gatehouse\n\nallow if input.call.http.path == "/good"\n' },
    })
    try {
      await world.send({ path: '/good' })
      await world.send({ path: '/bad' })
      const cases: readonly (readonly [flags: string, seqs: number[]])[] = [
        ['--decision deny', [3, 4]],
        ['--agent buyer --type outcome', [2, 4]],
        ['--where call.path=/good', [1, 2]],
        ['--where status>=400', [4]],
        ['--from 3', [3, 4]],
        ['--until 1h', []],
        ['--since 1h --code policy_undefined', [3, 4]],
        ['--route nowhere', []],
      ]
      for (const [flags, seqs] of cases) {
        const reading = tailing(world, `--no-follow ${flags}`)
        expect([await reading.done, reading.io.stderr.text], flags).toEqual([0, ''])
        expect(reading.seqs(), flags).toEqual(seqs)
      }
      const text = tailing(world, '--no-follow --why --decision deny')
      expect(await text.done).toBe(0)
      expect(text.lines()[0]).toMatch(/deny {5}buyer .*policy_undefined/)
      expect(text.lines().at(-1)).toMatch(/403 {6}buyer .*policy_undefined/)
    } finally {
      await world.close()
    }
  })

  it.each([
    {
      note: 'a wrong token',
      flags: '',
      secret: 'wrong-operators-token',
      status: 2,
      says: /answered 401: send `Authoriz/,
    },
    { note: 'a wrong time', flags: '--since never', secret: token, status: 2, says: /`--since` takes a time/ },
    { note: 'no token', flags: '', secret: undefined, status: 2, says: /name their token with `--token-file FILE`/ },
  ])('is refused with words for $note', async ({ flags, secret, status, says }) => {
    const world = await openWorld(withToken)
    try {
      const io = makeFakeIo({ directory: world.folder, environment: { GATEHOUSE_OPERATORS_TOKEN: secret } })
      const words = ['tail', '--url', world.house.operatorsUrl, ...flags.split(' ').filter((word) => word !== '')]
      expect(await runWords(words, io)).toBe(status)
      expect(io.stderr.text).toMatch(says)
    } finally {
      await world.close()
    }
  })

  it('ends with status 3 where nobody answers', async () => {
    const world = await openWorld(withToken)
    const url = world.house.operatorsUrl
    await world.close()
    const io = makeFakeIo({ directory: '/', environment: { GATEHOUSE_OPERATORS_TOKEN: token } })
    expect(await runWords(['tail', '--url', url], io)).toBe(3)
    expect(io.stderr.text).toMatch(/`http:\/\/127\.0\.0\.1:\d+` cannot be read: .*ECONNREFUSED/)
  })

  it('takes up a stream that was cut off behind the last record, none missing and none twice', async () => {
    const world = await openWorld(withToken)
    try {
      const { createServer, connect } = await import('node:net')
      const target = Number(new URL(world.house.operatorsUrl).port)
      const cut = new Set<() => void>()
      const relay = createServer((socket) => {
        const to = connect(target, '127.0.0.1')
        const end = () => {
          socket.destroy()
          to.destroy()
        }
        cut.add(end)
        for (const one of [socket, to]) one.on('error', end).on('close', end)
        socket.pipe(to).pipe(socket)
      })
      await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
      const { port } = relay.address() as { port: number }
      const reading = tailing(world, '--from 0', `http://127.0.0.1:${port}`)
      for (let round = 0; round < 5; round++) {
        await world.send()
        const wanted = placesOf(world)
        expect(wanted).toHaveLength(3 + 2 * round)
        await expect.poll(reading.seqs).toEqual(wanted)
        for (const end of cut) end()
        cut.clear()
      }
      expect(reading.io.stderr.text).toMatch(/cannot be read: .*; trying again|^$/)
      reading.io.interrupt('SIGINT')
      expect(await reading.done).toBe(0)
      for (const end of cut) end()
      await new Promise((resolve) => relay.close(resolve))
    } finally {
      await world.close()
    }
  })
})

describe('why', () => {
  it('tells about a call by the id that its agent got', async () => {
    const world = await openWorld()
    try {
      const { headers } = await world.send({ path: '/orders' })
      const id = String(headers['gatehouse-decision'])
      const io = makeFakeIo({ directory: world.folder })
      expect(await runWords(['why', id.toUpperCase()], io)).toBe(0)
      expect(io.stdout.text).toContain('allowed and forwarded: 200')
      const json = makeFakeIo({ directory: world.folder })
      expect(await runWords(['why', id, '--format', 'json'], json)).toBe(0)
      expect(JSON.parse(json.stdout.text)).toEqual(world.pair(id))
    } finally {
      await world.close()
    }
  })

  it('says what vouches for the records, and when they are not what was signed', async () => {
    const world = await openWorld()
    try {
      const { headers } = await world.send({ path: '/orders' })
      const id = String(headers['gatehouse-decision'])
      const why = async () => {
        const io = makeFakeIo({ directory: world.folder })
        return { status: await runWords(['why', id], io), text: io.stdout.text }
      }
      const early = await why()
      expect(early.text).toMatch(
        /\n {2}proof +(the line \d is behind the newest checkpoint, which covers|both records are in)/,
      )
      await expect
        .poll(async () => (await why()).text, { timeout: 10_000 })
        .toMatch(/\n {2}proof +both records are in the log of \d+ lines that `gatehouse-[0-9a-f]{16}` signed\n/)
      await world.house.drain()
      const file = join(world.folder, 'data/log/0000000001.jsonl')
      const text = readFileSync(file, 'utf8')
      writeFileSync(file, text.replace('"decision":"allow"', '"decision":"ask"'))
      expect(await why()).toMatchObject({
        status: 1,
        text: expect.stringMatching(
          /proof +the line \d+ or the tiles are not what the checkpoint was signed over; run/,
        ),
      })
      writeFileSync(file, text)
      writeFileSync(join(world.folder, 'data/log/checkpoints/tree/0'), '')
      expect(await why()).toMatchObject({ status: 1, text: expect.stringMatching(/proof +the tree .* cannot be read/) })
      rmSync(join(world.folder, 'data/log/checkpoints/log.pub'))
      expect(await why()).toMatchObject({ status: 0, text: expect.stringMatching(/proof +nothing vouches for them/) })
    } finally {
      await world.close()
    }
  })

  it.each([
    { id: '01a1fdfb-0eb1-7005-aca6-382e97f20405', status: 1, says: /has no call `01a1fdfb/ },
    { id: 'abc', status: 2, says: /`abc` is no id of a call/ },
  ])('says that `$id` cannot be found', async ({ id, status, says }) => {
    const world = await openWorld()
    try {
      const io = makeFakeIo({ directory: world.folder })
      expect(await runWords(['why', id], io)).toBe(status)
      expect(io.stderr.text).toMatch(says)
    } finally {
      await world.close()
    }
  })
})
