/**
 * What evaluation with unknown parts found out about one input answers for others. First hard cases, each a list of inputs that one query is asked
 * about in turn; then policies made at random: every answer is held against evaluation proper, and against the answer of a query that has seen no
 * other input.
 */
import { expect, test } from 'vitest'
import { type Json, type PrepareOptions, prepare, type Query, RegoErrors } from '../../src/rego/index.ts'
import { draws } from '../support/random.ts'
import { type UnknownCase, unknownCase } from '../support/unknown-policies.ts'

interface Row {
  readonly note: string
  readonly rego: string
  /** Inputs, each with whether something could be allowed with it; `input.a` is unknown. */
  readonly asked: readonly (readonly [input: Json | undefined, could: boolean])[]
  readonly query?: string
  readonly data?: Json
  readonly strictBuiltinErrors?: boolean
}

const raw = (text: string): Json => (JSON as unknown as { rawJSON(text: string): Json }).rawJSON(text)
const tool = (name: Json, more: { [key: string]: Json } = {}): Json => ({ t: { name, ...more }, a: {} })
const passes = 'data.p.allow == true; count([1 | data.p.deny[_]]) == 0'
/** As `searchedMin` has it, and more. */
const listed = Array.from({ length: 40 }, (_, i) => `t${i}`)

const rows: readonly Row[] = [
  {
    note: 'a field that is not there, after one that is',
    rego: 'allow if not input.t.name == "x"',
    asked: [
      [tool('x'), false],
      [{ t: {}, a: {} }, true],
      [{ a: {} }, true],
      [{ t: 'x', a: {} }, true],
      [tool('x'), false],
    ],
  },
  {
    note: 'no object where the unknown place would be',
    rego: 'allow if input.a.x\nallow if input.t == 1',
    asked: [
      [{ t: 2 }, true],
      [{ t: 2, a: {} }, true],
      [5, true],
      [undefined, true],
      [[1], true],
      [{ t: 1 }, true],
    ],
  },
  {
    note: 'a field beside the unknown one that others do not have',
    rego: 'allow if count(input) == 1\nallow if input.z == 1',
    asked: [
      [{ t: 1, a: {} }, true],
      [{ a: {} }, true],
      [{ t: 1, z: 1, a: {} }, true],
      [{ t: 1, z: 2, y: 2, a: {} }, false],
    ],
  },
  {
    note: 'one value in several forms',
    rego: 'allow if input.t.name == 10',
    asked: [
      [tool(10), true],
      [tool('10'), false],
      [tool(10n), true],
      [tool(raw('1e1')), true],
      [tool([10]), false],
      [tool(null), false],
    ],
  },
  {
    note: 'a row of a document that is looked for by name',
    rego: 'allow if { some row in data.v.rows; row.server == input.t.server; row.name == input.t.name; row.open; input.who >= row.level; input.a.x > row.level }\ndeny contains "closed" if { some row in data.v.rows; row.name == input.t.name; not row.open }',
    query: passes,
    data: {
      v: {
        rows: [
          ...listed.map((name, i) => ({ name, server: i % 2 === 0 ? 'erp' : 'crm', open: i % 5 !== 0, level: i % 3 })),
          { name: 't4', server: 'crm', open: true, level: 5 },
          { name: 't2', server: 'erp', open: false, level: 0 },
          { name: 7, server: 'erp', open: true, level: 0 },
        ],
      },
    },
    asked: [
      [{ who: 2, t: { server: 'erp', name: 't6' } }, true],
      [{ who: 2, t: { server: 'crm', name: 't6' } }, false],
      [{ who: 0, t: { server: 'erp', name: 't8' } }, false],
      [{ who: 2, t: { server: 'erp', name: 't8' } }, true],
      [{ who: 2, t: { server: 'erp', name: 't10' } }, false],
      [{ who: 2, t: { server: 'erp', name: 't2' } }, false],
      [{ who: 4, t: { server: 'crm', name: 't4' } }, false],
      [{ who: 5, t: { server: 'crm', name: 't4' } }, true],
      [{ who: 5, t: { server: 'erp', name: 7 } }, true],
      [{ who: 5, t: { server: 'erp', name: '7' } }, false],
      [{ who: 5, t: { server: 'erp', name: 't99' } }, false],
      [{ who: 5, t: { server: 'erp' } }, false],
    ],
  },
  {
    note: 'a number as it was written',
    rego: 'x := {input.t.name: 1}\nallow if { some k, _ in x; json.marshal(k) == "10" }\nallow if { some [k] in {[input.t.name]}; is_array(k); json.marshal(k) == "[10]" }',
    asked: [
      [tool(10), true],
      [tool(raw('1e1')), false],
      [tool(10n), true],
      [tool([10]), true],
      [tool([raw('1e1')]), false],
      [tool([raw('10.0'), 1]), false],
      [tool(11), false],
    ],
  },
  {
    note: 'a name in a long list of a document',
    rego: 'allow if input.t.name in data.v.listed',
    data: { v: { listed: [...listed, 7, null] } },
    asked: [
      [tool('t3'), true],
      [tool('t39'), true],
      [tool('t40'), false],
      [tool(7), true],
      [tool(7n), true],
      [tool('7'), false],
      [tool(null), true],
      [tool({ t3: 1 }), false],
    ],
  },
  {
    note: 'a document at a key of the input',
    rego: 'allow if data.v.grants[input.who][_] == input.t.name',
    data: { v: { grants: { x: ['t1'], y: ['t1', 't2'], z: 't1' } } },
    asked: [
      [tool('t1'), false],
      [{ who: 'x', t: { name: 't1' } }, true],
      [{ who: 'x', t: { name: 't2' } }, false],
      [{ who: 'y', t: { name: 't2' } }, true],
      [{ who: 'z', t: { name: 't1' } }, false],
      [{ who: '__proto__', t: { name: 't1' } }, false],
      [{ who: 'x', t: { name: 't1' } }, true],
    ],
  },
  {
    note: 'rules that an index finds by name',
    rego: `deny contains "no" if input.t.name == "other"\nallow if input.t.name == "free"\n${listed.map((name, i) => `allow if { input.t.name == "${name}"; input.a.x > ${i}; input.level > ${i} }`).join('\n')}`,
    query: passes,
    asked: [
      [{ level: 5, t: { name: 't3' } }, true],
      [{ level: 3, t: { name: 't3' } }, false],
      [{ level: 3, t: { name: 't2' } }, true],
      [{ level: 3, t: { name: 'free' } }, true],
      [{ level: 50, t: { name: 'other' } }, false],
      [{ level: 50, t: { name: 't' } }, false],
      [{ level: 50, t: {} }, false],
    ],
  },
  {
    note: 'rules that an index finds by the beginning, and by an element',
    rego: ['ab', 'a', 'b', 'c', 'd', 'abc']
      .flatMap((start, i) => [
        `allow if { startswith(input.t.name, "${start}"); input.level == ${i} }`,
        `deny contains "${i}" if { "${start}" in input.t.tags; input.level == ${i} }`,
      ])
      .join('\n'),
    query: passes,
    asked: [
      [{ level: 5, t: { name: 'abcd', tags: [] } }, true],
      [{ level: 0, t: { name: 'abcd', tags: ['a', 'b'] } }, true],
      [{ level: 1, t: { name: 'abcd', tags: ['a', 'b'] } }, false],
      [{ level: 1, t: { name: 'abcd', tags: ['b', 'a'] } }, false],
      [{ level: 1, t: { name: 'abcd', tags: ['b'] } }, true],
      [{ level: 2, t: { name: 'abcd', tags: ['b'] } }, false],
      [{ level: 2, t: { name: 'b', tags: { k: 'b' } } }, false],
      [{ level: 2, t: { name: 'b', tags: 'b' } }, true],
      [{ level: 2, t: { name: 7, tags: [] } }, false],
    ],
  },
  {
    note: 'what builtins make of a name',
    rego: 'allow if { parts := split(lower(input.t.name), "_"); parts[0] == "get"; count(parts) == 2 }\nallow if { [_, x] := split(input.t.name, "."); x == "read" }',
    asked: [
      [tool('get_vendor'), true],
      [tool('GET_order'), true],
      [tool('get_vendor_name'), false],
      [tool('set_vendor'), false],
      [tool('vendor.read'), true],
      [tool('vendor.write'), false],
      [tool('a.vendor.read'), false],
      [tool(5), false],
      [{}, false],
    ],
  },
  {
    note: 'a builtin that ends the evaluation for some',
    rego: 'allow if not startswith(input.t.name, "x")',
    strictBuiltinErrors: true,
    asked: [
      [tool('a'), true],
      [tool('xa'), false],
      [tool(5), false],
      [tool('b'), true],
    ],
  },
  {
    note: 'a reason that shows a name',
    rego: 'allow := true\ndeny contains sprintf("not %v for %v", [input.t.name, input.who]) if input.t.risk > 3',
    query: passes,
    asked: [
      [{ who: 'x', t: { name: 'a', risk: 1 } }, true],
      [{ who: 'x', t: { name: 'a', risk: 4 } }, false],
      [{ who: 'y', t: { name: 'b', risk: 4 } }, false],
      [{ who: 'y', t: { name: 'b', risk: 'high' } }, false],
      [{ t: { name: 'b', risk: 4 } }, true],
    ],
  },
  {
    note: 'a text of the name that is compared',
    rego: 'allow if sprintf("%s/%s", [input.t.server, input.t.name]) in {"crm/get", "erp/put"}\nallow if $"{input.t.server}.{input.t.name}" == "erp.all"',
    asked: [
      [tool('get', { server: 'crm' }), true],
      [tool('get', { server: 'erp' }), false],
      [tool('put', { server: 'erp' }), true],
      [tool('all', { server: 'erp' }), true],
      [tool('all', { server: 'crm' }), false],
    ],
  },
  {
    note: 'an argument that has to be what the input says',
    rego: 'allow if { input.a.region == input.who; input.a.region != "none" }',
    asked: [
      [{ who: 'emea' }, true],
      [{ who: 'none' }, false],
      [{ who: 'apac' }, true],
      [{}, false],
    ],
  },
  {
    note: 'every element of a list in the input',
    rego: 'allow if { some s in input.scopes; s == concat(":", ["tools", input.t.name]) }\nallow if { count(input.scopes) > 2; every s in input.scopes { startswith(s, "all") } }',
    asked: [
      [{ scopes: [], t: { name: 'x' } }, false],
      [{ scopes: ['tools:x'], t: { name: 'x' } }, true],
      [{ scopes: ['tools:x'], t: { name: 'y' } }, false],
      [{ scopes: ['tools:x', 'tools:y'], t: { name: 'y' } }, true],
      [{ scopes: ['all1', 'all2', 'all3'], t: { name: 'y' } }, true],
      [{ scopes: ['all1', 'all2', 'al'], t: { name: 'y' } }, false],
    ],
  },
  {
    note: 'two parts of the input that are compared',
    rego: 'allow if { input.t.owner == input.who.id; input.t.level <= input.who.level; input.who.id in input.t.users }',
    asked: [
      [{ who: { id: 'a', level: 2 }, t: { owner: 'a', level: 2, users: ['a'] } }, true],
      [{ who: { id: 'a', level: 1 }, t: { owner: 'a', level: 2, users: ['a'] } }, false],
      [{ who: { id: 'b', level: 3 }, t: { owner: 'b', level: 2, users: ['b'] } }, true],
      [{ who: { id: 'b', level: 3 }, t: { owner: 'b', level: 2, users: ['a'] } }, false],
      [{ who: { id: 'b', level: 3 }, t: { owner: 'a', level: 2, users: ['b'] } }, false],
    ],
  },
  {
    note: 'functions and documents by a name of the input',
    rego: 'may(name) if name in data.v.open\nmay(name) if { some g in data.v.by[name]; g == input.who }\nr.x := 1\nr.y := 2 if input.who == "h"\nallow if may(input.t.name)\nallow if r[input.t.name] == 2',
    data: { v: { open: ['o'], by: { s: ['g', 'h'] } } },
    asked: [
      [{ who: 'g', t: { name: 'o' } }, true],
      [{ who: 'g', t: { name: 's' } }, true],
      [{ who: 'i', t: { name: 's' } }, false],
      [{ who: 'i', t: { name: 'o' } }, true],
      [{ who: 'h', t: { name: 'y' } }, true],
      [{ who: 'i', t: { name: 'y' } }, false],
      [{ who: 'h', t: { name: 'x' } }, false],
    ],
  },
  {
    note: 'with something else in the place of the input',
    rego: 'h if input.t.name == "x"\nallow if { h with input.t.name as input.who; input.t.level == 1 }\nallow if { g with input.t as {"name": "z"} }\ng if input.t.name == input.other',
    asked: [
      [{ who: 'x', t: { name: 'q', level: 1 } }, true],
      [{ who: 'x', t: { name: 'q', level: 2 } }, false],
      [{ who: 'y', t: { name: 'x', level: 1 } }, false],
      [{ who: 'y', other: 'z', t: { name: 'x', level: 1 } }, true],
    ],
  },
  {
    note: 'reasons that are texts, or objects, or nothing with a code',
    rego: 'allow := true\ndeny contains "text" if input.t.name == "text"\ndeny contains {"code": "scope_missing"} if input.t.name == "scope"\ndeny contains {"code": input.t.code} if input.t.name == "code"',
    query:
      'data.p.allow == true; count([1 | reason := data.p.deny[_]; object.get({"reason": reason}, ["reason", "code"], "") != "scope_missing"]) == 0',
    asked: [
      [tool('none'), true],
      [tool('text'), false],
      [tool('scope'), true],
      [tool('code', { code: 'scope_missing' }), true],
      [tool('code', { code: 'other' }), false],
    ],
  },
]

test.each(rows)('$note', ({ rego, asked, query: text = 'data.p.allow', ...more }) => {
  const query = (): Query =>
    prepare({ query: text, modules: { 'p.rego': `package p\n${rego}` }, unknowns: ['input.a'], ...more })
  for (const order of [asked, asked.toReversed()]) {
    const one = query()
    for (const [input, could] of order) {
      expect(one.couldHold(input), `input ${JSON.stringify(input, bigintText)}`).toBe(could)
      expect(one.couldHold(input), 'asked again').toBe(could)
      expect(query().couldHold(input), 'asked alone').toBe(could)
    }
  }
})

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value
}

test('evaluates for each kind of input, and not for each input', () => {
  let calls = 0
  const builtins = {
    counted: {
      decl: { args: [], result: { type: 'boolean' as const } },
      run: () => {
        calls++
        return true
      },
    },
  }
  const rego = [
    'package p',
    'allow if { counted(); input.t.name in data.v.grants[input.who.id]; input.a.x > 1 }',
    'deny contains sprintf("%s may not use %s", [input.who.id, input.t.name]) if input.t.name in data.v.closed',
  ].join('\n')
  const data = { v: { grants: { x: listed, y: listed.slice(5) }, closed: ['t1', 't30'] } }
  const query = prepare({ query: passes, modules: { 'p.rego': rego }, data, unknowns: ['input.a'], builtins })
  const askAll = (id: string, token: string): number =>
    Array.from({ length: 1_000 }, (_, i) => tool(`t${i}`)).filter((input) =>
      query.couldHold({ ...(input as { [key: string]: Json }), who: { id, token } }),
    ).length
  expect(askAll('x', 'one')).toBe(38)
  const kinds = calls
  // Granted or not, closed or not: each in a case or two.
  expect(kinds).toBeLessThanOrEqual(8)
  expect(askAll('x', 'two')).toBe(38)
  expect(askAll('y', 'three')).toBe(34)
  expect(calls).toBe(kinds)
})

const seedFirst = 20_261_121
const policies = process.env.CI === undefined ? 250 : 2_500
const inputsOfEach = 30

test(`answers for inputs of ${policies} policies as if it had seen no other`, { timeout: 600_000 }, () => {
  const counts = { asked: 0, exact: 0, holding: 0, policies: 0 }
  for (let seed = seedFirst; seed < seedFirst + policies; seed++) {
    const made = unknownCase(seed)
    // Nothing is unknown, so that every answer can be known.
    const query = preparedOrRefused({ ...optionsOf(made), unknowns: [] })
    if (query === undefined) continue
    counts.policies++
    for (const input of sample(inputsOf(made), seed)) {
      const holds = holdsOn(query, made.query, input)
      const answer = query.couldHold(input)
      if (!answer) expect(holds, told(seed, made, input)).toBe(false)
      counts.asked++
      if (holds) counts.holding++
      if (answer === holds) counts.exact++
    }
  }
  const share = counts.exact / counts.asked
  console.log(
    `findings: seeds from ${seedFirst}, ${counts.policies} policies, ${counts.asked} inputs, exact ${(100 * share).toFixed(1)} %`,
  )
  expect(counts.policies).toBeGreaterThan(policies * 0.8)
  expect(counts.holding).toBeGreaterThan(counts.asked * 0.1)
  expect(share).toBeGreaterThanOrEqual(0.99)
})

test('hides no more and no less than a query that has seen no other input', { timeout: 600_000 }, () => {
  const unknowns = ['input.call.arguments.tags']
  const counts = { asked: 0, hidden: 0 }
  for (let seed = seedFirst; seed < seedFirst + policies; seed += 10) {
    const made = unknownCase(seed)
    const options = { ...optionsOf(made), unknowns }
    const query = preparedOrRefused(options)
    if (query === undefined) continue
    for (const input of sample(inputsOf(made), seed)) {
      const answer = query.couldHold(input)
      expect(answer, told(seed, made, input)).toBe(prepare(options).couldHold(input))
      counts.asked++
      if (!answer) counts.hidden++
    }
  }
  expect(counts.hidden).toBeGreaterThan(counts.asked * 0.05)
})

/** Every completion, for both teams and tools. */
function inputsOf({ completions }: UnknownCase): readonly Json[] {
  return ['a', 'b', 'c'].flatMap((team) =>
    ['pay', 'read'].flatMap((tool) =>
      completions.map((completion) => {
        const { call } = completion as { call: { [key: string]: Json } }
        return { call: { ...call, tool }, agent: { team } }
      }),
    ),
  )
}

function sample(inputs: readonly Json[], seed: number): readonly Json[] {
  const upTo = draws(seed)
  return Array.from({ length: inputsOfEach }, () => inputs[upTo(inputs.length)] as Json)
}

function optionsOf({ modules, strictBuiltinErrors, query, data }: UnknownCase): PrepareOptions {
  return { modules, strictBuiltinErrors, query, data }
}

function told(seed: number, { query, modules }: UnknownCase, input: Json): string {
  return `seed ${seed}, \`${query}\`, input ${JSON.stringify(input)}\n${Object.values(modules).join('\n')}`
}

function preparedOrRefused(options: PrepareOptions): Query | undefined {
  try {
    return prepare(options)
  } catch (error) {
    if (error instanceof RegoErrors) return undefined
    throw error
  }
}

/** Whether a query holds on an input: it has a value other than false, or a row. An error is no result. */
function holdsOn(query: Query, text: string, input: Json): boolean {
  try {
    if (!/^data\.[^ ]+$/.test(text)) return query.evaluate(input).length > 0
    const value = query.value(input)
    return value !== undefined && value !== false
  } catch (error) {
    if (error instanceof RegoErrors) return false
    throw error
  }
}
