/**
 * `npm run bench -- lists`: what it costs to filter a list of 1,000 tools by policy, arguments unknown. Two moments: a policy that has just been
 * loaded, and an agent that has not asked before. Nothing of MCP is in it: `bench -- mcp` has the whole path.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeSight, type Sight } from '../src/decide/sight.ts'
import type { Json, JsonObject, McpTool, Principal, Route, Upstream } from '../src/model/index.ts'
import { compilePolicies, loadFiles } from '../src/policy/index.ts'
import { circumstances, root } from './machine.ts'
import { readOptions } from './options.ts'
import { table, writeSection } from './readme.ts'
import { median } from './statistics.ts'

const toolsCount = 1_000
/** Policies that are loaded anew, and agents that ask the last of them. */
const rounds = { quick: { policies: 2, agents: 40 }, full: { policies: 5, agents: 200 } }
/** Agents before those that are measured: a compiler needs some before it has done its work. */
const warmUps = 40

interface Scene {
  readonly name: string
  readonly modules: Readonly<Record<string, string>>
  readonly data: JsonObject
  readonly tools: readonly McpTool[]
  /** The agent of round `round`. */
  agent(round: number): JsonObject
}

/** The operations of the procurement world, each as often as it takes. */
const operations: readonly (readonly [server: string, name: string])[] = [
  ...['approve_purchase_order', 'cancel_purchase_order', 'create_purchase_order', 'get_purchase_order'].map(
    (name) => ['erp', name] as const,
  ),
  ...['list_vendors', 'get_customer', 'search_customers', 'update_customer'].map((name) => ['crm', name] as const),
  ...['get_ticket', 'list_tickets'].map((name) => ['desk', name] as const),
]

function toolOf(server: string, name: string, index: number): McpTool {
  return { server, name, digest: `sha256:${index}`, annotations: { readOnlyHint: index % 2 === 0 } }
}

function scenes(): Scene[] {
  const { modules, data } = loadFiles([join(root, 'policies')], { directory: root, ignore: ['*_test.rego'] })
  const distinct = Array.from({ length: toolsCount }, (_, index) => toolOf('erp', `tool_${index}`, index))
  const kinds = Array.from({ length: toolsCount }, (_, index) => {
    const [server, name] = operations[index % operations.length] ?? ['', '']
    return toolOf(server, name, index)
  })
  const known = ['buyer', 'finance', 'support'] as const
  const procurement = (round: number): JsonObject => ({
    id: known[round % known.length] ?? '',
    status: 'active',
    labels: { region: 'emea' },
  })
  const ruleFor = (index: number): string =>
    `allow if { input.call.tool.name == "tool_${index}"; input.agent.level >= ${index % 7}; input.call.arguments.amount < ${index} }`
  return [
    { name: 'procurement, 10 operations', modules, data, tools: kinds, agent: procurement },
    { name: 'procurement, 1,000 names', modules, data, tools: distinct, agent: procurement },
    {
      name: 'a rule for each of 1,000 names',
      modules: { 'rules.rego': `package gatehouse\n${distinct.map((_, index) => ruleFor(index)).join('\n')}` },
      data: {},
      tools: distinct,
      agent: (round) => ({ id: `agent-${round}`, status: 'active', level: 3 }),
    },
    {
      name: 'a row of a document for each of 1,000 names',
      modules: {
        'rows.rego': `package gatehouse
allow if {
	some row in data.rows
	row.name == input.call.tool.name
	input.agent.level >= row.level
	input.call.arguments.amount < row.amount
}`,
      },
      data: { rows: distinct.map(({ name }, index) => ({ name, level: index % 7, amount: index })) },
      tools: distinct,
      agent: (round) => ({ id: `agent-${round}`, status: 'active', level: 3 }),
    },
  ]
}

export interface ListsRow {
  readonly scene: string
  readonly shown: number
  /** Milliseconds for the whole list, medians. */
  readonly new_policy_ms: number
  readonly new_agent_ms: number
  /** Of the agents the least: what it takes where nothing else wants the processor. */
  readonly new_agent_least_ms: number
}

export async function run(args: readonly string[]): Promise<number> {
  const { quick, write, json } = readOptions(args)
  const about = circumstances()
  const rows = scenes().map((scene) => measure(scene, quick ? rounds.quick : rounds.full))
  const text = `Commit ${about.commit}, ${about.date}. ${about.machine}; node ${process.versions.node}.\n\n${tableOf(rows)}\n`
  process.stdout.write(text)
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ ...about, rows }, null, 2)}\n`)
  if (write) writeSection('lists', text)
  return 0
}

function measure(scene: Scene, { policies, agents }: (typeof rounds)['full']): ListsRow {
  const times = { policy: [] as number[], agent: [] as number[] }
  let sight = sightOf(scene)
  for (let round = 0; round < policies; round++) {
    sight = sightOf(scene)
    times.policy.push(timed(() => filter(sight, scene, principalOf(scene, round))))
  }
  for (let round = 0; round < warmUps; round++) filter(sight, scene, principalOf(scene, round))
  let shown = 0
  for (let round = 0; round < agents; round++) {
    const principal = principalOf(scene, round)
    times.agent.push(timed(() => (shown = filter(sight, scene, principal))))
  }
  const [newPolicy, newAgent] = [times.policy, times.agent].map((each) => rounded(median(each)))
  return {
    scene: scene.name,
    shown,
    new_policy_ms: newPolicy ?? Number.NaN,
    new_agent_ms: newAgent ?? Number.NaN,
    new_agent_least_ms: rounded(Math.min(...times.agent)),
  }
}

function sightOf({ modules, data }: Scene): Sight {
  const sources = { modules, data, names: {}, wasm: [], revision: 'bench', digest: 'sha256:bench' }
  const question = compilePolicies(sources, ['gatehouse']).questions.get('gatehouse')
  if (question === undefined) throw new Error('the policy has no entrypoint')
  return makeSight(question)
}

/** How many of the tools are shown. */
function filter(sight: Sight, { tools }: Scene, principal: Principal): number {
  const sees = sight.seesOf(principal, route)
  let shown = 0
  for (const tool of tools) if (sees?.({ upstream: upstreamOf(tool.server), tool }) !== false) shown++
  return shown
}

const route = { id: 'tools', labels: {} } as unknown as Route
const upstreams = new Map<string, Upstream>()

function upstreamOf(server: string): Upstream {
  const known = upstreams.get(server) ?? ({ id: server, labels: {} } as unknown as Upstream)
  upstreams.set(server, known)
  return known
}

/** Somebody with a token of his own. */
function principalOf(scene: Scene, round: number): Principal {
  const agent = scene.agent(round)
  const subject: Json = { id: `subject of ${round}`, type: 'agent' }
  const claims = { jti: String(tokens++), roles: ['buyer', 'reader'] }
  return { identity: { subject, client_id: 'bench', scopes: ['tools'], claims }, agent } as unknown as Principal
}

let tokens = 0

function timed(run: () => void): number {
  const began = performance.now()
  run()
  return performance.now() - began
}

function rounded(ms: number): number {
  return Number(ms.toFixed(3))
}

function tableOf(rows: readonly ListsRow[]): string {
  return table(
    ['policy and tools', 'shown', 'new policy, ms', 'new agent, ms', 'least, ms'],
    rows.map((row) => [
      row.scene,
      String(row.shown),
      row.new_policy_ms.toFixed(2),
      row.new_agent_ms.toFixed(3),
      row.new_agent_least_ms.toFixed(3),
    ]),
  )
}
