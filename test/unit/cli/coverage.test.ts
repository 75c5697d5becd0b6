/** `--coverage`, `--threshold` and `--explain` of `gatehouse eval` and `gatehouse test`, as a shell calls them. */
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/cli/clock.ts'
import { runWords } from '../../../src/cli/main.ts'
import { folderOf } from '../../support/files.ts'
import { makeFakeIo } from '../../support/io.ts'

const files = {
  'p/a.rego': 'package a\n\nallow if input.x > 1\n\nallow if {\n\tinput.y\n\tinput.z\n}\n',
  'p/a_test.rego': 'package a_test\n\nimport data.a\n\ntest_x if a.allow with input.x as 2\n',
  'bad/b_test.rego': 'package b_test\n\ntest_b if 1 == 2\n',
  'input.json': '{"x": 1}',
}

async function run(words: readonly string[]): Promise<{ status: number; out: string; err: string }> {
  const io = makeFakeIo({ directory: folderOf(files), clock: systemClock, environment: {} })
  const status = await runWords(words, io)
  return { status, out: io.stdout.text, err: io.stderr.text }
}

describe('coverage', () => {
  it('of a query stands beside its results', async () => {
    const { status, out } = await run(['eval', '-d', 'p/a.rego', '-i', 'input.json', 'data.a.allow', '--coverage'])
    expect(status).toBe(0)
    const { coverage } = JSON.parse(out)
    expect(coverage.files['p/a.rego'].covered).toEqual([
      { start: { row: 3, col: 10 }, end: { row: 3, col: 17 } },
      { start: { row: 3, col: 10 }, end: { row: 3, col: 21 } },
      { start: { row: 6, col: 2 }, end: { row: 6, col: 9 } },
    ])
    expect(coverage).toMatchObject({ covered_lines: 2, not_covered_lines: 3, coverage: 40 })
  })

  it('of tests takes the place of their report where all pass', async () => {
    const { status, out } = await run(['test', 'p', '--coverage'])
    expect(status).toBe(0)
    expect(Object.keys(JSON.parse(out).files)).toEqual(['p/a.rego', 'p/a_test.rego'])
    const failed = await run(['test', 'p', 'bad', '--coverage'])
    expect(failed.status).toBe(2)
    expect(failed.out).toContain('test_b: FAIL')
  })

  it.each([
    { threshold: '10', status: 0, says: /^$/ },
    {
      threshold: '90',
      status: 2,
      says: /not met: got \d+\.\d\d instead of 90\.00\nLines not covered:\n\tp\/a\.rego:5-7\n$/,
    },
    { threshold: 'all', status: 1, says: /takes per cent from 0 to 100, not `all`/ },
  ])('is held against a threshold of $threshold', async ({ threshold, status, says }) => {
    const ran = await run(['test', 'p', '--threshold', threshold])
    expect(ran.status).toBe(status)
    expect(ran.err).toMatch(says)
  })

  it('and traces are not had together', async () => {
    const words = ['eval', '-d', 'p/a.rego', 'data.a.allow', '--coverage', '--explain', 'full']
    expect(await run(words)).toMatchObject({ status: 1, out: '' })
  })
})

describe('a trace', () => {
  it('stands before the result for people', async () => {
    const words = ['eval', '-d', 'p/a.rego', '-i', 'input.json', 'data.a.allow', '--explain', 'fails', '-f', 'pretty']
    const { out } = await run(words)
    expect(out.split('\n')).toEqual([
      'query:1        Enter data.a.allow',
      'p/a.rego:3     | Enter data.a.allow',
      'p/a.rego:3     | | Fail input.x > 1',
      'p/a.rego:5     | Enter data.a.allow',
      'p/a.rego:6     | | Fail input.y',
      'query:1        | Fail data.a.allow',
      'undefined',
      '',
    ])
  })

  it('stands beside the result for programs', async () => {
    const { out } = await run(['eval', '1 + 1', '--explain', 'full'])
    const [first] = JSON.parse(out).explanation
    expect(first).toEqual({
      op: 'Enter',
      query_id: 1,
      parent_id: 0,
      type: 'rule',
      text: '1 + 1',
      location: { file: '', row: 1, col: 1 },
    })
  })
})
