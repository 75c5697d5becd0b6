/** Secrets are taken out by value, in text and in bytes, however a stream is cut into pieces. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeRedactor, redactBytes, StreamRedactor, secretOf } from '../../../src/wire/index.ts'

describe('redaction', () => {
  it.each([
    ['Bearer abcdefgh', 'abcdefgh'],
    ['Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
    ['abcdefgh', 'abcdefgh'],
    ['Bearer short', 'Bearer short'],
    ['short', undefined],
  ])('takes the secret part of `%s`', (credential, wanted) => {
    expect(secretOf(credential)).toBe(wanted)
  })

  it('replaces secrets in text, the longer one first', () => {
    const redact = makeRedactor(['secret-one', 'secret-one-two', 'abc', 'p.*+?^{}$()|[]\\/'])
    expect(redact('a=secret-one-two b=secret-one c=abc d=p.*+?^{}$()|[]\\/ e=pxx')).toBe(
      'a=[redacted] b=[redacted] c=abc d=[redacted] e=pxx',
    )
    expect(makeRedactor([])('anything')).toBe('anything')
  })

  it('overwrites secrets in bytes without changing their number', () => {
    const bytes = Buffer.from('x-secret-secret-y')
    expect(redactBytes(bytes, Buffer.from('secret'))).toBe(true)
    expect(bytes.toString()).toBe('x-******-******-y')
    expect(redactBytes(bytes, Buffer.from('secret'))).toBe(false)
  })

  it('finds a secret across every way to cut a stream, and keeps all other bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'b', 'aab', 'aabaab', 'c', 'aabaac'), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 60 }),
        (parts, cuts) => {
          const secret = 'aabaac'
          const text = parts.join('')
          const redactor = new StreamRedactor(Buffer.from(secret))
          let out = ''
          let at = 0
          for (let index = 0; at < text.length; index++) {
            const next = at + (cuts[index % cuts.length] as number)
            out += redactor.take(Buffer.from(text.slice(at, next))).toString()
            at = next
          }
          out += redactor.end()?.toString() ?? ''
          expect(out).toBe(text.replaceAll(secret, '******'))
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('does not keep back bytes that begin no secret', () => {
    const redactor = new StreamRedactor(Buffer.from('secret'))
    expect(redactor.take(Buffer.from('data: event\n\n')).toString()).toBe('data: event\n\n')
    expect(redactor.take(Buffer.from('ends with sec')).toString()).toBe('ends with ')
    expect(redactor.take(Buffer.from('ond')).toString()).toBe('second')
  })
})
