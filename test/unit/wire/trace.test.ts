/** W3C Trace Context: a valid parent is continued with a span of our own, anything else begins a new trace. */
import { describe, expect, it } from 'vitest'
import { makeTraceMaker, traceparentOf } from '../../../src/wire/index.ts'

const trace = '0af7651916cd43dd8448eb211c80319c'
const span = 'b7ad6b7169203331'

function maker() {
  let next = 0
  return makeTraceMaker((count) => Uint8Array.from({ length: count }, () => next++ % 256))
}

describe('a trace', () => {
  it.each([
    [`00-${trace}-${span}-01`, '01'],
    [`00-${trace}-${span}-00`, '00'],
    [`00-${trace}-${span}-ff`, '03'],
    [`cc-${trace}-${span}-01-what-comes-later`, '01'],
  ])('is continued from `%s`', (parent, flags) => {
    const made = maker()(parent, 'a=1,b@c=2')
    expect(made).toMatchObject({ traceId: trace, parentId: span, flags, state: 'a=1,b@c=2' })
    expect(made.spanId).toMatch(/^[0-9a-f]{16}$/)
    expect(made.spanId).not.toBe(span)
    expect(traceparentOf(made)).toBe(`00-${trace}-${made.spanId}-${flags}`)
  })

  it.each([
    [undefined],
    [''],
    ['00'],
    [`ff-${trace}-${span}-01`],
    [`00-${trace}-${span}-01-more`],
    [`00-${trace.toUpperCase()}-${span}-01`],
    [`00-${'0'.repeat(32)}-${span}-01`],
    [`00-${trace}-${'0'.repeat(16)}-01`],
    [`00-${trace}-${span}`],
    [`00-${trace}-${span}-1`],
    [` 00-${trace}-${span}-01`],
  ])('begins anew after `%s`, without the state', (parent) => {
    const made = maker()(parent, 'a=1')
    expect(made.traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(made.traceId).not.toBe(trace)
    expect(made).not.toHaveProperty('parentId')
    expect(made).not.toHaveProperty('state')
  })

  it.each([
    ['a'],
    ['a=1,a=2'],
    ['A=1'],
    ['a=x=y'],
    ['a=1;b'.padEnd(600, 'x')],
    [Array.from({ length: 33 }, (_, i) => `k${i}=1`).join(',')],
  ])('drops the state `%s`', (state) => {
    const made = maker()(`00-${trace}-${span}-01`, state)
    expect(made.traceId).toBe(trace)
    expect(made).not.toHaveProperty('state')
  })

  it('never gives one id twice while the bytes differ', () => {
    const make = maker()
    const ids = Array.from({ length: 300 }, () => make(undefined, undefined).traceId)
    expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true)
  })
})
