/** Bodies in which one key comes twice: policy could read the first and the upstream the last. */
import { describe, expect, it } from 'vitest'
import { sendJson } from '../support/json-calls.ts'

describe('duplicate keys', () => {
  it.each([
    ['side by side', '{"amount":1,"amount":1000000}'],
    ['equal ones', '{"amount":1,"amount":1}'],
    ['behind an escape', '{"amount":1,"\\u0061mount":1000000}'],
    ['inside an array', '{"lines":[{"qty":1},{"qty":1,"sku":"a","qty":99}]}'],
    ['far apart', `{"amount":1,${Array.from({ length: 5_000 }, (_, i) => `"k${i}":${i}`).join(',')},"amount":2}`],
    ['with a value that is an object', '{"a":{"b":1},"a":{}}'],
    ['of `__proto__`', '{"__proto__":1,"__proto__":2}'],
    ['with an unpaired surrogate, which two readers print as the same', '{"\\ud800":1,"\\ud801":2}'],
  ])('%s are refused, and the agent learns where', async (_note, body) => {
    const reply = await sendJson(body)
    expect(reply.status).toBe(400)
    expect(reply.json.code).toBe('body_malformed')
    expect(reply.json.detail).toMatch(/^the body at row 1, column \d+ \(byte \d+\): /)
  })

  it('in different objects, or in different case, are different keys', async () => {
    const body = '{"a":{"a":[{"a":1},{"a":2}]},"A":3}'
    expect((await sendJson(body)).body).toBe(body)
  })
})
