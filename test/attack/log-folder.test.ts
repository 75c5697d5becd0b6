/**
 * The folder of the log in the hands of a stranger: pipes, folders, devices and links in the place of its files, names and texts for a terminal.
 * Nothing waits for ever, nothing outside of the folder is written, and what is said is said in one sentence.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runWords } from '../../src/cli/main.ts'
import { signCheckpoint, signerFromSeed } from '../../src/proof/index.ts'
import { LogOpenError } from '../../src/record/index.ts'
import { makeFakeIo } from '../support/io.ts'
import { type LogWorld, logWorld, proofOf } from '../support/log.ts'

const lines = 300
const control = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

async function closedLog(world: LogWorld): Promise<void> {
  const log = await world.open({ proof: proofOf(world) })
  await Promise.all(Array.from({ length: lines }, (_, place) => log.admin('note', { place })))
  await log.close()
}

async function ask(world: LogWorld, words: string): Promise<{ status: number; out: string; err: string }> {
  const io = makeFakeIo({ directory: world.directory })
  const status = await runWords(words.split(' '), io)
  return { status, out: io.stdout.text, err: io.stderr.text }
}

const places = [
  '0000000002.jsonl',
  '0000000002.jsonl.zst',
  'checkpoints/checkpoint',
  'checkpoints/log.pub',
  'checkpoints/tree/0',
] as const
const things: { note: string; put: (path: string) => void }[] = [
  { note: 'a pipe', put: (path) => void execFileSync('mkfifo', [path]) },
  { note: 'a folder', put: (path) => mkdirSync(path) },
  { note: 'a device', put: (path) => symlinkSync('/dev/zero', path) },
]
const cases = things.flatMap((thing) => places.map((place) => ({ ...thing, place })))

describe('in the place of a file', () => {
  it.each(cases)('$note as $place is no mistake of the program, and nothing waits for it', async ({ put, place }) => {
    await using world = logWorld()
    await closedLog(world)
    const path = join(world.directory, place)
    rmSync(path, { force: true })
    put(path)
    const verified = await ask(world, `audit verify --log ${world.directory}`)
    expect(verified.err).not.toContain('mistake of the program')
    // Of the tree only the last word is lost: which line it was, if one was changed.
    expect(verified.status).toBe(place === 'checkpoints/tree/0' ? 0 : 2)
    if (verified.status === 2) expect(verified.err).toMatch(/^gatehouse: [^\n]{20,}\n$/)
    const opened = await world.open({ proof: proofOf(world) }).then(
      (log) => log.close().then(() => undefined),
      (cause: unknown) => cause,
    )
    if (place !== 'checkpoints/tree/0' || opened !== undefined) {
      expect(opened).toBeInstanceOf(LogOpenError)
      expect((opened as LogOpenError).message).toContain(world.directory)
    }
  })
})

describe('a link', () => {
  const targets = ['checkpoints/checkpoint.new', 'checkpoints/log.pub.new', 'checkpoints/tree/0', '0000000001.jsonl']
  it.each(targets)('as %s leads no write out of the folder', async (place) => {
    await using world = logWorld()
    await closedLog(world)
    const victim = join(world.directory, '..', 'victim')
    const path = join(world.directory, place)
    writeFileSync(victim, place.endsWith('.jsonl') ? readFileSync(path) : 'of somebody else')
    const before = readFileSync(victim)
    rmSync(path, { force: true })
    symlinkSync(victim, path)
    const opening = world.open({ proof: proofOf(world) })
    const log = await opening.catch(() => undefined)
    await log?.admin('note', {}).catch(() => undefined)
    await log?.close()
    expect(readFileSync(victim)).toEqual(before)
    // A link that a crash could not have left is in the way of nothing that is made anew.
    expect(log !== undefined).toBe(place.endsWith('.new'))
  })
})

describe('a line without end', () => {
  it('is read in pieces and never held whole', async () => {
    await using world = logWorld()
    await closedLog(world)
    // Holes of a file: no disk is used, and 256 MiB are read.
    const path = join(world.directory, '0000000002.jsonl')
    writeFileSync(path, '')
    truncateSync(path, 256 * 1024 * 1024)
    const before = process.memoryUsage.rss()
    const { status, out } = await ask(world, `audit verify --log ${world.directory}`)
    expect([status, out]).toEqual([0, expect.stringContaining('whole: the first 300 lines')])
    expect(process.memoryUsage.rss() - before).toBeLessThan(128 * 1024 * 1024)
  })
})

describe('a checkpoint made for a terminal', () => {
  const origins = ['\u001b[31mEVIL', '\u009b2J', 'left\u202egnirts', 'two\u2028lines']
  it.each(origins)('%j is none', async (origin) => {
    await using world = logWorld()
    await closedLog(world)
    const signer = signerFromSeed('honest', Buffer.alloc(32, 1), 'log')
    const note = signCheckpoint(lines, Buffer.alloc(32), { ...signer, verifier: { ...signer.verifier, name: origin } })
    const kept = join(world.directory, '..', 'kept.checkpoint')
    writeFileSync(kept, note)
    for (const words of [`--checkpoint ${kept}`, '']) {
      if (words === '') writeFileSync(join(world.directory, 'checkpoints/checkpoint'), note)
      const { out, err } = await ask(world, `audit verify --log ${world.directory} ${words}`.trim())
      expect(`${out}${err}`.replaceAll('\n', '')).not.toMatch(control)
    }
    const opened = await world.open({ proof: proofOf(world) }).catch((cause: unknown) => cause)
    if (opened instanceof Error) expect(opened.message).not.toMatch(control)
  })
})
