/**
 * The proof of a log while it is written and when it is opened again: checkpoints that cover every line, tiles that lead to them,
 * and a log that does not open when it is not what was signed.
 */
import {
  appendFileSync,
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { CheckpointRecord } from '../../../src/model/index.ts'
import {
  leafHash,
  parseCheckpoint,
  parseSigner,
  parseVerifier,
  rootAt,
  signCheckpoint,
  signedBy,
  signerFromSeed,
  TileTree,
} from '../../../src/proof/index.ts'
import { type DecisionLog, LogOpenError } from '../../../src/record/index.ts'
import { failingFiles, type LogWorld, logWorld, proofOf } from '../../support/log.ts'

const open = (world: LogWorld, options: Parameters<LogWorld['open']>[0] = {}) =>
  world.open({ proof: proofOf(world), ...options })

async function note(log: DecisionLog, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, place) => log.admin('note', { place })))
}

/** A log of these many records, closed in order. */
async function written(world: LogWorld, count: number, options: Parameters<LogWorld['open']>[0] = {}): Promise<void> {
  const log = await open(world, options)
  await note(log, count)
  await log.close()
}

const checkpointFile = (world: LogWorld) => join(world.directory, 'checkpoints', 'checkpoint')
const levelFile = (world: LogWorld, level: number) => join(world.directory, 'checkpoints', 'tree', String(level))
const keyFile = (world: LogWorld) => proofOf(world).keyFile

/** Every tile with its bytes. */
function tiles(world: LogWorld): Map<string, string> {
  const folder = join(world.directory, 'checkpoints', 'tree')
  if (!existsSync(folder)) return new Map()
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    found.map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name), 'hex')]),
  )
}

function lines(world: LogWorld): Buffer[] {
  const text = world
    .segments()
    .map((name) => readFileSync(join(world.directory, name), 'latin1'))
    .join('')
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => Buffer.from(line, 'latin1'))
}

/** The root of the first lines, made without any of what the log keeps. */
function rootOf(world: LogWorld, size: number): Buffer {
  const tree = new TileTree(0, [], () => {})
  tree.append(Buffer.concat(lines(world).slice(0, size).map(leafHash)))
  return tree.root()
}

function checkpointOf(world: LogWorld) {
  const checkpoint = parseCheckpoint(readFileSync(checkpointFile(world), 'utf8'))
  const signer = parseSigner(readFileSync(keyFile(world), 'utf8'))
  if (checkpoint === undefined || signer === undefined) throw new Error('checkpoint or key cannot be read')
  expect(signedBy(checkpoint.parsed, signer.verifier)).toEqual({ kind: 'signed' })
  return checkpoint
}

async function refusal(opening: Promise<DecisionLog>): Promise<LogOpenError> {
  const failure = await opening.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  expect(failure).toBeInstanceOf(LogOpenError)
  return failure as LogOpenError
}

describe('checkpoints', () => {
  it('cover every line when the log is closed in order, and say what the lines hash to', async () => {
    await using world = logWorld()
    await written(world, 700)
    const { size, root, origin } = checkpointOf(world)
    expect(size).toBe(700)
    expect(root.equals(rootOf(world, 700))).toBe(true)
    expect(origin).toMatch(/^gatehouse-[0-9a-f]{16}$/)
  })

  it('are there from the first moment, over nothing', async () => {
    await using world = logWorld()
    await open(world)
    expect(checkpointOf(world).size).toBe(0)
  })

  it('come a second after the first record that none covers, as records too, and not for themselves', async () => {
    await using world = logWorld()
    const log = await open(world)
    await note(log, 3)
    await world.clock.advance(999)
    expect(checkpointOf(world).size).toBe(0)
    await world.clock.advance(1)
    await world.clock.settled(() => world.records().length === 4)
    const record = world.records()[3] as CheckpointRecord
    expect(record).toMatchObject({ type: 'checkpoint', size: 3 })
    expect(record.root).toBe(rootOf(world, 3).toString('base64'))
    await world.clock.settled(() => checkpointOf(world).size === 3)
    expect(readFileSync(checkpointFile(world), 'utf8')).toBe(record.note)
    await world.clock.advance(60_000)
    expect(world.records()).toHaveLength(4)
    await note(log, 1)
    await world.clock.settled(() => log.stats().checkpointLines === 5, 500)
    expect(log.stats()).toMatchObject({ checkpointLines: 5, checkpointFailures: 0 })
  })

  it('have the name that is configured', async () => {
    await using world = logWorld()
    await open(world, { proof: { ...proofOf(world), origin: 'gatehouse.example/audit' } })
    expect(checkpointOf(world).origin).toBe('gatehouse.example/audit')
  })

  it('that cannot be kept stop no call, are told, and are tried again', async () => {
    await using world = logWorld()
    const files = failingFiles()
    const log = await open(world, { files })
    await note(log, 1)
    files.fails = (operation) => (operation === 'replace' ? 'error' : undefined)
    await world.clock.settled(() => log.stats().checkpointFailures === 1, 500)
    await note(log, 1)
    expect(log.readiness()).toMatch(/checkpoints of the decision log cannot be kept since \d+ s: EIO.*nothing vouches/)
    await world.clock.settled(() => log.stats().nextSeq === 4, 500)
    const failures = log.stats().checkpointFailures ?? 0
    await world.clock.settled(() => (log.stats().checkpointFailures ?? 0) > failures + 4, 500)
    expect(log.stats().nextSeq, 'a failure writes no record by itself').toBe(4)
    files.fails = () => undefined
    await world.clock.settled(() => log.readiness() === undefined, 500)
    expect(checkpointOf(world).size).toBeGreaterThanOrEqual(2)
  })

  it('cover no line that the disk did not take', async () => {
    await using world = logWorld()
    const files = failingFiles()
    const log = await open(world, { files })
    await note(log, 2)
    let broken = false
    files.fails = (operation) => {
      if (operation !== 'write' || broken) return undefined
      broken = true
      return 'torn'
    }
    await log.change('lost', {}).catch(() => undefined)
    await world.clock.settled(() => log.readiness() === undefined, 500)
    await note(log, 2)
    await log.close()
    const { size, root } = checkpointOf(world)
    expect(size).toBe(lines(world).length)
    expect(root.equals(rootOf(world, size))).toBe(true)
  })
})

describe('tiles', () => {
  it('lead to the root of the checkpoint, a level of the tree in one file', async () => {
    await using world = logWorld()
    const log = await open(world)
    const hashesIn = (level: number) => statSync(levelFile(world, level)).size / 32
    await note(log, 300)
    await world.clock.settled(() => checkpointOf(world).size === 300, 500)
    expect([hashesIn(0), hashesIn(1)]).toEqual([300, 1])
    await note(log, 300)
    await log.close()
    const { size, root } = checkpointOf(world)
    expect([hashesIn(0), hashesIn(1)]).toEqual([size, 2])
    expect(readdirSync(join(world.directory, 'checkpoints', 'tree')).sort()).toEqual(['0', '1'])
    const read = log.proof?.read
    if (read === undefined) throw new Error('no proof')
    expect((await rootAt(size, size, read)).equals(root)).toBe(true)
    await expect(read(0, 2, size - 512 + 1)).rejects.toThrow(/has only \d+ bytes at 16384/)
  })
})

describe('the key', () => {
  it('is made on first start, for its owner alone, and lies beside the log as far as others may know it', async () => {
    await using world = logWorld()
    await open(world)
    expect(statSync(keyFile(world)).mode & 0o777).toBe(0o600)
    const signer = parseSigner(readFileSync(keyFile(world), 'utf8'))
    const published = readFileSync(join(world.directory, 'checkpoints', 'log.pub'), 'utf8')
    expect(parseVerifier(published)?.text).toBe(signer?.verifier.text)
    // The first lines that a start prints are its addresses.
    expect(world.said).toEqual([])
  })

  const damages: { note: string; damage: (world: LogWorld) => void; says: RegExp }[] = [
    {
      note: 'is missing',
      damage: (world) => rmSync(keyFile(world)),
      says: /is missing, with which `gatehouse-.*` signed a checkpoint over 5 lines.*: restore it, or move the log away/,
    },
    {
      note: 'may be read by others',
      damage: (world) => chmodSync(keyFile(world), 0o640),
      says: /may be read or written by others \(mode `640`\): run `chmod 600 /,
    },
    {
      note: 'holds something else',
      damage: (world) => writeFileSync(keyFile(world), 'x'),
      says: /holds no key of a log: restore it/,
    },
    {
      note: 'is cut off',
      damage: (world) => writeFileSync(keyFile(world), readFileSync(keyFile(world), 'utf8').slice(0, -8)),
      says: /holds no key of a log/,
    },
    {
      note: 'is another one',
      damage: (world) => writeFileSync(keyFile(world), signerFromSeed('other', Buffer.alloc(32, 7), 'log').text),
      says: /is of `other` .* did not sign the newest checkpoint .* which is of `gatehouse-.*`: restore the key of this log/,
    },
  ]
  it.each(damages)('stops the start when it $note, and says what to do', async ({ damage, says }) => {
    await using world = logWorld()
    await written(world, 5)
    damage(world)
    const failure = await refusal(open(world))
    expect(failure.code).toBe('log_key')
    expect(failure.message).toMatch(says)
    expect(failure.message).toContain(keyFile(world))
  })

  it('stops the start when its name is not the configured one', async () => {
    await using world = logWorld()
    await written(world, 5)
    const failure = await refusal(open(world, { proof: { ...proofOf(world), origin: 'new.example' } }))
    expect(failure.message).toMatch(/is of `gatehouse-.*`, and the configuration says `audit.origin: new.example`/)
  })
})

describe('a log that is opened again', () => {
  it('goes on with the same tree, whatever sizes it had', async () => {
    await using world = logWorld()
    for (const count of [0, 1, 255, 1, 300, 600, 0, 70]) await written(world, count, { segmentBytesMax: 20_000 })
    const { size, root } = checkpointOf(world)
    expect(size).toBe(lines(world).length)
    expect(root.equals(rootOf(world, size))).toBe(true)
  })

  it('reads no more than the lines since its last full tile when the tiles are there', async () => {
    await using world = logWorld()
    const first = await open(world, { segmentBytesMax: 20_000 })
    for (let wave = 0; wave < 20; wave++) await note(first, 100)
    await first.close()
    const files = failingFiles()
    const read: string[] = []
    let beginningBytes = 0
    await open(world, {
      segmentBytesMax: 20_000,
      files: {
        ...files,
        read(path, position, length, into) {
          read.push(path)
          if (path.endsWith('/0000000001.jsonl')) beginningBytes += length
          return files.read(path, position, length, into)
        },
      },
    })
    const segments = world.segments()
    expect(segments.length).toBeGreaterThan(8)
    expect(new Set(read.filter((path) => path.endsWith('.jsonl'))).size).toBeLessThan(5)
    expect(beginningBytes, 'which line the log begins with').toBeLessThan(300)
  })

  it('was proven by nothing before: all of its lines are taken in', async () => {
    await using world = logWorld()
    const log = await world.open()
    await note(log, 500)
    await log.close()
    await written(world, 1)
    expect(world.said).toEqual([{ level: 'warn', message: expect.stringContaining('had neither key nor checkpoint') }])
    expect(checkpointOf(world).size).toBe(501)
    expect(checkpointOf(world).root.equals(rootOf(world, 501))).toBe(true)
  })

  it('is begun anew after a first start that was cut off, wherever that was', async () => {
    await using world = logWorld()
    await written(world, 0)
    const key = readFileSync(keyFile(world))
    const cuts: (() => void)[] = [
      // The key was made, and nothing else.
      () => rmSync(world.directory, { recursive: true }),
      // It was not whole yet.
      () => {
        rmSync(world.directory, { recursive: true })
        writeFileSync(`${keyFile(world)}.new`, key.subarray(0, 20))
      },
      // Its first checkpoint was on disk.
      () => undefined,
    ]
    for (const cut of cuts) {
      renameSync(keyFile(world), `${keyFile(world)}.new`)
      cut()
      await written(world, 3)
      expect(checkpointOf(world).size).toBe(lines(world).length)
      expect(existsSync(`${keyFile(world)}.new`)).toBe(false)
    }
  })

  it('is not begun anew in place of one that is gone', async () => {
    await using world = logWorld()
    await written(world, 3)
    rmSync(world.directory, { recursive: true })
    const failure = await refusal(open(world))
    expect(failure.code).toBe('log_changed')
    expect(failure.message).toMatch(/it has 0 lines and no checkpoint.*If a new log is to begin, move the key away too/)
  })

  it('is not taken in when it was never proven and its beginning is gone', async () => {
    await using world = logWorld()
    const log = await world.open({ segmentBytesMax: 2_000 })
    for (let wave = 0; wave < 9; wave++) await note(log, 10)
    await log.close()
    rmSync(join(world.directory, '0000000001.jsonl'))
    const failure = await refusal(open(world))
    expect(failure.message).toMatch(/its first line is `10`, and no checkpoint covers more than 0 lines: a segment is/)
  })

  it('may have been moved', async () => {
    await using world = logWorld()
    await written(world, 300)
    const moved = `${world.directory}-moved`
    renameSync(world.directory, moved)
    const log = await open(world, { directory: moved })
    expect(log.proof?.checkpoint().size).toBe(300)
  })

  const repairs: { note: string; damage: (world: LogWorld) => void }[] = [
    {
      note: 'the tree is gone',
      damage: (world) => rmSync(join(world.directory, 'checkpoints', 'tree'), { recursive: true }),
    },
    {
      note: 'a level of the tree is cut short',
      damage: (world) => truncateSync(levelFile(world, 0), 300 * 32 - 5),
    },
    {
      note: 'a level of the tree is full of zeros',
      damage: (world) => writeFileSync(levelFile(world, 0), Buffer.alloc(3 * 8_192)),
    },
    {
      note: 'a level of the tree is longer than the log',
      damage: (world) => appendFileSync(levelFile(world, 0), Buffer.alloc(4 * 8_192, 7)),
    },
    {
      note: 'a level of the tree is gone',
      damage: (world) => rmSync(levelFile(world, 1)),
    },
    {
      note: 'the checkpoint file is torn',
      damage: (world) => writeFileSync(checkpointFile(world), readFileSync(checkpointFile(world), 'utf8').slice(0, 60)),
    },
    { note: 'the checkpoint file is empty', damage: (world) => writeFileSync(checkpointFile(world), '') },
    { note: 'the checkpoint file is gone', damage: (world) => rmSync(checkpointFile(world)) },
    {
      note: 'a line came after the checkpoint',
      damage: (world) =>
        appendFileSync(
          join(world.directory, '0000000001.jsonl'),
          `{"seq":${lines(world).length},"type":"admin","timestamp":"2026-03-02T10:00:00.000000Z","event":"late","detail":{}}\n`,
        ),
    },
    { note: 'the public key is gone', damage: (world) => rmSync(join(world.directory, 'checkpoints', 'log.pub')) },
  ]
  it.each(repairs)('is repaired when $note', async ({ damage }) => {
    await using world = logWorld()
    const first = await open(world)
    await note(first, 600)
    await world.clock.settled(() => world.records().length === 601, 500)
    await first.close()
    damage(world)
    const log = await open(world)
    expect(log.readiness()).toBeUndefined()
    await note(log, 1)
    await log.close()
    const { size, root } = checkpointOf(world)
    expect(size).toBe(lines(world).length)
    expect(root.equals(rootOf(world, size))).toBe(true)
    const read = log.proof?.read
    if (read === undefined) throw new Error('no proof')
    expect((await rootAt(size, size, read)).equals(root), 'its tiles lead to the root').toBe(true)
    expect(existsSync(join(world.directory, 'checkpoints', 'log.pub'))).toBe(true)
  })

  const segment = (world: LogWorld) => join(world.directory, '0000000001.jsonl')
  const changes: { note: string; change: (world: LogWorld, count: number) => void; says: RegExp }[] = [
    {
      note: 'a line of the newest tile was changed',
      change: (world) =>
        writeFileSync(segment(world), readFileSync(segment(world), 'utf8').replace('"place":599', '"place":598')),
      says: /its first 600 lines are not those .* at least one was changed, added, removed or moved.*gatehouse audit verify/,
    },
    {
      note: 'a line was changed and the tiles were removed',
      change: (world) => {
        writeFileSync(segment(world), readFileSync(segment(world), 'utf8').replace('"place":5}', '"place":6}'))
        rmSync(join(world.directory, 'checkpoints', 'tree'), { recursive: true })
      },
      says: /its first 600 lines are not those/,
    },
    {
      note: 'lines were cut off at the end',
      change: (world) =>
        writeFileSync(segment(world), `${readFileSync(segment(world), 'utf8').split('\n').slice(0, 590).join('\n')}\n`),
      says: /it has 590 lines, and its newest checkpoint was signed over 600: what is missing stood at the end/,
    },
    {
      note: 'the end of the last line was changed, as if it were torn',
      change: (world) => writeFileSync(segment(world), readFileSync(segment(world), 'utf8').replace(/}\n$/, ')\n')),
      says: /it has 599 lines, and its newest checkpoint was signed over 600: what is missing stood at the end/,
    },
    {
      note: 'the segment is gone',
      change: (world) => rmSync(segment(world)),
      says: /it has 0 lines, and its newest checkpoint was signed over 600/,
    },
    {
      note: 'the checkpoint speaks of fewer lines',
      change: (world) =>
        writeFileSync(checkpointFile(world), readFileSync(checkpointFile(world), 'utf8').replace('\n600\n', '\n500\n')),
      says: /the text or the signature of its newest checkpoint was changed/,
    },
    {
      note: 'there is no checkpoint any more, in the file or in the log',
      change: (world) => rmSync(join(world.directory, 'checkpoints'), { recursive: true }),
      says: /it has 600 lines and no checkpoint, though the key .* has signed some. Restore the log with its folder/,
    },
    {
      note: 'the checkpoint was signed with another key',
      change: (world) =>
        writeFileSync(
          checkpointFile(world),
          signCheckpoint(600, rootOf(world, 600), signerFromSeed('other', Buffer.alloc(32, 7), 'log')),
        ),
      says: /did not sign the newest checkpoint/,
    },
  ]
  it.each(changes)('does not open when $note; nothing is written', async ({ change, says }) => {
    await using world = logWorld()
    await written(world, 600)
    change(world, 600)
    const before = existsSync(segment(world)) ? readFileSync(segment(world)) : undefined
    const tilesBefore = tiles(world)
    const failure = await refusal(open(world))
    expect(failure.message).toMatch(says)
    expect(failure.message).toContain(world.directory)
    expect(existsSync(segment(world)) ? readFileSync(segment(world)) : undefined).toEqual(before)
    expect(tiles(world)).toEqual(tilesBefore)
    // It is not opened by trying again.
    expect((await refusal(open(world))).message).toBe(failure.message)
  })
})

describe('a disk that fails', () => {
  it('at any one operation leaves a log that is proven when it is opened again', { timeout: 60_000 }, async () => {
    for (let number = 1; ; number++) {
      await using world = logWorld()
      const files = failingFiles()
      let count = 0
      let failed = false
      files.fails = () => {
        count += 1
        failed ||= count === number
        return count === number ? 'after' : undefined
      }
      const log = await open(world, { files }).catch(() => undefined)
      if (log !== undefined) {
        await log.admin('note', {}).catch(() => undefined)
        await world.clock.settled(() => log.readiness() === undefined && log.stats().checkpointLines !== 0, 500)
        await log.admin('note', {}).catch(() => undefined)
        await log.close()
      }
      files.fails = () => undefined
      await written(world, 2)
      const { size, root } = checkpointOf(world)
      expect(size, `operation ${number}`).toBe(lines(world).length)
      expect(root.equals(rootOf(world, size)), `operation ${number}`).toBe(true)
      if (!failed) break
    }
  })
})
