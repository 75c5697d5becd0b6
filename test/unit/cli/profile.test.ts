/** `gatehouse eval --profile`, `--profile-sort` and `--profile-limit` as a shell calls them. */
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/cli/clock.ts'
import { runWords } from '../../../src/cli/main.ts'
import { folderOf } from '../../support/files.ts'
import { makeFakeIo } from '../../support/io.ts'

const files = {
  'a.rego':
    'package a\n\nsmall if {\n\tsome x in [1, 2, 3]\n\tx > 2\n}\n\nall := [x |\n\tsome x in [1, 2]\n\tx < 3\n]\n\nerr := 1\n\nerr := 2\n',
}

interface Row {
  readonly num_eval: number
  readonly location: { readonly file: string; readonly row: number; readonly col: number }
}

async function run(words: readonly string[]): Promise<{ status: number; out: string; err: string }> {
  let now = 0
  const clock = { ...systemClock, monotonicMs: () => (now += 0.001) }
  const io = makeFakeIo({ directory: folderOf(files), clock, environment: {} })
  const status = await runWords(['eval', '-d', 'a.rego', ...words], io)
  return { status, out: io.stdout.text, err: io.stderr.text }
}

async function rowsOf(words: readonly string[]): Promise<readonly (readonly number[])[]> {
  const { profile } = JSON.parse((await run(words)).out) as { profile: readonly Row[] }
  return profile.map(({ num_eval, location }) => [location.row, num_eval])
}

describe('a profile', () => {
  it('stands beside results and metrics', async () => {
    const whole = JSON.parse((await run(['data.a.small', '--profile'])).out)
    expect(Object.keys(whole)).toEqual(['result', 'metrics', 'profile'])
    expect(whole.profile[0]).toEqual({
      total_time_ns: expect.any(Number),
      num_eval: expect.any(Number),
      num_redo: expect.any(Number),
      num_gen_expr: expect.any(Number),
      location: { file: 'a.rego', row: expect.any(Number), col: expect.any(Number) },
    })
    expect(whole.profile[0].total_time_ns).toBeGreaterThan(0)
  })

  it.each([
    {
      words: ['--profile-sort', 'line'],
      rows: [
        [5, 3],
        [4, 2],
        [1, 1],
      ],
    },
    {
      words: ['--profile-sort', 'num_eval'],
      rows: [
        [5, 3],
        [4, 2],
        [1, 1],
      ],
    },
    {
      words: ['--profile-sort', 'file', '--profile-sort', 'line', '--profile-limit', '2'],
      rows: [
        [5, 3],
        [4, 2],
      ],
    },
    { words: ['--profile-sort', 'file,line', '--profile-limit=1'], rows: [[5, 3]] },
    {
      words: ['--profile-limit', '0', '--profile-sort', 'num_gen_expr,line'],
      rows: [
        [4, 2],
        [5, 3],
        [1, 1],
      ],
    },
  ])('is sorted and cut as $words ask', async ({ words, rows }) => {
    expect(await rowsOf(['data.a.small', ...words])).toEqual(rows)
  })

  it('is a table for people behind the metrics, with the query by its text', async () => {
    const { out } = await run(['data.a.small', '--profile', '-f', 'pretty', '--profile-sort', 'line'])
    const table = out
      .slice(out.lastIndexOf('┌'))
      .split('\n')
      .slice(1)
      .map((line) => line.replace(/│\s*[\d.]+µs\s*/, '│ T '))
    expect(table.slice(0, 6)).toEqual([
      expect.stringMatching(/^│ +Time +│ Num Eval │ Num Redo │ Num Gen Expr │ +Location +│$/),
      expect.stringContaining('┼'),
      '│ T │ 3        │ 1        │ 1            │ a.rego:5     │',
      '│ T │ 2        │ 4        │ 2            │ a.rego:4     │',
      '│ T │ 1        │ 1        │ 1            │ data.a.small │',
      expect.stringContaining('┴'),
    ])
    expect(out.indexOf('Metric')).toBeLessThan(out.indexOf('Num Eval'))
  })

  it('over several evaluations has the statistics of its times', async () => {
    const whole = JSON.parse((await run(['data.a.small', '--profile', '--count', '3'])).out)
    expect(Object.keys(whole)).toEqual(['result', 'aggregated_metrics', 'aggregated_profile'])
    expect(whole.aggregated_profile[0].total_time_ns_stats).toMatchObject({ count: 3, min: expect.any(Number) })
    const { out } = await run(['data.a.small', '--profile', '--count', '3', '-f', 'pretty'])
    expect(out).toMatch(/│ +Min +│ +Max +│ +Mean +│ +90% +│ +99% +│ Num Eval │/)
  })

  it('is told of where evaluation ended with an error', async () => {
    const { status, out } = await run(['data.a.err', '--profile'])
    expect(status).toBe(2)
    expect(Object.keys(JSON.parse(out))).toEqual(['errors', 'metrics', 'profile'])
  })

  it.each([
    { words: ['--profile-sort', 'num_evl'], says: /not `num_evl`; did you mean `num_eval`\?/ },
    { words: ['--profile', '--coverage'], says: /`--profile` or `--coverage` but not both/ },
    { words: ['--profile-limit', '3', '--explain', 'full'], says: /`--profile` or `--explain` but not both/ },
  ])('refuses $words', async ({ words, says }) => {
    const ran = await run(['data.a.small', ...words])
    expect(ran.status).toBe(1)
    expect(ran.err).toMatch(says)
  })
})
