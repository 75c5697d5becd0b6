/**
 * The value of a query is JSON of its own, however it was made: the same as the binding of a variable, keys ascending, and nobody can change input, data
 * or another result through it.
 */
import { describe, expect, it } from 'vitest'
import { type Json, prepare, RegoErrors } from '../../../src/rego/index.ts'

const rules: [string, string][] = [
  ['an object that it writes', 'p := {"z": 1, "a": {"y": input.list, "b": {3, 1, 2}}, "m": [input.o, {2, 1}]}'],
  ['a part of the input', 'p := input.o'],
  ['a part of the data', 'p := data.d'],
  ['a constant', 'p := {"z": [{2, 1}], "a": {}}'],
  ['one value in two places', 'p := {"a": x, "b": x, "c": [x, x]} if x := [input.o, {2, 1}]'],
  ['an object in two places', 'p := {"a": x, "b": x} if x := {"z": {1}, "a": 2}'],
  ['an array in an array twice', 'p := [x, x] if x := [input.o]'],
  ['a list that it collects', 'p := [x | some x in [input.o, {2, 1}, data.d, 1]]'],
  ['a list that it collects twice', 'p := [x, x] if x := [y | some y in [input.o, {2, 1}]]'],
  ['a set that it collects', 'p := {x | some x in [input.o, [2, 1], data.d, 1]}'],
  ['an object that it collects', 'p := {k: {1, k} | some k in ["z", "a"]}'],
  ['keys that it computes', 'p := {input.o.k: {2, 1}, "a": 1}'],
  ['keys that are no strings', 'p := {1: {2, 1}, "a": [{3}]}'],
  ['keys like those of every object', 'p := {"constructor": {1}, "__proto__": {"toString": {1}}, "a": 1}'],
  ['a set of rules', 'p contains x if some x in [input.o, 2, 1]'],
  ['an object of rules', 'p[k] contains x if { some k in ["z", "a"]; some x in [2, 1] }'],
  ['another rule', 'p := {"z": q, "a": q}\nq contains [x] if some x in [2, 1]'],
  ['a rule that is asked twice', 'p := {"z": q, "a": r}\nq := {"z": 1, "a": r}\nr := {"z": {2, 1}, "a": input.o}'],
  ['two rules that agree', 'p := {"z": {1}, "a": 2} if input.o\np := {"z": {1}, "a": 2} if input.list'],
  ['an else', 'p := {"z": {1}} if input.none else := {"z": {2, 1}, "a": input.o}'],
  ['a default', 'default p := {"z": {2, 1}, "a": 1}\np := 1 if input.none'],
  ['a function', 'p := f(input.o)\nf(x) := {"z": {2, 1}, "a": x}'],
  ['a text', 'p := $"{x} {input.o}" if some x in ["one"]'],
  ['false', 'p := false'],
  ['nothing', 'p if input.none'],
  ['what a with replaces', 'p := x if x := q with input.o as {"z": {2, 1}, "a": 1}\nq := {"o": input.o}'],
  ['the value of a search', 'p := {"z": x, "a": {x}} if { some x in input.list; x > 2 }'],
  ['an object made before a loop', 'p := [x | some y in input.list] if x := {"z": {2, 1}, "a": 1}'],
  ['an object made in a loop', 'p := [{"z": {y, 1}, "a": [y]} | some y in input.list]'],
  ['a rule asked in a loop', 'p := [x | some y in input.list; x := q]\nq := {"z": {2, 1}, "a": 1}'],
  [
    'rules as a decision asks them',
    'p := {"z": [x | x := q], "a": [x | x := r], "m": [x | x := data.d.none]}\nq := {"z": {2, 1}, "a": 1}\nr contains 1',
  ],
  ['large numbers', 'p := {"z": 9007199254740993, "a": [0.1 + 0.2]}'],
]

const inputOf = (): Json => ({ o: { k: 'key', z: [1], a: { b: 1 } }, list: [3, 1, 2] })
const dataOf = (): Json => ({ d: { z: [1, { y: 1, x: 2 }], a: 'data' } })

/** Everything in a value that can be changed. */
function partsOf(value: unknown): object[] {
  return typeof value === 'object' && value !== null ? [value, ...Object.values(value).flatMap(partsOf)] : []
}

function isAscending(value: unknown): boolean {
  return partsOf(value).every((part) => {
    const keys = Array.isArray(part) ? [] : Object.keys(part)
    return keys.join() === keys.toSorted().join()
  })
}

describe('the value of a query is JSON of its own', () => {
  it.each(rules)('%s', (_, text) => {
    const modules = { 'a.rego': `package a\n${text}` }
    const [input, data] = [inputOf(), dataOf()]
    const query = prepare({ query: 'data.a.p', modules, data })
    const bound = prepare({ query: 'x = data.a.p', modules, data }).evaluate(input)
    const value = query.value(input)
    expect(value).toEqual(bound[0]?.x)
    expect(isAscending(value)).toBe(true)
    const parts = partsOf(value)
    expect(new Set(parts).size).toBe(parts.length)
    const wanted = structuredClone(value)
    for (const part of parts) (part as Record<string, unknown>).added = 'changed'
    expect(query.value(input)).toEqual(wanted)
    expect([input, data]).toEqual([inputOf(), dataOf()])
  })

  it('is counted, whoever made it', () => {
    const texts = [
      'p := {"a": input.x, "b": [input.x, input.x, input.x]}',
      'p := [x | some x in [1, 2, 3, 4, input.x]]',
      'p := [1, 2, 3, 4, 5]',
    ]
    for (const text of texts) {
      const modules = { 'a.rego': `package a\n${text}` }
      const ask = (resultValuesMax: number): unknown =>
        prepare({ query: 'data.a.p', modules, limits: { resultValuesMax } }).value({ x: 1 })
      expect(ask(5)).toBeDefined()
      expect(() => ask(4)).toThrow(RegoErrors)
    }
  })
})
