/**
 * Whatever is done to lines that a checkpoint covers is found, and the first line that is not right is named: exactly while the
 * tiles beside the log can be believed, else within the lines that the checkpoints in the log leave open. Proofs hold for
 * what stands in the log, and for nothing else. The log is a real one, read from memory so that many changes can be tried.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  exactBase64,
  isConsistent,
  isIncluded,
  leafHash,
  parseCheckpoint,
  parseVerifier,
  type SignedCheckpoint,
  signCheckpoint,
  signerFromSeed,
  TileTree,
  type VerifierKey,
} from '../../../src/proof/index.ts'
import {
  proveConsistency,
  proveLines,
  type ReadFiles,
  readTileStore,
  type Sourced,
  UnverifiableError,
  type Verified,
  verifyLog,
} from '../../../src/record/index.ts'
import { logWorld, proofOf } from '../../support/log.ts'

const directory = '/log'

/** Files by path, as they were written by a real log. */
type Disk = Map<string, Buffer>

let original: Disk
let key: VerifierKey
/** The newest checkpoint of the log, and one over fewer lines that was kept elsewhere. */
let newest: SignedCheckpoint
let earlier: SignedCheckpoint

beforeAll(async () => {
  await using world = logWorld()
  const log = await world.open({ proof: proofOf(world), segmentBytesMax: 25_000 })
  for (let wave = 0; wave < 14; wave++) {
    await Promise.all(Array.from({ length: 50 }, (_, place) => log.admin('note', { wave, place, text: 'é\u2028"' })))
    const before = log.stats().nextSeq
    await world.clock.settled(() => log.stats().nextSeq > before, 500)
    if (wave === 6) earlier = log.proof?.checkpoint() as SignedCheckpoint
  }
  await log.close()
  original = new Map()
  const load = (folder: string, name: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) load(path, `${name}/${entry.name}`)
      else original.set(`${name}/${entry.name}`, readFileSync(path))
      expect(statSync(path).uid).toBe(process.getuid?.())
    }
  }
  load(world.directory, directory)
  key = parseVerifier(String(original.get('/log/checkpoints/log.pub'))) as VerifierKey
  newest = parseCheckpoint(String(original.get('/log/checkpoints/checkpoint'))) as SignedCheckpoint
  expect(newest.size).toBe(linesOf(original).length)
  expect(newest.size).toBeGreaterThan(700)
  expect(segmentsOf(original).length).toBeGreaterThan(4)
})

const segmentsOf = (disk: Disk) => [...disk.keys()].filter((path) => path.endsWith('.jsonl')).sort()

function filesOf(disk: Disk): ReadFiles {
  const found = (path: string): Buffer => {
    const bytes = disk.get(path)
    if (bytes === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' })
    return bytes
  }
  return {
    list: async () => segmentsOf(disk).map((path) => path.slice(directory.length + 1)),
    sizeBytes: async (path) => found(path).length,
    read: async (path, position, length) => Buffer.from(found(path).subarray(position, position + length)),
  }
}

/** What stands before each newline, as text of bytes. */
function linesOf(disk: Disk): string[] {
  return segmentsOf(disk).flatMap((path) => (disk.get(path) as Buffer).toString('latin1').split('\n').slice(0, -1))
}

const verify = (disk: Disk, checkpoints: readonly Sourced[] = []): Promise<Verified> =>
  verifyLog({ directory, files: filesOf(disk), key, checkpoints })

/** The first line that is not what it was, of those that a checkpoint of this size covers. */
function firstChanged(disk: Disk, size: number): number | undefined {
  const before = linesOf(original).slice(0, size)
  const after = linesOf(disk)
  const place = before.findIndex((line, index) => line !== after[index])
  return place === -1 ? undefined : place
}

/** Puts lines in the place of others, in the segments where they stood. */
function withLines(disk: Disk, change: (lines: string[]) => void): void {
  const owners = segmentsOf(disk).flatMap((path) =>
    (disk.get(path) as Buffer)
      .toString('latin1')
      .split('\n')
      .slice(0, -1)
      .map((line) => ({ path, line })),
  )
  const lines = owners.map(({ line }) => line)
  change(lines)
  const texts = new Map(segmentsOf(disk).map((path) => [path, '']))
  for (const [place, line] of lines.entries()) {
    const path = owners[Math.min(place, owners.length - 1)]?.path as string
    texts.set(path, `${texts.get(path)}${line}\n`)
  }
  for (const [path, text] of texts) disk.set(path, Buffer.from(text, 'latin1'))
}

/** A place as a part of the whole, 0 to 1. `fc.double` would give next to nothing but the beginning. */
const share = fc.integer({ min: 0, max: 999_999 }).map((part) => part / 1_000_000)
type Change = { readonly note: string; readonly apply: (disk: Disk) => void }
const at = (part: number, count: number) => Math.floor(part * count)

const changes: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ segment: share, place: share, bit: fc.nat(7) }).map(({ segment, place, bit }) => ({
    note: `bit ${bit} at ${place} of segment ${segment}`,
    apply(disk: Disk) {
      const paths = segmentsOf(disk)
      const path = paths[at(segment, paths.length)] as string
      const bytes = Buffer.from(disk.get(path) as Buffer)
      const index = at(place, bytes.length)
      bytes[index] = (bytes[index] as number) ^ (1 << bit)
      disk.set(path, bytes)
    },
  })),
  fc.record({ one: share, other: share }).map(({ one, other }) => ({
    note: `lines ${one} and ${other} swapped`,
    apply: (disk: Disk) =>
      withLines(disk, (lines) => {
        const [from, to] = [at(one, lines.length), at(other, lines.length)]
        const held = lines[from] as string
        lines[from] = lines[to] as string
        lines[to] = held
      }),
  })),
  fc.record({ from: share, count: fc.integer({ min: 1, max: 300 }) }).map(({ from, count }) => ({
    note: `${count} lines from ${from} cut out`,
    apply: (disk: Disk) => withLines(disk, (lines) => void lines.splice(at(from, lines.length), count)),
  })),
  fc.record({ to: share, of: share, count: fc.integer({ min: 1, max: 90 }) }).map(({ to, of, count }) => ({
    note: `${count} lines of ${of} put in once more at ${to}`,
    apply: (disk: Disk) =>
      withLines(disk, (lines) => {
        const copied = lines.slice(at(of, lines.length), at(of, lines.length) + count)
        lines.splice(at(to, lines.length), 0, ...copied)
      }),
  })),
  fc.record({ to: share, text: fc.string({ maxLength: 40 }) }).map(({ to, text }) => ({
    note: `the line ${JSON.stringify(text)} put in at ${to}`,
    apply: (disk: Disk) =>
      withLines(
        disk,
        (lines) =>
          void lines.splice(at(to, lines.length), 0, Buffer.from(text.replaceAll('\n', ' ')).toString('latin1')),
      ),
  })),
  fc.record({ segment: share, keep: share }).map(({ segment, keep }) => ({
    note: `segment ${segment} rolled back to ${keep} of it`,
    apply(disk: Disk) {
      const paths = segmentsOf(disk)
      const path = paths[at(segment, paths.length)] as string
      const bytes = disk.get(path) as Buffer
      disk.set(path, bytes.subarray(0, at(keep, bytes.length)))
    },
  })),
  share.map((segment) => ({
    note: `segment ${segment} removed`,
    apply(disk: Disk) {
      const paths = segmentsOf(disk)
      disk.delete(paths[at(segment, paths.length)] as string)
    },
  })),
  fc.record({ one: share, other: share }).map(({ one, other }) => ({
    note: `segments ${one} and ${other} changed places`,
    apply(disk: Disk) {
      const paths = segmentsOf(disk)
      const [first, second] = [paths[at(one, paths.length)] as string, paths[at(other, paths.length)] as string]
      const held = disk.get(first) as Buffer
      disk.set(first, disk.get(second) as Buffer)
      disk.set(second, held)
    },
  })),
)

describe('a log that was changed', () => {
  it('is found out after any change, and the first line that is not right is named', { timeout: 60_000 }, async () => {
    const kinds = new Set<string>()
    await fc.assert(
      fc.asyncProperty(changes, async (change) => {
        const disk = new Map(original)
        change.apply(disk)
        const wanted = firstChanged(disk, newest.size)
        const { finding } = await verify(disk)
        if (finding !== undefined) kinds.add(finding.kind)
        expect(finding === undefined ? undefined : [finding.from, finding.to], change.note).toEqual(
          wanted === undefined ? undefined : [wanted, wanted],
        )
      }),
      { numRuns: 250 },
    )
    expect([...kinds].sort()).toEqual(['added', 'changed', 'moved', 'removed'])
  })

  it('is found out after every single changed bit of its lines', { timeout: 60_000 }, async () => {
    const signer = signerFromSeed('small', Buffer.alloc(32, 4), 'log')
    const path = '/log/0000000001.jsonl'
    const text = `${linesOf(original).slice(0, 4).join('\n')}\n`
    const tree = new TileTree(0, [], () => {})
    for (const line of text.split('\n').slice(0, -1)) tree.append(leafHash(Buffer.from(line, 'latin1')))
    const note = signCheckpoint(tree.size, tree.root(), signer)
    const options = { directory, key: signer.verifier, checkpoints: [{ source: 'kept', note }] }
    const whole = Buffer.from(text, 'latin1')
    expect((await verifyLog({ ...options, files: filesOf(new Map([[path, whole]])) })).finding).toBeUndefined()
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const bytes = Buffer.from(whole)
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
      const { finding } = await verifyLog({ ...options, files: filesOf(new Map([[path, bytes]])) })
      const wanted =
        whole
          .subarray(0, bit >> 3)
          .toString('latin1')
          .split('\n').length - 1
      expect(finding?.from, `bit ${bit}`).toBeLessThanOrEqual(wanted)
      expect(finding?.to, `bit ${bit}`).toBeGreaterThanOrEqual(wanted)
    }
  })

  it('is found out by what was kept elsewhere, when the rest of the log was rolled back with its checkpoints', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), async (records) => {
        const disk = new Map(original)
        withLines(disk, (lines) => void lines.splice(lines.length - records * 10))
        for (const path of [...disk.keys()]) if (path.includes('/tree/')) disk.delete(path)
        disk.delete('/log/checkpoints/checkpoint')
        const alone = await verify(disk)
        expect(alone.finding, 'the log alone knows no better').toBeUndefined()
        const { finding, source } = await verify(disk, [{ source: 'anchor', note: newest.note }])
        const left = linesOf(disk).length
        expect(source).toBe('anchor')
        expect(finding).toMatchObject({ kind: 'removed', to: left })
      }),
      { numRuns: 10 },
    )
  })

  it('is found out when its tiles were changed or removed too, and the line lies within what is named', {
    timeout: 60_000,
  }, async () => {
    const tileChange = fc.oneof(
      fc.constant<(disk: Disk) => void>((disk) => {
        for (const path of [...disk.keys()]) if (path.includes('/tree/')) disk.delete(path)
      }),
      fc.record({ tile: share, place: share, bit: fc.nat(7) }).map(({ tile, place, bit }) => (disk: Disk) => {
        const paths = [...disk.keys()].filter((path) => path.includes('/tree/')).sort()
        const path = paths[at(tile, paths.length)] as string
        const bytes = Buffer.from(disk.get(path) as Buffer)
        const index = at(place, bytes.length)
        bytes[index] = (bytes[index] as number) ^ (1 << bit)
        disk.set(path, bytes)
      }),
    )
    await fc.assert(
      fc.asyncProperty(changes, tileChange, async (change, changeTiles) => {
        const disk = new Map(original)
        change.apply(disk)
        changeTiles(disk)
        const wanted = firstChanged(disk, newest.size)
        const { finding } = await verify(disk)
        if (wanted === undefined) expect(finding, change.note).toBeUndefined()
        else {
          expect(finding?.from, change.note).toBeLessThanOrEqual(wanted)
          expect(finding?.to, change.note).toBeGreaterThanOrEqual(wanted)
        }
      }),
      { numRuns: 150 },
    )
  })

  it('is narrowed down to the lines between two checkpoints without any tile', async () => {
    const disk = new Map(original)
    for (const path of [...disk.keys()]) if (path.includes('/tree/')) disk.delete(path)
    withLines(disk, (lines) => {
      lines[333] = (lines[333] as string).replace('note', 'nope')
    })
    const { finding } = await verify(disk)
    expect(finding?.kind).toBe('unclear')
    expect(finding?.from).toBeGreaterThan(280)
    expect(finding?.to).toBeLessThan(360)
    expect(finding?.file).toMatch(/^\d{10}\.jsonl$/)
  })

  it('says where: the segment and the line in it', async () => {
    const disk = new Map(original)
    const path = segmentsOf(disk)[2] as string
    const text = String(disk.get(path)).split('\n')
    text[7] = (text[7] as string).replace('note', 'nope')
    disk.set(path, Buffer.from(text.join('\n')))
    expect((await verify(disk)).finding).toMatchObject({ kind: 'changed', file: '0000000003.jsonl', fileLine: 8 })
  })

  it.each([
    {
      note: 'one line changed',
      change: (lines: string[]) => void lines.splice(400, 1, 'x'),
      wanted: { kind: 'changed', to: 400 },
    },
    {
      note: 'one line taken out',
      change: (lines: string[]) => void lines.splice(400, 1),
      wanted: { kind: 'removed', to: 400, count: 1 },
    },
    {
      note: 'thirty lines taken out',
      change: (lines: string[]) => void lines.splice(400, 30),
      wanted: { kind: 'removed', to: 400, count: 30 },
    },
    {
      note: 'the end taken off',
      change: (lines: string[]) => void lines.splice(700),
      wanted: { kind: 'removed', to: 700 },
    },
    {
      note: 'a line put in',
      change: (lines: string[]) => void lines.splice(400, 0, '{"seq":400}'),
      wanted: { kind: 'added', to: 400, count: 1 },
    },
    {
      note: 'three lines put in',
      change: (lines: string[]) => void lines.splice(400, 0, 'a', 'b', 'c'),
      wanted: { kind: 'added', to: 400, count: 3 },
    },
    {
      note: 'a line moved up',
      change: (lines: string[]) => void lines.splice(400, 0, ...lines.splice(420, 1)),
      wanted: { kind: 'moved', to: 400 },
    },
    {
      note: 'two lines swapped',
      change: (lines: string[]) => void lines.splice(400, 2, lines[401] as string, lines[400] as string),
      wanted: { kind: 'moved', to: 400 },
    },
  ])('tells what happened: $note', async ({ change, wanted }) => {
    const disk = new Map(original)
    withLines(disk, change)
    expect((await verify(disk)).finding).toMatchObject({ ...wanted, from: wanted.to })
  })
})

describe('a log that is whole', () => {
  it('is so up to its newest checkpoint, and what lies behind is counted', async () => {
    expect(await verify(original)).toMatchObject({ finding: undefined, after: 0, lines: newest.size })
    const disk = new Map(original)
    withLines(disk, (lines) => void lines.push('one more', 'and another'))
    expect(await verify(disk)).toMatchObject({ finding: undefined, after: 2, lines: newest.size + 2 })
  })

  it('is so whatever became of its tiles', async () => {
    const disk = new Map(
      [...original].map(([path, bytes]) => [path, path.includes('/tree/') ? Buffer.alloc(5) : bytes]),
    )
    expect((await verify(disk)).finding).toBeUndefined()
  })

  it('is verified against the newest record when the file of the checkpoint is torn or gone', async () => {
    for (const bytes of [undefined, Buffer.alloc(0), Buffer.from(newest.note.slice(0, 80))]) {
      const disk = new Map(original)
      if (bytes === undefined) disk.delete('/log/checkpoints/checkpoint')
      else disk.set('/log/checkpoints/checkpoint', bytes)
      const { finding, checkpoint, after } = await verify(disk)
      expect(finding).toBeUndefined()
      expect(checkpoint.size + after).toBe(newest.size)
      expect(after).toBeLessThan(60)
    }
  })
})

describe('what cannot be judged', () => {
  const other = signerFromSeed('other', Buffer.alloc(32, 3), 'log')

  it('is a log without any checkpoint', async () => {
    const disk = new Map([...original].filter(([path]) => path.endsWith('.jsonl')))
    withLines(disk, (lines) => void lines.splice(20))
    await expect(verify(disk)).rejects.toThrow(/has no checkpoint that can be read, and none was given/)
  })

  it('is a checkpoint of another key, or a text that is none', async () => {
    const foreign = signCheckpoint(newest.size, newest.root, other)
    await expect(verify(original, [{ source: '`x`', note: foreign }])).rejects.toThrow(
      /in `x` is of `other` and not signed by the key/,
    )
    await expect(verify(original, [{ source: '`x`', note: 'hello' }])).rejects.toThrow('`x` holds no checkpoint')
    await expect(
      verifyLog({ directory, files: filesOf(original), key: other.verifier, checkpoints: [] }),
    ).rejects.toThrow(/give the key of this log with `--key FILE`/)
  })

  it('is a checkpoint whose text or signature was changed, which is a change in itself', async () => {
    const disk = new Map(original)
    disk.set('/log/checkpoints/checkpoint', Buffer.from(newest.note.replace(`\n${newest.size}\n`, '\n9\n')))
    const failure = await verify(disk).catch((cause: unknown) => cause)
    expect(failure).toBeInstanceOf(UnverifiableError)
    expect((failure as UnverifiableError).isChanged).toBe(true)
  })
})

describe('proofs', () => {
  it('hold for every line, and are refused for a line that was changed or is not covered', async () => {
    const { read } = readTileStore(directory, filesOf(original))
    const lines = linesOf(original).map((line) => Buffer.from(line, 'latin1').toString())
    await fc.assert(
      fc.asyncProperty(fc.nat(newest.size - 1), async (line) => {
        const text = lines[line] as string
        const { records } = await proveLines([{ line, text }], { read, key, checkpoint: newest })
        const path = (records[0]?.path ?? []).map((hash) => exactBase64(hash) as Buffer)
        expect(isIncluded(leafHash(Buffer.from(text)), line, newest.size, path, newest.root)).toBe(true)
        await expect(proveLines([{ line, text: `${text} ` }], { read, key, checkpoint: newest })).rejects.toMatchObject(
          { code: 'broken' },
        )
        await expect(
          proveLines([{ line: newest.size, text }], { read, key, checkpoint: newest }),
        ).rejects.toMatchObject({ code: 'uncovered' })
      }),
      { numRuns: 40 },
    )
  })

  it('show that the log only grew, and are refused where it did not', async () => {
    const { read } = readTileStore(directory, filesOf(original))
    const { path } = await proveConsistency(earlier, { read, key, checkpoint: newest })
    expect(
      isConsistent(
        earlier,
        newest,
        path.map((hash) => exactBase64(hash) as Buffer),
      ),
    ).toBe(true)
    await expect(
      proveConsistency({ ...earlier, root: newest.root }, { read, key, checkpoint: newest }),
    ).rejects.toMatchObject({ code: 'broken' })
    await expect(proveConsistency(newest, { read, key, checkpoint: earlier })).rejects.toThrow(
      /the log was rolled back, or they are in the wrong order/,
    )
  })
})
