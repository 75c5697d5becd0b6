/** What the commands say of a log whose beginning retention removed: what is left is proven, what is gone is named as gone. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runWords } from '../../../src/cli/main.ts'
import { makeFakeIo } from '../../support/io.ts'
import { arrivalOf, buyer, decisionOf, logWorld, proofOf, targetOf, upstreamReply } from '../../support/log.ts'

const hour = 3_600_000

/** Two segments of one call and 20 notes each, of which the first is removed; `ids` are those of the calls. */
async function world() {
  const made = logWorld()
  // What looks at the disk every second would take most of the time.
  const clock: typeof made.clock = {
    ...made.clock,
    every: (ms, run) => (ms < 60_000 ? () => {} : made.clock.every(ms, run)),
  }
  const log = await made.open({ clock, segmentMsMax: hour, proof: proofOf(made) })
  const ids: string[] = []
  for (let segment = 0; segment < 2; segment++) {
    const entry = made.recorder(log)(arrivalOf())
    entry.identified(buyer)
    entry.routed(targetOf())
    ids.push((await entry.decided(decisionOf('allow', { id: idAt(clock.nowMs()) }))).id)
    await entry.followed(upstreamReply())
    await Promise.all(Array.from({ length: 20 }, (_, place) => log.admin('note', { place })))
    await made.clock.advance(2 * hour)
  }
  await log.close()
  const keep = { ms: 3 * hour, neededFrom: () => Number.POSITIVE_INFINITY }
  const again = await made.open({ clock, segmentMsMax: hour, proof: { ...proofOf(made), keep } })
  await made.clock.settled(() => again.stats().retentionLooks === 1, 250)
  await again.close()
  const directory = join(made.directory, '..', '..')
  const run = async (...words: string[]) => {
    const io = makeFakeIo({ directory })
    const status = await runWords(words, io)
    return { status, out: io.stdout.text, err: io.stderr.text }
  }
  const audit = (...words: string[]) => run('audit', ...words, '--log', made.directory)
  return { made, run, audit, ids, [Symbol.asyncDispose]: () => made[Symbol.asyncDispose]() }
}

/** A UUID version 7 of that time. */
function idAt(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}

describe('a log whose beginning retention removed', () => {
  it('is verified: which lines are whole, which are gone, since when and as which record says', async () => {
    await using at = await world()
    const { made, audit } = at
    const [first] = made.records()
    const record = made.records().find((one) => one.type === 'admin' && one.event === 'retention')
    const { status, out, err } = await audit('verify')
    expect({ status, err }).toEqual({ status: 0, err: '' })
    const [verdict, retention] = out.split('\n')
    expect(verdict).toMatch(
      new RegExp(`^whole: the lines ${first?.seq} to \\d+ are as they were when they were signed$`),
    )
    expect(retention).toBe(
      `retention: lines 0 to ${(first?.seq ?? 0) - 1} were removed by retention on ${record?.timestamp.slice(0, 10)}, as record ${record?.seq} says; their hashes fit`,
    )
    const json = JSON.parse((await audit('verify', '--format', 'json')).out)
    expect(json).toMatchObject({
      whole: true,
      removed: { lines: first?.seq, record: record?.seq, time: record?.timestamp },
    })
  })

  it('proves what is left, by number and by id, and says of what is gone that it is', async () => {
    await using at = await world()
    const { made, audit, ids } = at
    const first = made.records()[0]
    const left = await audit('prove', String(first?.seq))
    expect({ status: left.status, err: left.err }).toEqual({ status: 0, err: '' })
    expect((await audit('prove', ids[1] ?? '')).status).toBe(0)
    const gone = `: its first line is \`${first?.seq}\`, of ${first?.timestamp}, and those before it were removed; \`gatehouse audit verify\` says whether retention did that`
    const byNumber = await audit('prove', '3')
    expect(byNumber.status).toBe(1)
    expect(byNumber.err).toContain(`has no line \`3\`${gone}`)
    const byId = await audit('prove', ids[0] ?? '')
    expect(byId.status).toBe(1)
    expect(byId.err).toContain(`has no call \`${ids[0]}\`${gone}`)
  })

  it('is asked for a call that is gone, and says so; of one that never was, it does not', async () => {
    await using at = await world()
    const { made, run, ids } = at
    const data = ['--data', join(made.directory, '..')]
    const gone = await run('why', ids[0] ?? '', ...data)
    expect(gone.status).toBe(1)
    expect(gone.err).toContain('and those before it were removed')
    const never = await run('why', idAt(made.clock.nowMs()), ...data)
    expect(never.status).toBe(1)
    expect(never.err).toContain('has no call')
    expect(never.err).not.toContain('removed')
    const there = await run('why', ids[1] ?? '', ...data)
    expect({ status: there.status, err: there.err }).toEqual({ status: 0, err: '' })
    expect(there.out).toContain('create_purchase_order')
  })

  it('is read from its first line on, and shows what was removed', async () => {
    await using at = await world()
    const { made, run } = at
    const { status, out } = await run(
      ...['tail', '--no-follow', '--where', 'event=retention', '--format', 'json'],
      ...['--data', join(made.directory, '..')],
    )
    expect(status).toBe(0)
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { detail: { reason: 'age', segments: [1], from_seq: 0, through_seq: (made.records()[0]?.seq ?? 0) - 1 } },
    ])
  })
})

describe('a log of which a compressed segment is damaged', () => {
  it.each([
    { words: ['tail', '--no-follow', '--last', '100'], status: 2 },
    { words: ['why', idAt(Date.UTC(2026, 2, 2, 11, 59))], status: 2 },
    { words: ['audit', 'verify'], status: 1 },
  ])('is not a mistake of the program: $words.0', async ({ words, status }) => {
    await using at = await world()
    const { made, run } = at
    const [name = ''] = made.segments()
    rmSync(join(made.directory, name))
    writeFileSync(join(made.directory, `${name}.zst`), 'this is no packed segment')
    const ended = await run(...words, '--data', join(made.directory, '..'))
    expect(ended.status).toBe(status)
    expect(ended.err).toMatch(/^gatehouse: [^\n]*\.jsonl\.zst` is damaged: it does not end with the table[^\n]*\n$/)
  })
})
