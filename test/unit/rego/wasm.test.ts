/**
 * Modules that `opa build -t wasm` made, run as queries: every trap of the package and of the modules has its test. The module is committed with its
 * sources under `test/cases/wasm`; where `opa` is present it is built again and compared.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Json, loadWasm, parseTerm, RegoErrors, type Value, type WasmOptions } from '../../../src/rego/index.ts'
import { findOpa } from '../../support/opa.ts'
import { moduleOf } from '../../support/wasm.ts'

const folder = join(import.meta.dirname, '../../cases/wasm')
const bundle = readFileSync(join(folder, 'bundle.tar.gz'))
const module = moduleOf(bundle)
const rawJson = (JSON as unknown as { rawJSON(text: string): Value & Json }).rawJSON
const data = { company: { methods: ['GET'], number: 98765432109876543210n } }

/** As the committed bundle was built, in this order: `opa build -t wasm -e ... -r fixture-1 -b .` in the folder of the sources. */
const entrypoints = [
  'gatehouse',
  ...[
    'echo',
    'texts',
    'numbers_kept',
    'collections',
    'clock',
    'chance',
    'failing',
    'fetched',
    'complete',
    'partial',
    'steps',
    'calls',
    'memory',
  ].map((rule) => `traps/${rule}`),
]

function load(options: Partial<WasmOptions> = {}) {
  return loadWasm({ module, file: 'policies/policy.wasm', data, ...options })
}

async function query(entrypoint: string, options: Partial<WasmOptions> = {}) {
  return (await load(options)).query(entrypoint)
}

function errorOf(run: () => unknown): RegoErrors['errors'][number] {
  try {
    run()
  } catch (cause) {
    if (cause instanceof RegoErrors && cause.errors.length === 1) return cause.errors[0] as RegoErrors['errors'][number]
    throw cause
  }
  throw new Error('it did not fail')
}

async function refusalOf(loading: Promise<unknown>): Promise<string> {
  const cause = await loading.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(cause).toBeInstanceOf(RegoErrors)
  return (cause as RegoErrors).message
}

test('a module tells its entrypoints, and one that it does not have is named', async () => {
  const policy = await load()
  expect(policy.entrypoints).toEqual([...entrypoints].sort())
  expect(() => policy.query('toString')).toThrow('the module has no entrypoint `toString`')
})

describe('input', () => {
  const inputs: { note: string; input: Value; wanted?: Json }[] = [
    { note: 'false', input: false },
    { note: 'zero', input: 0 },
    { note: 'an empty text', input: '' },
    { note: 'null', input: null },
    { note: 'an empty object', input: {} },
    {
      note: 'numbers that no double holds',
      input: [2n ** 70n, rawJson('0.1000000000000000055511151231257827')],
    },
    {
      note: 'keys that are names of prototypes',
      input: JSON.parse('{"__proto__": {"constructor": 1}, "toString": 2}') as Value,
    },
    { note: 'text of every kind', input: '\u0000\u2028"\\\n</script>é𝒳\ud83d\ude00' },
    {
      note: 'a set, and keys that are no strings',
      input: parseTerm('{1, {"a": set()}, {[1]: 2}}'),
      wanted: [1, { a: [] }, { '[1]': 2 }],
    },
    { note: 'half a character, which becomes U+FFFD', input: 'a\ud800', wanted: 'a\ufffd' },
  ]
  test.each(inputs)('is $note', async ({ input, wanted }) => {
    const echo = await query('traps/echo')
    expect(echo.value(input)).toEqual(wanted ?? input)
    expect(echo.evaluate(input)).toEqual([{ result: wanted ?? input }])
  })

  test('that is not given is undefined', async () => {
    const echo = await query('traps/echo')
    expect(echo.value()).toBeUndefined()
    expect(echo.evaluate()).toEqual([])
  })

  test('is read whole', async () => expect((await query('traps/echo')).reads).toEqual([[]]))

  test('may be much larger than the memory at first', async () => {
    const echo = await query('traps/echo')
    const large = Array.from({ length: 300_000 }, (_, i) => i)
    expect(echo.value(large)).toEqual(large)
    expect(echo.value('small')).toBe('small')
  })

  test('that is larger than an input may be ends the evaluation, and the next one is well', async () => {
    const echo = await query('traps/echo')
    expect(errorOf(() => echo.value('x'.repeat(17 * 1024 * 1024)))).toMatchObject({
      code: 'eval_cancel_error',
      message: expect.stringMatching(/the input has `\d+` bytes as text, more than `16777216`/),
    })
    expect(echo.value(1)).toBe(1)
  })

  test('that is nested too deeply ends the evaluation, and the next one is well', async () => {
    const echo = await query('traps/echo')
    const nested = (levels: number): Value => {
      let value: Value = []
      for (let i = 1; i < levels; i++) value = [value]
      return value
    }
    expect(errorOf(() => echo.value(nested(5_000))).code).toBe('eval_cancel_error')
    expect(JSON.stringify(echo.value(nested(900)))).toHaveLength(1_800)
  })
})

describe('results', () => {
  test('keep numbers that no double holds, from rules, input and data', async () => {
    const kept = await query('traps/numbers_kept')
    expect(kept.value({ number: 10n ** 25n })).toEqual({
      whole: 123456789012345678901234567890n,
      decimal: rawJson('0.1234567890123456789'),
      input: 10n ** 25n,
      data: 98765432109876543210n,
    })
  })

  test('have sets in order and keys as text, as the compiler gives them', async () => {
    expect((await query('traps/collections')).value()).toEqual({
      set: [1, 3, 'a', 'b', ['z']],
      keys: { '1': 'one', '["two"]': undefined, three: 3, '[2]': 'two' },
      empty: [],
    })
  })

  test('are bounded', async () => {
    const echo = await query('traps/echo', { limits: { resultValuesMax: 10 } })
    expect(errorOf(() => echo.value(Array(11).fill(1)))).toMatchObject({ code: 'eval_cancel_error' })
  })
})

describe('builtins', () => {
  test('are ours, those that the package brings included', async () => {
    expect((await query('traps/texts')).value({ name: 'a', list: [1, 2] })).toEqual({
      big: '12345678901234567890',
      composite: '{"a": {1, 2}}',
      split: ['a', 'b', 'c'],
      template: 'a has 2',
      yaml: { a: 12345678901234567890n },
    })
  })

  test("may be the caller's own", async () => {
    const own = { decl: { args: [], result: { type: 'any' } }, run: () => 7 } as const
    expect((await query('traps/clock', { builtins: { 'time.now_ns': own } })).value()).toEqual([7, 7])
  })

  test('see one clock in one evaluation, and their values are recorded and given back', async () => {
    let now = 1_000_000_000_000_000_000n
    const clock = await query('traps/clock', { now: () => (now += 1n) })
    let used = {}
    const [first, second] = clock.value(undefined, { record: (values) => (used = values) }) as [bigint, bigint]
    expect(first).toBe(second)
    expect(clock.value()).toEqual([first + 1n, first + 1n])
    expect(clock.value(undefined, { nondeterministic: used })).toEqual([first, first])
  })

  test('have the chance that is handed in', async () => {
    const random = (size: number) => new Uint8Array(size).fill(1)
    const [one, other] = [await query('traps/chance', { random }), await query('traps/chance', { random })]
    expect(one.value()).toBe(other.value())
  })

  test('that fail leave their rule undefined', async () => {
    expect((await query('traps/failing')).value({ document: {}, patches: [{ op: 'no', path: '/a' }] })).toBeUndefined()
  })

  test('that must wait are waited for, and say so where nobody waits', async () => {
    const body = new TextEncoder().encode('{"a": [12345678901234567890]}')
    let asked = 0
    const fetch = async () => {
      asked++
      return { status: 200, statusText: 'OK', headers: { 'content-type': ['application/json'] }, body }
    }
    const fetched = await query('traps/fetched', { ports: { fetch } })
    expect(errorOf(() => fetched.value({ url: 'http://a.example/' }))).toMatchObject({
      code: 'eval_builtin_error',
      message: expect.stringContaining('`valueAsync`'),
    })
    const both = [fetched.valueAsync({ url: 'http://a.example/' }), fetched.valueAsync({ url: 'http://b.example/' })]
    expect(await Promise.all(both)).toEqual([{ a: [12345678901234567890n] }, { a: [12345678901234567890n] }])
    expect(asked).toBe(2)
  })

  test('that throw by mistake end the evaluation as they are, and the next one is well', async () => {
    let broken = true
    const decl = { args: [], result: { type: 'any' } } as const
    const run = () => {
      if (broken) throw new TypeError('a mistake')
      return 1
    }
    const clock = await query('traps/clock', { builtins: { 'time.now_ns': { decl, run } } })
    expect(() => clock.value()).toThrow(new TypeError('a mistake'))
    broken = false
    expect(clock.value()).toEqual([1, 1])
  })

  test('may evaluate another query of the same module', async () => {
    const policy = await load({
      builtins: {
        'time.now_ns': {
          decl: { args: [], result: { type: 'any' } },
          run: () => policy.query('traps/echo').value(5) as Value,
        },
      },
    })
    expect(policy.query('traps/clock').value()).toEqual([5, 5])
  })
})

describe('an evaluation that goes wrong is an error of ours, and the next one is well', () => {
  const cases: {
    note: string
    entrypoint: string
    bad: Value
    good: Value
    result: Json | undefined
    code: string
    message: RegExp
    row?: number
  }[] = [
    {
      note: 'a rule with two values',
      entrypoint: 'traps/complete',
      bad: { values: [1, 2] },
      good: { values: [1, 1] },
      result: 1,
      code: 'eval_conflict_error',
      message: /^complete rules and functions must not produce multiple outputs$/,
      row: 34,
    },
    {
      note: 'a key with two values',
      entrypoint: 'traps/partial',
      bad: {
        pairs: [
          ['a', 1],
          ['a', 2],
        ],
      },
      good: { pairs: [['a', 1]] },
      result: { a: 1 },
      code: 'eval_conflict_error',
      message: /^object keys must be unique$/,
      row: 36,
    },
    {
      note: 'loops without end',
      entrypoint: 'traps/steps',
      bad: { list: Array(2_000).fill(1) },
      good: { list: [1, 2] },
      result: 2,
      code: 'eval_cancel_error',
      message: /^evaluation took more than `100000` steps/,
    },
    {
      note: 'calls that double at every level',
      entrypoint: 'traps/calls',
      bad: { n: 1 },
      good: {},
      result: undefined,
      code: 'eval_cancel_error',
      message: /^evaluation took more than `100000` steps/,
    },
  ]
  test.each(cases)('$note', async ({ entrypoint, bad, good, result, code, message, row }) => {
    const asked = await query(entrypoint, { limits: { stepsMax: 100_000 } })
    for (let i = 0; i < 2; i++) {
      expect(errorOf(() => asked.value(bad))).toMatchObject({ code, message: expect.stringMatching(message) })
      if (row !== undefined) expect(errorOf(() => asked.value(bad))).toMatchObject({ file: 'traps.rego', row, col: 1 })
      expect(asked.value(good)).toEqual(result)
    }
  })

  test('memory without end', async () => {
    const memory = await query('traps/memory')
    expect(errorOf(() => memory.value({ list: Array(5_000).fill('x') }))).toMatchObject({
      code: 'eval_cancel_error',
      message: expect.stringMatching(/^evaluation took more than `268435456` bytes of memory/),
    })
    expect(memory.value({ list: [1] })).toEqual([[[1, 1]]])
  })
})

test('ten thousand evaluations leave the memory of the process as it was', async () => {
  const echo = await query('traps/echo')
  const input = { text: 'x'.repeat(10_000) }
  const run = () => {
    for (let i = 0; i < 5_000; i++) echo.value(input)
    return process.memoryUsage().external
  }
  const before = run()
  expect(run() - before).toBeLessThan(16 * 1024 * 1024)
})

test('nothing is printed to the console', async () => {
  const spies = (['log', 'error', 'warn', 'info'] as const).map((name) => vi.spyOn(console, name))
  onTestFinished(() => spies.forEach((spy) => void spy.mockRestore()))
  const policy = await load()
  for (const entrypoint of policy.entrypoints) {
    try {
      policy.query(entrypoint).value({})
    } catch (cause) {
      expect(cause).toBeInstanceOf(RegoErrors)
    }
  }
  for (const spy of spies) expect(spy).not.toHaveBeenCalled()
})

describe('a module that cannot be run is refused when it is loaded, with its name and what to do', () => {
  /** The module with a text in it replaced by one of the same length. */
  const patched = (from: string, to: string): Uint8Array =>
    Uint8Array.from(Buffer.from(Buffer.from(module).toString('latin1').replaceAll(from, to), 'latin1'))
  /** A module with one function, whose body is given. */
  const withCode = (body: number[]): Uint8Array =>
    Uint8Array.from([
      ...empty,
      ...[1, 4, 1, 0x60, 0, 0], // a type: nothing to nothing
      ...[3, 2, 1, 0],
      ...[6, 1, 0],
      ...[7, 1, 0],
      ...[10, body.length + 2, 1, body.length, ...body],
    ])
  const empty = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
  const cases: { note: string; module: Uint8Array; wanted: RegExp }[] = [
    { note: 'no bytes', module: new Uint8Array(), wanted: /does not begin as a WebAssembly module/ },
    { note: 'text', module: Buffer.from('package gatehouse'), wanted: /does not begin as a WebAssembly module/ },
    {
      note: 'another version',
      module: Uint8Array.from(empty.with(4, 2)),
      wanted: /does not begin as a WebAssembly module of version 1/,
    },
    {
      note: 'a module with nothing in it',
      module: Uint8Array.from(empty),
      wanted: /has no globals, no exports or no code/,
    },
    { note: 'half a module', module: module.subarray(0, module.length / 2), wanted: /ends too early/ },
    { note: 'code that is not valid', module: withCode([0x00, 0x6a, 0x0b]), wanted: /cannot be compiled/ },
    {
      note: 'code that is not known',
      module: withCode([0x00, 0xfd, 0x00, 0x0b]),
      wanted: /has the instruction `0xfd`, which is not known/,
    },
    {
      note: 'a module of another make',
      module: patched('opa_value_dump', 'own_value_dump'),
      wanted: /does not export `opa_value_dump`/,
    },
    {
      note: 'a builtin that nobody has',
      module: patched('time.now_ns', 'time.now_nx'),
      wanted: /calls the builtin `time.now_nx`, which is not known here/,
    },
    {
      note: 'imports that nobody has',
      module: patched('opa_builtin4', 'own_builtin4'),
      wanted: /is no module of OPA that can be run here/,
    },
  ]
  test.each(cases)('$note', async ({ module: bytes, wanted }) => {
    const refusal = await refusalOf(load({ module: bytes }))
    expect(refusal).toMatch(wanted)
    expect(refusal).toMatch(/^policies\/policy\.wasm: rego_compile_error: /)
  })

  test('data that does not fit into its memory', async () => {
    const large = { rows: Array.from({ length: 600_000 }, (_, i) => ({ id: i, name: `row ${i}` })) }
    expect(await refusalOf(load({ data: large }))).toMatch(
      /its data of `\d+` bytes does not fit into the `268435456` bytes of memory/,
    )
  })
})

const opa = findOpa()
test.skipIf(opa === undefined)(
  `the committed module is what opa build makes of its sources${opa === undefined ? ' (skipped: there is no `opa` command)' : ''}`,
  () => {
    const out = mkdtempSync(join(tmpdir(), 'gatehouse-wasm-'))
    onTestFinished(() => rmSync(out, { recursive: true }))
    const words = entrypoints.flatMap((each) => ['-e', each])
    const again = join(out, 'bundle.tar.gz')
    execFileSync(opa as string, ['build', '-t', 'wasm', ...words, '-r', 'fixture-1', '-b', '.', '-o', again], {
      cwd: join(folder, 'source'),
    })
    expect(Buffer.from(moduleOf(readFileSync(again))).equals(moduleOf(bundle))).toBe(true)
  },
)
