/**
 * An agent as people build them, on a framework that knows nothing of Gatehouse: the procurement story through `/mcp` of the embedded
 * default, with a scripted model in the place of a real one. The same policy answers over HTTP, and the log has all of it.
 */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Running, run, startHouse } from '../support/command.ts'
import { root } from '../support/sources.ts'
import { nodePackages } from './mcp/packages/install.ts'

/** The first run on a machine installs the framework. */
const installMsMax = 300_000
/** Three processes of Node, on a machine that runs many tests. */
const storyMsMax = 60_000

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever shape it expects.
type Read = any

const work = mkdtempSync(join(tmpdir(), 'gatehouse-agent-'))
const gatehouse = [process.execPath, join(root, 'bin/gatehouse')] as const
const data = ['--data', join(work, 'data')]
let house: Running

beforeAll(async () => {
  // Packages are looked up from where a program is: the copy stands beside those of the cache.
  symlinkSync(join(await nodePackages(), 'node_modules'), join(work, 'node_modules'))
  copyFileSync(join(import.meta.dirname, 'mcp/agent/agent.mjs'), join(work, 'agent.mjs'))
  house = await startHouse([...gatehouse, 'start', ...data, '--port', '0', '--operators-port', '0'])
}, installMsMax)
afterAll(async () => {
  await house?.end()
  rmSync(work, { recursive: true, force: true })
})

async function tokenOf(agent: string): Promise<string> {
  const made = await run([...gatehouse, 'token', agent, ...data])
  expect(made, made.err).toMatchObject({ status: 0 })
  return made.out.trim()
}

interface Step {
  readonly tool: string
  readonly arguments: object
}

async function agent(name: string, steps: readonly Step[]): Promise<{ tools: string[]; seen: Read[]; text: string }> {
  const words = [`${house.agentsUrl}/mcp`, await tokenOf(name), JSON.stringify(steps)]
  const ran = await run([process.execPath, join(work, 'agent.mjs'), ...words], { cwd: work })
  expect(ran, ran.err).toMatchObject({ status: 0 })
  return JSON.parse(ran.out)
}

function decisions(): Read[] {
  const log = join(work, 'data/log')
  return readdirSync(log)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(log, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .filter(({ type }: Read) => type === 'decision')
}

describe('an agent on the Vercel AI SDK', () => {
  it(
    'buys: is offered what it may use, is refused with a reason, does it right, and is in the log',
    async () => {
      const order = { amount: 900, currency: 'EUR' }
      const { tools, seen, text } = await agent('buyer', [
        { tool: 'list_vendors', arguments: { limit: 2 } },
        { tool: 'create_purchase_order', arguments: { ...order, vendor_id: 'nightshade' } },
        { tool: 'create_purchase_order', arguments: { ...order, vendor_id: 'acme' } },
        { tool: 'get_purchase_order', arguments: { order_id: '{{id}}' } },
      ])
      expect(tools).toEqual([
        'cancel_purchase_order',
        'create_purchase_order',
        'get_purchase_order',
        'get_vendor',
        'list_purchase_orders',
        'list_vendors',
      ])
      const [vendors, refused, drafted, read] = seen
      expect(vendors.items).toHaveLength(2)
      expect(refused.text).toMatch(/^The call was refused: vendor `nightshade` is not on the list/)
      expect(refused.text).toMatch(/\nWhat would help: choose a vendor that is on the list/)
      expect(drafted).toMatchObject({ ...order, vendor_id: 'acme', status: 'draft', created_by: 'buyer' })
      expect(read).toEqual(drafted)
      expect(text).toBe('done')

      const calls = decisions().filter(({ call }) => call.method === 'tools/call')
      expect(refused.text).toContain(`(code vendor_not_listed, decision ${calls[1].decision_id})`)
      expect(calls.map(({ decision, target }) => [decision, target.upstream, target.tool])).toEqual([
        ['allow', 'erp', 'list_vendors'],
        ['deny', 'erp', 'create_purchase_order'],
        ['allow', 'erp', 'create_purchase_order'],
        ['allow', 'erp', 'get_purchase_order'],
      ])
    },
    storyMsMax,
  )

  it(
    'is refused by the same rule and for the same reason at the HTTP door',
    async () => {
      const refused = await fetch(`${house.agentsUrl}/erp/purchase-orders`, {
        method: 'POST',
        headers: { authorization: `Bearer ${await tokenOf('buyer')}`, 'content-type': 'application/json' },
        body: JSON.stringify({ vendor_id: 'nightshade', amount: 900, currency: 'EUR' }),
      })
      expect(refused.status).toBe(403)
      const [last, ...before] = decisions()
        .filter(({ decision, target }) => decision === 'deny' && target?.tool === 'create_purchase_order')
        .toReversed()
      expect(last.call.protocol).toBe('http')
      expect(before.map(({ call }) => call.protocol)).toEqual(['mcp'])
      expect(before[0].rule_ids).toEqual(last.rule_ids)
      expect(before[0].reasons).toEqual(last.reasons)
    },
    storyMsMax,
  )

  it(
    'sees of customers what its agent may see, over three servers behind one endpoint',
    async () => {
      const { tools, seen } = await agent('support', [
        { tool: 'search_customers', arguments: { region: 'emea', limit: 1 } },
        { tool: 'list_tickets', arguments: { region: 'emea', limit: 1 } },
      ])
      expect(tools).toEqual([
        'close_ticket',
        'comment_ticket',
        'create_ticket',
        'get_customer',
        'get_ticket',
        'list_contacts',
        'list_tickets',
        'search_customers',
        'update_customer',
      ])
      const [customers, tickets] = seen
      expect(customers.items).toHaveLength(1)
      expect(customers.items[0].region).toBe('emea')
      // What the policy masks for this agent was in the customer's row, and is not in the model's view.
      expect(JSON.stringify(customers)).not.toMatch(/[A-Z]{2}[0-9]{2}[A-Z0-9]{11,}/)
      expect(JSON.stringify(customers.items[0].email ?? '')).not.toContain('@')
      expect(tickets.items).toHaveLength(1)
    },
    storyMsMax,
  )
})
