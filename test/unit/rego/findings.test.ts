/** The tree of what evaluations found out about their inputs. */
import { expect, test } from 'vitest'
import type { Environment } from '../../../src/rego/run/state.ts'
import { Findings } from '../../../src/rego/unknowns/findings.ts'
import { fieldOf, Reader, wholeInput } from '../../../src/rego/unknowns/term.ts'
import type { Value } from '../../../src/rego/value.ts'

/** No builtin is called here. */
const environment = {} as unknown as Environment

function readerOf(input: Value): Reader {
  return new Reader(environment, input)
}

const about = [wholeInput]
const is = (wanted: Value) => (reader: Reader) => reader.input === wanted

/** Asks whether the input is one of some values, in turn until it is, and concludes that it is. */
function evaluate(findings: Findings, input: Value, wanted: readonly Value[]): boolean {
  const trace = findings.trace(readerOf(input))
  const answer = wanted.some((one) => trace.find(`is ${String(one)}`, about, is(one)) === true)
  trace.conclude(answer)
  return answer
}

test('answers for another input of which the same is found out', () => {
  const findings = new Findings()
  expect(findings.answerFor(readerOf('x'))).toBeUndefined()
  evaluate(findings, 'x', ['a', 'b'])
  expect(findings.answerFor(readerOf('y'))).toBe(false)
  expect(findings.answerFor(readerOf('a'))).toBeUndefined()
  evaluate(findings, 'b', ['a', 'b'])
  expect(findings.answerFor(readerOf('b'))).toBe(true)
  expect(findings.answerFor(readerOf('y'))).toBe(false)
})

test('asks one question once an evaluation', () => {
  const trace = new Findings().trace(readerOf('x'))
  let asked = 0
  const count = () => ++asked
  expect([trace.find('count', about, count), trace.find('count', about, count)]).toEqual([1, 1])
})

test('knows an evaluation without a question', () => {
  const findings = new Findings()
  findings.trace(readerOf('x')).conclude(true)
  expect(findings.answerFor(readerOf('y'))).toBe(true)
})

test('takes evaluations that ask different things on the same way for a mistake', () => {
  const findings = new Findings()
  evaluate(findings, 'x', ['a', 'b'])
  const trace = findings.trace(readerOf('y'))
  trace.find('is a', about, is('a'))
  expect(() => trace.find('is c', about, is('c'))).toThrow('evaluations that went the same way ask `is b` and `is c`')
})

test('does not keep the answer of an evaluation that ended in a question', () => {
  const findings = new Findings()
  const trace = findings.trace(readerOf('x'))
  const fail = (): never => {
    throw new Error('too large')
  }
  expect(() => trace.find('size', about, fail)).toThrow('too large')
  trace.conclude(true)
  expect(findings.answerFor(readerOf('x'))).toBeUndefined()
})

test('does not take the answer of an evaluation that was broken off for that of one that goes on', () => {
  const findings = new Findings()
  const cut = findings.trace(readerOf('x'))
  cut.find('is a', about, is('a'))
  cut.conclude(true)
  evaluate(findings, 'y', ['a', 'b'])
  expect(findings.answerFor(readerOf('z'))).toBe(false)
})

test('forgets what it found when it is too much, and finds it again', () => {
  const findings = new Findings()
  const large = 'x'.repeat(1_000_000)
  const find = (input: Value): boolean => {
    const known = findings.answerFor(readerOf(input))
    if (known !== undefined) return known
    const trace = findings.trace(readerOf(input))
    const found = trace.find('all', about, (reader) => reader.input)
    trace.conclude(found === `${large}1`)
    return found === `${large}1`
  }
  for (let i = 0; i < 40; i++) expect(find(`${large}${i}`)).toBe(i === 1)
  expect(findings.answerFor(readerOf(`${large}1`))).toBeUndefined()
  expect(findings.answerFor(readerOf(`${large}39`))).toBe(false)
  expect(find(`${large}1`)).toBe(true)
})

/** Looks for a text in a list, and gives whether what stands behind it says so. */
function search(findings: Findings, input: string, list: readonly (readonly [string, boolean])[]): boolean {
  const known = findings.answerFor(readerOf(input))
  if (known !== undefined) return known
  const trace = findings.trace(readerOf(input))
  const answer = list.some(([text, says]) => trace.is(wholeInput, text) && says)
  trace.conclude(answer)
  return answer
}

test('looks a text up among many that were asked for in a row', () => {
  const list = Array.from({ length: 50 }, (_, i) => [`t${i}`, i % 3 === 0] as const)
  const inputs = [...list.map(([text]) => text), 't50', '', 'none']
  for (const order of [inputs, inputs.toReversed()]) {
    const findings = new Findings()
    for (let time = 0; time < 2; time++)
      for (const input of order) {
        const wanted = list.some(([text, says]) => text === input && says)
        expect(search(findings, input, list), input).toBe(wanted)
        expect(findings.answerFor(readerOf(input)), input).toBe(wanted)
      }
  }
})

test('has no text for what is none', () => {
  const findings = new Findings()
  search(findings, 'none', [
    ['1', true],
    ['null', true],
  ])
  for (const input of [1, null, ['1'], { null: true }]) expect(findings.answerFor(readerOf(input))).toBe(false)
})

test('does not ask what follows from what it knows', () => {
  const findings = new Findings()
  const evaluateTwo = (input: Value): boolean => {
    const name = fieldOf(wholeInput, 'name', '"name"')
    const trace = findings.trace(readerOf(input))
    const answer =
      trace.is(name, 'a') && trace.find('starts', [name], (reader) => name.of(reader) === 'a') && trace.is(name, 'b')
    trace.conclude(answer === true)
    return answer === true
  }
  evaluateTwo({ name: 'a', other: 1 })
  // One question leads to the end: whatever else could be asked of the name follows.
  expect(findings.answerFor(readerOf({ name: 'a', other: 2 }))).toBe(false)
  expect(findings.answerFor(readerOf({ name: 'b' }))).toBeUndefined()
})

test('begins another row for another term, and behind another question', () => {
  const findings = new Findings()
  const [one, two] = ['one', 'two'].map((key) => fieldOf(wholeInput, key, `"${key}"`))
  if (one === undefined || two === undefined) throw new Error('there are no terms')
  const ask = (input: Value): string => {
    const trace = findings.trace(readerOf(input))
    const found = [
      trace.is(one, 'a'),
      trace.is(two, 'a'),
      trace.is(one, 'b'),
      trace.find('size', [two], (reader) => String(two.of(reader)).length),
      trace.is(one, 'c'),
    ]
    trace.conclude(found[0] === true || found[4] === true)
    return JSON.stringify(found)
  }
  for (const [first, second] of ['aa', 'ab', 'ba', 'bb', 'ca', 'cb', 'da'].map((text) => [...text]))
    expect(ask({ one: first ?? '', two: second ?? '' })).toBe(
      JSON.stringify([first === 'a', second === 'a', first === 'b', 1, first === 'c']),
    )
  for (const [input, wanted] of [
    [{ one: 'a', two: 'b' }, true],
    [{ one: 'c', two: 'a' }, true],
    [{ one: 'd', two: 'a' }, false],
    [{ one: 'b', two: 'a' }, false],
  ] as const)
    expect(findings.answerFor(readerOf(input))).toBe(wanted)
})
