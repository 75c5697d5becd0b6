/** The decision log of a real process that is killed: what it acknowledged is there, and the next one can go on. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import type { AdminRecord, LogRecord } from '../../src/model/index.ts'
import { parseVerifier, type VerifierKey } from '../../src/proof/index.ts'
import { LogOpenError, nodeFiles, verifyLog } from '../../src/record/index.ts'
import { logWorld, proofOf } from '../support/log.ts'
import { draws } from '../support/random.ts'

const rounds = 8

function writer(...words: string[]): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, 'log-writer.ts'), ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** Reads lines until there are so many, kills, and gives all that the process wrote before it was gone. */
async function linesBeforeKill(child: ChildProcess, count: number): Promise<string[]> {
  const lines: string[] = []
  if (child.stdout === null) throw new Error('unreachable')
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (lines.length === count) child.kill('SIGKILL')
  }
  return lines
}

describe('a gateway that is killed', () => {
  it('has lost nothing that it acknowledged, and its successor goes on without a gap', {
    timeout: 60_000,
  }, async () => {
    await using world = logWorld()
    const seed = Date.now()
    const random = draws(seed)
    const acknowledged: string[] = []
    for (let round = 0; round < rounds; round++) {
      const [opened, ...ids] = await linesBeforeKill(writer(world.directory), 2 + random(400))
      expect(opened, `seed ${seed}`).toBe('open')
      acknowledged.push(...ids)
    }
    const log = await world.open({ proof: proofOf(world) })
    await log.close()
    const records = world.records()
    expect(
      records.map(({ seq }) => seq),
      `seed ${seed}`,
    ).toEqual(records.map((_, place) => place))
    const typesOf = new Map<string, string[]>()
    for (const record of records) {
      if (record.type !== 'decision' && record.type !== 'outcome') continue
      const types = typesOf.get(record.call_id)
      if (types === undefined) typesOf.set(record.call_id, [record.type])
      else types.push(record.type)
    }
    const wrong = acknowledged.filter((id) => typesOf.get(id)?.join() !== 'decision,outcome')
    expect(wrong, `seed ${seed}`).toEqual([])
    expect(acknowledged.length).toBeGreaterThan(rounds)
    expect(recoveries(records)).toHaveLength(rounds)
    expect(log.proof?.checkpoint().size).toBe(records.length)
    expect(readdirSync(world.directory).filter((name) => name.endsWith('.jsonl.zst')).length).toBeGreaterThan(0)
  })

  it('leaves a log that is proven whole, and what it acknowledged behind its first line, whatever it packed and removed', {
    timeout: 120_000,
  }, async () => {
    await using world = logWorld()
    const seed = Date.now()
    const random = draws(seed)
    const acknowledged: string[] = []
    for (let round = 0; round < rounds; round++) {
      const child = writer(world.directory, '150000')
      if (child.stdout === null) throw new Error('unreachable')
      const lines = createInterface({ input: child.stdout })
      // A checkpoint takes a second, and removing waits for one.
      lines.once('line', () => setTimeout(() => child.kill('SIGKILL'), 200 + random(2_500)))
      for await (const line of lines) if (line !== 'open') acknowledged.push(line)
    }
    const key = parseVerifier(readFileSync(join(world.directory, 'checkpoints', 'log.pub'), 'utf8')) as VerifierKey
    const verifying = { directory: world.directory, files: nodeFiles, key, checkpoints: [] }
    const killed = await verifyLog(verifying)
    expect(killed.finding, `seed ${seed}`).toBeUndefined()
    expect(killed.removed?.lines, `seed ${seed}`).toBeGreaterThan(0)
    const log = await world.open({ proof: proofOf(world) })
    await log.close()
    expect((await verifyLog(verifying)).finding, `seed ${seed}`).toBeUndefined()
    const records = world.records()
    const first = records[0]?.seq ?? 0
    expect(
      records.map(({ seq }) => seq),
      `seed ${seed}`,
    ).toEqual(records.map((_, place) => first + place))
    const outcomes = new Set(records.flatMap((one) => (one.type === 'outcome' ? [one.call_id] : [])))
    // What is not there was acknowledged before everything that is, but for calls that were under way at the same time.
    const there = acknowledged.findIndex((id) => outcomes.has(id))
    const missing = acknowledged.slice(there + 64).filter((id) => !outcomes.has(id))
    expect(missing, `seed ${seed}`).toEqual([])
    const retentions = records.flatMap((one) => (one.type === 'admin' && one.event === 'retention' ? [one.detail] : []))
    for (const [place, { from_seq }] of retentions.entries())
      if (place > 0) expect(from_seq, `seed ${seed}`).toBe(Number(retentions[place - 1]?.through_seq) + 1)
  })

  it('keeps its log to itself while it lives, and leaves it to the next one', async () => {
    await using world = logWorld()
    const child = writer(world.directory)
    try {
      await once(child.stdout as NodeJS.ReadableStream, 'data')
      const failure = (await world.open().catch((cause: unknown) => cause)) as LogOpenError
      expect(failure).toBeInstanceOf(LogOpenError)
      expect(failure.code).toBe('log_held')
      expect(failure.message).toContain(`process \`${child.pid}\``)
      expect(failure.message).toContain(world.directory)
    } finally {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    const log = await world.open()
    await log.admin('start', {})
    expect(recoveries(world.records())).toMatchObject([{ detail: { process: { pid: child.pid } } }])
  })

  it('is told that it has the log already', async () => {
    await using world = logWorld()
    await world.open()
    const failure = (await world.open().catch((cause: unknown) => cause)) as LogOpenError
    expect(failure.message).toContain(`held by process \`${process.pid}\``)
  })
})

function recoveries(records: readonly LogRecord[]): AdminRecord[] {
  return records.filter((record): record is AdminRecord => record.type === 'admin' && record.event === 'recovery')
}
