/** Proves how tokens become trees: precedence, ambiguous brackets, keywords in refs, operands in braces, and bounds. */
import { describe, expect, test } from 'vitest'
import type { Body, Expr, Term } from '../../../src/rego/ast.ts'
import { RegoErrors } from '../../../src/rego/errors.ts'
import { parseModule, parseQuery, parseTermText } from '../../../src/rego/parse/module.ts'
import { moduleToJson } from '../../../src/rego/parse/to-json.ts'

/** A term in a notation that shows its structure: calls as `(name args)`. */
function show(term: Term): string {
  switch (term.kind) {
    case 'null':
      return 'null'
    case 'boolean':
      return String(term.value)
    case 'number':
      return term.text
    case 'string':
      return JSON.stringify(term.value)
    case 'var':
      return term.wildcard ? '_' : term.name
    case 'ref':
      return `${show(term.head)}${term.path.map((part) => `[${show(part)}]`).join('')}`
    case 'call':
      return `(${[show(term.operator), ...term.args.map(show)].join(' ')})`
    case 'array':
      return `[${term.items.map(show).join(' ')}]`
    case 'set':
      return `{${term.items.map(show).join(' ')}}`
    case 'object':
      return `{${term.entries.map(([key, value]) => `${show(key)}:${show(value)}`).join(' ')}}`
    case 'comprehension':
      return `${term.of}<${term.key === undefined ? '' : `${show(term.key)}:`}${show(term.value)} | ${showBody(term.body)}>`
    case 'template':
      return `$<${term.parts.map((part) => (typeof part === 'string' ? JSON.stringify(part) : showExpr(part))).join(' ')}>`
  }
}

function showBody(body: Body): string {
  return body.map(showExpr).join('; ')
}

function showExpr(expr: Expr): string {
  const modifiers = expr.with.map(({ target, value }) => ` with ${show(target)}=${show(value)}`).join('')
  const operand = ({ explicit, body }: { explicit: boolean; body: Body }): string =>
    explicit ? `{${showBody(body)}}` : showBody(body)
  switch (expr.kind) {
    case 'term':
      return show(expr.term) + modifiers
    case 'some':
      return `some ${expr.vars.map(show).join(' ')}`
    case 'someIn':
      return `some<${expr.key ? `${show(expr.key)} ` : ''}${show(expr.value)} in ${show(expr.domain)}>${modifiers}`
    case 'every':
      return `every<${expr.key ? `${show(expr.key)} ` : ''}${show(expr.value)} in ${show(expr.domain)}>{${showBody(expr.body)}}${modifiers}`
    case 'not':
      return `not<${operand(expr.operand)}>${modifiers}`
    default:
      return `${expr.kind}<${operand(expr.left)} ${operand(expr.right)}>${modifiers}`
  }
}

const terms: readonly (readonly [source: string, tree: string])[] = [
  ['1 + 2 * 3 - 4', '(minus (plus 1 (mul 2 3)) 4)'],
  ['a | b & c', '(or a (and b c))'],
  ['a == b | c', '(equal a (or b c))'],
  ['a < b < c', '(lt (lt a b) c)'],
  ['a in b in c', '(internal.member_2 (internal.member_2 a b) c)'],
  ['(k, v in xs)', '(internal.member_3 k v xs)'],
  ['[k, v in xs]', '[k (internal.member_2 v xs)]'],
  ['-x.y', '(minus 0 x["y"])'],
  ['- 1', '-1'],
  ['.5', '.5'],
  ['{a | b}', 'set<a | b>'],
  ['{a | b, c}', '{(or a b) c}'],
  ['[a | b, c]', '[(or a b) c]'],
  ['{(a | b)}', '{(or a b)}'],
  ['{a: b | c}', 'object<a:b | c>'],
  ['{a + 1: b | c}', 'object<(plus a 1):b | c>'],
  ['{, a | b}', '{(or a b)}'],
  ['{1: 2, "b": c,}', '{1:2 "b":c}'],
  ['set()', '{}'],
  ['{}', '{}'],
  ['input.if["x"][_].not', 'input["if"]["x"][_]["not"]'],
  ['f(x).y[0]', '(f x)["y"][0]'],
  ['a.b.c(1,)', '(a["b"]["c"] 1)'],
  ['{1, 2}[x]', '{1 2}[x]'],
  ['$"a{x + 1}b"', '$<"a" (plus x 1) "b">'],
  ['contains', 'contains'],
]

const queries: readonly (readonly [source: string, tree: string])[] = [
  ['x := 1; y = x', '(assign x 1); (eq y x)'],
  ['some x, y in xs', 'some<x y in xs>'],
  ['some x, y; z', 'some x y; z'],
  ['every k, v in xs { v; k }', 'every<k v in xs>{v; k}'],
  ['not f(x) with input as 1 with data.a as 2', 'not<(f x)> with input=1 with data["a"]=2'],
  ['not.x == input.default[0]', '(equal not["x"] input["default"][0])'],
]

describe('terms', () => {
  test.each(terms)('%s', (source, tree) => {
    expect(show(parseTermText(source))).toBe(tree)
  })
})

describe('expressions', () => {
  test.each(queries)('%s', (source, tree) => {
    expect(showBody(parseQuery(source))).toBe(tree)
  })
})

const logical: readonly (readonly [source: string, tree: string])[] = [
  ['a and b or c', 'or<and<a b> c>'],
  ['a or b and c', 'or<a and<b c>>'],
  ['a or b or c', 'or<or<a b> c>'],
  ['not a and b', 'and<not<a> b>'],
  ['not (a and b)', 'not<and<a b>>'],
  ['(a or b) and c', 'and<or<a b> c>'],
  ['a or b with input as 1', 'or<a b> with input=1'],
  ['a or (b with input as 1)', 'or<a b with input=1>'],
  ['{a; b} or c', 'or<{a; b} c>'],
  ['{a} == {b}', '(equal {a} {b})'],
  ['not {a} and {b; c}', 'and<not<{a}> {b; c}>'],
  ['((a or b))', 'or<a b>'],
  ['and(a, b)', '(and a b)'],
  ['not ({})', 'not<{}>'],
]

describe('and, or and not with the future keywords', () => {
  test.each(logical)('%s', (source, tree) => {
    const { rules } = parseModule(`package p\nimport future.keywords\np if { ${source} }`, 't.rego')
    expect(showBody(rules[0]?.body ?? [])).toBe(tree)
  })
})

const bodies: readonly (readonly [source: string, tree: string])[] = [
  ['p if { x }', 'x'],
  ['p if {x} == y', '(equal {x} y)'],
  ['p if {x | y}', 'set<x | y>'],
  ['p if {}', '{}'],
  ['p if {"a": 1}', '{"a":1}'],
  ['p if { {x} }', '{x}'],
  ['p if {x}.y', '{x}["y"]'],
  ['p if x == 1', '(equal x 1)'],
]

describe('braces after `if` are a body unless they can only be a term', () => {
  test.each(bodies)('%s', (source, tree) => {
    const { rules } = parseModule(`package p\n${source}`, 't.rego')
    expect(showBody(rules[0]?.body ?? [])).toBe(tree)
  })
})

describe('bounds', () => {
  const deep = [
    ['brackets', (n: number) => `p := ${'['.repeat(n)}${']'.repeat(n)}`],
    ['infix operators', (n: number) => `p := 1${' + 1'.repeat(n)}`],
    ['calls', (n: number) => `p := ${'f('.repeat(n)}1${')'.repeat(n)}`],
    ['bodies', (n: number) => `p := ${'[1 | '.repeat(n)}1${']'.repeat(n)}`],
    ['chains of refs to calls', (n: number) => `p := f${'(1)[0]'.repeat(n)}`],
    ['templates', (n: number) => `p := ${'$"{'.repeat(n)}1${'}"'.repeat(n)}`],
  ] as const

  test.each(deep)('%s nest to a limit, and beyond are an error, not a crash', (_, make) => {
    expect(() => parseModule(`package p\n${make(60)}`, 't.rego')).not.toThrow()
    for (const depth of [2_000, 100_000])
      expect(() => parseModule(`package p\n${make(depth)}`, 't.rego')).toThrow('max parsing recursion depth exceeded')
  })

  test('texts that can be read in two ways at every level take linear time', () => {
    const depth = 100
    const source = `package p\np := ${'[a | '.repeat(depth)}b, c${']'.repeat(depth)}`
    expect(() => parseModule(source, 't.rego')).not.toThrow()
  })

  test('a source that is too long is refused by its length', () => {
    expect(() => parseModule('#'.repeat(16_777_217), 't.rego')).toThrow('the limit is 16777216')
  })
})

test('an error shows its place, the line and a caret', () => {
  try {
    parseModule('package p\n\n\tp := [1,\t2}', 'policy.rego')
    expect.unreachable()
  } catch (cause) {
    expect(cause).toBeInstanceOf(RegoErrors)
    expect((cause as RegoErrors).message).toBe(
      'policy.rego:3:12: rego_parse_error: unexpected } token: expected "," or "]"\n    the `[` of row 3, column 7 is not closed\n  \tp := [1,\t2}\n  \t        \t ^',
    )
  }
})

test('capabilities take away features and future keywords', () => {
  const parse = (source: string, options: Parameters<typeof parseModule>[2]) => () =>
    parseModule(`package p\n${source}`, 't.rego', options)
  expect(parse('p := $"x"', { features: ['rego_v1'] })).toThrow('template strings are not supported')
  expect(parse('p := input.if', { features: ['rego_v1'] })).toThrow('unexpected if keyword: expected identifier')
  expect(parse('p := 1', { features: [] })).toThrow('rego_v1 feature required')
  expect(parse('import future.keywords.and', { futureKeywords: ['not'] })).toThrow(
    'must be one of [contains every if in not]',
  )
})

test('a module is printed as OPA prints syntax trees', () => {
  const source = '# METADATA\n# title: T\npackage a\n\np[x] := {2, 1.50, 1} if { not x = null }\n'
  const json = JSON.parse(JSON.stringify(moduleToJson(parseModule(source, 'a.rego'))))
  expect(json).toEqual({
    package: {
      path: [
        { type: 'var', value: 'data' },
        { type: 'string', value: 'a' },
      ],
    },
    annotations: [{ scope: 'package', title: 'T' }],
    rules: [
      {
        body: [
          {
            index: 0,
            negated: true,
            terms: [
              { type: 'ref', value: [{ type: 'var', value: 'eq' }] },
              { type: 'var', value: 'x' },
              { type: 'null', value: {} },
            ],
          },
        ],
        head: {
          name: 'p',
          key: { type: 'var', value: 'x' },
          value: { type: 'set', value: [1, 1.5, 2].map((value) => ({ type: 'number', value })) },
          assign: true,
          ref: [
            { type: 'var', value: 'p' },
            { type: 'var', value: 'x' },
          ],
        },
      },
    ],
    comments: [
      { Text: btoa(' METADATA'), Location: { file: 'a.rego', row: 1, col: 1 } },
      { Text: btoa(' title: T'), Location: { file: 'a.rego', row: 2, col: 1 } },
    ],
  })
})
