/** `gatehouse test` as a shell calls it: which tests are found, what comes of them, how it is told. The comparison with `opa test` is in test/agree. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/cli/clock.ts'
import { goDuration } from '../../../src/cli/go-duration.ts'
import { runWords } from '../../../src/cli/main.ts'
import { fakeClock } from '../../support/clock.ts'
import { folderOf } from '../../support/files.ts'
import { makeFakeIo } from '../../support/io.ts'

const policy = 'package app\n\ndefault allow := false\n\nallow if input.n > data.limit\n'
const files = {
  'p/app.rego': policy,
  'p/data.json': '{"limit": 2}',
  'p/app_test.rego': [
    'package app_test',
    'import data.app',
    'test_passes if app.allow with input as {"n": 3}',
    'test_fails if app.allow with input as {"n": 1}',
    'test_passes if { print("second", 2); not app.allow with input as {"n": 2} }',
    'todo_test_later if false',
    'test_conflict if f(1) == 1',
    'f(x) := x',
    'f(x) := x + 1',
    'test_cases[name] if {',
    '  some name, c in {"one": {"n": 3}, "two": {"n": 1}}',
    '  app.allow with input as c',
    '}',
    'test_deep[group][tc.note] if {',
    '  some group, cases in {"g": [{"note": "a", "n": 9}, {"note": "b", "n": 0}]}',
    '  some tc in cases',
    '  app.allow with input as tc',
    '}',
    'test_of_function(x) if x == 1',
    'test_set contains "x"',
    'test_number := 1',
    'inner.test_nested if true',
    'not_a_test if false',
  ].join('\n'),
}

interface Ran {
  readonly status: number
  readonly out: string
  readonly err: string
}

async function run(words: readonly string[], directory = folderOf(files)): Promise<Ran> {
  const io = makeFakeIo({ directory, clock: systemClock })
  const status = await runWords(['test', ...words], io)
  return { status, out: io.stdout.text, err: io.stderr.text }
}

interface Result {
  readonly name: string
  readonly package: string
  readonly fail?: boolean
  readonly skip?: boolean
  readonly error?: { readonly code: string }
  readonly output?: string
  readonly sub_results?: unknown
  readonly duration: number
  readonly location: { readonly file: string; readonly row: number; readonly col: number }
  readonly benchmark_result?: { readonly N: number }
}

async function resultsOf(words: readonly string[], directory?: string): Promise<readonly Result[]> {
  return JSON.parse((await run([...words, '--format', 'json'], directory)).out)
}

function outcome({ fail, skip, error }: Result): string {
  return skip === true ? 'skip' : error !== undefined ? error.code : fail === true ? 'fail' : 'pass'
}

describe('gatehouse test', () => {
  it('finds every test where it stands and says what came of it', async () => {
    const results = await resultsOf(['p'])
    expect(results.map((each) => `${each.name} ${each.location.row} ${outcome(each)}`)).toEqual([
      'test_passes 3 pass',
      'test_fails 4 fail',
      'test_passes#01 5 pass',
      'todo_test_later 6 skip',
      'test_conflict 7 eval_conflict_error',
      'test_cases 10 fail',
      'test_deep 14 fail',
      'test_of_function 19 rego_type_error',
      'test_set 20 fail',
      'test_number 21 fail',
      'inner.test_nested 22 pass',
    ])
    expect(new Set(results.map((each) => each.package))).toEqual(new Set(['data.app_test']))
    expect(results.every(({ location }) => location.file === 'p/app_test.rego' && location.col === 1)).toBe(true)
  })

  it('tells of each case, of those too that gave nothing', async () => {
    const results = await resultsOf(['p', '-r', 'cases|deep'])
    expect(results.map((each) => each.sub_results)).toEqual([
      { one: { name: 'one' }, two: { name: 'two', fail: true } },
      { g: { name: 'g', fail: true, sub_results: { a: { name: 'a' }, b: { name: 'b', fail: true } } } },
    ])
  })

  it('keeps what each test prints beside it', async () => {
    const [first, second] = await resultsOf(['p', '--run', 'test_passes'])
    expect(first?.output).toBeUndefined()
    expect(Buffer.from(second?.output ?? '', 'base64').toString()).toBe('second 2\n')
  })

  it.each([
    { words: ['p'], status: 2, out: /PASS: 5\/13\nFAIL: 5\/13\nSKIPPED: 1\/13\nERROR: 2\/13\n$/ },
    { words: ['p', '-r', 'test_passes'], status: 0, out: /^PASS: 2\/2\n$/ },
    {
      words: ['p', '-vr', 'test_passes$'],
      status: 0,
      out: /^p\/app_test.rego:3:\ndata.app_test.test_passes: PASS \(.*\)\n-+\nPASS: 1\/1\n$/,
    },
    { words: ['p', '-r', 'todo'], status: 2, out: /todo_test_later: SKIPPED\n-+\nSKIPPED: 1\/1\n$/ },
    { words: ['p', '-r', 'todo', '-z'], status: 0, out: /SKIPPED: 1\/1\n$/ },
    { words: ['p', '-r', 'nothing'], status: 0, out: /^$/ },
    { words: ['p', '-r', 'nothing', '--fail-on-empty'], status: 1, out: /^$/ },
    { words: ['p', '-r', 'test_passes', '--count', '2'], status: 0, out: /^PASS: 2\/2\nPASS: 2\/2\n$/ },
    { words: ['p', '--ignore', '*_test.rego'], status: 0, out: /^$/ },
    { words: ['-b', 'p', '-r', 'test_passes$'], status: 0, out: /^PASS: 1\/1\n$/ },
  ])('of $words ends with $status and $out', async ({ words, status, out }) => {
    const ran = await run(words)
    expect(ran.out).toMatch(out)
    expect(ran.status).toBe(status)
  })

  it('runs tests of policies that call functions of another program, where `with` replaces them', async () => {
    const directory = folderOf({
      'p/a.rego': 'package a\nq if other.call("x") == 1\n',
      'p/a_test.rego': 'package a_test\ntest_mocked if data.a.q with other.call as 1\ntest_bare if data.a.q\n',
      'capabilities.json': JSON.stringify({
        builtins: [
          { name: 'other.call', decl: { args: [{ type: 'string' }], result: { type: 'any' } } },
          {
            name: 'equal',
            decl: { args: [{ type: 'any' }, { type: 'any' }], result: { type: 'boolean' } },
            infix: '==',
          },
        ],
      }),
    })
    const results = await resultsOf(['p', '--capabilities', 'capabilities.json'], directory)
    expect(results.map(outcome)).toEqual(['pass', 'eval_internal_error'])
  })

  it('says which condition failed and what it saw', async () => {
    const { out } = await run(['p', '-v', '-r', 'fails|cases'])
    expect(out).toContain('FAILURES')
    expect(out).toMatch(/test_fails \(p\/app_test.rego:4\).*app.allow/)
    expect(out).toMatch(/allow \(p\/app.rego:5\): input.n > data.limit/)
    expect(out).toMatch(/input.n = 1/)
    expect(out).toMatch(/two: FAIL/)
    expect((await run(['p', '-r', 'fails'])).out).not.toContain('FAILURES')
    expect((await run(['p', '-r', 'fails', '--var-values'])).out).toContain('input.n = 1')
  })

  it.each([
    { words: ['none'], status: 1, err: /1 error occurred during loading: stat none/ },
    { words: ['bad'], status: 1, err: /1 error occurred: bad\/a.rego:2: rego_unsafe_var_error/ },
    { words: ['clash'], status: 1, err: /conflicting rule for data path a\/b found/ },
    { words: ['p', '-r', '['], status: 1, err: /`\[` is no regular expression/ },
    { words: ['p', '--format', 'gobench'], status: 1, err: /add `--bench`/ },
    { words: ['p', '--v0-compatible'], status: 1, err: /Rego v1 here/ },
    { words: [], status: 1, err: /`test` needs PATH/ },
  ])('of $words is refused with $err', async ({ words, status, err }) => {
    const directory = folderOf({
      ...files,
      'bad/a.rego': 'package a\np := z\n',
      'clash/a.rego': 'package a\nb := 1\n',
      'clash/data.json': '{"a": {"b": 2}}',
    })
    const ran = await run(words, directory)
    expect(ran).toMatchObject({ status, out: '' })
    expect(ran.err).toMatch(err)
  })

  it('breaks off a test that takes too long, and no other', async () => {
    const slow =
      'package s_test\ntest_slow if { some x, y, z; numbers.range(1, 800)[x]; numbers.range(1, 800)[y]; numbers.range(1, 800)[z]; x + y + z < 0 }\ntest_quick if true\n'
    const results = await resultsOf(['.', '--timeout', '100ms'], folderOf({ 's_test.rego': slow }))
    expect(results.map(outcome)).toEqual(['eval_cancel_error', 'pass'])
  })

  it('measures tests for a second each', async () => {
    const { out, status } = await run(['p', '-r', 'test_passes$', '--bench'])
    expect(status).toBe(0)
    expect(out).toMatch(
      /^data.app_test.test_passes\t +\d+\t +\d+ ns\/op\nPASS: 1\/1\n|^data.app_test.test_passes\t +\d+\t +\d+ ns\/op\n-+\nPASS: 1\/1\n$/,
    )
    expect((await run(['p', '-r', 'test_passes$', '--bench', '-f', 'gobench'])).out).toMatch(
      /^BenchmarkDataAppTestTestPasses\t/,
    )
  }, 20_000)

  it('runs again when a file changes, until it is interrupted', async () => {
    const directory = folderOf(files)
    const clock = fakeClock()
    const io = makeFakeIo({ directory, clock })
    const ended = runWords(['test', '--watch', 'p', '-r', 'test_passes$'], io)
    const pause = `${'*'.repeat(80)}\nWatching for changes ...\n`
    await clock.settled(() => io.stdout.text === `PASS: 1/1\n${pause}`)
    writeFileSync(join(directory, 'p/app.rego'), `${policy}# changed\nallow if input.n == 3\n`)
    await clock.settled(() => io.stdout.text === `PASS: 1/1\n${pause}PASS: 1/1\n${pause}`, 1_000)
    io.interrupt('SIGINT')
    expect(await ended).toBe(0)
  })

  it('runs a thousand tests in one program', async () => {
    const rules = Array.from({ length: 1_000 }, (_, i) => `test_${i} if app.allow with input as {"n": ${i + 3}}`)
    const directory = folderOf({
      ...files,
      'p/many_test.rego': `package many_test\nimport data.app\n${rules.join('\n')}\n`,
    })
    const before = performance.now()
    expect((await run(['p', '-r', 'many_test'], directory)).out).toBe('PASS: 1000/1000\n')
    // Two seconds with the start of the process; ten times as long on a machine that does other things.
    expect(performance.now() - before).toBeLessThan(20_000)
  }, 30_000)
})

describe('a length of time', () => {
  it.each([
    [0, '0s'],
    [1, '1ns'],
    [999, '999ns'],
    [85_067, '85.067µs'],
    [1_000, '1µs'],
    [4_010_000, '4.01ms'],
    [1_500_000_000, '1.5s'],
    [62_500_000_000, '1m2.5s'],
    [3_600_000_000_000, '1h0m0s'],
  ])('of %d ns is %s', (ns, text) => {
    expect(goDuration(ns)).toBe(text)
  })
})
