/** Profiles: what is counted where, and to which row time belongs. The clock goes on by one millisecond each time that it is read. */
import { describe, expect, it } from 'vitest'
import { type Json, Profile, type ProfiledRow, prepare } from '../../../src/rego/index.ts'

const ticking = (): (() => number) => {
  let now = 0
  return () => now++
}

function profiled(module: string, input: Json): { rows: readonly ProfiledRow[]; value: unknown } {
  const profile = new Profile(ticking())
  const query = prepare({ query: 'data.p.r', modules: { 'p.rego': `package p\n${module}` }, profile })
  const value = query.value(input as never)
  return { rows: profile.rows(), value }
}

/** Row 2 is the first one of the module. */
const counts = (rows: readonly ProfiledRow[]): string[] =>
  rows
    .filter(({ file }) => file !== '')
    .map(
      ({ row, col, evalCount, redoCount, expressionCount }) =>
        `${row}:${col} ${evalCount} ${redoCount} ${expressionCount}`,
    )

/** Row and column, evaluations, returns, expressions: as `opa eval --profile` counts them. */
const cases: readonly { what: string; module: string; input: Json; rows: readonly string[] }[] = [
  { what: 'a condition that held', module: 'r if input.x > 1', input: { x: 2 }, rows: ['2:6 2 2 2'] },
  { what: 'a condition that failed', module: 'r if {\n\tinput.x > 1\n}', input: { x: 0 }, rows: ['3:2 2 1 2'] },
  {
    what: 'a condition for each element of a loop',
    module: 'r := [y |\n\tsome i\n\ty := input.xs[i]\n\tinput.xs[i] > 1\n]',
    input: { xs: [1, 2, 3] },
    rows: ['2:6 1 1 1', '4:2 1 3 1', '5:2 6 5 2'],
  },
  {
    what: 'a call in a call, the inner one first',
    module: 'r if {\n\tcount(lower(input.s)) == 1\n}',
    input: { s: 'A' },
    rows: ['3:14 4 4 4'],
  },
  {
    what: 'nothing that what came before has kept from being evaluated',
    module: 'r if {\n\tcount(lower(input.s)) == 1\n\tinput.x\n}',
    input: { s: 5, x: 1 },
    rows: ['3:14 2 1 2'],
  },
  {
    what: 'a `not` that held, and what it negates',
    module: 'r if {\n\tinput.x\n\tnot input.y\n}',
    input: { x: 1 },
    rows: ['3:2 1 1 1', '4:2 2 0 2'],
  },
  { what: 'a rule without a body', module: 'r := 1', input: {}, rows: ['2:6 1 1 1'] },
  {
    what: 'a default',
    module: 'default r := 1\nr := 2 if {\n\tinput.x > 5\n}',
    input: { x: 1 },
    rows: ['4:2 2 1 2', '2:1 1 1 1'],
  },
  { what: 'a head that must be computed', module: 'r := upper(input.s)', input: { s: 'a' }, rows: ['2:12 2 2 2'] },
  {
    what: 'a body that goes through a collection, once for each element',
    module: 'r contains x if {\n\tsome x in [1, 2]\n\tx > 1\n}',
    input: {},
    rows: ['3:12 2 3 2', '4:2 2 1 1'],
  },
]

describe('a profile', () => {
  it.each(cases)('counts $what', ({ module, input, rows }) => {
    expect(counts(profiled(module, input).rows)).toEqual(rows)
  })

  it('gives time to the row that is evaluated, all of it until the query has ended', () => {
    let now = 0
    const profile = new Profile(() => now)
    const slow = (ms: number) => ({
      decl: { args: [], result: { type: 'boolean' as const } },
      run: () => {
        now += ms
        return true
      },
    })
    const query = prepare({
      query: 'data.p.r',
      modules: { 'p.rego': 'package p\nr if {\n\tone.ms()\n\tfive.ms()\n\tone.ms()\n}' },
      builtins: { 'one.ms': slow(1), 'five.ms': slow(5) },
      profile,
    })
    query.value({})
    now += 1000
    expect(profile.rows().map(({ file, row, timeNs }) => [file, row, timeNs])).toEqual([
      ['', 1, 0],
      ['p.rego', 3, 1e6],
      ['p.rego', 4, 5e6],
      ['p.rego', 5, 1e6],
    ])
  })

  it('counts what has waited for the network once, beside the evaluations before, and gives the wait to its row', async () => {
    let now = 0
    const profile = new Profile(() => now)
    const query = prepare({
      query: 'data.p.r',
      modules: {
        'p.rego':
          'package p\nr if {\n\tinput.x\n\thttp.send({"method": "get", "url": "http://localhost/"}).status_code == 200\n}',
      },
      ports: {
        fetch: async () => {
          now += 7
          return { status: 200, statusText: 'OK', headers: {}, body: Buffer.from('{}') }
        },
      },
      profile,
    })
    for (const _ of [1, 2]) expect(await query.valueAsync({ x: 1 })).toBe(true)
    const rows = profile.rows().filter(({ file }) => file !== '')
    expect(rows.map(({ row, timeNs, evalCount }) => [row, timeNs, evalCount])).toEqual([
      [3, 0, 2],
      [4, 14e6, 4],
    ])
  })

  it('gives no row the time after an evaluation that ended with an error', () => {
    let now = 0
    const profile = new Profile(() => now)
    const modules = { 'p.rego': 'package p\nr := 1\nr := 2 if input.x' }
    const query = prepare({ query: 'data.p.r', modules, profile })
    expect(() => query.value({ x: 1 })).toThrow('complete rules must not produce multiple outputs')
    now += 1000
    query.value({ x: false })
    expect(profile.rows().every(({ timeNs }) => timeNs === 0)).toBe(true)
  })

  it('changes no result', () => {
    expect(profiled('r := [x | some x in input.xs; x > 1]', { xs: [1, 2, 3] }).value).toEqual([2, 3])
  })

  it('holds the query with its text, and adds up over evaluations', () => {
    const profile = new Profile(ticking())
    const query = prepare({ query: 'data.p.r', modules: { 'p.rego': 'package p\nr := 1' }, profile })
    query.value({})
    query.value({})
    expect(profile.rows().map(({ file, text, evalCount }) => [file, text, evalCount])).toEqual([
      ['', 'data.p.r', 2],
      ['p.rego', '1', 2],
    ])
  })

  it.each(['coverage', 'trace'])('is not had together with %s', (other) => {
    const also = other === 'coverage' ? { coverage: true } : { trace: () => {} }
    const profile = new Profile(ticking())
    expect(() => prepare({ query: '1', modules: {}, profile, ...also })).toThrow(
      /one of `coverage`, `trace` and `profile`/,
    )
  })
})
