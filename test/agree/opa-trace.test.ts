/**
 * Traces: laid out as `opa eval --explain` lays them out, and for failures and notes the same operations at the same places. Expressions are in the
 * author's words, where OPA prints those of its compiler.
 */
import { describe, expect, test } from 'vitest'
import { prepare, type TraceEvent, type TraceView, traceText, viewOf } from '../../src/rego/index.ts'
import { folderOf } from '../support/files.ts'
import { opaMissing, runOpa } from '../support/opa.ts'

const policy = `package p

default allow := false

allow if {
	input.tool == "create"
	some item in input.items
	item.price < limit
	not blocked
	trace("passed")
}

limit := 10

blocked if input.user in data.blocked

deny contains msg if {
	some item in input.items
	item.price > 100
	msg := item.name
}

size(xs) := "large" if count(xs) > 5

else := "some" if count(xs) > 1

kind := size(input.items)
`
const input = {
  tool: 'create',
  user: 'ann',
  items: [
    { price: 200, name: 'a' },
    { price: 5, name: 'b' },
  ],
}

function traced(query: string, view: TraceView): readonly TraceEvent[] {
  const events: TraceEvent[] = []
  const data = { blocked: ['eve'] }
  prepare({ query, modules: { 'p.rego': policy }, data, trace: (event) => events.push(event) }).evaluate(input)
  return viewOf(events, view)
}

/** The operation of a line, and where: `p.rego:8 | | Fail`. */
const shapes = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => /^(query|p\.rego):/.test(line))
    .map((line) => line.replace(/^(\S+)\s+((?:\| )*)(\w+).*$/, '$1 $2$3'))

describe.skipIf(opaMissing() !== undefined)('a trace', () => {
  test.each([
    ['data.p.allow', 'fails'],
    ['data.p.allow', 'notes'],
    ['data.p.blocked', 'fails'],
    ['data.p.deny', 'fails'],
    ['data.p.kind', 'fails'],
    ['data.p.limit', 'notes'],
  ] as const)('of `%s` shows for %s what OPA shows', (query, view) => {
    const folder = folderOf({
      'p.rego': policy,
      'data.json': '{"blocked": ["eve"]}',
      'input.json': JSON.stringify(input),
    })
    const words = ['eval', '-d', 'p.rego', '-d', 'data.json', '-i', 'input.json', query]
    const { out } = runOpa([...words, '--explain', view, '--format', 'pretty'], folder)
    expect(shapes(traceText(traced(query, view)))).toEqual(shapes(out))
  })
})

describe('a trace in full', () => {
  test('is in the words of the author', () => {
    expect(traceText(traced('data.p.allow', 'full'))).toBe(
      [
        'query:1       Enter data.p.allow',
        'query:1       | Eval data.p.allow',
        'query:1       | Index data.p.allow (matched 1 rule, early exit)',
        'p.rego:5      | Enter data.p.allow',
        'p.rego:6      | | Eval input.tool == "create"',
        'p.rego:7      | | Eval some item in input.items',
        'p.rego:8      | | Eval item.price < limit',
        'p.rego:8      | | Index data.p.limit (matched 1 rule, early exit)',
        'p.rego:13     | | Enter data.p.limit',
        'p.rego:13     | | | Exit data.p.limit',
        'p.rego:13     | | Redo data.p.limit',
        'p.rego:8      | | Fail item.price < limit',
        'p.rego:7      | | Redo some item in input.items',
        'p.rego:8      | | Eval item.price < limit',
        'p.rego:9      | | Eval not blocked',
        'p.rego:9      | | Enter blocked',
        'p.rego:9      | | | Eval blocked',
        'p.rego:9      | | | Index data.p.blocked (matched 1 rule, early exit)',
        'p.rego:15     | | | Enter data.p.blocked',
        'p.rego:15     | | | | Eval input.user in data.blocked',
        'p.rego:15     | | | | Fail input.user in data.blocked',
        'p.rego:9      | | | Fail blocked',
        'p.rego:10     | | Eval trace("passed")',
        'p.rego:10     | | Note "passed"',
        'p.rego:5      | | Exit data.p.allow',
        'p.rego:5      | Redo data.p.allow',
        'p.rego:10     | | Redo trace("passed")',
        'p.rego:9      | | Redo not blocked',
        'p.rego:8      | | Redo item.price < limit',
        'p.rego:7      | | Redo some item in input.items',
        'p.rego:6      | | Redo input.tool == "create"',
        'query:1       | Exit data.p.allow',
        'query:1       Redo data.p.allow',
        'query:1       | Redo data.p.allow',
        '',
      ].join('\n'),
    )
  })

  test('shows values when it is for debugging', () => {
    const lines = traceText(traced('data.p.limit < 5', 'debug'))
    expect(lines).toContain('Unify 10 = data.p.limit')
  })

  test('cannot be had together with coverage', () => {
    const modules = { 'p.rego': policy }
    expect(() => prepare({ query: 'data.p.allow', modules, coverage: true, trace: () => {} })).toThrow(TypeError)
  })
})
