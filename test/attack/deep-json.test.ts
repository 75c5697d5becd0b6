/** Bodies nested deeper than any argument: refused at the bound, whatever stands inside, without using up the stack. */
import { describe, expect, it } from 'vitest'
import { limits } from '../../src/model/index.ts'
import { sendJson } from '../support/json-calls.ts'

describe('deep JSON', () => {
  it.each([
    ['arrays', '['.repeat(100_000)],
    ['arrays that end', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects', '{"a":'.repeat(100_000)],
    ['both in turn', '[{"a":'.repeat(50_000)],
    ['one level too many', '['.repeat(limits.jsonDepthMax + 1) + ']'.repeat(limits.jsonDepthMax + 1)],
  ])('of %s is refused', async (_note, body) => {
    const reply = await sendJson(body)
    expect(reply.status).toBe(400)
    expect(reply.json.code).toBe('body_too_deep')
  })

  it('at the bound is taken', async () => {
    const body = '['.repeat(limits.jsonDepthMax) + ']'.repeat(limits.jsonDepthMax)
    expect((await sendJson(body)).body).toBe(body)
  })
})
