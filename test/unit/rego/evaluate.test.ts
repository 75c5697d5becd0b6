/**
 * What evaluation promises beyond OPA's own cases: exact numbers in and out, keys of any name, an input that is only read, limits that end an
 * evaluation, waiting and replaying.
 */
import { describe, expect, it } from 'vitest'
import {
  BuiltinError,
  type Json,
  type PrepareOptions,
  parseTerm,
  prepare,
  RegoErrors,
} from '../../../src/rego/index.ts'

const raw = (text: string): Json => (JSON as unknown as { rawJSON(text: string): Json }).rawJSON(text)

function policy(rules: string, options: Partial<PrepareOptions> = {}) {
  return prepare({ query: 'data.a.p', modules: { 'a.rego': `package a\n${rules}` }, ...options })
}

function codeOf(run: () => unknown): string {
  try {
    return `no error but ${JSON.stringify(run())}`
  } catch (error) {
    if (!(error instanceof RegoErrors)) throw error
    return error.errors.map(({ code }) => code).join()
  }
}

describe('a result', () => {
  const cases: [string, string, Json | undefined, Json | undefined][] = [
    ['false is a value', 'p := false', undefined, false],
    ['null is a value', 'p := null', undefined, null],
    ['no rule that holds is undefined', 'p if input.x', undefined, undefined],
    [
      'a rule of which nothing is known may be written as a call',
      's := input\np := [s(), data.a.s(), x] if s(x)',
      2,
      [2, 2, 2],
    ],
    ['a null input is an input', 'p := [input]', null, [null]],
    ['a missing input is undefined', 'p := [input]', undefined, undefined],
    [
      'sets are sorted arrays',
      'p := {3, "a", 1, null, [2], {"k": 1}, true}',
      undefined,
      [null, true, 1, 3, 'a', [2], { k: 1 }],
    ],
    [
      'keys that are no strings are their text',
      'p := {1: "a", [2]: "b", null: "c"}',
      undefined,
      { null: 'c', '1': 'a', '[2]': 'b' },
    ],
    ['large integers are bigints', 'p := input.x + 1', { x: 9007199254740993n }, 9007199254740994n],
    ['a raw number is given back', 'p := input', raw('0.10000000000000000001'), raw('0.10000000000000000001')],
    [
      'a raw number is a number',
      'p := [type_name(x), x > 1, x == 1.5] if x := input.n',
      { n: raw('1.50') },
      ['number', true, true],
    ],
    ['a raw number has no fields', 'p := [x | x := input.n[_]]', { n: raw('1.50') }, []],
    ['a raw number in a set is the same number', 'p := {1.5, input.n}', { n: raw('1.50') }, [1.5]],
  ]
  it.each(cases)('%s', (_, rules, input, wanted) => {
    const query = policy(rules)
    const got = input === undefined ? query.value() : query.value(input)
    expect(got).toEqual(wanted)
  })

  it('has its keys in ascending order', () => {
    expect(JSON.stringify(policy('p := {"b": 1, "a": {"d": 1, "c": 2}}').value())).toBe('{"a":{"c":2,"d":1},"b":1}')
  })

  it('is a copy: changing it changes neither data nor the next result', () => {
    const data = { d: { list: [1] } }
    const query = policy('p := data.d', { data })
    const first = query.value() as { list: number[] }
    first.list.push(2)
    expect(query.value()).toEqual({ list: [1] })
    expect(data).toEqual({ d: { list: [1] } })
  })

  it('has one row for every way to bind the variables', () => {
    const query = prepare({ query: 'x = [1, 2][i]; y = x * 2', modules: {} })
    expect(query.evaluate()).toEqual([
      { i: 0, x: 1, y: 2 },
      { i: 1, x: 2, y: 4 },
    ])
    expect(() => query.value()).toThrow(TypeError)
  })
})

describe('input', () => {
  it('is only read', () => {
    const input = Object.freeze({ a: Object.freeze([3, 1, 2]), o: Object.freeze({ z: 1, a: 2 }) }) as unknown as Json
    const query = policy(
      'p := [sort(input.a), {x | some x in input.a}, [k | some k, _ in input.o], y] if y := input with input.o.n as 1',
    )
    expect(query.value(input)).toEqual([[1, 2, 3], [1, 2, 3], ['a', 'z'], { a: [3, 1, 2], o: { a: 2, n: 1, z: 1 } }])
    expect(JSON.stringify(input)).toBe('{"a":[3,1,2],"o":{"z":1,"a":2}}')
  })

  it('may hold sets and keys of any type', () => {
    const query = policy('p := [x | some x in input.s] if input.o[[1]] == "one"')
    expect(query.value(parseTerm('{"s": {2, 1}, "o": {[1]: "one"}}'))).toEqual([1, 2])
  })

  const names = ['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty', 'length', 'map', 'size', 'then']
  it.each(names)('has the key `%s` where it was written, and nowhere else', (name) => {
    const rules = `p := {"read": object.get(input, ["o", "${name}"], "none"), "dot": [x | x := input.o["${name}"]],
      "dynamic": [x | some k in ["${name}"]; x := input.o[k]], "keys": [k | some k, _ in input.o],
      "array": [x | x := input.list["${name}"]], "text": [x | x := input.text["${name}"]],
      "made": {"${name}": 1}, "collected": {k: 1 | some k in ["${name}"]}, "partial": q, "data": [x | x := data.d["${name}"]],
      "set": "${name}" in {"${name}"}, "member": [x | x := {"${name}"}["${name}"]], "with": w, "merged": object.union({}, {"${name}": 2})}
      q[k] := 1 if some k in ["${name}"]
      w := x if { x := input.o["${name}"] with input.o["${name}"] as "with" }`
    const query = policy(rules, { data: { d: {} } })
    const key = JSON.stringify(name)
    const got = query.value(JSON.parse(`{"o": {${key}: "own"}, "list": [1], "text": "t"}`)) as Record<string, Json>
    expect(JSON.parse(JSON.stringify(got))).toEqual(
      JSON.parse(`{"read": "own", "dot": ["own"], "dynamic": ["own"], "keys": [${key}], "array": [], "text": [],
        "made": {${key}: 1}, "collected": {${key}: 1}, "partial": {${key}: 1}, "data": [], "set": true, "member": [${key}],
        "with": "with", "merged": {${key}: 2}}`),
    )
    const absent = query.value({ o: {}, list: [], text: '' }) as Record<string, Json>
    expect([absent.read, absent.dot, absent.dynamic, absent.keys]).toEqual(['none', [], [], []])
  })

  it('shows nothing that somebody put on Object.prototype', () => {
    const query = policy(
      'p := [object.get(input, "admin", "none"), [x | x := input.admin], [x | x := input.user.admin]]',
    )
    const before = query.value({ user: {} })
    Object.defineProperty(Object.prototype, 'admin', { value: true, configurable: true, enumerable: false })
    try {
      expect(query.value({ user: {} })).toEqual(before)
      expect(query.value({ admin: true, user: {} })).toEqual([true, [true], []])
    } finally {
      Reflect.deleteProperty(Object.prototype, 'admin')
    }
  })
})

describe('errors', () => {
  const cases: [string, string, string][] = [
    ['two values of a complete rule', 'p := x if some x in [1, 2]', 'eval_conflict_error'],
    ['two rules of different values', 'p := 1 if true\np := 2 if true', 'eval_conflict_error'],
    ['two values for one key', 'p[k] := v if { some k in ["a"]; some v in [1, 2] }', 'eval_conflict_error'],
    ['two values of a function', 'p := f(1)\nf(x) := y if some y in [x, 2]', 'eval_conflict_error'],
    ['a conflict in an object comprehension', 'p := {"k": x | some x in [1, 2]}', 'eval_conflict_error'],
  ]
  it.each(cases)('%s', (_, rules, code) => {
    expect(codeOf(() => policy(rules).value({}))).toBe(code)
  })

  it('say where: file, row, column and the line', () => {
    const query = policy('q := 1\np := x if {\n\tsome x in [1, 2]\n}')
    expect(() => query.value()).toThrow(/^a\.rego:3:1: eval_conflict_error: .*\n {2}p := x if \{\n {2}\^$/)
  })

  it('of builtins are undefined, unless they are to end the evaluation', () => {
    const rules = 'p := [x | x := to_number(input.x)]'
    expect(policy(rules).value({ x: 'no' })).toEqual([])
    expect(codeOf(() => policy(rules, { strictBuiltinErrors: true }).value({ x: 'no' }))).toBe('eval_builtin_error')
  })
})

describe('limits', () => {
  const few = { limits: { stepsMax: 10_000 } }
  const cases: [string, string, Partial<PrepareOptions>][] = [
    ['loops', 'p := count([1 | some _ in input.list; some _ in input.list; some _ in input.list])', few],
    ['walks', 'p := count([1 | walk(input, _); walk(input, _); walk(input, _)])', few],
    [
      'quantifiers',
      'p if every x in input.list { every y in input.list { every z in input.list { x + y + z >= 0 } } }',
      few,
    ],
    ['calls of functions by functions', `p := f0(1)\n${chain(18)}`, few],
    ['ranges', 'p := count(numbers.range(1, 100000))', few],
    [
      'texts that double',
      `x0 := "0123456789abcdef"\n${doubling(40, (x) => `sprintf("%v%v", [${x}, ${x}])`)}\np := count(x40)`,
      {},
    ],
    [
      'results that share their parts',
      `x0 := [input.list]\n${doubling(12, (x) => `[${x}, ${x}]`)}\np := x12`,
      { limits: { resultValuesMax: 1_000 } },
    ],
  ]
  it.each(cases)('end %s', (_, rules, options) => {
    const list = Array.from({ length: 40 }, (_item, i) => i)
    expect(codeOf(() => policy(rules, options).value({ list }))).toMatch(/^eval_(cancel|builtin)_error$/)
  })

  it('leave what stays below them alone', () => {
    expect(policy(`p := f0(1)\n${chain(18)}`).value()).toBe(2 ** 18)
    expect(policy('p := count(numbers.range(1, 1000))', few).value()).toBe(1000)
  })

  it('end input that is nested too deeply', () => {
    let deep: Json = []
    for (let i = 0; i < 200_000; i++) deep = [deep]
    expect(codeOf(() => policy('p := input == [input]').value(deep))).toBe('eval_cancel_error')
  })

  it('start anew with every evaluation', () => {
    const query = policy('p := count([1 | some _ in input; some _ in input])', few)
    const list = Array.from({ length: 90 }, () => 0)
    for (let i = 0; i < 5; i++) expect(query.value(list)).toBe(8100)
  })
})

/** Functions that each call the next one twice, with different arguments, so that remembering calls does not help. */
function chain(length: number): string {
  const calls = Array.from({ length }, (_, i) => `f${i}(x) := f${i + 1}(x * 2) + f${i + 1}((x * 2) + 1)`)
  return [...calls, `f${length}(_) := 1`].join('\n')
}

function doubling(length: number, next: (previous: string) => string): string {
  return Array.from({ length }, (_, i) => `x${i + 1} := ${next(`x${i}`)}`).join('\n')
}

describe('waiting', () => {
  const remote = (log: string[]): Partial<PrepareOptions> => ({
    ports: {
      lookup: async (host) => {
        log.push(host)
        return host === 'one.example' ? ['192.0.2.1'] : ['192.0.2.2', '192.0.2.3']
      },
    },
  })
  const rules = 'p := {h: net.lookup_ip_addr(h) | some h in ["one.example", "two.example", "one.example"]}'

  it('asks the network once for each question, and starts again', async () => {
    const log: string[] = []
    expect(await policy(rules, remote(log)).valueAsync()).toEqual({
      'one.example': ['192.0.2.1'],
      'two.example': ['192.0.2.2', '192.0.2.3'],
    })
    expect(log).toEqual(['one.example', 'two.example'])
  })

  it('is refused where the caller cannot wait', () => {
    expect(codeOf(() => policy(rules, remote([])).value())).toBe('eval_builtin_error')
  })
})

describe('replay', () => {
  it('gives back what was recorded instead of asking again', () => {
    let now = 1_000_000_000n
    const query = policy('p := [time.now_ns(), rand.intn("k", 1000000), uuid.rfc4122("k")]', { now: () => now++ })
    let values = {}
    const first = query.value({}, { record: (recorded) => (values = recorded) })
    expect(query.value({})).not.toEqual(first)
    expect(query.value({}, { nondeterministic: values })).toEqual(first)
    expect(Object.keys(values).sort()).toEqual(['rand.intn', 'time.now_ns', 'uuid.rfc4122'])
  })

  it('sees one time in one evaluation', () => {
    let now = 5n
    expect(policy('p := [time.now_ns() | some _ in [1, 2, 3]]', { now: () => now++ }).value()).toEqual([5, 5, 5])
  })
})

describe('reads', () => {
  const cases: [string, string, string[][]][] = [
    ['nothing', 'p := 1', []],
    ['a place', 'p if input.call.tool.name == "x"', [['call', 'tool', 'name']]],
    [
      'a place through another name of it',
      'p if { c := input.call; t := c.tool; t.name == "x"; c.phase == "call" }',
      [
        ['call', 'phase'],
        ['call', 'tool', 'name'],
      ],
    ],
    ['everything below a place that is used whole', 'p := count(input.call)', [['call']]],
    [
      'everything below a place that is gone through',
      'p if some x in input.call.arguments.list',
      [['call', 'arguments', 'list']],
    ],
    ['everything below a place whose key is computed', 'p := input.call[input.key]', [['key'], ['call']]],
    ['all of the input', 'p := input', [[]]],
    ['what a function reads of its arguments', 'p := f(input.call)\nf(x) := x.tool', [['call']]],
    ['what a negation reads', 'p if not input.call.done', [['call', 'done']]],
    ['what a comprehension reads', 'p := [x | x := input.a.b]', [['a', 'b']]],
    ['no rule that the query does not reach', 'p := 1\nq := input.call.arguments', []],
    ['what is only asked to be there', 'p if input.a.b', [['a', 'b']]],
    ['the shorter of two places', 'p if { input.a.b; input.a }', [['a']]],
  ]
  it.each(cases)('%s', (_, rules, wanted) => {
    const order = (paths: readonly (readonly string[])[]) => paths.map((path) => JSON.stringify(path)).sort()
    expect(order(policy(rules).reads)).toEqual(order(wanted))
  })
})

describe('builtins of the caller', () => {
  it('are called with values, and fail as the others do', () => {
    const builtins = {
      'acme.double': {
        decl: { args: [{ type: 'number' }], result: { type: 'number' } },
        run: (x: unknown) => Number(x) * 2,
      },
      'acme.fail': {
        decl: { args: [], result: { type: 'any' } },
        run: () => {
          throw new BuiltinError('no such luck')
        },
      },
    } as const
    expect(policy('p := [acme.double(21), [x | x := acme.fail()]]', { builtins }).value()).toEqual([42, []])
    const strict = policy('p := acme.fail()', { builtins, strictBuiltinErrors: true })
    expect(() => strict.value()).toThrow('eval_builtin_error: acme.fail: no such luck')
  })
})
