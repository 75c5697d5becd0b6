/** Messages of MCP that lead to acts, and what lists show: with a policy of Rego, and with an engine that cannot tell what could be allowed. */
import { expect, test } from 'vitest'
import type { Allow, Decision, Policy, Target } from '../../../src/model/index.ts'
import { answering, compiled, decided, deciderOf, makeCall, makeTarget, principal } from './world.ts'

function listing(): Target {
  const method = { name: 'tools/list', weight: 'way', lists: 'tools' }
  const { upstream: _all, ...target } = makeTarget()
  return { ...target, mcp: { message: { method, params: {} }, servers: [], owner: 'buyer' } } as unknown as Target
}

function listed(policy: Policy): Promise<Decision> {
  return decided(policy, makeCall({ mediaType: undefined }), listing())
}

const allowing = 'allow if input.call.tool.name == "read"'

test.each([
  ['no `deny`', allowing, 'allow'],
  ['a `deny` about tools', `${allowing}\ndeny contains "no" if not input.call.tool.name in {"read", "write"}`, 'allow'],
  ['a `deny` about the method', `${allowing}\ndeny contains "no" if input.call.method == "tools/list"`, 'deny'],
  ['a `deny` about whoever asks', `${allowing}\ndeny contains "no" if input.agent.id == "buyer"`, 'deny'],
  ['nothing that could be allowed', 'allow if { input.call.tool.name == "a"; input.call.tool.name == "b" }', 'deny'],
])('a way with %s', async (_note, rego, kind) => {
  expect((await listed(compiled(rego))).kind).toBe(kind)
})

test.each([
  ['no `allow` and no `deny`', {}, 'allow'],
  ['an `allow` of false', { allow: false }, 'allow'],
  ['a `deny`', { allow: true, deny: ['no'] }, 'deny'],
])('an engine that cannot tell has its word stand: a way with %s', async (_note, answer, kind) => {
  const decision = await listed(answering(answer))
  expect(decision.kind).toBe(kind)
  if (decision.kind === 'allow') expect(decision.sees).toBeUndefined()
})

test('shows the tools with which something could be allowed', async () => {
  const rego = 'allow if { input.call.tool.name in data.open[input.agent.id]; input.call.arguments.amount < 5 }'
  const decision = (await listed(compiled(rego, { open: { buyer: ['read', 'write'] } }))) as Allow
  const upstream = makeTarget().upstream as NonNullable<Target['upstream']>
  const shown = ['read', 'write', 'delete'].filter((name) =>
    decision.sees?.({ upstream, tool: { server: 'erp', name, digest: `sha256:${name}` } }),
  )
  expect(shown).toEqual(['read', 'write'])
})

test('gives one and the same sight to all messages of a principal', async () => {
  const policy = compiled(allowing)
  const decide = deciderOf(policy)
  const target = listing()
  const [one, two] = await Promise.all([1, 2].map(() => decide(makeCall({ mediaType: undefined }), principal, target)))
  expect((one as Allow).sees).toBeDefined()
  expect((one as Allow).sees).toBe((two as Allow).sees)
})
