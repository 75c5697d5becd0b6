/** `gatehouse audit` on a log that a recorder wrote: what it prints for people and programs, its exit statuses, and a proof that Python checks. */
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runWords } from '../../../src/cli/main.ts'
import { parseCheckpoint, parseVerifier, signerFromSeed, witnessSignature } from '../../../src/proof/index.ts'
import { makeFakeIo } from '../../support/io.ts'
import { arrivalOf, buyer, decisionOf, logWorld, proofOf, targetOf, upstreamReply } from '../../support/log.ts'
import { root } from '../../support/sources.ts'

/** A log of two calls and 300 other records; the checkpoint of its first opening lies in `early.checkpoint`. */
async function world() {
  const made = logWorld()
  const folder = join(made.directory, '..', '..')
  const first = await made.open({ proof: proofOf(made) })
  const open = made.recorder(first)
  const ids: string[] = []
  for (let call = 0; call < 2; call++) {
    const entry = open(arrivalOf())
    entry.identified(buyer)
    entry.routed(targetOf())
    const { id } = await entry.decided(decisionOf('allow', { labels: { city: 'Zürich "1"' } }))
    await entry.followed(upstreamReply())
    ids.push(id)
  }
  await first.close()
  const checkpoint = join(made.directory, 'checkpoints', 'checkpoint')
  writeFileSync(join(folder, 'early.checkpoint'), readFileSync(checkpoint))
  const second = await made.open({ proof: proofOf(made) })
  await Promise.all(Array.from({ length: 300 }, (_, place) => second.admin('note', { place })))
  await second.close()
  writeFileSync(join(folder, 'kept.pub'), readFileSync(join(made.directory, 'checkpoints', 'log.pub')))
  const run = async (...words: string[]) => {
    const io = makeFakeIo({ directory: folder })
    const status = await runWords(['audit', ...words, '--log', made.directory], io)
    return { status, out: io.stdout.text, err: io.stderr.text }
  }
  return {
    made,
    folder,
    run,
    ids,
    checkpoint,
    segment: join(made.directory, '0000000001.jsonl'),
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  }
}

describe('gatehouse audit verify', () => {
  it('says that a log is whole, against which checkpoint, what lies after it and where the key came from', async () => {
    await using at = await world()
    const beside = await at.run('verify')
    expect(beside).toMatchObject({ status: 0, err: '' })
    expect(beside.out).toMatch(
      /^whole: the first 304 lines are as they were when they were signed\ncheckpoint: over 304 lines, of `gatehouse-[0-9a-f]{16}`, from the log's own file\nafter it: no lines; the log has 304 lines\nkey: `gatehouse-.*`, from `.*log\.pub`, beside the log: whoever can change the log can change it too; keep it elsewhere/,
    )
    const elsewhere = await at.run('verify', '--key', 'kept.pub', '--checkpoint', 'early.checkpoint')
    expect(elsewhere).toMatchObject({ status: 0, err: '' })
    expect(elsewhere.out).toMatch(/key: `.*`, from `.*kept\.pub`\n$/)
  })

  it('wants the signature of a witness where one is named, and says up to where it goes', async () => {
    await using at = await world()
    const signer = signerFromSeed('witness.example', Buffer.alloc(32, 5), 'witness')
    writeFileSync(join(at.folder, 'witness.pub'), signer.verifier.text)
    const none = await at.run('verify', '--witness', 'witness.pub')
    expect(none.status).toBe(2)
    expect(none.err).toMatch(
      /no checkpoint is signed by the witness `witness\.example` with the id `[0-9a-f]{8}`; give one/,
    )
    const early = readFileSync(join(at.folder, 'early.checkpoint'), 'utf8')
    const cosigned = join(at.made.directory, 'checkpoints', 'cosigned')
    mkdirSync(cosigned)
    writeFileSync(
      join(cosigned, 'peer'),
      early + witnessSignature(parseCheckpoint(early)?.parsed.text ?? '', signer, 1_700_000_000),
    )
    const { status, out } = await at.run('verify', '--witness', 'witness.pub')
    expect(status).toBe(0)
    expect(out).toContain('witnessed: the first 4 lines, at 2023-11-14T22:13:20.000Z\n')
    const json = JSON.parse((await at.run('verify', '--witness', 'witness.pub', '--format', 'json')).out)
    expect(json).toMatchObject({ whole: true, covered: 304, witnessed: { size: 4, time: '2023-11-14T22:13:20.000Z' } })
    writeFileSync(join(cosigned, 'peer'), early + witnessSignature('another text\n', signer, 1_700_000_000))
    const bent = await at.run('verify', '--witness', 'witness.pub')
    expect(bent.status).toBe(1)
    expect(bent.err).toMatch(
      /the signature of `witness\.example` in what the anchor `peer` signed does not fit the checkpoint/,
    )
    expect((await at.run('verify', '--witness', 'kept.pub')).err).toMatch(
      /`kept\.pub` holds no public key of a witness/,
    )
  })

  it('counts the lines that nothing vouches for', async () => {
    await using at = await world()
    appendFileSync(at.segment, '{"seq":304,"type":"admin"}\n')
    const { out } = await at.run('verify', '--format', 'json')
    expect(JSON.parse(out)).toMatchObject({
      whole: true,
      lines: 305,
      covered: 304,
      after: 1,
      checkpoint: { size: 304 },
      key: { source: 'log' },
    })
  })

  it('names the first line that was changed, and ends with 1', async () => {
    await using at = await world()
    writeFileSync(at.segment, readFileSync(at.segment, 'utf8').replace('"place":17', '"place":71'))
    const text = await at.run('verify')
    expect(text.status).toBe(1)
    expect(text.out).toMatch(/^changed: line 21 was changed \(`0000000001\.jsonl`, its line 22\)\n/)
    const { out, status } = await at.run('verify', '--format', 'json')
    expect(status).toBe(1)
    expect(JSON.parse(out)).toMatchObject({
      whole: false,
      first: { kind: 'changed', from: 21, to: 21, file: '0000000001.jsonl', fileLine: 22 },
    })
  })

  it('finds with a checkpoint that was kept elsewhere that a log was rolled back', async () => {
    await using at = await world()
    writeFileSync(join(at.folder, 'newest.checkpoint'), readFileSync(at.checkpoint))
    writeFileSync(at.checkpoint, readFileSync(join(at.folder, 'early.checkpoint')))
    writeFileSync(at.segment, `${readFileSync(at.segment, 'utf8').split('\n').slice(0, 4).join('\n')}\n`)
    expect((await at.run('verify')).status).toBe(0)
    const { status, out } = await at.run('verify', '--checkpoint', 'newest.checkpoint')
    expect(status).toBe(1)
    expect(out).toMatch(/^changed: line 4 and the 299 after it are missing, where the log ends\n/)
  })

  const unreadable: {
    note: string
    words: string[]
    damage?: (at: Awaited<ReturnType<typeof world>>) => void
    says: RegExp
  }[] = [
    {
      note: 'no public key',
      words: ['verify'],
      damage: (at) => rmSync(join(at.made.directory, 'checkpoints'), { recursive: true }),
      says: /there is no public key at .*--key FILE/,
    },
    {
      note: 'a key file that is not there',
      words: ['verify', '--key', 'none.pub'],
      says: /the key: the file `.*none\.pub` does not exist; create it or correct the path/,
    },
    {
      note: 'a key file that holds something else',
      words: ['verify', '--key', 'early.checkpoint'],
      says: /holds no public key of a log; `gatehouse audit key` prints one/,
    },
    {
      note: 'a checkpoint that is none',
      words: ['verify', '--checkpoint', 'kept.pub'],
      says: /`kept\.pub` holds no checkpoint/,
    },
    {
      note: 'no log',
      words: ['verify', '--key', 'kept.pub'],
      damage: (at) => rmSync(at.made.directory, { recursive: true }),
      says: /there is no log at/,
    },
  ]
  it.each(unreadable)('ends with 2 at $note', async ({ words, damage, says }) => {
    await using at = await world()
    damage?.(at)
    const { status, out, err } = await at.run(...words)
    expect({ status, out }).toEqual({ status: 2, out: '' })
    expect(err).toMatch(says)
    mkdirSync(at.made.directory, { recursive: true })
  })

  it('ends with 1 when the signature of the newest checkpoint does not fit', async () => {
    await using at = await world()
    writeFileSync(at.checkpoint, readFileSync(at.checkpoint, 'utf8').replace('\n304\n', '\n303\n'))
    const { status, err } = await at.run('verify')
    expect(status).toBe(1)
    expect(err).toMatch(/the checkpoint in the log's own file was changed: its signature does not fit it/)
  })
})

describe('gatehouse audit prove', () => {
  /** The script of docs/audit.md, as it stands there. */
  const script = /```python\n([\s\S]*?)```/.exec(readFileSync(join(root, 'docs/audit.md'), 'utf8'))?.[1] ?? ''

  function python(proof: string): { status: number | null; out: string; err: string } {
    const { status, stdout, stderr } = spawnSync('python3', ['-c', script], { input: proof, encoding: 'utf8' })
    return { status, out: stdout, err: stderr }
  }

  it('gives a proof of both records of a call that twenty lines of Python check, and that holds for nothing else', async () => {
    await using at = await world()
    const { status, out } = await at.run('prove', at.ids[1] as string)
    expect(status).toBe(0)
    const proof = JSON.parse(out)
    expect(proof.records.map(({ line }: { line: number }) => line)).toEqual([2, 3])
    expect(JSON.parse(proof.records[0].text)).toMatchObject({
      type: 'decision',
      decision_id: at.ids[1],
      labels: { city: 'Zürich "1"' },
    })
    expect(script.trim().split('\n').length).toBeLessThanOrEqual(20)
    expect(python(out)).toEqual({
      status: 0,
      out: 'line 2 is in the log of 304 lines\nline 3 is in the log of 304 lines\n',
      err: '',
    })
    proof.records[0].text = proof.records[0].text.replace('allow', 'deny')
    expect(python(JSON.stringify(proof)).status).toBe(1)
  })

  it('takes the number of a line too', async () => {
    await using at = await world()
    const { out } = await at.run('prove', '303')
    expect(python(out)).toMatchObject({ status: 0, out: 'line 303 is in the log of 304 lines\n' })
  })

  it.each([
    { words: ['prove', '304'], says: /has no line `304`/, status: 1 },
    { words: ['prove', 'x'], says: /`x` is neither the id of a call nor the number of a line/, status: 2 },
    { words: ['prove', '01a1fd63-0000-7000-8000-000000000000'], says: /has no call `01a1fd63-/, status: 1 },
    { words: ['prove'], says: /neither the id of a call/, status: 2 },
    { words: ['prove', '1', '2'], says: /takes no `2`; write `audit prove ID`/, status: 2 },
  ])('says why there is none: $words', async ({ words, says, status }) => {
    await using at = await world()
    const ended = await at.run(...words)
    expect(ended.status).toBe(status)
    expect(ended.err).toMatch(says)
  })

  it('gives none for a line that was changed', async () => {
    await using at = await world()
    writeFileSync(at.segment, readFileSync(at.segment, 'utf8').replace('"place":17', '"place":71'))
    const { status, err } = await at.run('prove', '21')
    expect(status).toBe(1)
    expect(err).toMatch(
      /the line 21 or the tiles are not what the checkpoint was signed over; run `gatehouse audit verify`/,
    )
  })
})

describe('gatehouse audit consistency and key', () => {
  it('prove that the log only grew since a checkpoint', async () => {
    await using at = await world()
    const { status, out } = await at.run('consistency', 'early.checkpoint')
    expect(status).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ earlier: { size: 4 } })
    expect(parseCheckpoint(JSON.parse(out).checkpoint)?.size).toBe(304)
    const backwards = await at.run('consistency', at.checkpoint, 'early.checkpoint')
    expect(backwards.status).toBe(1)
    expect(backwards.err).toMatch(
      /the earlier checkpoint covers 304 lines, the later one only 4: the log was rolled back/,
    )
  })

  it('print the public key', async () => {
    await using at = await world()
    const { out } = await at.run('key')
    expect(parseVerifier(out)?.text).toBe(out.trim())
    expect(JSON.parse((await at.run('key', '--format', 'json')).out)).toMatchObject({ key: out.trim() })
  })
})
