/** What an agent holds over a restart of the gateway: tasks and request state go on, a session is gone and says so as its era has it. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { legacy, modern, openSession } from '../support/mcp-agent.ts'
import { type McpServerOptions, mcpServer } from '../support/mcp-server.ts'
import { openWorld, type World, type WorldOptions } from '../support/world.ts'

const open: World[] = []
afterEach(async () => {
  for (const world of open.splice(0)) await world.close()
})

async function house(server: McpServerOptions, options: WorldOptions = {}): Promise<World> {
  const world = await openWorld({
    serve: mcpServer(server).serve,
    ...options,
    route: { path: '/mcp', protocol: 'mcp', upstream: undefined, servers: [{ upstream: 'erp' }] },
  })
  open.push(world)
  return world
}

/** Another process on the same data, as far as anything of it is kept. */
async function restarted(world: World, server: McpServerOptions): Promise<World> {
  await world.house.drain()
  return house(server, { config: { data: join(world.folder, 'data') } })
}

const server: McpServerOptions = {
  call: ({ message }) =>
    message.params.requestState === undefined
      ? { resultType: 'task', taskId: 'task-1', status: 'working', requestState: 'state-1' }
      : { resultType: 'complete', content: [], was: message.params.requestState },
  answer: ({ message }) =>
    message.method === 'tasks/get'
      ? {
          resultType: 'complete',
          taskId: message.params.taskId,
          status: 'working',
          own: `own:${message.params.taskId}`,
        }
      : undefined,
}
const call = { method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } } }

it('keeps tasks and request state alive, for the principal that got them alone', async () => {
  const before = await house(server)
  const { taskId, requestState } = (await modern(before, call)).json.result
  const key = join(before.folder, 'data/keys/seal.key')
  expect(statSync(key).mode & 0o777).toBe(0o600)
  const after = await restarted(before, server)
  expect((await modern(after, { method: 'tasks/get', params: { taskId } })).json.result).toMatchObject({
    taskId,
    own: 'own:task-1',
  })
  expect((await modern(after, { ...call, params: { ...call.params, requestState } })).json.result.was).toBe('state-1')
  const token = await after.token({ sub: 'thief', client_id: 'thief' })
  const stolen = await modern(after, { method: 'tasks/get', params: { taskId }, token })
  expect([stolen.status, stolen.json.error.code]).toEqual([400, -32602])
})

it('opens nothing that another gateway sealed', async () => {
  const { taskId } = (await modern(await house(server), call)).json.result
  const other = await house(server)
  const refused = await modern(other, { method: 'tasks/get', params: { taskId } })
  expect([refused.status, refused.json.error.code]).toEqual([400, -32602])
})

it('answers a session of before with 404, and opens another one', async () => {
  const before = await house({})
  const session = await openSession(before)
  expect((await legacy(before, session, { method: 'tools/list' })).status).toBe(200)
  const after = await restarted(before, {})
  // 2025-11-25 "Session Management": with 404 a client begins a new session.
  const lost = await legacy(after, session, { method: 'tools/list' })
  expect([lost.status, lost.json.error.code]).toEqual([404, 404])
  const stream = await after.send({ path: '/mcp', headers: { accept: 'text/event-stream', 'mcp-session-id': session } })
  expect(stream.status).toBe(404)
  expect(before.pair(String(lost.headers['gatehouse-decision'])).outcome).toMatchObject({ code: 'session_unknown' })
  const again = await openSession(after)
  expect(again).not.toBe(session)
  expect((await legacy(after, again, { method: 'tools/list' })).json.result.tools).toMatchObject([{ name: 'echo' }])
})

it('does not start with a key that others may read', async () => {
  await expect(
    openWorld({
      config: { data: 'kept' },
      files: { 'kept/keys/seal.key': `${'A'.repeat(43)}\n` },
    }),
  ).rejects.toThrow(/seal\.key` may be read or written by others: run `chmod 600/)
})
