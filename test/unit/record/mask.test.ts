/** Masking of records: what each rule does, that nothing is changed in place, and what is refused. */
import { describe, expect, it } from 'vitest'
import type { Json } from '../../../src/model/index.ts'
import { type Conceal, MaskError, mask } from '../../../src/record/mask.ts'
import { expected, input, maskCases, result } from '../../cases/record/mask-cases.ts'

/** Hides nothing, and so shows what it was given. */
const conceal: Conceal = {
  hash: (text) => `hash of ${text}`,
  encrypt: (subject, text) => ({ encrypted: text, key: subject }),
}

describe('mask', () => {
  it.each(maskCases.map((one) => [JSON.stringify(one.rules), one] as const))('%s', (_rules, one) => {
    const before = structuredClone({ input, result })
    const parts = { input: input as Json, result: result as Json }
    if (one.refused !== undefined) {
      expect(() => mask(parts, one.rules as Json, conceal)).toThrow(MaskError)
      expect(() => mask(parts, one.rules as Json, conceal)).toThrow(one.refused)
      return
    }
    const done = mask(parts, one.rules as Json, conceal)
    expect(done.parts.input).toEqual(expected(input, one.input))
    expect(done.parts.result).toEqual(one.result === 'gone' ? undefined : (one.result ?? result))
    expect([done.erased, done.masked]).toEqual([one.erased ?? [], one.masked ?? []])
    expect({ input, result }).toEqual(before)
  })

  it.each([[{}], ['/input/a'], [null], [true]] satisfies [Json][])('refuses %j, which is no list of rules', (said) => {
    expect(() => mask({ input }, said, conceal)).toThrow(/no list or set/)
  })

  it.each([
    { rule: { op: 'hash', path: '/input/s' }, wanted: { s: 'hash of "text"' } },
    { rule: { op: 'hash', path: '/input/a' }, wanted: { a: 'hash of {"b":1,"c":2}' } },
    { rule: { op: 'hash', path: '/input/l/1' }, wanted: { l: [10, 'hash of 20', 30] } },
    { rule: { op: 'encrypt', path: '/input/s', subject: 'Ann' }, wanted: { s: { encrypted: '"text"', key: 'Ann' } } },
    { rule: { op: 'hash', path: '/input/none' }, wanted: undefined },
    { rule: { op: 'hash', path: '/input/none/deeper' }, wanted: undefined },
    { rule: { op: 'encrypt', path: '/input/l/9', subject: 'Ann' }, wanted: undefined },
  ])('hides what is there, and only that: $rule', ({ rule, wanted }) => {
    const done = mask({ input: input as Json }, [rule], conceal)
    expect(done.parts.input).toEqual({ ...input, ...wanted })
    expect(done.masked).toEqual(wanted === undefined ? [] : [rule.path])
  })

  it.each([
    { op: 'encrypt', path: '/input/s' },
    { op: 'encrypt', path: '/input/s', subject: 7 },
  ])('refuses to encrypt for nobody: %j', (rule) => {
    expect(() => mask({ input: input as Json }, [rule], conceal)).toThrow(/has no `subject` that is a text/)
  })

  it('refuses more rules, and longer paths, than one decision may have', () => {
    expect(() =>
      mask(
        { input },
        Array.from({ length: 257 }, (_, index) => `/input/${index}`),
        conceal,
      ),
    ).toThrow(/257 rules/)
    expect(() => mask({ input }, [`/input/${'x'.repeat(1_024)}`], conceal)).toThrow(/1031 characters/)
  })

  it('keeps fields with the names of prototypes what they are', () => {
    const odd = JSON.parse('{"__proto__":{"secret":1},"constructor":{"secret":2}}') as Json
    const done = mask(
      { input: odd },
      ['/input/__proto__/secret', { op: 'upsert', path: '/input/constructor/secret', value: 0 }],
      conceal,
    )
    expect(JSON.stringify(done.parts.input)).toBe('{"__proto__":{},"constructor":{"secret":0}}')
  })
})
