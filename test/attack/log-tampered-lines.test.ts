/**
 * Somebody put lines into the log that are none of ours, each almost a record: every field of every kind of record, with every kind of JSON
 * value in its place. They keep nobody from reading the rest, and move no cursor.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runWords } from '../../src/cli/main.ts'
import type { Json, JsonObject } from '../../src/model/index.ts'
import { makeFakeIo } from '../support/io.ts'

const id = '01a1feb8-4451-7000-8193-1cc6eca59311'
const timestamp = '2026-11-21T15:00:00.000000Z'
const ofCall = { timestamp, decision_id: id, call_id: 'c', trace_id: 't' }
const bases: readonly JsonObject[] = [
  {
    type: 'decision',
    ...ofCall,
    labels: { app: 'x' },
    bundles: { policy: { revision: 'r', digest: 'd' } },
    path: 'gatehouse',
    decision: 'deny',
    code: 'x',
    reasons: [{ code: 'c', message: 'm', remedy: 'r' }],
    rule_ids: ['gatehouse.allow@main.rego:1'],
    obligations: [{ type: 'notify' }],
    principal: { issuer: 'i', subject: 's', client_id: 'c', agent: 'a', actors: ['z'], scopes: ['q'] },
    target: { route: 'r', upstream: 'u', tool: 't' },
    call: { protocol: 'http', method: 'GET', host: 'h', path: '/p' },
    input: { call: { arguments: { a: 'b' } } },
    result: { allow: false },
    erased: ['/a'],
    masked: ['/b'],
    detail: 'd',
    requested_by: '192.0.2.1',
    metrics: { timer_decide_ns: 5 },
  },
  {
    type: 'outcome',
    ...ofCall,
    outcome: 'failed',
    code: 'x',
    detail: 'd',
    status: 500,
    upstream_status: 500,
    request_bytes: 1,
    reply_bytes: 1,
    reply: { a: 'b' },
    reply_form: 'json',
    complete: true,
    upstream_reached: true,
    obligations_done: ['notify'],
    tries: 1,
    metrics: { timer_total_ns: 5 },
  },
  { type: 'admin', timestamp, event: 'start', detail: { a: 'b', c: ['d'] } },
  { type: 'fault', timestamp, code: 'c', detail: 'd', requested_by: '192.0.2.1', count: 3 },
  { type: 'checkpoint', timestamp, size: 4, root: 'r', note: 'n' },
  { type: 'toString', timestamp, event: 'x', detail: {} },
]
/** Colours, a title, C1 controls, a turned direction, line ends. */
const evil = '\u001b[31mX\u001b]0;t\u0007\u009b2J\u202eY\r\nZ\u2028'
const values: readonly Json[] = [evil, null, true, -1, 1e308, [], [[evil]], {}, { [evil]: evil }, { length: 3 }]
const control = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/** The base with each part of it, at every depth, in turn replaced. */
function* variants(value: Json, make: (part: Json) => Json): Generator<Json> {
  for (const other of values) yield make(other)
  if (Array.isArray(value))
    for (const [place, part] of value.entries())
      yield* variants(part, (other) => make(value.toSpliced(place, 1, other)))
  else if (typeof value === 'object' && value !== null)
    for (const name of Object.keys(value)) {
      const { [name]: part, ...rest } = value as JsonObject
      yield make(rest)
      yield* variants(part ?? null, (other) => make({ ...value, [name]: other }))
    }
}

let folder: string
let lines: string[]
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-tampered-'))
  mkdirSync(join(folder, 'data/log'), { recursive: true })
  const tampered = bases.flatMap((base) => [...variants(base, (part) => part)])
  lines = tampered.map((part, seq) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? JSON.stringify({ seq, ...part })
      : JSON.stringify(part),
  )
  lines.push(`{"seq":${evil},"type"`, JSON.stringify({ seq: lines.length + 1, ...bases[2], event: 'after-all' }))
  writeFileSync(join(folder, 'data/log/0000000001.jsonl'), `${lines.join('\n')}\n`)
  writeFileSync(join(folder, 'gatehouse.yaml'), 'data: data\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('a log with lines that are none of ours', () => {
  const questions = [
    'tail --no-follow --from 0',
    'tail --no-follow --from 0 --wide',
    'tail --no-follow --from 0 --wide --why',
    'tail --no-follow --from 0 --format json',
    'tail --no-follow --type admin --where detail.a=b',
    'tail --no-follow --agent a --subject s --tool t --route r --rule gatehouse.allow@main.rego:1 --code x',
    'tail --no-follow --where principal.actors[*]=z --where reasons[*].code~c',
    'tail --no-follow',
    `why ${id}`,
    `why ${id} --format json`,
  ]
  it.each(questions)('answers `%s`', async (question) => {
    for (const columns of [0, 80]) {
      const io = makeFakeIo({ directory: folder, columns })
      const status = await runWords(question.split(' '), io)
      expect(io.stderr.text).not.toContain('mistake of the program')
      expect(status).toBe(0)
      // Into a pipe goes JSON as it stands in the log, unless a form for people is asked for.
      const isForPeople = columns > 0 || /--wide|^why \S+$/.test(question)
      const ours = stripVTControlCharacters(io.stdout.text.replaceAll('\n', ''))
      if (isForPeople) expect(ours === '' ? 'nothing' : ours).not.toMatch(control)
      // What was stripped is our own colours and nothing of theirs.
      if (isForPeople) expect(io.stdout.text).not.toMatch(/\p{Cc}\[31mX/u)
      expect(io.stderr.text.replaceAll('\n', '')).not.toMatch(control)
      if (question.includes('--from 0')) expect(io.stdout.text).toContain('after-all')
    }
  })

  it('shows each of them, or names its place', async () => {
    const io = makeFakeIo({ directory: folder })
    await runWords(['tail', '--no-follow', '--from', '0', '--format', 'json'], io)
    const ofCheckpoints = lines.filter((line) => line.includes('"type":"checkpoint"')).length
    const shown = io.stdout.text.split('\n').length - 1
    const named = io.stderr.text.match(/holds no record at byte \d+/g)?.length ?? 0
    expect(shown + named).toBeLessThanOrEqual(lines.length)
    expect(shown + named).toBeGreaterThanOrEqual(lines.length - ofCheckpoints - 1)
    expect(Math.min(shown, named)).toBeGreaterThan(100)
  })
})
