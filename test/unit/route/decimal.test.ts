/** Numbers compare as what was written, whatever their size, in time that the written digits bound. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareDecimals, type Decimal, isInteger, isMultiple, parseDecimal } from '../../../src/route/decimal.ts'

const decimal = (text: string): Decimal => parseDecimal(text) as Decimal

describe('decimals', () => {
  it.each([
    ['1', '1.0', 0],
    ['9007199254740993', '9007199254740992', 1],
    ['0.1', '0.1000000000000000055511151231257827', -1],
    ['-2', '1e-999999999999', -1],
    ['1e999999999999', '1e999999999998', 1],
    ['-1e999999999999', '-1e999999999998', -1],
    ['-0', '0', 0],
    ['12e-1', '1.2', 0],
  ])('%s against %s is %i', (one, other, wanted) => {
    expect(Math.sign(compareDecimals(decimal(one), decimal(other)))).toBe(wanted)
  })

  it.each([
    ['0.07', '0.01', true],
    ['0.071', '0.01', false],
    ['1e999999999999', '3', false],
    ['3e999999999999', '3', true],
    ['1e-999999999999', '3', false],
    ['0', '7', true],
    ['-21', '7', true],
    ['1e2', '50', true],
    ['4096', '1e1', false],
  ])('%s is a multiple of %s: %s', (value, step, wanted) => {
    expect(isMultiple(decimal(value), decimal(step))).toBe(wanted)
  })

  it.each(['', '1.', '.1', '+1', '01', '1e', 'NaN', ' 1'])('`%s` is none', (text) => {
    expect(parseDecimal(text)).toBeUndefined()
  })

  it('order integers and test multiples as bigint does', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt(), fc.bigInt({ min: 1n, max: 10n ** 6n }), (a, b, step) => {
        const [one, other] = [decimal(a.toString()), decimal(b.toString())]
        expect(Math.sign(compareDecimals(one, other))).toBe(a < b ? -1 : a > b ? 1 : 0)
        expect(isMultiple(one, decimal(step.toString()))).toBe(a % step === 0n)
        expect(isInteger(one)).toBe(true)
      }),
    )
  })

  it('order doubles as JavaScript does', () => {
    const double = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(double, double, (a, b) => {
        expect(Math.sign(compareDecimals(decimal(String(a)), decimal(String(b))))).toBe(a < b ? -1 : a > b ? 1 : 0)
      }),
    )
  })
})
