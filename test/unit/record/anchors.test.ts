/**
 * Checkpoints kept elsewhere: in files, by webhooks and by witnesses, which are real ones here. What an anchor holds of another
 * history is told and never overwritten; an anchor that fails is tried again and holds nothing up.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { AnchorSettings, FetchDocument, ObjectStore } from '../../../src/model/index.ts'
import {
  leafHash,
  parseCheckpoint,
  parseSigner,
  parseVerifier,
  signCheckpoint,
  signedBy,
  signerFromSeed,
  TileTree,
  type VerifierKey,
} from '../../../src/proof/index.ts'
import { type DecisionLog, makeWitness, nodeFiles, openWitnessKey, type Witness } from '../../../src/record/index.ts'
import { type LogWorld, logWorld, proofOf } from '../../support/log.ts'

type Asked = Parameters<FetchDocument>[0]
type Answer = Awaited<ReturnType<FetchDocument>>

function open(
  world: LogWorld,
  anchor: Partial<AnchorSettings> & Pick<AnchorSettings, 'to'>,
  fetchDocument?: FetchDocument,
  store?: ObjectStore,
): Promise<DecisionLog> {
  const anchors = [{ id: 'offsite', everyMs: 60_000, ...anchor }]
  return world.open({
    proof: {
      ...proofOf(world),
      anchors,
      ...(fetchDocument !== undefined && { fetchDocument }),
      ...(store !== undefined && { openStore: () => store }),
    },
  })
}

const note = (log: DecisionLog, count: number) =>
  Promise.all(Array.from({ length: count }, (_, place) => log.admin('note', { place })))

const answerOf = (status: number, body = '', type = 'text/plain'): Answer => ({
  status,
  headers: new Map([['content-type', type]]),
  bytes: Buffer.from(body),
})

const sizeIn = (path: string) => (existsSync(path) ? parseCheckpoint(readFileSync(path, 'utf8'))?.size : undefined)

function keyOf(world: LogWorld): VerifierKey {
  return parseVerifier(readFileSync(join(world.directory, 'checkpoints', 'log.pub'), 'utf8')) as VerifierKey
}

describe('an anchor that is a file', () => {
  const fileOf = (world: LogWorld) => join(world.directory, '..', '..', 'elsewhere', 'log.checkpoint')
  const toFile = (world: LogWorld) => ({ to: { kind: 'file', path: fileOf(world) } as const })

  it('gets the first checkpoint at once, the next at its pace, and the last when the log is closed', async () => {
    await using world = logWorld()
    const log = await open(world, toFile(world))
    await world.clock.settled(() => sizeIn(fileOf(world)) === 0, 1)
    await note(log, 5)
    await world.clock.settled(() => log.stats().checkpointLines === 5, 500)
    expect(sizeIn(fileOf(world))).toBe(0)
    expect(log.stats()).toMatchObject({ anchorLagLines: 5, anchorFailures: 0 })
    await world.clock.settled(() => sizeIn(fileOf(world)) === 5, 5_000)
    await note(log, 2)
    await log.close()
    expect(sizeIn(fileOf(world))).toBe(8)
  })

  it('is left as it is when it holds a checkpoint over more lines: the log was rolled back', async () => {
    await using world = logWorld()
    const first = await open(world, toFile(world))
    await note(first, 9)
    await first.close()
    rollBack(world)
    const log = await open(world, toFile(world))
    await world.clock.settled(() => log.readiness() !== undefined, 1)
    expect(log.readiness()).toMatch(
      /the anchor `offsite` holds another history than this log: `.*log\.checkpoint` holds a checkpoint over 9 lines that is not of this log, whose newest covers 5; run `gatehouse audit verify` with/,
    )
    await note(log, 20)
    await world.clock.settled(() => (log.stats().anchorFailures ?? 0) > 2, 5_000)
    expect(sizeIn(fileOf(world))).toBe(9)
    expect(world.said).toContainEqual({ level: 'error', message: 'an anchor holds another history than this log' })
  })

  it.each([
    {
      note: 'something else',
      text: 'do not lose me\n',
      says: /holds something else than a checkpoint and is left as it is/,
    },
    {
      note: 'the checkpoint of another log',
      text: signCheckpoint(1, Buffer.alloc(32), signerFromSeed('other', Buffer.alloc(32, 1), 'log')),
      says: /holds a checkpoint of `other` that this log's key did not sign/,
    },
  ])('that holds $note is left as it is', async ({ text, says }) => {
    await using world = logWorld()
    mkdirSync(join(fileOf(world), '..'), { recursive: true })
    writeFileSync(fileOf(world), text)
    const log = await open(world, toFile(world))
    await world.clock.settled(() => (log.stats().anchorFailures ?? 0) > 0, 1)
    await world.clock.settled(() => log.readiness() !== undefined, 60_000)
    expect(log.readiness()).toMatch(says)
    expect(readFileSync(fileOf(world), 'utf8')).toBe(text)
  })
})

/** Cuts the log back to its first five lines, as someone would who holds the key. */
function rollBack(world: LogWorld): void {
  const segment = join(world.directory, '0000000001.jsonl')
  const signer = parseSigner(readFileSync(proofOf(world).keyFile, 'utf8'))
  if (signer === undefined) throw new Error('no key')
  const kept = readFileSync(segment, 'utf8').split('\n').slice(0, 5)
  const tree = new TileTree(0, [], () => {})
  for (const line of kept) tree.append(leafHash(Buffer.from(line)))
  writeFileSync(segment, `${kept.join('\n')}\n`)
  writeFileSync(join(world.directory, 'checkpoints', 'checkpoint'), signCheckpoint(5, tree.root(), signer))
  rmSync(join(world.directory, 'checkpoints', 'tree'), { recursive: true })
}

describe('an anchor that is a bucket', () => {
  const to = { kind: 's3', bucket: {} } as const

  /** What a bucket is, with what was asked of it. */
  function bucket(objects = new Map<string, string>()) {
    const asked: string[] = []
    const store: ObjectStore = {
      place: 'https://s3.example/audit/',
      async put(name, content) {
        asked.push(`put ${name}`)
        if (objects.has(name)) return 'there'
        objects.set(name, Buffer.from(content).toString())
        return 'made'
      },
      async get(name) {
        const held = objects.get(name)
        return held === undefined ? undefined : Buffer.from(held)
      },
      async first(folder) {
        asked.push(`first ${folder}`)
        const names = [...objects.keys()].filter((name) => name.startsWith(folder)).sort()
        return names[0]?.slice(folder.length)
      },
    }
    return { store, objects, asked }
  }
  const sizes = (objects: ReadonlyMap<string, string>) =>
    [...objects.keys()].sort().map((name) => parseCheckpoint(objects.get(name) ?? '')?.size)

  it('gets each checkpoint as an object of its own, the newest of which is listed first', async () => {
    await using world = logWorld()
    const { store, objects, asked } = bucket()
    const log = await open(world, { to }, undefined, store)
    await world.clock.settled(() => objects.size === 1, 1)
    await note(log, 5)
    await world.clock.settled(() => objects.size === 2, 70_000)
    await note(log, 6)
    await log.close()
    expect(sizes(objects)).toEqual([12, 5, 0])
    const { name } = keyOf(world)
    expect([...objects.keys()][1]).toBe(`${name}/checkpoints/9007199254740986-0000000000000005`)
    expect(asked.filter((one) => one.startsWith('first'))).toEqual([`first ${name}/checkpoints/`])
  })

  it('is what it was after a restart: a checkpoint that is there is not put there again', async () => {
    await using world = logWorld()
    const { store, objects } = bucket()
    const first = await open(world, { to }, undefined, store)
    await note(first, 3)
    await first.close()
    const before = [...objects]
    const second = await open(world, { to }, undefined, store)
    await world.clock.settled(() => second.stats().anchorLagLines === 0, 1)
    expect([...objects]).toEqual(before)
    expect(second.stats().anchorFailures).toBe(0)
    await second.close()
  })

  it('is left as it is when it holds a checkpoint over more lines: the log was rolled back', async () => {
    await using world = logWorld()
    const { store, objects } = bucket()
    const first = await open(world, { to }, undefined, store)
    await note(first, 9)
    await first.close()
    rollBack(world)
    const log = await open(world, { to }, undefined, store)
    await world.clock.settled(() => log.readiness() !== undefined, 1)
    expect(log.readiness()).toMatch(
      /holds another history than this log: `https:\/\/s3\.example\/audit\/.*-0000000000000009` holds a checkpoint over 9 lines that is not of this log, whose newest covers 5;/,
    )
    const before = [...objects]
    await note(log, 20)
    await world.clock.settled(() => (log.stats().anchorFailures ?? 0) > 2, 5_000)
    expect([...objects]).toEqual(before)
  })

  it.each([
    { note: 'something else', text: 'do not lose me\n', says: /is no checkpoint; name another prefix/ },
    {
      note: 'the checkpoint of another log',
      text: signCheckpoint(1, Buffer.alloc(32), signerFromSeed('other', Buffer.alloc(32, 1), 'log')),
      says: /holds a checkpoint of `other` that this log's key did not sign/,
    },
  ])('that holds $note gets nothing', async ({ text, says }) => {
    await using world = logWorld()
    const { store, objects } = bucket()
    const first = await open(world, { to }, undefined, store)
    await first.close()
    const [name = ''] = objects.keys()
    objects.set(name, text)
    const log = await open(world, { to }, undefined, store)
    await world.clock.settled(() => (log.stats().anchorFailures ?? 0) > 0, 1)
    await world.clock.settled(() => log.readiness() !== undefined, 60_000)
    expect(log.readiness()).toMatch(says)
    expect([...objects]).toEqual([[name, text]])
  })
})

describe('an anchor that is a webhook', () => {
  it('is posted the signed note with its credential', async () => {
    await using world = logWorld()
    const asked: Asked[] = []
    const to = {
      kind: 'webhook',
      url: 'https://siem.example/c',
      credential: { header: 'authorization', value: 'Bearer secret' },
    } as const
    const log = await open(world, { to }, async (one) => {
      asked.push(one)
      return answerOf(204)
    })
    await world.clock.settled(() => asked.length === 1, 1)
    expect(asked[0]).toMatchObject({
      url: 'https://siem.example/c',
      method: 'POST',
      headers: { authorization: 'Bearer secret', 'content-type': 'text/plain; charset=utf-8' },
    })
    const checkpoint = parseCheckpoint(String(Buffer.from(asked[0]?.body as Uint8Array)))
    if (checkpoint === undefined) throw new Error('no checkpoint was posted')
    expect(signedBy(checkpoint.parsed, keyOf(world)).kind).toBe('signed')
    await log.close()
  })

  it('that fails is tried again, less and less often; nothing waits for it, and readiness tells only when it lasts', async () => {
    await using world = logWorld()
    const triedMs: number[] = []
    let status = 503
    const to = { kind: 'webhook', url: 'https://siem.example/c' } as const
    const log = await open(world, { to }, async () => {
      triedMs.push(world.clock.monotonicMs())
      return answerOf(status)
    })
    await note(log, 1)
    await world.clock.settled(() => triedMs.length === 8, 500)
    const gaps = triedMs.slice(1).map((ms, place) => Math.round((ms - (triedMs[place] as number)) / 1_000))
    expect(gaps).toEqual([1, 2, 4, 8, 16, 32, 60])
    expect(log.readiness()).toBeUndefined()
    await world.clock.settled(() => log.readiness() !== undefined, 10_000)
    expect(log.readiness()).toMatch(
      /the anchor `offsite` has taken no checkpoint for \d+ s: `https:\/\/siem\.example\/c` answered 503; calls go on/,
    )
    status = 200
    await world.clock.settled(() => log.readiness() === undefined, 10_000)
    expect(log.stats().anchorLagLines).toBe(0)
  })
})

describe('an anchor that never answers', () => {
  it('holds up a shutdown for some seconds and no longer', async () => {
    await using world = logWorld()
    const log = await open(
      world,
      { to: { kind: 'webhook', url: 'https://siem.example/c' } },
      () => new Promise(() => {}),
    )
    await note(log, 1)
    let isClosed = false
    void log.close().then(() => {
      isClosed = true
    })
    await world.clock.settled(() => sizeIn(join(world.directory, 'checkpoints', 'checkpoint')) === 1)
    await world.clock.advance(4_000)
    expect(isClosed).toBe(false)
    await world.clock.settled(() => isClosed, 500)
    expect(world.said).toContainEqual({
      level: 'warn',
      message: 'an anchor does not answer; it gets the last checkpoint at the next start',
    })
  })
})

describe('an anchor that is a witness', () => {
  const url = 'https://witness.example/audit/witness'

  /** A witness that knows the log of the world, and the way to it. */
  function witnessOf(world: LogWorld, log: VerifierKey) {
    const folder = join(world.directory, '..', '..', 'witness')
    const signer = openWitnessKey({ name: 'witness.example', keyFile: join(folder, 'key'), logs: [] }, (count) =>
      Buffer.alloc(count, 7),
    )
    const witness: Witness = makeWitness({
      directory: folder,
      signer,
      logs: [log],
      files: nodeFiles,
      clock: world.clock,
    })
    const asked: Asked[] = []
    const fetchDocument: FetchDocument = async (one) => {
      asked.push(one)
      const { status, type, body } = await witness.addCheckpoint(String(Buffer.from(one.body as Uint8Array)))
      return answerOf(status, body, type)
    }
    return { witness, asked, fetchDocument, folder, to: { kind: 'witness', url, key: signer.verifier.text } as const }
  }

  async function firstRun(world: LogWorld): Promise<VerifierKey> {
    const log = await world.open({ proof: proofOf(world) })
    await note(log, 3)
    await log.close()
    return keyOf(world)
  }

  const cosigned = (world: LogWorld) => join(world.directory, 'checkpoints', 'cosigned', 'offsite')

  it('signs what only grew, over restarts on both sides, and its signature lies beside the log', async () => {
    await using world = logWorld()
    const key = await firstRun(world)
    const { witness, asked, fetchDocument, to } = witnessOf(world, key)
    for (const count of [0, 5, 700]) {
      const log = await open(world, { to }, fetchDocument)
      await note(log, count)
      await log.close()
    }
    const checkpoint = parseCheckpoint(readFileSync(cosigned(world), 'utf8'))
    if (checkpoint === undefined) throw new Error('no checkpoint')
    expect(checkpoint.size).toBe(world.records().length)
    expect(signedBy(checkpoint.parsed, key).kind).toBe('signed')
    expect(signedBy(checkpoint.parsed, witness.key)).toEqual({
      kind: 'signed',
      timeS: Math.floor(world.clock.nowMs() / 1_000),
    })
    expect(await witness.newest(key.name)).toBe(readFileSync(cosigned(world), 'utf8'))
    expect(asked[0]?.url).toBe(`${url}/add-checkpoint`)
  })

  it('signs nothing of a log that was rewritten, and readiness says so', async () => {
    await using world = logWorld()
    const key = await firstRun(world)
    const { fetchDocument, to } = witnessOf(world, key)
    await (await open(world, { to }, fetchDocument)).close()
    // An owner who holds the key begins a new history under the same name.
    rmSync(world.directory, { recursive: true })
    const keyFile = proofOf(world).keyFile
    const held = readFileSync(keyFile)
    rmSync(keyFile)
    writeFileSync(`${keyFile}.new`, held, { mode: 0o600 })
    const log = await open(world, { to }, fetchDocument)
    await world.clock.settled(() => log.readiness() !== undefined, 1)
    expect(log.readiness()).toMatch(
      /the anchor `offsite` holds another history.*has seen a checkpoint over 3 lines, and the newest of this log covers 0/,
    )
    await note(log, 30)
    await world.clock.settled(() => (log.readiness() ?? '').includes('other 3 lines'), 5_000)
  })

  it('answers as C2SP tlog-witness has it', async () => {
    await using world = logWorld()
    const key = await firstRun(world)
    const signer = parseSigner(readFileSync(proofOf(world).keyFile, 'utf8'))
    if (signer === undefined) throw new Error('no key')
    const { witness } = witnessOf(world, key)
    const root = Buffer.alloc(32, 1)
    const other = signerFromSeed('other', Buffer.alloc(32, 1), 'log')
    const forged = signerFromSeed(key.name, Buffer.alloc(32, 1), 'log')
    const hashLine = `${root.toString('base64')}\n`
    const rows: [note: string, body: string, status: number, answer: RegExp][] = [
      ['nothing', '', 400, /expected/],
      ['an old size with a zero before it', `old 01\n\n${signCheckpoint(2, root, signer)}`, 400, /expected/],
      ['a proof from nothing', `old 0\n${hashLine}\n${signCheckpoint(2, root, signer)}`, 400, /expected/],
      ['more than 63 hashes', `old 1\n${hashLine.repeat(64)}\n${signCheckpoint(2, root, signer)}`, 400, /expected/],
      ['a short hash', `old 1\nAAAA\n\n${signCheckpoint(2, root, signer)}`, 400, /expected/],
      ['a log that is not known', `old 0\n\n${signCheckpoint(2, root, other)}`, 404, /not known/],
      ['a signature of an unknown key', `old 0\n\n${signCheckpoint(2, root, forged)}`, 403, /no signature/],
      ['an old size above the size', `old 3\n\n${signCheckpoint(2, root, signer)}`, 400, /larger/],
      ['another old size', `old 1\n\n${signCheckpoint(2, root, signer)}`, 409, /^0\n$/],
      ['the first checkpoint', `old 0\n\n${signCheckpoint(2, root, signer)}`, 200, /^\u2014 witness\.example \S+\n$/],
      ['the same once more', `old 2\n\n${signCheckpoint(2, root, signer)}`, 200, /^\u2014 witness\.example/],
      ['an old size that was true before', `old 0\n\n${signCheckpoint(5, root, signer)}`, 409, /^2\n$/],
      [
        'the same size with another root',
        `old 2\n\n${signCheckpoint(2, Buffer.alloc(32, 2), signer)}`,
        409,
        /another root/,
      ],
      ['a proof that leads elsewhere', `old 2\n${hashLine}\n${signCheckpoint(3, root, signer)}`, 422, /does not lead/],
    ]
    for (const [what, body, status, answer] of rows) {
      const got = await witness.addCheckpoint(body)
      expect(got.status, what).toBe(status)
      expect(got.body, what).toMatch(answer)
      if (status === 409 && /^\d+\n$/.test(got.body)) expect(got.type).toBe('text/x.tlog.size')
    }
  })

  it('answers one after the other, so that none overtakes another', async () => {
    await using world = logWorld()
    const key = await firstRun(world)
    const signer = parseSigner(readFileSync(proofOf(world).keyFile, 'utf8'))
    if (signer === undefined) throw new Error('no key')
    const { witness } = witnessOf(world, key)
    const body = (size: number) => `old 0\n\n${signCheckpoint(size, Buffer.alloc(32, size), signer)}`
    const statuses = await Promise.all([9, 4, 6].map(async (size) => (await witness.addCheckpoint(body(size))).status))
    expect(statuses).toEqual([200, 409, 409])
  })

  it.each([
    {
      note: 'a signature of somebody else',
      answer: (signed: string) => signed.replace('witness.example', 'other.example'),
      says: /answered no signature of `witness.example` that fits; look at `key`/,
    },
    { note: 'no signature', answer: () => 'hello', says: /answered something else than signatures/ },
  ])('that answers $note does not count', async ({ answer, says }) => {
    await using world = logWorld()
    const key = await firstRun(world)
    const { fetchDocument, to } = witnessOf(world, key)
    const log = await open(world, { to }, async (one) => {
      const got = await fetchDocument(one)
      return got.status === 200 ? answerOf(200, answer(String(got.bytes))) : got
    })
    await world.clock.settled(() => log.readiness() !== undefined, 10_000)
    expect(log.readiness()).toMatch(says)
    expect(readdirSync(join(world.directory, 'checkpoints'))).not.toContain('cosigned')
  })
})
