import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { add, fromBigFloat, multiply, quotient, toBigFloat } from '../../../../src/rego/builtins/go/big-float.ts'
import { addShort, divideShort, multiplyShort, roundShort } from '../../../../src/rego/builtins/go/short-decimal.ts'
import { type Call, testCalls } from './calls.ts'

/** What OPA 1.20.2 gives where 64 bits show, and where they do not. */
const calls: readonly Call[] = [
  ['mul', [19.99, 3], '59.97'],
  ['mul', [10.1, 10.1], '102.01000000000000001'],
  ['mul', [4.35, 100], '435'],
  ['mul', [1.005, 1000], '1005'],
  ['mul', [0.5, 2], '1'],
  ['mul', [8.1, 3.7], '29.970000000000000001'],
  ['mul', [999999999999999, 0.1], '99999999999999.9'],
  ['mul', [123456.789, 0.001], '123.456788999999999994'],
  ['plus', [0.1, 0.7], '0.8'],
  ['plus', [0.00000000001, 1], '1.00000000001'],
  ['minus', [0.3, 0.1], '0.20000000000000000002'],
  ['minus', [0.3, 0.3], '0'],
  ['div', [1, 8], '0.125'],
  ['div', [7, 0.35], '20'],
  ['sum', [[0.1, 0.2, 0.3, 19.99, 1e-7]], '20.5900001'],
  ['round', [0.49999999999999994], '0'],
  ['round', [1.005], '1'],
  ['round', [-0.5], '-1'],
]

const decimal = fc
  .tuple(
    fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
    fc.integer({ min: 0, max: 14 }),
    fc.integer({ min: 0, max: 12 }),
  )
  .map(([digits, cut, places]) => Number(`${digits / 10n ** BigInt(cut)}e-${places}`))

describe('short decimals', () => {
  testCalls(calls)

  const pairs = fc.tuple(decimal, decimal)
  const same = (short: number | undefined, exact: unknown): void => {
    if (short !== undefined) expect(short).toBe(exact)
  }

  test('give what 64 bits of mantissa give, or nothing', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const [x, y] = [toBigFloat(a), toBigFloat(b)]
        same(addShort(a, b), fromBigFloat(add(x, y)))
        same(multiplyShort(a, b), fromBigFloat(multiply(x, y)))
        if (Number.isInteger(a) && Number.isInteger(b) && b !== 0) same(divideShort(a, b), fromBigFloat(quotient(x, y)))
      }),
      { numRuns: 5_000 },
    )
  })

  test('round half away from zero', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), fc.integer({ min: 0, max: 6 }), (digits, places) => {
        const ten = 10 ** places
        const whole = Math.floor(Math.abs(digits) / ten + 0.5)
        expect(roundShort(digits / ten)).toBe(digits < 0 ? 0 - whole : whole)
      }),
    )
  })

  test('serve sums of prices, and most prices times a quantity', () => {
    let sums = 0
    let products = 0
    for (let cents = 1; cents <= 1000; cents++) {
      if (addShort(cents / 100, 12.34) !== undefined) sums++
      if (multiplyShort(cents / 100, 3) !== undefined) products++
    }
    expect(sums).toBeGreaterThan(600)
    expect(products).toBeGreaterThan(500)
  })
})
