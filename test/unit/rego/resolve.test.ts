/** Proves what names mean after resolving, in which order bodies run, and what is lifted out of them. */
import { describe, expect, test } from 'vitest'
import { check, compile } from '../../../src/rego/compile.ts'
import { RegoErrors } from '../../../src/rego/errors.ts'
import type { Body, Expr, Hole, Local, Rule, Term } from '../../../src/rego/program.ts'

/** A rule's clauses in a notation that shows locals as name and number, generated ones as `#number`. */
function show(rule: Rule): string[] {
  const printer = new Printer(rule.locals)
  return rule.clauses.map(({ body, value }) => `${printer.body(body)} => ${printer.term(value)}`)
}

class Printer {
  readonly locals: readonly Local[]
  constructor(locals: readonly Local[]) {
    this.locals = locals
  }

  body(body: Body): string {
    return body.map((expr) => this.expr(expr)).join('; ')
  }

  private local(id: number): string {
    return this.locals[id]?.generated ? `#${id}` : `${this.locals[id]?.name}${id}`
  }

  private hole({ body, value }: Hole): string {
    return `<${this.body(body)} ${this.term(value)}>`
  }

  private expr(expr: Expr): string {
    const modifiers = expr.with.map(({ target, value }) => {
      const place = target.kind === 'builtin' ? target.name : `${target.kind}.${target.path.join('.')}`
      return ` with ${place}=${value.kind === 'callee' ? 'callee' : this.term(value)}`
    })
    return this.bare(expr) + modifiers.join('')
  }

  private bare(expr: Expr): string {
    switch (expr.kind) {
      case 'test':
        return this.term(expr.term)
      case 'unify':
        return `${this.term(expr.left)} = ${this.term(expr.right)}`
      case 'not':
        return `not {${this.body(expr.body)}}`
      case 'every':
        return `every ${this.local(expr.value)} in ${this.term(expr.domain)} {${this.body(expr.body)}}`
      case 'print':
        return `print(${expr.args.map((arg) => this.hole(arg)).join(', ')})`
      default:
        return `{${this.body(expr.left)}} ${expr.kind} {${this.body(expr.right)}}`
    }
  }

  term(term: Term): string {
    switch (term.kind) {
      case 'null':
        return 'null'
      case 'boolean':
        return String(term.value)
      case 'number':
        return term.text
      case 'string':
        return JSON.stringify(term.value)
      case 'local':
        return this.local(term.local)
      case 'ref': {
        const { root } = term
        const head =
          root.kind === 'local' ? this.local(root.local) : root.kind === 'term' ? this.term(root.term) : root.kind
        return (
          head + term.path.map((part) => (part.kind === 'string' ? `.${part.value}` : `[${this.term(part)}]`)).join('')
        )
      }
      case 'call':
        return `${term.callee.kind === 'builtin' ? term.callee.name : `/${term.callee.path.join('/')}`}(${term.args.map((arg) => this.term(arg)).join(', ')})`
      case 'array':
        return `[${term.items.map((item) => this.term(item)).join(', ')}]`
      case 'set':
        return `{${term.items.map((item) => this.term(item)).join(', ')}}`
      case 'object':
        return `{${term.entries.map(([key, value]) => `${this.term(key)}: ${this.term(value)}`).join(', ')}}`
      case 'comprehension':
        return `[${this.term(term.value)} | ${this.body(term.body)}]`
      case 'template':
        return `$${term.parts.map((part) => (typeof part === 'string' ? part : this.hole(part))).join('')}`
    }
  }
}

function resolved(source: string, name = 'p'): string[] {
  const { program } = compile({ modules: { 't.rego': `package t\n${source}` }, print: true })
  return program.rules.filter(({ path }) => path.join('.') === `t.${name}`).flatMap(show)
}

const rows: readonly { note: string; source: string; clauses: readonly string[] }[] = [
  {
    note: 'expressions are ordered so that variables are bound before they are needed',
    source: 'p if { y > 1; y = x + 1; x = input.a }',
    clauses: ['x1 = input.a; y0 = plus(x1, 1); gt(y0, 1) => true'],
  },
  {
    note: 'the written order is kept where it is safe',
    source: 'p if { input.a; x := 1; input.b == x }',
    clauses: ['input.a; x0 = 1; equal(input.b, x0) => true'],
  },
  {
    note: 'calls in terms are lifted before the expression that needs them',
    source: 'p if { count(split(input.a, ".")) > 1 }',
    clauses: ['#0 = split(input.a, "."); #1 = count(#0); gt(#1, 1) => true'],
  },
  {
    note: 'a negation without the future keyword runs its calls and refs before it',
    source: 'p if { not startswith(lower(input.a), input.b) }',
    clauses: ['#0 = lower(input.a); #1 = input.b; not {startswith(#0, #1)} => true'],
  },
  {
    note: 'a negation with the future keyword keeps all inside',
    source: 'import future.keywords.not\np if { not startswith(lower(input.a), input.b) }',
    clauses: ['not {#0 = lower(input.a); startswith(#0, input.b)} => true'],
  },
  {
    note: 'a negated comparison keeps its refs inside',
    source: 'p if { not input.a == input.b }',
    clauses: ['not {equal(input.a, input.b)} => true'],
  },
  {
    note: 'a variable of a comprehension is the outer one where the outer body mentions it',
    source: 'p := y if { x = 1; y := [x | x = 1] }',
    clauses: ['x0 = 1; y1 = [x0 | x0 = 1] => y1'],
  },
  {
    note: 'variables of two comprehensions are their own',
    source: 'p := [a, b] if { a := [x | x = 1]; b := [x | x = 2] }',
    clauses: ['a1 = [x0 | x0 = 1]; b3 = [x2 | x2 = 2] => [a1, b3]'],
  },
  {
    note: 'a comprehension before a declaration does not see it',
    source: 'p if { y := [x | x = 1]; x := 2; y[0] != x }',
    clauses: ['y1 = [x0 | x0 = 1]; x2 = 2; neq(y1[0], x2) => true'],
  },
  {
    note: 'an inner declaration hides an outer one',
    source: 'p := y if { x := 1; y := [x | x := 2] }',
    clauses: ['x0 = 1; y2 = [x1 | x1 = 2] => y2'],
  },
  {
    note: '`some .. in` reads elements',
    source: 'p if { some k, v in input.xs; v > k }',
    clauses: ['v1 = input.xs[k0]; gt(v1, k0) => true'],
  },
  {
    note: 'each wildcard is its own',
    source: 'p if { input.a[_] == input.b[_] }',
    clauses: ['equal(input.a[#0], input.b[#1]) => true'],
  },
  {
    note: 'an argument is shared by all clauses of a rule, other variables are not',
    source: 'p(a) := b if { b := a; b > 1 } else := b if { b := a }',
    clauses: ['b1 = a0; gt(b1, 1) => b1', 'b2 = a0 => b2'],
  },
  {
    note: 'an output argument becomes a unification',
    source: 'p := n if { count(input.a, n) }',
    clauses: ['n0 = count(input.a) => n0'],
  },
  {
    note: 'a head that must be evaluated takes part in the body only where it binds',
    source: 'p contains input.a[i] if { i > 0 }',
    clauses: ['#1 = input.a[i0]; gt(i0, 0) => #1'],
  },
  {
    note: 'a head that need not stays a head',
    source: 'p contains upper(x) if { x := input.a }',
    clauses: ['x0 = input.a => upper(x0)'],
  },
  {
    note: 'the domain of `every` is evaluated before it',
    source: 'p if { every x in input.xs { x > 1 } }',
    clauses: ['#0 = input.xs; every x1 in #0 {gt(x1, 1)} => true'],
  },
  {
    note: 'values of `with` are evaluated before the expression',
    source: 'p if { q with input.a as input.b }\nq := 1',
    clauses: ['#0 = input.b; data.t.q with input.a=#0 => true'],
  },
  {
    note: 'functions can stand in for functions',
    source: 'p if { f(1) with f as g with count as 3 }\nf(x) := x\ng(x) := x',
    clauses: ['/t/f(1) with function.t.f=callee with count=3 => true'],
  },
  {
    note: 'imports and rules of the package get their paths',
    source: 'import data.a.b as c\nimport input.d\np if { c.e == d; q }\nq := 1',
    clauses: ['equal(data.a.b.e, input.d); data.t.q => true'],
  },
  {
    note: 'a variable may be called like a rule',
    source: 'p if { q := 1; q == 1 }\nq := 2',
    clauses: ['q0 = 1; equal(q0, 1) => true'],
  },
  {
    note: 'a template’s expressions may be undefined',
    source: 'p := $"a{input.x}" if { true }',
    clauses: ['true => $a<#0 = input.x #0>'],
  },
  {
    note: 'arguments of print may be undefined',
    source: 'p if { x := 1; print(x, input.y) }',
    clauses: ['x0 = 1; print(< x0>, <#1 = input.y #1>) => true'],
  },
  {
    note: 'the metadata of a rule is a constant',
    source: '# METADATA\n# title: T\np := rego.metadata.rule().title',
    clauses: [' => {"scope": "rule", "title": "T"}.title'],
  },
]

describe('resolve', () => {
  test.each(rows)('$note', ({ source, clauses }) => {
    expect(resolved(source)).toEqual(clauses)
  })

  test('rules follow those that they read', () => {
    const { program } = compile({
      modules: { 't.rego': 'package t\na if b\nb if { c[_] }\nc contains f(1)\nf(x) := x' },
    })
    expect(program.rules.map(({ path }) => path.at(-1))).toEqual(['f', 'c', 'b', 'a'])
  })

  test('a query shows its variables in the order of their first mention, and is a term where it is one', () => {
    const { query } = compile({ modules: {} })
    expect(query('x = y; y = 1; data.a[_]').vars.map(({ name }) => name)).toEqual(['x', 'y'])
    expect(query('data.a.b').term?.kind).toBe('ref')
    expect(query('data.a[x]').term).toBeUndefined()
    expect(() => query('x')).toThrow('var x is unsafe')
  })

  test('the annotations of a rule are its own, then the document’s, the package’s and those of packages around', () => {
    const inner =
      '# METADATA\n# title: package\npackage a.b\n\n# METADATA\n# title: rule\np := 1\n\n# METADATA\n# scope: document\n# title: document\np := 1 if input.x'
    const outer = '# METADATA\n# scope: subpackages\n# title: outer\npackage a'
    const { program } = compile({ modules: { 'b.rego': inner, 'a.rego': outer } })
    expect(program.rules.map(({ annotations }) => annotations.map(({ title }) => title))).toEqual([
      ['rule', 'document', 'package', 'outer'],
      ['document', 'package', 'outer'],
    ])
  })
})

describe('schemas', () => {
  const schemas = {
    schema: { type: 'object', properties: { name: { type: 'string' } } },
    'schema.b': { type: 'number' },
  }
  const errors = (source: string): string => {
    try {
      compile({ modules: { 't.rego': `package t\n${source}` }, schemas })
      return ''
    } catch (cause) {
      return cause instanceof Error ? cause.message : String(cause)
    }
  }

  test('the schema of input holds everywhere', () => {
    expect(errors('p if input.name == "x"')).toBe('')
    expect(errors('p if input.name == 1')).toContain('match error')
    expect(errors('p if input.nmae == "x"')).toContain(
      'undefined ref: input.nmae\n    `input` has no `nmae` (did you mean `name`?)\n    want: one of "name"',
    )
  })

  test('an annotation names a schema for a part of a document', () => {
    const annotated = '# METADATA\n# schemas:\n#   - input.b: schema.b\n'
    expect(errors(`${annotated}p if input.b == 1`)).toBe('')
    expect(errors(`${annotated}p if input.b == "x"`)).toContain('match error')
    expect(errors(`${annotated.replace('schema.b', 'schema.c')}p if input.b == "x"`)).toContain(
      'undefined schema: schema.c',
    )
  })

  test('a schema may refer to itself, and not to the network', () => {
    const list = {
      $ref: '#/definitions/node',
      definitions: {
        node: { type: 'object', properties: { next: { $ref: '#/definitions/node' }, v: { type: 'number' } } },
      },
    }
    const module = (body: string): Record<string, string> => ({ 't.rego': `package t\np if { ${body} }` })
    expect(() => compile({ modules: module('input.next.next.v == 1'), schemas: { schema: list } })).not.toThrow()
    expect(() => compile({ modules: module('input.next.next.v == "x"'), schemas: { schema: list } })).toThrow(
      'match error',
    )
    expect(() => compile({ modules: {}, schemas: { schema: { $ref: 'https://example.com/x' } } })).toThrow(
      'remote reference',
    )
  })
})

test('a long body in reverse order, and one in which nothing is safe, are ordered in time', () => {
  // With time cubic in its length, as trying all orders would take, this would run for minutes.
  const length = 1_500
  const lines = Array.from({ length }, (_, i) => `x${i} = x${i + 1} + 1`)
  expect(() =>
    compile({ modules: { 't.rego': `package t\np if {\n${lines.join('\n')}\nx${length} = 1\n}` } }),
  ).not.toThrow()
  expect(() => compile({ modules: { 't.rego': `package t\np if {\n${lines.join('\n')}\n}` } })).toThrow(
    `var x${length} is unsafe`,
  )
})

describe('types under `with`', () => {
  const errors = (source: string): string[] => {
    try {
      compile({ modules: { 't.rego': `package t\n${source}` } })
      return []
    } catch (cause) {
      if (!(cause instanceof RegoErrors)) throw cause
      return cause.errors.map(({ message }) => message)
    }
  }

  test.each([
    [
      'a rule that does not read what is replaced keeps its type',
      'p if q == 1 with input as 1\nq := "a"',
      ['match error'],
    ],
    [
      'nor does one that does: OPA keeps it, too',
      'p if q == 1 with input.x as 1\nq := "a" if input.x',
      ['match error'],
    ],
    ['a rule that reads a replaced rule may have any type', 'p if q == 1 with data.t.r as 1\nq := r\nr := "x"', []],
    ['a replaced rule has its own type or that of the value', 'p if q == 1 with data.t.q as 1\nq := "a"', []],
    ['and no other', 'p if q == [] with data.t.q as 1\nq := "a"', ['match error']],
    [
      'a rule that calls a replaced function may have any type',
      'p if q == 1 with f as 1\nq := f(2)\nf(x) := "a" if x',
      [],
    ],
    [
      'a function must be replaced by one with as many arguments',
      'p if f(1) with f as g\nf(x) := x\ng(x, y) := x + y',
      ['data.t.f: arity mismatch'],
    ],
  ])('%s', (_, source, wanted) => {
    expect(errors(source)).toEqual(wanted)
  })
})

test('capabilities take away builtins', () => {
  const capabilities = {
    builtins: [{ name: 'count', decl: { args: [{ type: 'any' }], result: { type: 'number' } } }],
  } as const
  expect(() => compile({ modules: { 't.rego': 'package t\np := count([])' }, capabilities })).not.toThrow()
  expect(() => compile({ modules: { 't.rego': 'package t\np := http.send({})' }, capabilities })).toThrow(
    'undefined function http.send',
  )
})

test('a rule where the base document has a value is an error when the document is given', () => {
  const modules = { 't.rego': 'package t\np := 1' }
  expect(() => compile({ modules, data: { t: { q: 1 } } })).not.toThrow()
  expect(() => compile({ modules, data: { t: { p: 1 } } })).toThrow('conflicting rule for data path t/p found')
})

test.each([
  ['h[1].x contains "a"\nh[1].y := 7', []],
  ['h[1] := 5\nh["1"].x := 7', []],
  ['h[true] := 5\nh[x].y := 7 if x := 3', []],
  ['h[1](x) := 5\nh[2] := 6', []],
  ['h[1].x contains "a"\nh[1].x := 7', ['conflicting rules data.t.h[1].x found']],
  ['h[1] := 5\nh[1].x := 7', ['rule data.t.h[1] conflicts with:\n  rule data.t.h[1].x at t.rego:3']],
  ['h := {1: 5}\nh[1] := 6', ['rule data.t.h conflicts with:\n  rule data.t.h[1] at t.rego:3']],
  ['p contains "a"\np[x] contains "b" if x := "c"', ['conflicting rules data.t.p[x] found']],
])('numbers and truths in names are names: %j', (source, wanted) => {
  expect(check({ modules: { 't.rego': `package t\n${source}` } }).map(({ message }) => message)).toEqual(wanted)
})
