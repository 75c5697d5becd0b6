/**
 * Evaluation with unknown parts against evaluation of every completion. First hard cases, each with its answer; then policies made at random, over
 * arguments of which every completion is listed: `no` and `yes` are never wrong, and at least 95 answers of 100 are exact.
 */
import { expect, test } from 'vitest'
import { type Json, type PrepareOptions, prepare, type Query, RegoErrors } from '../../src/rego/index.ts'
import { unknownCase } from '../support/unknown-policies.ts'

type Answer = ReturnType<Query['holds']>

interface Row {
  readonly note: string
  readonly rego: string
  readonly wanted: Answer
  /** Default `data.p.allow`. */
  readonly query?: string
  readonly input?: Json
  readonly data?: Json
  readonly unknowns?: readonly string[]
  readonly strictBuiltinErrors?: boolean
  readonly now?: () => bigint
}

const could = 'data.p.allow == true; count([1 | data.p.deny[_]]) == 0'

const rows: readonly Row[] = [
  { note: 'a condition on an argument', rego: 'allow if input.a.x == 1', wanted: 'maybe' },
  { note: 'a condition on what is known, before', rego: 'allow if { input.t == 2; input.a.x == 1 }', wanted: 'no' },
  { note: 'a condition on what is known, behind', rego: 'allow if { input.a.x == 1; input.t == 2 }', wanted: 'no' },
  { note: 'no condition on arguments', rego: 'allow if input.t == 1', wanted: 'yes' },
  { note: 'one value is not two', rego: 'allow if { input.a.x == 1; input.a.x == 2 }', wanted: 'no' },
  { note: 'nothing is below and above', rego: 'allow if { input.a.x > 4; input.a.x < 4 }', wanted: 'no' },
  {
    note: 'one value is at least and at most itself',
    rego: 'allow if { input.a.x >= 4; input.a.x <= 4 }',
    wanted: 'maybe',
  },
  {
    note: 'and then it is that value',
    rego: 'allow if { input.a.x >= 4; input.a.x <= 4; input.a.x != 4 }',
    wanted: 'no',
  },
  { note: 'texts are above numbers', rego: 'allow if { input.a.x > 4; not is_number(input.a.x) }', wanted: 'maybe' },
  { note: 'null is below numbers', rego: 'allow if { input.a.x == null; input.a.x >= 0 }', wanted: 'no' },
  {
    note: 'every argument is below or not, but a missing one',
    rego: 'allow if input.a.x < 4\nallow if not input.a.x < 4',
    wanted: 'maybe',
  },
  { note: 'a rule holds or does not', rego: 'low if input.a.x < 4\nallow if low\nallow if not low', wanted: 'yes' },
  { note: 'an argument may be missing', rego: 'allow if input.a.x < 4\nallow if input.a.x >= 4', wanted: 'maybe' },
  { note: 'all arguments may be missing', rego: 'allow if not input.a', wanted: 'maybe' },
  {
    note: 'what stands at an unknown place says nothing',
    rego: 'allow if input.a.x == 1',
    input: { a: { x: 1 } },
    wanted: 'maybe',
  },
  {
    note: 'beside an unknown place all is known',
    rego: 'allow if input.a.y == 1',
    input: { a: { y: 2 } },
    unknowns: ['input.a.x'],
    wanted: 'no',
  },
  {
    note: 'an unknown place in what is not there',
    rego: 'allow if input.b.y == 1',
    unknowns: ['input.b.x'],
    wanted: 'maybe',
  },
  { note: 'the whole input unknown', rego: 'allow if input.x == 1', unknowns: ['input'], wanted: 'maybe' },
  {
    note: 'a base document unknown',
    rego: 'allow if data.limits.x > 1',
    data: { limits: { y: 1 } },
    unknowns: ['data.limits.x'],
    wanted: 'maybe',
  },
  {
    note: 'beside an unknown base document',
    rego: 'allow if data.limits.y > 1',
    data: { limits: { y: 1 } },
    unknowns: ['data.limits.x'],
    wanted: 'no',
  },
  { note: 'without unknown places', rego: 'allow if input.t == 1', unknowns: [], wanted: 'yes' },
  {
    note: 'a denial under every completion',
    rego: 'allow := true\nhigh if input.a.x > 1\ndeny contains "a" if high\ndeny contains "b" if not high',
    query: could,
    wanted: 'no',
  },
  {
    note: 'a denial under some',
    rego: 'allow := true\ndeny contains "a" if input.a.x > 1',
    query: could,
    wanted: 'maybe',
  },
  { note: 'no rule denies at all', rego: 'allow := true', query: could, wanted: 'yes' },
  {
    note: 'allowed and denied for one reason',
    rego: 'allow if input.a.x == 1\ndeny contains "a" if input.a.x == 1',
    query: could,
    wanted: 'no',
  },
  {
    note: 'a message of something that may be missing',
    rego: 'allow := true\ndeny contains sprintf("%v", [input.a.y])',
    query: could,
    wanted: 'maybe',
  },
  {
    note: 'a default stands in',
    rego: 'default allow := false\nallow if input.a.x',
    query: 'data.p.allow == false',
    wanted: 'maybe',
  },
  {
    note: 'else comes after what may hold',
    rego: 'v := 1 if input.a.x\nelse := 2',
    query: 'data.p.v == 3',
    wanted: 'no',
  },
  {
    note: 'else under every completion',
    rego: 'v := 1 if input.a.x\nelse := 1',
    query: 'data.p.v == 1',
    wanted: 'yes',
  },
  {
    note: 'a function of an unknown argument',
    rego: 'f(x) := 1 if x > 4\nf(x) := 2 if not x > 4\nallow if f(input.a.x) == 3',
    wanted: 'no',
  },
  {
    note: 'an unknown argument that is missing',
    rego: 'f(x) if true\nallow if f(input.a.x)\nallow if not f(input.a.x)',
    wanted: 'maybe',
  },
  {
    note: 'a known key of an unknown object',
    rego: 'allow if data.v[input.a.x]',
    data: { v: { acme: false } },
    wanted: 'no',
  },
  {
    note: 'an unknown key of a known object',
    rego: 'allow if data.v[input.a.x].ok',
    data: { v: { acme: { ok: true }, evil: { ok: false } } },
    wanted: 'maybe',
  },
  {
    note: 'an unknown key that is none of it',
    rego: 'allow if { data.v[input.a.x]; input.a.x == "zed" }',
    data: { v: { acme: true } },
    wanted: 'no',
  },
  {
    note: 'nothing at any key',
    rego: 'allow if data.v[input.a.x].ok',
    data: { v: { acme: { ok: false }, evil: {} } },
    wanted: 'no',
  },
  { note: 'membership and its opposite', rego: 'allow if { input.a.x in {"a", "b"}; input.a.x == "c" }', wanted: 'no' },
  { note: 'an unknown list', rego: 'allow if { "a" in input.a.x; not "a" in input.a.x }', wanted: 'no' },
  {
    note: 'an unknown list may be empty',
    rego: 'allow if every t in input.a.x { t == "a"; t == "b" }',
    wanted: 'maybe',
  },
  {
    note: 'what is no collection has no elements',
    rego: 'allow if { input.a.x == 1; some t in input.a.x; t }',
    wanted: 'no',
  },
  { note: 'a comprehension that may be empty', rego: 'allow if count({1 | input.a.x > 4}) == 2', wanted: 'no' },
  { note: 'a comprehension of one or none', rego: 'allow if count({1 | input.a.x > 4}) <= 1', wanted: 'yes' },
  { note: 'members that may be one', rego: 'allow if count({"a", input.a.x, input.a.y}) == 4', wanted: 'no' },
  {
    note: 'elements that may be missing move the others',
    rego: 'v := [t | some t in ["a", "b"]; t != input.a.x]\nallow if v[0] == "b"',
    wanted: 'maybe',
  },
  { note: 'an object with a key that may be there', rego: 'o["k"] := 1 if input.a.x\nallow if o.k == 2', wanted: 'no' },
  { note: 'an unknown key among known ones', rego: 'o[input.a.x] := 1\no["k"] := 2\nallow if o.k == 3', wanted: 'no' },
  {
    note: 'a conflict under some completions',
    rego: 'allow if input.t == 1\nallow := false if input.a.x == 1',
    wanted: 'maybe',
  },
  {
    note: 'a conflict under every completion',
    rego: 'v := 1 if input.t == 1\nv := 2 if input.t == 1\nallow if not v == input.a.x',
    wanted: 'no',
  },
  {
    note: 'a conflict behind what does not hold',
    rego: 'v := 1\nv := 2 if input.t == 1\nallow if { input.t == 3; v == 1 }\nallow if input.a.x',
    wanted: 'maybe',
  },
  {
    note: 'an error that ends what may be allowed',
    rego: 'allow if startswith(input.a.x, "a")',
    strictBuiltinErrors: true,
    wanted: 'maybe',
  },
  {
    note: 'a builtin of unknown operands is the same everywhere',
    rego: 'allow if { startswith(input.a.x, "a"); not startswith(input.a.x, "a") }',
    wanted: 'no',
  },
  { note: 'an unknown text in capitals', rego: 'allow if { input.a.x == "a"; upper(input.a.x) == "B" }', wanted: 'no' },
  { note: 'sums of numbers only', rego: 'allow if { input.a.x + 1 == 2; is_string(input.a.x) }', wanted: 'no' },
  { note: 'the clock is unknown', rego: 'allow if time.now_ns() > 5', now: () => 1n, wanted: 'maybe' },
  { note: 'the clock stands still', rego: 'allow if { time.now_ns() > 5; time.now_ns() < 5 }', wanted: 'no' },
  {
    note: 'with a known value for an unknown one',
    rego: 'h if input.a.x == 1\nallow if h with input.a.x as 2',
    wanted: 'no',
  },
  {
    note: 'with an unknown value for a known one',
    rego: 'h if input.t == 2\nallow if { h with input.t as input.a.x }',
    wanted: 'maybe',
  },
  {
    note: 'with keeps what is beside',
    rego: 'h if { input.a.x == 1; input.a.y == 2 }\nallow if { h with input.a.y as 2; input.a.x == 3 }',
    wanted: 'no',
  },
  {
    note: 'with data',
    rego: 'h if data.v.ok == input.a.x\nallow if { h with data.v as {"ok": 1}; input.a.x == 2 }',
    wanted: 'no',
  },
  {
    note: 'with a function',
    rego: 'h if startswith(input.a.x, "a")\nallow if { h with startswith as true; input.a.x == 3 }',
    wanted: 'maybe',
  },
  { note: 'without it', rego: 'h if startswith(input.a.x, "a")\nallow if { h; input.a.x == 3 }', wanted: 'no' },
  {
    note: 'a tree of rules at an unknown key',
    rego: 'r.one if input.t == 2\nr.two if input.t == 3\nallow if data.p.r[input.a.x]',
    wanted: 'no',
  },
  { note: 'patterns', rego: 'allow if { [x, y] := input.a.x; x == 1; input.a.x[0] == 2 }', wanted: 'no' },
  {
    note: 'two arguments of one value',
    rego: 'allow if { input.a.x == input.a.y; input.a.x != input.a.y }',
    wanted: 'no',
  },
  { note: 'a template', rego: 'allow if { $"{input.a.x}!" == "b!"; input.a.x == "a" }', wanted: 'no' },
  {
    note: 'an index skips no rule that may hold',
    rego: ['a', 'b', 'c', 'd', 'e'].map((name) => `allow if input.a.x == "${name}"`).join('\n'),
    wanted: 'maybe',
  },
  {
    note: 'an index of prefixes',
    rego: ['a', 'b', 'c', 'd', 'e'].map((name) => `allow if startswith(input.a.x, "${name}")`).join('\n'),
    wanted: 'maybe',
  },
  {
    note: 'numbers of several forms',
    rego: 'allow if { input.a.x == 10000000000000000000000; input.a.x < 9999999999999999999999 }',
    wanted: 'no',
  },
  {
    note: 'a query with bindings',
    rego: 'v contains input.a.x if input.t == 1',
    query: 'some x in data.p.v; x == 1',
    wanted: 'maybe',
  },
]

/** Answers that a slip in one place would make too sure. */
const edges: readonly Row[] = [
  { note: 'at most is not below', rego: 'lt if input.a.x < 4\nallow if { input.a.x <= 4; not lt }', wanted: 'maybe' },
  { note: 'at least is not above', rego: 'gt if input.a.x > 4\nallow if { input.a.x >= 4; not gt }', wanted: 'maybe' },
  {
    note: 'what has no field may be anything',
    rego: 'allow if { not input.a.x.y; is_number(input.a.x) }',
    wanted: 'maybe',
  },
  { note: 'what has a field is no number', rego: 'allow if { input.a.x.y; is_number(input.a.x) }', wanted: 'no' },
  {
    note: 'what holds something may be a list',
    rego: 'allow if { "a" in input.a.x; is_array(input.a.x) }',
    wanted: 'maybe',
  },
  {
    note: 'keys that may be one',
    rego: 'allow if { o := {k: v | some [k, v] in [[input.a.x, 1], ["b", 2]]}; o }',
    wanted: 'maybe',
  },
  {
    note: 'keys that are one in a literal',
    rego: 'allow if { o := {input.a.x: 1, "b": 2}; o.b == 1 }',
    wanted: 'maybe',
  },
  {
    note: 'an error where nothing has a size',
    rego: 'small if count(input.a.x) < 9\nallow if small\nallow if not small',
    strictBuiltinErrors: true,
    wanted: 'maybe',
  },
  {
    note: 'no error where calls are only undefined',
    rego: 'small if count(input.a.x) < 9\nallow if small\nallow if not small',
    wanted: 'yes',
  },
  {
    note: 'a field of what may be there',
    rego: 'o.k.n := 1 if input.a.x\nn if o.k.n\nallow if not n',
    wanted: 'maybe',
  },
  {
    note: 'a default of what may be there',
    rego: 'o.k := {"n": 1} if input.a.x == 1\nallow if object.get(o, ["k", "n"], 0) == 1',
    wanted: 'maybe',
  },
  { note: 'a loop that may go on', rego: 'allow if { some t in input.a.x; t == 7; not input.a.y }', wanted: 'maybe' },
  {
    note: 'rules that an index would choose',
    rego: 'r := 1 if input.a.x == "a"\nr := 2 if input.a.x == "b"\nr := 3 if input.a.x == "c"\nr := 4 if input.a.x == "d"\nallow if r == 5',
    wanted: 'no',
  },
]

/** Fields more than are looked at one by one. */
const many = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`k${i}`, i]))

const large: readonly Row[] = [
  { note: 'a known field of many', rego: 'allow if data.v.k5 == 5', data: { v: many }, wanted: 'yes' },
  { note: 'an unknown field of many', rego: 'allow if data.v[input.a.x] == 1999', data: { v: many }, wanted: 'maybe' },
  { note: 'an unknown member of many', rego: 'allow if input.a.x in data.v', data: { v: many }, wanted: 'maybe' },
  {
    note: 'a loop over many',
    rego: 'allow if { some k, v in data.v; v == 2000; input.a.x == k }',
    data: { v: many },
    wanted: 'no',
  },
  {
    note: 'a builtin of many',
    rego: 'allow if { x := object.union(data.v, input.a); x.k5 != 5; not x.k5 }',
    data: { v: many },
    wanted: 'maybe',
  },
  { note: 'many beside rules', rego: 'r := 1', query: 'data.p.k5 == 5', data: { p: many }, wanted: 'yes' },
  {
    note: 'many and rules at an unknown key',
    rego: 'r := 1',
    query: 'data.p[input.a.x] == 1999',
    data: { p: many },
    wanted: 'maybe',
  },
  {
    note: 'many and rules together',
    rego: 'r := 1',
    query: 'count(data.p) == 2001',
    data: { p: many },
    wanted: 'maybe',
  },
  {
    note: 'many and rules with some replaced',
    rego: 'r := 1',
    query: 'data.p.k5 == 6 with data.p.k5 as 6',
    data: { p: many },
    wanted: 'yes',
  },
]

test.each([...rows, ...edges, ...large])(
  '$note: $wanted',
  ({ rego, query = 'data.p.allow', input = { t: 1, a: {} }, unknowns = ['input.a'], wanted, ...more }) => {
    const { data, strictBuiltinErrors, now } = more
    const prepared = prepare({
      query,
      modules: { 'p.rego': `package p\n${rego}` },
      unknowns,
      ...(data === undefined ? {} : { data }),
      ...(strictBuiltinErrors === undefined ? {} : { strictBuiltinErrors }),
      ...(now === undefined ? {} : { now }),
    })
    expect(prepared.holds(input)).toBe(wanted)
  },
)

test.each([
  ['arguments', 'is no place'],
  ['input[x]', 'is no place'],
  ['', 'is no place'],
  ['data', 'holds what rules make'],
  ['data.p', 'holds what rules make'],
  ['data.p.allow', 'holds what rules make'],
  ['data.p.allow.x', 'holds what rules make'],
])('refuses `%s` as an unknown place', (place, says) => {
  const options: PrepareOptions = {
    query: 'data.p.allow',
    modules: { 'p.rego': 'package p\nallow := true' },
    unknowns: [place],
  }
  expect(() => prepare(options)).toThrow(says)
})

test('gives up with `maybe` where there are too many cases', () => {
  // Which of twenty arguments are 1 makes a million cases, and the sum is never 21.
  const counts = Array.from({ length: 20 }, (_, i) => `count([1 | input.a.x${i} == 1])`)
  const rego = `package p\nallow if ${counts.join(' + ')} == 21`
  const query = prepare({ query: 'data.p.allow', modules: { 'p.rego': rego }, unknowns: ['input.a'] })
  expect(query.holds({ a: {} })).toBe('maybe')
})

test('follows long chains of rules, and gives up on longer ones', () => {
  const chain = (length: number): Answer => {
    const rules = Array.from({ length }, (_, i) => `r${i} if r${i + 1}`)
    const modules = { 'p.rego': `package p\n${rules.join('\n')}\nr${length} if { input.a.x == 1; input.a.x == 2 }` }
    return prepare({ query: 'data.p.r0', modules, unknowns: ['input.a'] }).holds({ a: {} })
  }
  expect([chain(100), chain(2_000)]).toEqual(['no', 'maybe'])
})

test('takes as long for large data as its bounds say', () => {
  const modules = {
    'p.rego':
      'package p\nallow if { s := {[v, input.a.x] | some v in data.v}; count(s) == 1; s == {[w, input.a.y] | some w in data.v} }',
  }
  const data = { v: Array.from({ length: 20_000 }, (_, i) => i) }
  expect(prepare({ query: 'data.p.allow', modules, data, unknowns: ['input.a'] }).holds({ a: {} })).toBe('maybe')
})

test('does not mind evaluations with known input in between', () => {
  const query = prepare({
    query: 'data.p.allow',
    modules: { 'p.rego': 'package p\nallow if input.a.x == 1' },
    unknowns: ['input.a'],
  })
  expect([query.value({ a: { x: 1 } }), query.holds({ a: {} }), query.value({ a: { x: 2 } })]).toEqual([
    true,
    'maybe',
    undefined,
  ])
})

/** Whether a query holds on an input: it has a value other than false, or a row. An error is no result. */
function holdsOn(query: Query, isTerm: boolean, input: Json): boolean {
  try {
    if (!isTerm) return query.evaluate(input).length > 0
    const value = query.value(input)
    return value !== undefined && value !== false
  } catch (error) {
    if (error instanceof RegoErrors) return false
    throw error
  }
}

function preparedOrRefused(options: PrepareOptions): Query | undefined {
  try {
    return prepare(options)
  } catch (error) {
    if (error instanceof RegoErrors) return undefined
    throw error
  }
}

const seedFirst = 20_261_121
const policies = process.env.CI === undefined ? 300 : 5_000

test(`is never wrongly sure of ${policies} policies, and exact for 95 of 100`, { timeout: 600_000 }, () => {
  const counts = { yes: [0, 0], no: [0, 0], maybe: [0, 0], refused: 0 }
  for (let seed = seedFirst; seed < seedFirst + policies; seed++) {
    const { completions, input, query: text, ...options } = unknownCase(seed)
    const query = preparedOrRefused({ query: text, ...options })
    if (query === undefined) {
      counts.refused++
      continue
    }
    const isTerm = /^data\.[^ ]+$/.test(text)
    const found = new Set<boolean>()
    for (const completion of completions) {
      found.add(holdsOn(query, isTerm, completion))
      if (found.size === 2) break
    }
    const truth = found.size === 2 ? 'maybe' : found.has(true) ? 'yes' : 'no'
    const answer = query.holds(input)
    const policy = Object.values(options.modules).join('\n')
    if (answer !== 'maybe') expect(answer, `seed ${seed}, \`${text}\`\n${policy}`).toBe(truth)
    const count = counts[truth]
    count[0] = (count[0] ?? 0) + 1
    if (answer === truth) count[1] = (count[1] ?? 0) + 1
  }
  const [all, exact] = [0, 1].map((i) => (counts.yes[i] ?? 0) + (counts.no[i] ?? 0) + (counts.maybe[i] ?? 0)) as [
    number,
    number,
  ]
  const share = exact / all
  const parts = (['yes', 'no', 'maybe'] as const).map((truth) => `${truth} ${counts[truth][1]} of ${counts[truth][0]}`)
  console.log(
    `unknown parts: seeds from ${seedFirst}, ${all} policies, exact ${(100 * share).toFixed(1)} % (${parts.join(', ')})`,
  )
  // A generator that makes nothing but refused policies, or only one kind of answer, proves nothing.
  expect(all).toBeGreaterThan(policies * 0.8)
  for (const truth of ['yes', 'no', 'maybe'] as const) expect(counts[truth][0]).toBeGreaterThan(policies * 0.05)
  expect(share).toBeGreaterThanOrEqual(0.95)
})
