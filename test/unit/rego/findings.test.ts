/** The tree of what evaluations found out about their inputs. */
import { expect, test } from 'vitest'
import type { Environment } from '../../../src/rego/run/state.ts'
import { Findings } from '../../../src/rego/unknowns/findings.ts'
import { Reader } from '../../../src/rego/unknowns/term.ts'
import type { Value } from '../../../src/rego/value.ts'

/** No builtin is called here. */
const environment = {} as unknown as Environment

function readerOf(input: Value): Reader {
  return new Reader(environment, input)
}

const is = (wanted: Value) => (reader: Reader) => reader.input === wanted

/** Asks whether the input is one of some values, in turn until it is, and concludes that it is. */
function evaluate(findings: Findings, input: Value, wanted: readonly Value[]): boolean {
  const trace = findings.trace(readerOf(input))
  const answer = wanted.some((one) => trace.find(`is ${String(one)}`, is(one)) === true)
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
  expect([trace.find('count', count), trace.find('count', count)]).toEqual([1, 1])
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
  trace.find('is a', is('a'))
  expect(() => trace.find('is c', is('c'))).toThrow('evaluations that went the same way ask `is b` and `is c`')
})

test('does not keep the answer of an evaluation that ended in a question', () => {
  const findings = new Findings()
  const trace = findings.trace(readerOf('x'))
  const fail = (): never => {
    throw new Error('too large')
  }
  expect(() => trace.find('size', fail)).toThrow('too large')
  trace.conclude(true)
  expect(findings.answerFor(readerOf('x'))).toBeUndefined()
})

test('does not take the answer of an evaluation that was broken off for that of one that goes on', () => {
  const findings = new Findings()
  const cut = findings.trace(readerOf('x'))
  cut.find('is a', is('a'))
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
    const found = trace.find('all', (reader) => reader.input)
    trace.conclude(found === `${large}1`)
    return found === `${large}1`
  }
  for (let i = 0; i < 40; i++) expect(find(`${large}${i}`)).toBe(i === 1)
  expect(findings.answerFor(readerOf(`${large}1`))).toBeUndefined()
  expect(findings.answerFor(readerOf(`${large}39`))).toBe(false)
  expect(find(`${large}1`)).toBe(true)
})
