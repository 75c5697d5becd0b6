/**
 * A house in front of scripted tool servers, one or several, for tests that only say what the servers do. Everything is closed after
 * each test of the file that asked for it.
 */
import { afterEach, expect } from 'vitest'
import { type McpServerOptions, type McpServerScript, mcpServer, startMcpServer } from './mcp-server.ts'
import { openWorld, type ReadRecord, type SentReply, type World, type WorldOptions } from './world.ts'

export interface McpHouse {
  readonly world: World
  /** Of the first server; with one server it is the world's upstream `erp`, with its credential. */
  readonly script: McpServerScript
  /** Of all of them: with several they are the upstreams `s0`, `s1` and so on. */
  readonly scripts: readonly McpServerScript[]
  /** Ends one of several. */
  end(index: number): Promise<void>
}

export interface McpHouseOptions extends WorldOptions {
  /** Settings of each server on the route. */
  readonly settings?: readonly object[]
}

export type OpenMcpHouse = (
  servers?: McpServerOptions | readonly McpServerOptions[],
  options?: McpHouseOptions,
) => Promise<McpHouse>

export function mcpHouses(): OpenMcpHouse {
  const closers: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close()
  })

  return async (servers = {}, { settings = [], ...options } = {}) => {
    const several = Array.isArray(servers)
    const scripts = (several ? servers : [servers as McpServerOptions]).map((server) => mcpServer(server))
    const [script] = scripts
    if (script === undefined) throw new Error('a house without a tool server')
    const started = several ? await Promise.all(scripts.map(startMcpServer)) : []
    for (const one of started) closers.push(() => one.close())
    const names = several ? scripts.map((_, index) => `s${index}`) : ['erp']
    const upstreams = started.map(({ url }, index) => ({ id: names[index], url, retries_max: 0, connect_max: '200ms' }))
    const world = await openWorld({
      serve: script.serve,
      ...options,
      config: { ...(several && { upstreams }), ...options.config },
      route: {
        path: '/mcp',
        protocol: 'mcp',
        upstream: undefined,
        servers: names.map((upstream, index) => ({ upstream, ...settings[index] })),
        ...options.route,
      },
    })
    closers.push(() => world.close())
    return { world, script, scripts, end: async (index) => started[index]?.close() }
  }
}

/** The outcome of the call that was answered, of which there is one, behind one decision. */
export function outcomeOf(world: World, reply: SentReply): ReadRecord {
  return world.pair(String(reply.headers['gatehouse-decision'])).outcome
}

/** The outcome of a call whose answer broke off, so that nothing names it. */
export async function lastOutcome(world: World): Promise<ReadRecord> {
  const last = () => world.records().findLast(({ type }) => type === 'decision' || type === 'outcome')
  await expect.poll(() => last()?.type).toBe('outcome')
  return last()
}

export const sseHead = { 'content-type': 'text/event-stream' }

/** An event with a message of JSON-RPC. */
export const event = (message: object): string => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`
