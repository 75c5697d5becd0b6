/**
 * Policies made at random over arguments of which every completion can be listed: what evaluation with unknown parts is compared with. For each
 * way in which a condition here can tell values apart, the lists hold a value on either side.
 */
import type { Json } from '../../src/rego/index.ts'
import { draws } from './random.ts'

/** Choices that a seed repeats. */
function dice(seed: number): { upTo(below: number): number; one<Item>(items: readonly Item[]): Item } {
  const upTo = draws(seed)
  return { upTo, one: (items) => items[upTo(items.length)] as (typeof items)[number] }
}

type Dice = ReturnType<typeof dice>

/** A policy, what is asked of it, and everything that its unknown parts can be. */
export interface UnknownCase {
  readonly modules: Readonly<Record<string, string>>
  readonly strictBuiltinErrors: boolean
  readonly query: string
  readonly data: Json
  readonly unknowns: readonly string[]
  /** The input as it is known. */
  readonly input: Json
  readonly completions: readonly Json[]
}

/** The values of each argument; `undefined` is an argument that is left out. */
const fields: Readonly<Record<string, readonly (Json | undefined)[]>> = {
  amount: [undefined, 'acme', 1, 2, 2.5, 3, 4, 5, 5.5, 6, 7, 8.5, 9, 10, false],
  name: [undefined, 'acme', 'Acme', 'acid', 'ace', 'evil', 'eve', 'k', 'l', 'a', 'b', 'x', 'zed', 1, 4, 9, false],
  tags: [undefined, [], ['a'], ['b'], ['a', 'b'], ['a', 'a'], ['c'], ['b', 'c'], 'a', 4, 9, true],
}

const data: Json = {
  vendors: { acme: { ok: true, limit: 5 }, evil: { ok: false } },
  listed: ['acme', 'acid'],
  levels: { a: 3, b: 8 },
}

/** What a gateway asks. */
const decisions = [
  'data.p.allow',
  'data.p.allow == true; count([1 | data.p.deny[_]]) == 0',
  'data.p.allow == true; count(data.p.deny) == 0',
  'not data.p.allow',
]

/** What else can be asked. */
const parts = [
  'data.p.deny == set()',
  'x = data.p.allow; x',
  'data.p.level',
  'data.p.level == "low"',
  'data.p.h0 == false',
  'data.p.h1',
  'data.p.c == 1',
  'data.p.r',
  'data.p.r == 1',
  'count(data.p.found) == 1',
  '2 in data.p.found',
  'some x in data.p.found; x != "zed"',
  'data.p.o.k == 1',
  'data.p.o == {}',
  'count(data.p.s) > 0',
  'data.p.m([data.p.args.name, "acme"]) == "acme"',
  'data.p.n.acme.tags["x"]',
  'data.p.limits[data.p.args.name].of == 1',
  'some k; data.p.limits[k].by == 1',
  'data.q[data.p.args.name]',
  'data.q == {"k": false}',
  'some k; data.q[k] == true',
]

export function unknownCase(seed: number): UnknownCase {
  const roll = dice(seed)
  const team = roll.one(['a', 'b'])
  const tool = roll.one(['pay', 'read'])
  const modules = { 'p.rego': policy(roll), 'q.rego': otherPackage(roll) }
  const strictBuiltinErrors = roll.upTo(6) === 0
  const query = roll.upTo(2) === 0 ? roll.one(decisions) : roll.one(parts)
  const input = (args: Json | undefined): Json => {
    const call = args === undefined ? { tool } : { tool, arguments: args }
    return { call, agent: { team } }
  }
  const whole = combinations(Object.entries(fields))
  switch (roll.upTo(4)) {
    case 0: {
      const unknowns = ['input.call.arguments.amount', 'input.call.arguments.name']
      const tags = roll.one(fields.tags ?? [])
      const known = tags === undefined ? {} : { tags }
      const completions = combinations(Object.entries(fields).filter(([name]) => name !== 'tags'))
      return {
        modules,
        strictBuiltinErrors,
        query,
        data,
        unknowns,
        input: input(known),
        completions: completions.map((each) => input({ ...known, ...each })),
      }
    }
    case 1: {
      const unknowns = ['input.call.arguments.tags']
      const known = { amount: roll.one([0, 4, 9]), name: roll.one(['acme', 'evil', 'zed']) }
      const completions = combinations(Object.entries(fields).filter(([name]) => name === 'tags'))
      return {
        modules,
        strictBuiltinErrors,
        query,
        data,
        unknowns,
        input: input(known),
        completions: completions.map((each) => input({ ...known, ...each })),
      }
    }
    default:
      return {
        modules,
        strictBuiltinErrors,
        query,
        data,
        unknowns: ['input.call.arguments'],
        input: input({}),
        completions: [...whole, undefined, 4].map((each) => input(each)),
      }
  }
}

function combinations(each: readonly (readonly [string, readonly (Json | undefined)[]])[]): Record<string, Json>[] {
  let found: Record<string, Json>[] = [{}]
  for (const [name, values] of each) {
    found = found.flatMap((before) =>
      values.map((value) => (value === undefined ? before : { ...before, [name]: value })),
    )
  }
  return found
}

function policy(roll: Dice): string {
  const lines = ['package p', '', 'args := input.call.arguments', '']
  const depth = roll.upTo(3)
  for (let i = 0; i < 3; i++) lines.push(...helper(roll, i))
  lines.push(
    `f(x) if x > ${roll.one([2, 6])}`,
    `f(x) if x == ${roll.one([1, 4])}`,
    `g(x) := ${roll.one(['"hi"', '1'])} if ${one(roll, 0)}`,
  )
  lines.push(roll.upTo(2) === 0 ? 'g(x) := "lo" if not f(x)' : `else := "lo" if f(x)`)
  lines.push(`level := "high" if ${one(roll, 3)}`, `else := "middle" if ${one(roll, 3)}`)
  if (roll.upTo(2) === 0) lines.push('else := "low"')
  for (let i = roll.upTo(3); i >= 0; i--)
    lines.push(`s contains ${roll.one(['"k"', '"l"', 'args.name', 'args.amount'])} if ${body(roll, 3, 0)}`)
  for (let i = roll.upTo(3); i >= 0; i--) {
    lines.push(
      `o[${roll.one(['"k"', '"l"', 'args.name'])}] := ${roll.one(['1', '1', '2', 'args.amount'])} if ${body(roll, 3, 0)}`,
    )
  }
  if (roll.upTo(3) === 0) lines.push(`c := 1 if ${one(roll, 3)}`, `c := ${roll.one(['1', '2'])} if ${one(roll, 3)}`)
  else lines.push('c := 1')
  lines.push(...indexed(roll), ...deep(roll))
  if (roll.upTo(2) === 0) lines.push('default allow := false')
  for (let i = roll.upTo(3); i >= 0; i--) lines.push(`allow if ${body(roll, 3, depth)}`)
  for (let i = roll.upTo(4); i >= 0; i--)
    lines.push(
      `deny contains ${roll.one(['"d"', '"e"', 'sprintf("no %v", [args.amount])', '{"code": "x", "of": args.name}'])} if ${body(roll, 3, depth)}`,
    )
  return lines.join('\n')
}

/** Rules that share guards, so that an index chooses among them. */
function indexed(roll: Dice): string[] {
  const guard = (): string =>
    roll.one([
      'input.call.arguments.name == "acme"',
      'input.call.arguments.name == "evil"',
      'input.call.arguments.name in {"acme", "zed"}',
      'startswith(input.call.arguments.name, "ac")',
      'startswith(input.call.arguments.name, "e")',
      '"a" in input.call.arguments.tags',
      '"b" in input.call.arguments.tags',
      'input.call.tool == "pay"',
      'input.agent.team == "a"',
    ])
  const value = roll.one(['', '', ' := 1'])
  const rules = Array.from({ length: 5 }, () => `r${value} if { ${guard()}; ${condition(roll, 3)} }`)
  const found = Array.from({ length: 5 }, () => `found contains ${roll.one(['1', '2', 'args.name'])} if ${guard()}`)
  const second = value === '' ? [] : [`r := ${roll.one(['1', '2'])} if { ${guard()}; ${condition(roll, 3)} }`]
  return [...rules, ...second, ...found, ...functionsByGuard(roll)]
}

function functionsByGuard(roll: Dice): string[] {
  const values = ['"acme"', '"evil"', '"zed"', '"k"']
  return [
    ...values.map(
      (value) =>
        `${`m([x, ${value}]) := ${roll.one(['x', '1', '"a"'])} if ${condition(roll, 0)}`.replace('if', 'if {')} }`,
    ),
    'm(["b", x]) := x',
  ]
}

/** Documents of more than one level. */
function deep(roll: Dice): string[] {
  const key = (): string => roll.one(['"acme"', '"evil"', 'args.name', 'input.agent.team'])
  return [
    `n[${key()}].tags contains ${roll.one(['"x"', 'args.name'])} if ${body(roll, 3, 0)}`,
    `n[${key()}].tags contains "x" if ${body(roll, 3, 0)}`,
    `limits[${key()}].of := ${roll.one(['1', '2'])} if ${body(roll, 3, 0)}`,
    `limits[${key()}].by := 1 if ${body(roll, 3, 0)}`,
  ]
}

function otherPackage(roll: Dice): string {
  return [
    'package q',
    '',
    `acme := ${roll.one(['1', 'true'])} if input.agent.team == "a"`,
    `evil if input.call.arguments.amount > ${roll.one([2, 6])}`,
    roll.one(['zed := input.call.arguments.tags', 'zed := {t | some t in input.call.arguments.tags}']),
    roll.one(['k := 1 if input.call.arguments.amount == 1', 'k := false']),
  ].join('\n')
}

function helper(roll: Dice, index: number): string[] {
  const name = `h${index}`
  switch (roll.upTo(4)) {
    case 0:
      return [`${name} if ${body(roll, index, 0)}`, `${name} if ${body(roll, index, 0)}`]
    case 1:
      return [`default ${name} := false`, `${name} if ${body(roll, index, 0)}`]
    case 2:
      return [`${name} := false if ${one(roll, index)}`, `else := true if ${one(roll, index)}`]
    default:
      return [`${name} if ${body(roll, index, 1)}`]
  }
}

function one(roll: Dice, helpers: number): string {
  return `{ ${condition(roll, helpers)} }`
}

function body(roll: Dice, helpers: number, depth: number): string {
  const conditions = Array.from({ length: 1 + roll.upTo(3) }, () => condition(roll, helpers, depth))
  return `{ ${conditions.join('; ')} }`
}

/** One condition. `helpers` is how many helper rules stand above; with all three, the other names are there, too. */
function condition(roll: Dice, helpers: number, depth = 0): string {
  const plain = simple(roll, helpers)
  if (depth > 0 && roll.upTo(3) === 0) return nested(roll, helpers, depth)
  const isNegatable = !/^(some|every) |:=|_\]|; /.test(plain)
  return isNegatable && roll.upTo(4) === 0 ? `not ${plain}` : plain
}

function simple(roll: Dice, helpers: number): string {
  const compare = roll.one(['>', '<', '>=', '<='])
  const cut = roll.one([2, 6])
  const point = roll.one([1, 4, 9])
  const vendor = roll.one(['"acme"', '"evil"'])
  const tag = roll.one(['"a"', '"b"'])
  const choices = [
    `args.amount ${compare} ${cut}`,
    `args.amount ${compare} ${cut}`,
    `args.amount ${roll.one(['==', '==', '!='])} ${point}`,
    `input.call.arguments.amount ${roll.one(['==', '!='])} ${point}`,
    `${cut} ${compare} input.call.arguments.amount`,
    `args.name == ${vendor}`,
    `args.name != ${vendor}`,
    'args.name in {"acme", "evil"}',
    'args.name in data.listed',
    'args.amount in [1, 4]',
    'data.vendors[args.name].ok',
    'data.vendors[args.name]',
    'data.vendors[args.name].limit > args.amount',
    'args.amount > data.levels[input.agent.team]',
    'startswith(args.name, "ac")',
    'is_number(args.amount)',
    'is_string(args.name)',
    'is_array(args.tags)',
    `count(args.tags) ${compare} 1`,
    `${tag} in args.tags`,
    `some t in args.tags; t == ${tag}`,
    `every t in args.tags { t != ${tag} }`,
    `every t in args.tags { t in ["a", "b"] }`,
    `count([t | some t in args.tags; t == ${tag}]) == 1`,
    `args.tags[0] == ${tag}`,
    `args.tags[_] == ${tag}`,
    `object.get(args, "amount", 0) ${compare} ${cut}`,
    `object.get(input.call.arguments, "name", "acme") == ${vendor}`,
    `input.agent.team == ${tag}`,
    `input.call.tool == "pay"`,
    `am := args.amount; am > ${cut}`,
    `[input.agent.team, args.name] == [${tag}, ${vendor}]`,
    `{"n": args.name, "m": 1} == {"n": ${vendor}, "m": 1}`,
    `count({args.name, "acme"}) == 1`,
    `upper(args.name) == "ACME"`,
    'args',
    'args.amount',
    'args.name == args.amount',
    `args.name == "acme"; args.amount == ${point}`,
    `some k, v in input.call.arguments; v == ${point}`,
    `1 in {1 | args.amount > ${cut}}`,
    `count([1 | args.amount > ${cut}]) == ${roll.one([0, 1])}`,
    `{"k": 1 | args.amount > ${cut}} == {}`,
    `"acme" in {n | n := args.name}`,
    `walk(args, [["amount"], ${point}])`,
    `[a, b] := args.tags; a == ${tag}; b != "a"`,
    `{"n": y} := {"n": args.name}; y == ${vendor}`,
    `$"{args.name} of {input.agent.team}" == "acme of a"`,
    `concat("-", ["x", args.name]) == "x-acme"`,
    `args.amount + 1 > ${cut}`,
    `max([args.amount, 1]) == 1`,
    `sum([1, args.amount]) > ${cut}`,
    `sprintf("%v", [args.name]) == ${vendor}`,
    `lower(args.name) in {"acme", "k"}`,
    `data.q[args.name]`,
    `data.q[args.name] == 1`,
    `some kq; data.q[kq] == ${roll.one(['true', '1', '["a"]'])}`,
    `count(data.q) > 1`,
    `data.vendors[args.name] == data.vendors.acme`,
    `some v in data.vendors; v.limit == args.amount`,
    `args.tags[args.amount]`,
    `args.tags == ["a", "b"]`,
    `[e | some e in ["a", "b", "c"]; e in args.tags][0] == ${tag}`,
    `args.tags < ["b"]`,
    `type_name(args.amount) == "number"`,
    `{args.name, args.amount} == {"acme", 1}`,
    `json.marshal(args.name) == "\\"acme\\""`,
  ]
  if (helpers > 0) {
    const h = `h${roll.upTo(helpers)}`
    choices.push(
      h,
      h,
      `${h} == ${roll.one(['true', 'false'])}`,
      `${h} with input.call.arguments.amount as ${point}`,
      `${h} with input.call.arguments as {"name": ${vendor}}`,
      `${h} with input.agent.team as ${tag}`,
      `${h} with data.vendors as {"acme": {"ok": args.amount == ${point}}}`,
      `${h} with input.call.arguments.name as args.amount`,
      `${h} with startswith as true`,
      `${h} with input as {"call": {"arguments": {"amount": args.amount}}}`,
      `${h} with input.call as {"arguments": {"amount": 1, "name": args.name}}`,
      `${h} with data.listed as [args.name]`,
      `${h} with data.q.evil as true with input.agent.team as "a"`,
    )
  }
  if (helpers >= 3)
    choices.push(
      `f(args.amount) with data.p.f as true`,
      `f(args.amount)`,
      `g(args.amount) == ${roll.one(['"lo"', '"hi"'])}`,
    )
  return roll.one(choices)
}

function nested(roll: Dice, helpers: number, depth: number): string {
  const inner = (): string => condition(roll, helpers, depth - 1)
  switch (roll.upTo(20)) {
    case 0:
      return `count({1 | ${inner()}}) == ${roll.one([0, 1])}`
    case 1:
      return `count(s) ${roll.one(['> 0', '== 0', '> 1'])}`
    case 2:
      return `${roll.one(['"k"', '"acme"', 'args.name'])} in s`
    case 3:
      return `o.k == ${roll.one([1, 2])}`
    case 4:
      return `o[args.name]`
    case 5:
      return `level ${roll.one(['==', '!='])} ${roll.one(['"high"', '"low"', '"none"'])}`
    case 6:
      return roll.one(['r', 'not r', 'r == 1', 'r == true'])
    case 7:
      return `count(found) ${roll.one(['> 0', '== 0', '> 1', '== 2'])}`
    case 8:
      return roll.one([
        '1 in found',
        '"acme" in found',
        'found == {1}',
        'some fo in found; fo == 2',
        'found - {1} == set()',
      ])
    case 9:
      return `m([input.agent.team, args.name]) == ${roll.one(['1', '"a"', '"acme"'])}`
    case 10:
      return `limits[args.name].of == ${roll.one([1, 2])}`
    case 11:
      return roll.one([
        'n.acme.tags["x"]',
        'count(n) == 1',
        'some kn; limits[kn].of == 1',
        'n == {}',
        'count(n.evil.tags) == 1',
      ])
    case 12:
      return `some ko, vo in o; vo == ${roll.one(['1', '2', 'args.amount'])}; ko != "evil"`
    case 13:
      return roll.one(['o == {"k": 1}', 'o == {}', 's == {"k"}', 'count(o) == 1', 'object.union(o, {"z": 1}).k == 1'])
    case 14:
      return `some me in s; me == ${roll.one(['"acme"', '"k"', 'args.name'])}`
    case 15:
      return `every el in s { el != "zed"; ${inner()} }`
    case 16:
      return `every ok, ov in o { ov != ${roll.one([1, 2])}; ok != "evil" }`
    case 17:
      return `count(s | {"z"}) == ${roll.one([1, 2])}`
    case 18:
      return `[li | some li in ["a", "b"]; li in args.tags; ${inner()}] == ${roll.one(['["a"]', '[]', '["a", "b"]'])}`
    default:
      return `c == ${roll.one([1, 2])}`
  }
}
