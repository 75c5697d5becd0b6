/** What agents read when they are refused: exactly the members of the contract, and nothing of the inside. */
import { describe, expect, it } from 'vitest'
import { Fault, type FaultCode, faults, type Refusal, type Reply } from '../../../src/model/index.ts'
import { answer } from '../../../src/receive/index.ts'

const id = '01900000-0000-7000-8000-000000000000'
const read = (reply: Reply): unknown =>
  reply.body.kind === 'bytes' ? JSON.parse(Buffer.from(reply.body.bytes).toString()) : undefined
const headerOf = (reply: Reply, name: string): string | undefined =>
  reply.headers.find((_, at) => at % 2 === 1 && reply.headers[at - 1]?.toLowerCase() === name)
const denial = (extra: Partial<Refusal> & { kind: 'deny' | 'ask' }): Refusal =>
  ({ id, reasons: [], ruleIds: [], labels: {}, asks: [], ...extra }) as Refusal

describe('a fault', () => {
  it.each(Object.keys(faults) as FaultCode[])('`%s` says its row and nothing of its details', (code) => {
    const reply = answer.fault(new Fault(code, 'the inside: `secret`', { cause: new Error('secret') }), id)
    const row = faults[code]
    const remedy = 'remedy' in row ? { remedy: row.remedy } : {}
    const status = row.status === 0 ? 400 : row.status
    expect(reply).toMatchObject({ status, decisionId: id, fault: code })
    expect(read(reply)).toEqual({
      type: `urn:problem-type:gatehouse:${code}`,
      title: row.says,
      status,
      detail: row.says,
      code,
      decision_id: id,
      ...remedy,
      reasons: [{ code, message: row.says, ...remedy }],
    })
    expect(JSON.stringify(read(reply))).not.toContain('secret')
    expect(headerOf(reply, 'content-type')).toBe('application/problem+json')
    expect(headerOf(reply, 'www-authenticate') !== undefined).toBe(status === 401 || code === 'scope_missing')
  })

  it('says one more sentence where the agent may read it', () => {
    const reply = answer.fault(
      new Fault('argument_unknown', 'inside', { publicDetail: 'the field `x` is not known' }),
      id,
    )
    expect(read(reply)).toMatchObject({
      title: faults.argument_unknown.says,
      detail: 'the field `x` is not known',
      reasons: [{ code: 'argument_unknown', message: 'the field `x` is not known' }],
    })
  })

  it('of identity challenges as RFC 6750 says: no error without a token, `invalid_token` with a bad one', () => {
    expect(headerOf(answer.fault(new Fault('token_missing', ''), id), 'www-authenticate')).toBe(
      'Bearer realm="gatehouse"',
    )
    expect(headerOf(answer.fault(new Fault('token_expired', ''), id), 'www-authenticate')).toBe(
      'Bearer realm="gatehouse", error="invalid_token", error_description="the access token has expired"',
    )
  })

  it('before identification counts towards the flood bound, one after it does not', () => {
    expect(answer.fault(new Fault('token_signature', ''), id).unidentified).toBe(true)
    expect(answer.fault(new Fault('target_refused', ''), id).unidentified).toBe(true)
    expect(answer.fault(new Fault('policy_error', ''), id).unidentified).toBeUndefined()
    expect(answer.fault(new Fault('keys_unavailable', ''), id).unidentified).toBeUndefined()
  })
})

describe('a refusal', () => {
  const reasons = [
    { code: 'amount_over_limit', message: 'at most 10,000', remedy: 'ask finance' },
    { code: 'vendor_unknown', message: 'this vendor is not on the list' },
  ]

  it('that denies gives the first reason and all of them', () => {
    const reply = answer.refusal(denial({ kind: 'deny', reasons }))
    expect(reply.status).toBe(403)
    expect(reply.fault).toBeUndefined()
    expect(read(reply)).toEqual({
      type: 'urn:problem-type:gatehouse:amount_over_limit',
      title: faults.policy_denied.says,
      status: 403,
      detail: 'at most 10,000',
      code: 'amount_over_limit',
      decision_id: id,
      remedy: 'ask finance',
      reasons,
    })
  })

  it('that asks is `approval_required` whatever its reasons', () => {
    expect(read(answer.refusal(denial({ kind: 'ask', reasons })))).toMatchObject({
      code: 'approval_required',
      title: faults.approval_required.says,
      reasons,
    })
  })

  it('without a reason still says one', () => {
    expect(read(answer.refusal(denial({ kind: 'deny' })))).toMatchObject({
      code: 'policy_denied',
      detail: faults.policy_denied.says,
      reasons: [{ code: 'policy_denied' }],
    })
  })
})
