/** Reading an agent's JSON never reaches a prototype. */
import { describe, expect, it } from 'vitest'
import { isJsonObject, isRawNumber, property, rawNumber } from '../../../src/model/index.ts'

describe('property', () => {
  const own = JSON.parse('{"a":1,"__proto__":{"b":2},"constructor":"mine"}')
  it.each([
    { note: 'an own key', value: own, key: 'a', wanted: 1 },
    { note: 'an own `__proto__`', value: own, key: '__proto__', wanted: { b: 2 } },
    { note: 'an own `constructor`', value: own, key: 'constructor', wanted: 'mine' },
    { note: 'an inherited `constructor`', value: {}, key: 'constructor', wanted: undefined },
    { note: 'an inherited `toString`', value: {}, key: 'toString', wanted: undefined },
    { note: 'an array index', value: ['x'], key: '0', wanted: 'x' },
    { note: 'a key of null', value: null, key: 'a', wanted: undefined },
    { note: 'the length of a string', value: 'abc', key: 'length', wanted: undefined },
  ])('gives $wanted for $note', ({ value, key, wanted }) => {
    expect(property(value, key)).toEqual(wanted)
  })
})

describe('raw numbers', () => {
  it('print as they were written', () => {
    expect(JSON.stringify({ amount: rawNumber('1e400') })).toBe('{"amount":1e400}')
  })
  it('are neither objects nor confused with look-alikes', () => {
    expect(isJsonObject(rawNumber('1.10'))).toBe(false)
    expect(isRawNumber({ rawJSON: '1' })).toBe(false)
    expect(isJsonObject({ rawJSON: '1' })).toBe(true)
  })
  it('refuse text that is not one scalar', () => {
    expect(() => rawNumber('{"a":1}')).toThrow(SyntaxError)
  })
})
