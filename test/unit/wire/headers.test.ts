/** Header fields: repeated singletons and broken names and values are refused, lists are joined. */
import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/model/index.ts'
import { connectionNames, isFieldValue, isHopByHop, mediaTypeOf, readHeaders } from '../../../src/wire/index.ts'

describe('readHeaders', () => {
  it.each([
    ['host', 'host_refused'],
    ['Content-Length', 'framing_refused'],
    ['transfer-encoding', 'framing_refused'],
    ['authorization', 'header_refused'],
    ['Content-Type', 'header_refused'],
    ['Cookie', 'header_refused'],
    ['origin', 'header_refused'],
    ['traceparent', 'header_refused'],
  ])('refuses a second `%s` with %s, whatever its case', (name, code) => {
    expect(() => readHeaders([name, '1', name.toUpperCase(), '1'])).toThrow(expect.objectContaining({ code }))
  })

  it.each([
    ['', 'x'],
    ['a b', 'x'],
    ['a:', 'x'],
    ['ä', 'x'],
    ['a', 'x\ny'],
    ['a', 'x\0y'],
    ['a', 'x\u007f'],
    ['a', 'x\u0100'],
  ])('refuses the field `%s: %s`', (name, value) => {
    expect(() => readHeaders([name, value])).toThrow(expect.objectContaining({ code: 'header_refused' }))
  })

  it('joins a list that came in pieces, in order', () => {
    expect([...readHeaders(['Accept', 'a', 'X', '1', 'ACCEPT', 'b'])]).toEqual([
      ['accept', 'a, b'],
      ['x', '1'],
    ])
  })

  it('keeps `__proto__` as a name like any other', () => {
    expect(readHeaders(['__proto__', '1']).get('__proto__')).toBe('1')
  })

  it('counts the fields', () => {
    const fields = (count: number): string[] => Array.from({ length: count }, (_, i) => [`x-${i}`, 'v']).flat()
    expect(readHeaders(fields(limits.headerFieldsMax)).size).toBe(limits.headerFieldsMax)
    expect(() => readHeaders(fields(limits.headerFieldsMax + 1))).toThrow(
      expect.objectContaining({ code: 'header_too_large' }),
    )
  })
})

describe('names and values', () => {
  it('knows the fields that end at a hop, and those that `Connection` names', () => {
    expect(
      ['connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'keep-alive', 'proxy-authorization'].every(
        isHopByHop,
      ),
    ).toBe(true)
    expect(isHopByHop('content-type')).toBe(false)
    expect([...connectionNames('close, X-Secret ,te')]).toEqual(['close', 'x-secret', 'te'])
    expect(connectionNames('keep-alive').size).toBe(0)
  })

  it.each([
    ['', true],
    ['a\tb', true],
    ['é', true],
    [' a', false],
    ['a\r', false],
    ['a\nb: c', false],
    ['€', false],
  ])('judges the value %j', (value, wanted) => {
    expect(isFieldValue(value)).toBe(wanted)
  })

  it.each([
    [undefined, undefined],
    ['', undefined],
    ['application/json', 'application/json'],
    ['Application/JSON ; charset=utf-8', 'application/json'],
    [' ; x', undefined],
  ])('reads the media type of %j', (value, wanted) => {
    expect(mediaTypeOf(value)).toBe(wanted)
  })
})
