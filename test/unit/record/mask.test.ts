/** Masking of records: what each rule does, that nothing is changed in place, and what is refused. */
import { describe, expect, it } from 'vitest'
import type { Json } from '../../../src/model/index.ts'
import { MaskError, mask } from '../../../src/record/mask.ts'
import { expected, input, maskCases, result } from '../../cases/record/mask-cases.ts'

describe('mask', () => {
  it.each(maskCases.map((one) => [JSON.stringify(one.rules), one] as const))('%s', (_rules, one) => {
    const before = structuredClone({ input, result })
    const parts = { input: input as Json, result: result as Json }
    if (one.refused !== undefined) {
      expect(() => mask(parts, one.rules as Json)).toThrow(MaskError)
      expect(() => mask(parts, one.rules as Json)).toThrow(one.refused)
      return
    }
    const done = mask(parts, one.rules as Json)
    expect(done.parts.input).toEqual(expected(input, one.input))
    expect(done.parts.result).toEqual(one.result === 'gone' ? undefined : (one.result ?? result))
    expect([done.erased, done.masked]).toEqual([one.erased ?? [], one.masked ?? []])
    expect({ input, result }).toEqual(before)
  })

  it.each([[{}], ['/input/a'], [null], [true]] satisfies [Json][])('refuses %j, which is no list of rules', (said) => {
    expect(() => mask({ input }, said)).toThrow(/no list or set/)
  })

  it('refuses more rules, and longer paths, than one decision may have', () => {
    expect(() =>
      mask(
        { input },
        Array.from({ length: 257 }, (_, index) => `/input/${index}`),
      ),
    ).toThrow(/257 rules/)
    expect(() => mask({ input }, [`/input/${'x'.repeat(1_024)}`])).toThrow(/1031 characters/)
  })

  it('keeps fields with the names of prototypes what they are', () => {
    const odd = JSON.parse('{"__proto__":{"secret":1},"constructor":{"secret":2}}') as Json
    const done = mask({ input: odd }, [
      '/input/__proto__/secret',
      { op: 'upsert', path: '/input/constructor/secret', value: 0 },
    ])
    expect(JSON.stringify(done.parts.input)).toBe('{"__proto__":{},"constructor":{"secret":0}}')
  })
})
