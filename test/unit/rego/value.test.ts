/** The value model: one total order, one equality and one key for every form that a value can take. */
import { describe, expect, it } from 'vitest'
import { Decimal, numberText, parseNumber } from '../../../src/rego/number.ts'
import {
  canonicalText,
  compare,
  equal,
  keyOf,
  lookup,
  makeObject,
  RegoObject,
  RegoSet,
  toJson,
  typeName,
  type Value,
} from '../../../src/rego/value.ts'

const raw = (text: string): Value => (JSON as unknown as { rawJSON(text: string): Value }).rawJSON(text)
const number = (text: string): Value => {
  const value = parseNumber(text)
  if (value === undefined) throw new Error(`\`${text}\` is not a number`)
  return value
}
const own = (text: string): Value => JSON.parse(text) as Value

describe('the total order', () => {
  // Ascending: every value is less than all that follow it.
  const ascending: [string, Value][] = [
    ['null', null],
    ['false', false],
    ['true', true],
    ['a very negative exponent form', number('-1e400')],
    ['-2^64', number('-18446744073709551616')],
    ['-1', -1],
    ['a denormal', number('1e-400')],
    ['0.1', 0.1],
    ['0.1 and a bit', number('0.1000000000000000000000001')],
    ['1', 1],
    ['2^53 + 1', number('9007199254740993')],
    ['2^53 + 2', number('9007199254740994')],
    ['2^53 + 2.5', number('9007199254740994.5')],
    ['1e300', 1e300],
    ['1e400', number('1e400')],
    ['the empty string', ''],
    ['U+0000', '\u0000'],
    ['a', 'a'],
    ['U+FFFF, before every astral character', '\uffff'],
    ['U+10000', '\u{10000}'],
    ['[]', []],
    ['[null]', [null]],
    ['[1]', [1]],
    ['[1, 2]', [1, 2]],
    ['[2]', [2]],
    ['{}', {}],
    ['{"a": 1}', { a: 1 }],
    ['{"a": 1, "b": 1}', { b: 1, a: 1 }],
    ['{"a": 2}', { a: 2 }],
    ['set()', new RegoSet()],
    ['{1}', RegoSet.from([1])],
    ['{1, 2}', RegoSet.from([2, 1])],
    ['{2}', RegoSet.from([2])],
  ]

  it('holds between any two kinds of values', () => {
    for (const [i, [nameA, a]] of ascending.entries()) {
      for (const [j, [nameB, b]] of ascending.entries()) {
        expect(Math.sign(compare(a, b)), `${nameA} against ${nameB}`).toBe(Math.sign(i - j))
        expect(equal(a, b), `${nameA} equals ${nameB}`).toBe(i === j)
        expect(keyOf(a) === keyOf(b), `key of ${nameA} and ${nameB}`).toBe(i === j)
      }
    }
  })
})

describe('equality across forms', () => {
  const same: [string, Value, Value][] = [
    ['a number and its raw text', 1.5, raw('1.50')],
    ['an integer and its exponent form', 100, number('1e2')],
    ['a double beyond 2^53 and the bigint of its text', 1e21, 10n ** 21n],
    ['an exponent form and its digits', number('1e30'), number('1000000000000000000000000000000')],
    ['zero and minus zero', 0, -0],
    ['a small bigint and its number', 7n, 7],
    ['objects whatever the order of their keys', { a: 1, b: 2 }, { b: 2, a: 1 }],
    ['sets whatever the order of their members', RegoSet.from([[1], { a: 2 }]), RegoSet.from([{ a: 2 }, [1]])],
    ['an object of string keys however it was made', makeObject([['a', 1]]), { a: 1 }],
    ['nested numbers of different forms', [raw('1e2')], [100]],
  ]
  it.each(same)('holds for %s', (_, a, b) => {
    expect(equal(a, b)).toBe(true)
    expect(compare(a, b)).toBe(0)
    expect(new Map([[keyOf(a), true]]).has(keyOf(b))).toBe(true)
    expect(RegoSet.from([a, b]).size).toBe(1)
  })

  it('tells strings that look like keys of composites from those composites', () => {
    const values: Value[] = [
      '[1]',
      '\u0000[1]',
      '\u0000"[1]',
      [1],
      ['1'],
      '1',
      1,
      '<1>',
      RegoSet.from([1]),
      '{"a":1}',
      { a: 1 },
    ]
    const many = Array.from({ length: 20 }, (_, i) => `filler ${i}`)
    expect(RegoSet.from([...values, ...many]).size).toBe(values.length + many.length)
    expect(new Set(values.map(keyOf)).size).toBe(values.length)
    expect(new Set(values.map(canonicalText)).size).toBe(values.length)
  })
})

describe('keys that JavaScript gives a meaning to', () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', 'size', 'rawJSON', 'coefficient']
  it.each(names)('`%s` is found where it is a key, and only there', (name) => {
    const object = own(`{${JSON.stringify(name)}: 7}`)
    expect(lookup(object, name)).toBe(7)
    expect(typeName(object)).toBe('object')
    for (const value of [
      {},
      [],
      [1],
      'text',
      1,
      number('1e400'),
      raw('1.5'),
      new RegoSet(),
      new RegoObject(),
    ] as Value[]) {
      expect(lookup(value, name)).toBeUndefined()
    }
    expect(JSON.stringify(toJson(makeObject([[name, 7]])))).toBe(`{${JSON.stringify(name)}:7}`)
    expect(equal(object, {})).toBe(false)
  })
})

describe('look-ups', () => {
  const cases: [string, Value, Value, Value | undefined][] = [
    ['an index', ['a', 'b'], 1, 'b'],
    ['an index in exponent form', ['a', 'b'], number('10e-1'), 'b'],
    ['no index past the end', ['a'], 1, undefined],
    ['no negative index', ['a'], -1, undefined],
    ['no fractional index', ['a'], 0.5, undefined],
    ['no index written as text', ['a'], '0', undefined],
    ['a member of a set', RegoSet.from([1, 'x']), 'x', 'x'],
    ['a composite member', RegoSet.from([[1]]), [1], [1]],
    ['a key that is no string', makeObject([[1, 'one']]), 1, 'one'],
    ['no key of another type', makeObject([[1, 'one']]), '1', undefined],
  ]
  it.each(cases)('find %s', (_, collection, key, wanted) => {
    expect(lookup(collection, key)).toEqual(wanted)
  })
})

describe('numbers', () => {
  const texts: [string, string, string][] = [
    ['0.1', 'number', '0.1'],
    ['1.0', 'number', '1'],
    ['9007199254740991', 'number', '9007199254740991'],
    ['9007199254740992', 'bigint', '9007199254740992'],
    ['-9007199254740993', 'bigint', '-9007199254740993'],
    ['0.10000000000000000001', 'object', '0.10000000000000000001'],
    ['123456789.123456789123456789', 'object', '123456789.123456789123456789'],
    ['1e400', 'object', '1e400'],
    ['1e-400', 'object', '1e-400'],
    ['2e308', 'object', '2e308'],
  ]
  it.each(texts)('keeps `%s` exactly', (text, type, printed) => {
    const value = parseNumber(text)
    expect(typeof value).toBe(type)
    expect(value === undefined ? undefined : numberText(value)).toBe(printed)
  })

  it.each(['', '.', '-', '1e', 'e1', '0x10', 'NaN', 'Infinity', '1_000', ' 1'])('refuses `%s`', (text) => {
    expect(parseNumber(text)).toBeUndefined()
  })

  it('compares exponents of any size without writing them out', () => {
    expect(compare(number('1e1000000000'), number('2e999999999'))).toBe(1)
    expect(number('1e1000000000')).toBeInstanceOf(Decimal)
  })

  it('leaves as a bigint for whole numbers and as raw text for the rest', () => {
    expect(toJson(number('1e20'))).toBe(10n ** 20n)
    expect(JSON.stringify(toJson([number('0.10000000000000000001')]))).toBe('[0.10000000000000000001]')
  })
})
