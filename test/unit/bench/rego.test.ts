/** The benchmark of the Rego engine: it refuses engines that answer differently, judges every target, and prints what was not measured as such. */
import { describe, expect, it } from 'vitest'
import { WrongOptions } from '../../../bench/options.ts'
import type { Engine } from '../../../bench/rego/engine.ts'
import { type EngineName, engineNames } from '../../../bench/rego/engines.ts'
import { measure, type Row, verifyAnswers } from '../../../bench/rego/measure.ts'
import { printReport } from '../../../bench/rego/report.ts'
import { run } from '../../../bench/rego/run.ts'
import { judge } from '../../../bench/rego/targets.ts'
import { type Case, caseNames } from '../../../bench/rego/work.ts'

const oneCase = { name: 'a', inputs: [{}, {}] } as unknown as Case

const engineThat = (answers: readonly unknown[], us = 1): Engine => ({
  answers: async () => answers,
  slice: async () => us,
  end: async () => {},
})

describe('engines', () => {
  const differing = [
    { note: 'another value', other: [true, true] },
    { note: 'no value', other: [true, undefined] },
    { note: 'fewer answers', other: [true] },
    { note: 'another member', other: [true, { reasons: ['a', 'c'] }], first: [true, { reasons: ['a', 'b'] }] },
  ]
  it.each(differing)('are not measured when one gives $note', async ({ other, first = [true, false] }) => {
    const engines = new Map<EngineName, Engine>([
      ['gatehouse', engineThat(first)],
      ['opa-wasm', engineThat(other)],
    ])
    await expect(verifyAnswers(engines, [oneCase])).rejects.toThrow(/a, input 1: `gatehouse` answers .* `opa-wasm`/)
  })

  it('agree when sets and keys stand in another order', async () => {
    const engines = new Map<EngineName, Engine>([
      ['gatehouse', engineThat([{ allow: false, reasons: ['a', 'b'] }, 1])],
      ['opa-go', engineThat([{ reasons: ['b', 'a'], allow: false }, 1])],
    ])
    await expect(verifyAnswers(engines, [oneCase])).resolves.toBeUndefined()
  })

  it('that are not there have null in their rows', async () => {
    const engines = new Map<EngineName, Engine>([['gatehouse', engineThat([], 2)]])
    const rows = await measure(
      engines,
      [oneCase],
      { count: 3, warmUp: 1, sliceMs: 1, serverSliceMs: 1 },
      () => undefined,
    )
    expect(rows).toHaveLength(engineNames.length)
    expect(rows.find(({ engine }) => engine === 'gatehouse')).toMatchObject({ min_us: 2, median_us: 2 })
    expect(rows.find(({ engine }) => engine === 'opa-go')).toMatchObject({ min_us: null, median_us: null })
  })
})

describe('targets', () => {
  const rowsOf = (us: Partial<Record<EngineName, number>>): Row[] =>
    engineNames.flatMap((engine) =>
      caseNames.map((name) => ({ engine, case: name, min_us: us[engine] ?? null, median_us: us[engine] ?? null })),
    )
  const metOf = (rows: readonly Row[], title: string): boolean | null | undefined =>
    judge(rows, []).find((target) => target.title === title)?.met

  const cases = [
    {
      note: 'met at the bound',
      us: { gatehouse: 1, 'opa-wasm': 20 },
      title: 'a: times faster than `opa-wasm`',
      met: true,
    },
    {
      note: 'missed below it',
      us: { gatehouse: 1, 'opa-wasm': 19 },
      title: 'a: times faster than `opa-wasm`',
      met: false,
    },
    { note: 'met at the most', us: { gatehouse: 4, 'by-hand': 1 }, title: 'd: times the cost of `by-hand`', met: true },
    {
      note: 'missed above it',
      us: { gatehouse: 4.1, 'by-hand': 1 },
      title: 'd: times the cost of `by-hand`',
      met: false,
    },
    { note: 'open without the rival', us: { gatehouse: 1 }, title: 'a: times faster than `opa-go`', met: null },
  ] as const
  it.each(cases)('are $note', ({ us, title, met }) => {
    expect(metOf(rowsOf(us), title)).toBe(met)
  })

  it('judge each cost', () => {
    const cost = { cost: 'compile-1000-rules', title: 'compiled', value: 301, unit: 'ms', beside: '' } as const
    expect(judge([], [cost]).at(-1)).toMatchObject({ title: 'compiled, ms', measured: 301, met: false })
  })

  it('are printed with what was missed and what was not measured', () => {
    const rows = rowsOf({ gatehouse: 1, 'opa-wasm': 19 })
    const text = printReport({
      machine: 'm',
      date: 'd',
      commit: 'c',
      rounds: 1,
      rows,
      costs: [],
      targets: judge(rows, []),
      notes: ['`opa-go` was not measured: there is no `go` command on PATH'],
    })
    expect(text).toContain('| a: times faster than `opa-wasm` | 19 | at least 20 | NO |')
    expect(text).toContain('| a: times faster than `opa-go` | - | at least 150 | - |')
    expect(text).toContain('Note: `opa-go` was not measured')
  })
})

describe('the command', () => {
  it.each([{ args: ['--only', 'gatehouse,regorus'] }, { args: ['--fast'] }])(
    'refuses $args and measures nothing',
    async ({ args }) => {
      await expect(run(args)).rejects.toThrow(WrongOptions)
    },
  )
})
