/** Trees and notes against the published vectors, and proofs against a tree that is made the slow way of RFC 6962's text. */

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  consistencyProof,
  inclusionProof,
  isConsistent,
  isIncluded,
  leafHash,
  parseCheckpoint,
  parseNote,
  parseSigner,
  parseTilePath,
  parseVerifier,
  type ReadTile,
  rootAt,
  signCheckpoint,
  signedBy,
  signerFromSeed,
  TileTree,
  tailsOf,
  tilePath,
  widthOf,
  witnessSignature,
} from '../../../src/proof/index.ts'

/** Leaves and roots of Certificate Transparency's own test of its Merkle tree. */
const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(
  (hex) => Buffer.from(hex, 'hex'),
)
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

const sha = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest()

/** RFC 6962 section 2.1, as it stands there. */
function slowRoot(hashes: readonly Buffer[]): Buffer {
  if (hashes.length === 0) return sha()
  if (hashes.length === 1) return hashes[0] as Buffer
  let split = 1
  while (split * 2 < hashes.length) split *= 2
  return sha(Buffer.of(1), slowRoot(hashes.slice(0, split)), slowRoot(hashes.slice(split)))
}

const numbered = (count: number) => Array.from({ length: count }, (_, place) => leafHash(Buffer.from(`line ${place}`)))

/** A tree grown in steps, with its tiles kept as a directory would. */
function grown(hashes: readonly Buffer[], step = 7) {
  const tiles = new Map<string, Buffer>()
  const tree = new TileTree(0, [], ({ level, index, hashes: row }) => tiles.set(tilePath(level, index, 256), row))
  for (let place = 0; place < hashes.length; place += step)
    tree.append(Buffer.concat(hashes.slice(place, place + step)))
  for (const { level, index, hashes: row } of tree.partialTiles())
    tiles.set(tilePath(level, index, row.length / 32), row)
  const size = hashes.length
  const read: ReadTile = async (level, index, width) => {
    const found =
      tiles.get(tilePath(level, index, 256)) ?? tiles.get(tilePath(level, index, widthOf(size, level, index)))
    if (found === undefined || found.length < width * 32) throw new Error(`no tile ${level} ${index} of ${width}`)
    return found
  }
  return { tree, tiles, read }
}

describe('a tree', () => {
  it.each(roots.map((root, size) => ({ root, size })))(
    'has the published root over $size leaves',
    async ({ root, size }) => {
      const hashes = leaves.slice(0, size).map(leafHash)
      const { tree, read } = grown(hashes)
      expect(tree.root().toString('hex')).toBe(root)
      expect((await rootAt(size, size, read)).toString('hex')).toBe(root)
    },
  )

  it('has the root of the definition at every size around a tile border, in whatever steps it grew', async () => {
    const hashes = numbered(66_000)
    for (const size of [1, 2, 3, 255, 256, 257, 511, 512, 513, 1_000, 65_535, 65_536, 65_537, 66_000]) {
      const wanted = slowRoot(hashes.slice(0, size))
      const { tree, read } = grown(hashes.slice(0, size), 1 + (size % 31))
      expect(tree.size).toBe(size)
      expect(tree.root().equals(wanted), `size ${size}`).toBe(true)
      expect((await rootAt(size, size, read)).equals(wanted), `size ${size}`).toBe(true)
    }
  })

  it('goes on from its tails as if it had never stopped, with or without partial tiles', async () => {
    const hashes = numbered(66_000)
    for (const size of [0, 1, 256, 700, 65_536, 65_800]) {
      const before = grown(hashes.slice(0, size))
      const full: ReadTile = (level, index, width) => {
        if (width !== 256) throw new Error('a partial tile was read')
        return before.read(level, index, width)
      }
      const border = size - (size % 256)
      const starts = [
        { from: size, tails: before.tree.tails() },
        { from: border, tails: await tailsOf(border, full) },
      ]
      for (const { from, tails } of starts) {
        const later = new TileTree(from, tails, () => {})
        later.append(Buffer.concat(hashes.slice(from)))
        expect(later.root().equals(slowRoot(hashes))).toBe(true)
      }
    }
  })

  it('names tiles as the specification does, and reads only such names', () => {
    expect(tilePath(0, 1_234_067, 256)).toBe('tile/0/x001/x234/067')
    expect(tilePath(2, 5, 12)).toBe('tile/2/005.p/12')
    expect(tilePath(0, 273, 112)).toBe('tile/0/273.p/112')
    expect(parseTilePath('tile/0/x001/x234/067')).toEqual({ level: 0, index: 1_234_067, width: 256 })
    expect(parseTilePath('tile/2/005.p/12')).toEqual({ level: 2, index: 5, width: 12 })
    for (const wrong of [
      'tile/0/../1',
      'tile/00/001',
      'tile/0/x000/001',
      'tile/0/1',
      'tile/0/001.p/0x1',
      'tile/0/001.p/012',
      'tile/0/001.p/256',
      'tile/0/001/',
    ])
      expect(parseTilePath(wrong), wrong).toBeUndefined()
  })
})

describe('proofs', () => {
  it('show every leaf in every small tree, and no other leaf, place, size or root', async () => {
    for (let size = 1; size <= 20; size++) {
      const hashes = numbered(size)
      const { read, tree } = grown(hashes)
      const root = tree.root()
      for (let index = 0; index < size; index++) {
        const path = await inclusionProof(index, size, read)
        const leaf = hashes[index] as Buffer
        expect(isIncluded(leaf, index, size, path, root)).toBe(true)
        expect(isIncluded(leafHash(Buffer.from('x')), index, size, path, root)).toBe(false)
        expect(isIncluded(leaf, index + 1, size, path, root)).toBe(false)
        expect(isIncluded(leaf, index, size, [...path, root], root)).toBe(false)
        if (path.length > 0) expect(isIncluded(leaf, index, size, path.slice(1), root)).toBe(false)
        expect(isIncluded(leaf, index, size, path, sha(root))).toBe(false)
      }
    }
  })

  it('show that every small tree begins with every smaller one, and not with a changed one', async () => {
    const hashes = numbered(24)
    for (let later = 0; later <= 24; later++) {
      const { read } = grown(hashes.slice(0, later))
      for (let earlier = 0; earlier <= later; earlier++) {
        const path = await consistencyProof(earlier, later, read)
        const old = { size: earlier, root: slowRoot(hashes.slice(0, earlier)) }
        const now = { size: later, root: slowRoot(hashes.slice(0, later)) }
        expect(isConsistent(old, now, path), `${earlier} ${later}`).toBe(true)
        if (earlier > 0) {
          expect(isConsistent({ ...old, root: sha(old.root) }, now, path)).toBe(false)
          expect(isConsistent(old, { ...now, root: sha(now.root) }, path)).toBe(false)
          expect(isConsistent(old, now, [...path, old.root])).toBe(false)
        }
      }
    }
  })

  it('hold over tiles of several levels', async () => {
    const hashes = numbered(66_000)
    const { read, tree } = grown(hashes, 1_000)
    const root = tree.root()
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 65_999 }),
        fc.integer({ min: 0, max: 66_000 }),
        async (index, earlier) => {
          expect(
            isIncluded(hashes[index] as Buffer, index, 66_000, await inclusionProof(index, 66_000, read), root),
          ).toBe(true)
          const path = await consistencyProof(earlier, 66_000, read)
          const old = new TileTree(0, [], () => {})
          old.append(Buffer.concat(hashes.slice(0, earlier)))
          expect((await rootAt(earlier, 66_000, read)).equals(old.root())).toBe(true)
          expect(isConsistent({ size: earlier, root: old.root() }, { size: 66_000, root }, path)).toBe(true)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('take no other text for a proof', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.nat(40),
        fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 8 }),
        (index, size, path) => {
          const hashes = path.map((one) => Buffer.from(one))
          expect(isIncluded(leafHash(Buffer.of(1)), index, size, hashes, leafHash(Buffer.of(2)))).toBe(false)
          const trees = [
            { size: index, root: leafHash(Buffer.of(1)) },
            { size, root: leafHash(Buffer.of(2)) },
          ] as const
          expect(isConsistent(trees[0], trees[1], hashes)).toBe(false)
        },
      ),
    )
  })
})

describe('signed notes', () => {
  /** The example of Go's golang.org/x/mod/sumdb/note, from which the format comes. */
  const goKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
  const goSigner = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz'
  const goNote =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
    '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n'

  it('verify and are made as in Go', () => {
    const key = parseVerifier(goKey)
    const note = parseNote(goNote)
    if (key === undefined || note === undefined) throw new Error('the example could not be read')
    expect(signedBy(note, key)).toEqual({ kind: 'signed' })
    expect(parseSigner(goSigner)?.verifier.text).toBe(goKey)
    expect(parseSigner(goSigner)?.text).toBe(goSigner)
    expect(signedBy({ ...note, text: `${note.text}\n` }, key)).toEqual({ kind: 'wrong' })
    expect(signedBy(note, signerFromSeed('PeterNeumann', Buffer.alloc(32, 1), 'log').verifier)).toEqual({
      kind: 'absent',
    })
  })

  it('read the checkpoint of the specification, and pass over signatures of types they do not know', () => {
    const note =
      'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
      '\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n' +
      '\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n'
    const checkpoint = parseCheckpoint(note)
    expect(checkpoint).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20_852_163 })
    expect(checkpoint?.parsed.signatures.map(({ id }) => id)).toEqual(['033de0ae', '8d66cf3f'])
    // The time of the example stands in its first eight bytes: 2023-03-20.
    expect(checkpoint?.parsed.signatures[1]?.bytes.readBigUInt64BE(0)).toBe(1_679_315_147n)
  })

  const log = signerFromSeed('log.example/1', Buffer.alloc(32, 1), 'log')
  const witness = signerFromSeed('witness.example/1', Buffer.alloc(32, 2), 'witness')

  it('carry the signature of a witness with its time', () => {
    const signed = signCheckpoint(3, Buffer.alloc(32, 9), log)
    const checkpoint = parseCheckpoint(signed)
    if (checkpoint === undefined) throw new Error('unreadable')
    const both = parseCheckpoint(signed + witnessSignature(checkpoint.parsed.text, witness, 1_700_000_000))
    if (both === undefined) throw new Error('unreadable')
    expect(signedBy(both.parsed, log.verifier)).toEqual({ kind: 'signed' })
    expect(signedBy(both.parsed, witness.verifier)).toEqual({ kind: 'signed', timeS: 1_700_000_000 })
    const bent = { ...both.parsed, text: both.parsed.text.replace('\n3\n', '\n4\n') }
    expect(signedBy(bent, witness.verifier)).toEqual({ kind: 'wrong' })
  })

  it('are refused after any single changed bit', () => {
    const note = Buffer.from(signCheckpoint(300, Buffer.alloc(32, 9), log))
    for (let bit = 0; bit < note.length * 8; bit++) {
      const bent = Buffer.from(note)
      bent[bit >> 3] = (bent[bit >> 3] as number) ^ (1 << (bit & 7))
      const parsed = parseCheckpoint(bent.toString())
      if (parsed !== undefined) expect(signedBy(parsed.parsed, log.verifier).kind, `bit ${bit}`).not.toBe('signed')
    }
  })

  it.each([
    ['', 'empty'],
    ['a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n', 'unsigned'],
    ['a\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u2014 a AAAAAAA=\n', 'a size with a zero before it'],
    ['a\n1\nCsUY\n\n\u2014 a AAAAAAA=\n', 'a short root'],
    ['a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\r\n\n\u2014 a AAAAAAA=\n', 'a control character'],
    ['a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n- a AAAAAAA=\n', 'a hyphen for a dash'],
    ['a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u2014 a AAAAAAA=', 'no last newline'],
  ])('are no checkpoint: %j (%s)', (note) => {
    expect(parseCheckpoint(note)).toBeUndefined()
  })

  it('are not made with a name that could be read in two ways', () => {
    for (const name of ['', 'a b', 'a+b', 'a\nb', 'a\u2003b'])
      expect(() => signerFromSeed(name, Buffer.alloc(32), 'log')).toThrow(RangeError)
  })
})
