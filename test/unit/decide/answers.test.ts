/** Whatever a policy says becomes exactly one decision; whatever it should not say denies. */
import { describe, expect, it } from 'vitest'
import { type JsonObject, limits } from '../../../src/model/index.ts'
import { answering, compiled, decided, makeTarget } from './world.ts'

const deny = (code: string) => ({ kind: 'deny', code })
const asked = { chain: ['manager'], reason: 'order_over_limit', risk: 'low', ttl: '4h', summary: 'an order' }
const mask = { type: 'mask_response', fields: ['/a/*/b'] }

const cases: { note: string; answer: JsonObject; wanted: { kind: string; code?: string } }[] = [
  { note: 'allow', answer: { allow: true }, wanted: { kind: 'allow' } },
  { note: 'nothing', answer: {}, wanted: deny('policy_undefined') },
  { note: 'no', answer: { allow: false }, wanted: deny('policy_denied') },
  { note: 'allow and deny', answer: { allow: true, deny: [{ code: 'x', message: 'y' }] }, wanted: deny('x') },
  { note: 'allow and a denial in words', answer: { allow: true, deny: ['no way'] }, wanted: deny('policy_denied') },
  { note: 'allow and an empty set of denials', answer: { allow: true, deny: [] }, wanted: { kind: 'allow' } },
  { note: 'allow and ask', answer: { allow: true, ask: [asked] }, wanted: { kind: 'ask', code: 'approval_required' } },
  { note: 'ask without allow', answer: { ask: [asked] }, wanted: deny('policy_undefined') },
  { note: 'ask and deny', answer: { allow: true, ask: [asked], deny: ['no'] }, wanted: deny('policy_denied') },
  { note: 'allow as text', answer: { allow: 'true' }, wanted: deny('policy_error') },
  { note: 'allow as a number', answer: { allow: 1 }, wanted: deny('policy_error') },
  { note: 'allow as a set', answer: { allow: [true] }, wanted: deny('policy_error') },
  { note: 'allow as null', answer: { allow: null }, wanted: deny('policy_error') },
  { note: 'deny as a boolean', answer: { allow: true, deny: false }, wanted: deny('policy_error') },
  { note: 'deny as an object', answer: { allow: true, deny: { a: 'b' } }, wanted: deny('policy_error') },
  { note: 'deny as text', answer: { allow: true, deny: 'no' }, wanted: deny('policy_error') },
  { note: 'a denial that is a number', answer: { allow: true, deny: [1] }, wanted: deny('policy_error') },
  { note: 'a denial without code', answer: { allow: true, deny: [{ message: 'y' }] }, wanted: deny('policy_error') },
  {
    note: 'a denial with a code for nobody',
    answer: { deny: [{ code: 'No Way', message: 'y' }] },
    wanted: deny('policy_error'),
  },
  { note: 'a denial without words', answer: { deny: [{ code: 'x', message: '' }] }, wanted: deny('policy_error') },
  {
    note: 'a remedy that is no text',
    answer: { deny: [{ code: 'x', message: 'y', remedy: 1 }] },
    wanted: deny('policy_error'),
  },
  {
    note: 'a denial that names scopes',
    answer: { allow: true, deny: [{ code: 'scope_missing', message: 'y', scopes: ['a:b', 'c'] }] },
    wanted: deny('scope_missing'),
  },
  ...[
    { note: 'scopes without their code', code: 'x', scopes: ['a'] },
    { note: 'the code of scopes without scopes', code: 'scope_missing', scopes: undefined },
    { note: 'no scope in scopes', code: 'scope_missing', scopes: [] },
    { note: 'scopes as text', code: 'scope_missing', scopes: 'a b' },
    { note: 'a scope with a space', code: 'scope_missing', scopes: ['a b'] },
    { note: 'a scope that ends the challenge', code: 'scope_missing', scopes: ['a"'] },
    { note: 'a scope that begins a header', code: 'scope_missing', scopes: ['a\r\nSet-Cookie:'] },
    { note: 'a scope that is a number', code: 'scope_missing', scopes: [1] },
    { note: 'a scope that is too long', code: 'scope_missing', scopes: ['a'.repeat(129)] },
    {
      note: 'more scopes than a header takes',
      code: 'scope_missing',
      scopes: Array.from({ length: 33 }, (_, at) => `s${at}`),
    },
  ].map(({ note, code, scopes }) => ({
    note: `a denial with ${note}`,
    answer: { allow: true, deny: [{ code, message: 'y', ...(scopes !== undefined && { scopes }) }] },
    wanted: deny('policy_error'),
  })),
  { note: 'an ask that is text', answer: { allow: true, ask: ['somebody'] }, wanted: deny('policy_error') },
  {
    note: 'an ask with an unknown field',
    answer: { allow: true, ask: [{ ...asked, quorum: 2 }] },
    wanted: deny('policy_error'),
  },
  {
    note: 'an ask with a length of time in words',
    answer: { allow: true, ask: [{ ttl: 'soon' }] },
    wanted: deny('policy_error'),
  },
  {
    note: 'an obligation that is not known',
    answer: { allow: true, obligations: [{ type: 'notify' }] },
    wanted: deny('obligation_unknown'),
  },
  {
    note: 'an obligation called like a prototype',
    answer: { allow: true, obligations: [{ type: 'constructor' }] },
    wanted: deny('obligation_unknown'),
  },
  {
    note: 'a known obligation with an unknown field',
    answer: { allow: true, obligations: [{ ...mask, unless: 'x' }] },
    wanted: deny('obligation_unknown'),
  },
  {
    note: 'an unknown obligation beside an ask',
    answer: { allow: true, ask: [asked], obligations: [{ type: 'x' }] },
    wanted: deny('obligation_unknown'),
  },
  { note: 'an obligation without type', answer: { allow: true, obligations: [{}] }, wanted: deny('policy_error') },
  {
    note: 'an obligation that is text',
    answer: { allow: true, obligations: ['mask_response'] },
    wanted: deny('policy_error'),
  },
  { note: 'obligations as an object', answer: { allow: true, obligations: {} }, wanted: deny('policy_error') },
  {
    note: 'a mask without fields',
    answer: { allow: true, obligations: [{ type: 'mask_response', fields: [] }] },
    wanted: deny('policy_error'),
  },
  {
    note: 'a mask of no pointer',
    answer: { allow: true, obligations: [{ type: 'mask_response', fields: ['a'] }] },
    wanted: deny('policy_error'),
  },
  {
    note: 'a mask of the whole reply',
    answer: { allow: true, obligations: [{ type: 'mask_response', fields: [''] }] },
    wanted: deny('policy_error'),
  },
  {
    note: 'a mask with a number',
    answer: { allow: true, obligations: [{ ...mask, with: 1 }] },
    wanted: deny('policy_error'),
  },
  {
    note: 'a header with a line break',
    answer: { allow: true, obligations: [{ type: 'set_header', name: 'X', value: 'a\r\nB: c' }] },
    wanted: deny('policy_error'),
  },
  {
    note: 'a header with a space in its name',
    answer: { allow: true, obligations: [{ type: 'set_header', name: 'X Y', value: 'a' }] },
    wanted: deny('policy_error'),
  },
  {
    note: 'a header for somebody else',
    answer: { allow: true, obligations: [{ type: 'set_header', name: 'X', value: 'a', to: 'both' }] },
    wanted: deny('policy_error'),
  },
  {
    note: 'a limit that is a fraction',
    answer: { allow: true, obligations: [{ type: 'limit', response_bytes: 1.5 }] },
    wanted: deny('policy_error'),
  },
  {
    note: 'a limit below zero',
    answer: { allow: true, obligations: [{ type: 'limit', response_bytes: -1 }] },
    wanted: deny('policy_error'),
  },
  {
    note: 'a limit beyond exact numbers',
    answer: { allow: true, obligations: [{ type: 'limit', response_bytes: 2n ** 60n }] },
    wanted: deny('policy_error'),
  },
  {
    note: 'more obligations than the bound',
    answer: { allow: true, obligations: Array(limits.obligationsMax + 1).fill(mask) },
    wanted: deny('policy_error'),
  },
  {
    note: 'more asks than the bound',
    answer: { allow: true, ask: Array(limits.reasonsMax + 1).fill(asked) },
    wanted: deny('policy_error'),
  },
  { note: 'labels as a list', answer: { allow: true, labels: ['a'] }, wanted: deny('policy_error') },
  { note: 'a label that is a number', answer: { allow: true, labels: { a: 1 } }, wanted: deny('policy_error') },
  {
    note: 'a label without end',
    answer: { allow: true, labels: { a: 'x'.repeat(600) } },
    wanted: deny('policy_error'),
  },
  { note: 'a denial and labels that are wrong', answer: { deny: ['no'], labels: 1 }, wanted: deny('policy_denied') },
]

describe('a policy that says', () => {
  it.each(cases)('$note', async ({ answer, wanted }) => {
    const decision = await decided(answering(answer))
    expect({ kind: decision.kind, code: decision.reasons[0]?.code }).toEqual({ code: undefined, ...wanted })
  })
})

describe('a decision', () => {
  it('that allows has its obligations with their defaults, labels, revision and input', async () => {
    const obligations = [mask, { type: 'set_header', name: 'X', value: 'a' }, { type: 'limit', response_bytes: 10 }]
    expect(await decided(answering({ allow: true, obligations, labels: { a: 'b' } }))).toMatchObject({
      id: 'decision-1',
      kind: 'allow',
      entrypoint: 'gatehouse',
      revision: 'r1',
      digest: 'sha256:1',
      reasons: [],
      ruleIds: ['gatehouse#allow', 'gatehouse#obligations', 'gatehouse#labels'],
      labels: { a: 'b' },
      obligations: [
        mask,
        { type: 'set_header', name: 'X', value: 'a', to: 'upstream' },
        { type: 'limit', response_bytes: 10 },
      ],
      result: { allow: true, labels: { a: 'b' } },
      input: { call: { id: '0195-call' }, route: { id: 'erp' } },
    })
  })

  it('that denies has its reasons in one order, whatever order they came in', async () => {
    const one = { code: 'b', message: 'z' }
    const reasons = [{ code: 'c', message: 'a' }, { code: 'b', message: 'a', remedy: 'r' }, one]
    const wanted = [{ code: 'b', message: 'a', remedy: 'r' }, one, { code: 'c', message: 'a' }]
    for (const deny of [reasons, reasons.toReversed()])
      expect((await decided(answering({ deny }))).reasons).toEqual(wanted)
  })

  it('has no more reasons than the bound', async () => {
    const deny = Array.from({ length: 200 }, (_, index) => ({ code: 'x', message: `m${index}` }))
    expect((await decided(answering({ deny }))).reasons).toHaveLength(limits.reasonsMax)
  })

  it('that asks tells the agent why, and keeps the rest for whoever approves', async () => {
    const decision = await decided(answering({ allow: true, ask: [asked, { ...asked, summary: 'other' }] }))
    expect(decision).toMatchObject({ kind: 'ask', asks: [asked, { ...asked, summary: 'other' }] })
    expect(decision.reasons).toEqual([
      {
        code: 'approval_required',
        message: 'the policy wants a person to approve this call: order_over_limit',
        remedy: 'ask a person who may approve it',
      },
    ])
  })

  it.each([
    { note: 'an error', answer: new Error('eval_conflict_error at policy.rego:3') },
    { note: 'a stack that ends', answer: new RangeError('Maximum call stack size exceeded') },
    { note: 'no value', answer: () => undefined },
    { note: 'a value of another shape', answer: () => ({ allow: true }) },
    {
      note: 'two values for one rule',
      answer: () => ({ allow: [true, false], deny: [], ask: [], obligations: [], labels: [] }),
    },
  ])('denies when evaluation gives $note, and tells only the record', async ({ answer }) => {
    const decision = await decided(answering(answer))
    expect(decision.reasons).toEqual([
      {
        code: 'policy_error',
        message: 'the policy could not be evaluated',
        remedy: 'tell the operator the decision_id',
      },
    ])
    expect(decision.result?.error).toEqual(expect.any(String))
  })

  it('is a fault when no policy was loaded for the entrypoint', async () => {
    await expect(
      decided(answering({ allow: true }), undefined, makeTarget({ entrypoint: 'other' })),
    ).rejects.toMatchObject({ code: 'policy_undefined' })
  })
})

describe('Rego through the compiler', () => {
  const rows: { note: string; rego: string; wanted: { kind: string; code?: string } }[] = [
    { note: 'allows', rego: 'allow if input.agent.id == "buyer"', wanted: { kind: 'allow' } },
    { note: 'is undefined', rego: 'allow if input.agent.id == "other"', wanted: deny('policy_undefined') },
    { note: 'is false by default', rego: 'default allow := false', wanted: deny('policy_denied') },
    {
      note: 'denies in words',
      rego: 'allow := true\ndeny contains "no" if input.route.id == "erp"',
      wanted: deny('policy_denied'),
    },
    { note: 'denies by code', rego: 'allow := true\ndeny contains {"code": "x", "message": "y"}', wanted: deny('x') },
    {
      note: 'asks',
      rego: 'allow := true\nask contains {"reason": "large"}',
      wanted: { kind: 'ask', code: 'approval_required' },
    },
    {
      note: 'conflicts with itself',
      rego: 'allow := true if input.agent.id\nallow := false if input.route.id',
      wanted: deny('policy_error'),
    },
    {
      note: 'does not end in time',
      rego: 'allow if count([1 | some i in numbers.range(1, 3000); some j in numbers.range(1, 3000); i * j == -1]) > 0',
      wanted: deny('policy_error'),
    },
    { note: 'denies by an object', rego: 'allow := true\ndeny["x"] := "y"', wanted: deny('policy_error') },
    {
      note: 'sets an obligation that is not known',
      rego: 'allow := true\nobligations contains {"type": "notify"}',
      wanted: deny('obligation_unknown'),
    },
  ]
  it.each(rows)('$note', async ({ rego, wanted }) => {
    const decision = await decided(compiled(rego))
    expect({ kind: decision.kind, code: decision.reasons[0]?.code }).toEqual({ code: undefined, ...wanted })
  })

  it('keeps what chance and clocks gave, for replay', async () => {
    const decision = await decided(compiled('allow if time.now_ns() > 0'))
    expect(decision.nondeterministic).toEqual({ 'time.now_ns': expect.any(Object) })
    expect('nondeterministic' in (await decided(compiled('allow := true')))).toBe(false)
  })
})
