/** Conditions as people write them: what each path leads to, how values compare, and what is refused with which words. */
import { describe, expect, it } from 'vitest'
import { ConditionError, holds, parseCondition } from '../../../src/model/condition.ts'

const record = {
  seq: 7,
  type: 'decision',
  status: 403,
  complete: false,
  reasons: [
    { code: 'amount_over_limit', message: 'too much' },
    { code: 'vendor_not_listed', message: 'a = b' },
  ],
  input: { call: { arguments: { amount: 12_000.5, note: '', tags: ['a', 'b'], none: null, __proto__x: 1 } } },
  'odd key': { '9': 'nine' },
  large: 12345678901234567890n,
}

const rows: readonly (readonly [condition: string, holds: boolean])[] = [
  ['status', true],
  ['absent', false],
  ['input.call.arguments.none', true],
  ['input.call.arguments.absent.deeper', false],
  ['status=403', true],
  ['status = 403', true],
  ['status=403.0', true],
  ['status=4030', false],
  ['status!=403', false],
  ['status!=200', true],
  ['absent!=1', false],
  ['status>402', true],
  ['status>=403', true],
  ['status<403', false],
  ['status<=403', true],
  ['status>1000', false],
  ['input.call.arguments.amount>10000', true],
  ['$.input.call.arguments.amount>12000.5', false],
  ['input.call.arguments.amount=12000.50', true],
  ['input.call.arguments.note=', true],
  ['input.call.arguments.none=null', true],
  ['complete=false', true],
  ['complete=true', false],
  ['type=decision', true],
  ['type=Decision', false],
  ['type~cis', true],
  ['type~x', false],
  ['reasons[0].code=amount_over_limit', true],
  ['reasons[1].code=amount_over_limit', false],
  ['reasons[*].code=vendor_not_listed', true],
  ['reasons[*].code~zzz', false],
  ['reasons[9]', false],
  ['reasons[*].message=a = b', true],
  ['reasons.code=amount_over_limit', false],
  ['input.call.arguments[*]=12000.5', true],
  ['input.call.arguments.tags=["a","b"]', true],
  ['odd key.9=nine', true],
  ['odd key[9]=nine', true],
  ['large>1', true],
  ['large~12345678901234567890', true],
  ['toString', false],
  ['__proto__', false],
  ['constructor.name', false],
  ['reasons.length', false],
  ['type.length', false],
]

describe('a condition', () => {
  it.each(rows)('%s is %s', (text, wanted) => {
    expect(holds(record, parseCondition(text))).toBe(wanted)
  })

  it.each([
    ['', 'has no path'],
    ['$', 'has no path'],
    ['=1', 'has no path'],
    ['a..b', 'no path that can be followed'],
    ['a[x]', 'no path that can be followed'],
    ['a[', 'no path that can be followed'],
    ['a!1', 'compares with nothing known'],
    [`${'a.'.repeat(64)}a`, 'no path that can be followed'],
    ['x'.repeat(1_025), 'too long'],
  ])('is refused when it is %s', (text, says) => {
    expect(() => parseCondition(text)).toThrow(ConditionError)
    expect(() => parseCondition(text)).toThrow(says)
  })
})
