/**
 * The policies that ship, compiled by us and built by `opa build -t wasm`: the same answer to every call of a few thousand that are put together from
 * agents, operations, arguments and hours, honest ones and rubbish.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Json, JsonObject, Question } from '../../src/model/index.ts'
import { compilePolicies, loadModules, readPolicySources } from '../../src/policy/index.ts'
import { parseJson } from '../../src/wire/index.ts'
import { findOpa } from '../support/opa.ts'
import { filesBelow, root, textOf } from '../support/sources.ts'
import { buildBundle } from '../support/wasm.ts'

async function questionOf(path: string): Promise<Question> {
  const sources = await readPolicySources({ paths: [path] }, { parseJson })
  return compilePolicies(sources, ['gatehouse'], await loadModules(sources)).questions.get('gatehouse') as Question
}

const agents: readonly (JsonObject | undefined)[] = [
  { id: 'buyer', team: 'purchasing', status: 'active', labels: {} },
  { id: 'finance', team: 'finance', status: 'active', labels: {} },
  { id: 'support', team: 'support', status: 'active', labels: { region: 'emea' } },
  { id: 'support', status: 'active' },
  { id: 'buyer', status: 'suspended', labels: {} },
  { id: 'nobody', status: 'active', labels: {} },
  undefined,
]

const operations: readonly (readonly [server: string, name: string])[] = [
  ['erp', 'create_purchase_order'],
  ['erp', 'approve_purchase_order'],
  ['erp', 'list_purchase_orders'],
  ['crm', 'search_customers'],
  ['crm', 'update_customer'],
  ['desk', 'create_ticket'],
  ['desk', 'unknown'],
]

const order = { vendor_id: 'acme', currency: 'EUR', amount: 900 }
const lines = [
  { sku: 'a', qty: 3, unit_price: 299.99, text: 'é' },
  { sku: 'b', qty: 1, unit_price: 0.03, text: '' },
]
const argumentSets: readonly Json[] = [
  {},
  order,
  { ...order, amount: 10_000 },
  { ...order, amount: 10_000.01 },
  { ...order, amount: 100_001, currency: 'JPY' },
  { ...order, amount: 1_000_000 },
  { ...order, amount: 12345678901234567890n },
  { ...order, amount: '900' },
  { ...order, vendor_id: 'initech' },
  { ...order, vendor_id: 'x'.repeat(60) },
  { ...order, vendor_id: '__proto__', currency: 'NOK', cost_center: 'cc-99' },
  { ...order, cost_center: 'cc-08', lines },
  { ...order, amount: 10, lines },
  { ...order, lines: [{ qty: -1 }] },
  { ...order, lines: {} },
  { order_id: 'PO-000003', currency: 'EUR', amount: 60_000 },
  { customer_id: 'c-1', region: 'emea', email: 'a@b.example', iban: 'DE00' },
  { region: 'apac' },
  { region: null, name: [] },
  null,
]

const times = ['2026-11-20T09:30:00.123456Z', '2026-11-20T03:30:00Z', '2026-12-25T10:00:00Z', 'never']

function* calls(): Generator<JsonObject> {
  for (const agent of agents)
    for (const [server, name] of operations)
      for (const given of argumentSets)
        for (const time of times)
          yield {
            call: { id: 'c', protocol: 'http', phase: 'call', time, tool: { server, name }, arguments: given },
            identity: { subject: { id: 'x', type: 'agent' }, client_id: 'x', scopes: [], roles: [], delegated: false },
            ...(agent !== undefined && { agent }),
            route: { id: server, labels: {} },
            upstream: { id: server, labels: {} },
          }
}

const opa = findOpa()

test.skipIf(opa === undefined)(
  `the shipped policies decide the same as sources and as a module${opa === undefined ? ' (skipped: there is no `opa` command)' : ''}`,
  async () => {
    const files = filesBelow('policies', ['.rego', '.json']).filter((path) => !path.endsWith('_test.rego'))
    const modules = Object.fromEntries(files.map((path) => [path.replace('policies/', ''), textOf(path)]))
    const built = await buildBundle({ opa: opa as string, modules, entrypoints: ['gatehouse'] })
    if ('refusal' in built) throw new Error(built.refusal)
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-procurement-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'bundle.tar.gz')
    writeFileSync(path, built.bundle)
    const compiled = await questionOf(join(root, 'policies'))
    const module = await questionOf(path)
    const kinds = new Set<string>()
    for (const input of calls()) {
      const { value } = compiled.ask(input)
      expect(
        module.ask(input).value,
        JSON.stringify(input, (_, each) => (typeof each === 'bigint' ? String(each) : each)),
      ).toEqual(value)
      const { allow, deny, ask } = value as { allow: Json[]; deny: Json[][]; ask: Json[][] }
      kinds.add(deny[0]?.length === 0 ? (ask[0]?.length === 0 ? `allow ${allow[0]}` : 'ask') : 'deny')
    }
    // Calls that all end alike would prove little.
    expect([...kinds].sort()).toEqual(['allow true', 'ask', 'deny'])
  },
  60_000,
)
