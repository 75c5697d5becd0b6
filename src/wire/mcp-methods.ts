/**
 * The methods of MCP that an agent may send, by era. What is not in this table is refused: policy could not say anything about a
 * method whose parameters nobody here can read.
 */
import type { McpEra, McpMethod } from '../model/index.ts'

const both: readonly McpEra[] = ['modern', 'legacy']
const modern: readonly McpEra[] = ['modern']
const legacy: readonly McpEra[] = ['legacy']

type Rest = Omit<McpMethod, 'name' | 'kind' | 'eras'>
const request = (name: string, eras: readonly McpEra[], rest: Rest): McpMethod => ({
  name,
  kind: 'request',
  eras,
  ...rest,
})
const notification = (name: string, eras: readonly McpEra[]): McpMethod => ({
  name,
  kind: 'notification',
  eras,
  weight: 'way',
})

const rows: readonly McpMethod[] = [
  // Opening.
  request('initialize', legacy, { weight: 'way' }),
  request('server/discover', modern, { weight: 'way' }),
  request('ping', legacy, { weight: 'way' }),
  notification('notifications/initialized', legacy),
  notification('notifications/cancelled', legacy),
  notification('notifications/progress', legacy),
  notification('notifications/roots/list_changed', legacy),

  // Lists.
  request('tools/list', both, { weight: 'way', lists: 'tools' }),
  request('prompts/list', both, { weight: 'way', lists: 'prompts' }),
  request('resources/list', both, { weight: 'way', lists: 'resources' }),
  request('resources/templates/list', both, { weight: 'way', lists: 'resourceTemplates' }),

  // Acts.
  request('tools/call', both, { weight: 'act', names: 'tool' }),
  request('prompts/get', both, { weight: 'act', names: 'prompt' }),
  request('resources/read', both, { weight: 'act', names: 'resource' }),
  request('resources/subscribe', legacy, { weight: 'act', names: 'resource' }),
  request('resources/unsubscribe', legacy, { weight: 'act', names: 'resource' }),
  request('completion/complete', both, { weight: 'act', names: 'completion' }),
  request('logging/setLevel', legacy, { weight: 'way' }),
  request('subscriptions/listen', modern, { weight: 'way' }),

  // Extension `io.modelcontextprotocol/tasks` (SEP-2663).
  request('tasks/get', modern, { weight: 'act', names: 'task' }),
  request('tasks/update', modern, { weight: 'act', names: 'task' }),
  request('tasks/cancel', modern, { weight: 'act', names: 'task' }),
]

const table: ReadonlyMap<string, McpMethod> = new Map(rows.map((row) => [row.name, row]))

/** What a session does beside its messages: GET, DELETE, and answers to a server's requests. */
export const sessionMethods = {
  stream: { name: 'session/stream', kind: 'request', eras: legacy, weight: 'way' },
  end: { name: 'session/end', kind: 'request', eras: legacy, weight: 'way' },
  answer: { name: 'session/answer', kind: 'notification', eras: legacy, weight: 'way' },
} as const satisfies { readonly [name: string]: McpMethod }

/** Undefined for what is not known in this era, or not as this kind of message. */
export function mcpMethod(name: string, kind: McpMethod['kind'], era: McpEra): McpMethod | undefined {
  const row = table.get(name)
  return row !== undefined && row.kind === kind && row.eras.includes(era) ? row : undefined
}

/** What a server may ask an agent on a legacy stream (2025-11-25, "Client features" and "Ping"). */
export const serverRequests: ReadonlySet<string> = new Set([
  'ping',
  'roots/list',
  'sampling/createMessage',
  'elicitation/create',
])

/** What a server may tell an agent, of either era; anything else is not passed on, since nobody here knows what it says. */
export const serverNotifications: ReadonlySet<string> = new Set([
  'notifications/progress',
  'notifications/message',
  'notifications/cancelled',
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
  'notifications/elicitation/complete',
  'notifications/subscriptions/acknowledged',
  'notifications/tasks',
])

/** The parameter that names what a message is about, by what it names; also what `Mcp-Name` repeats. */
export const nameParams = { tool: 'name', prompt: 'name', resource: 'uri', task: 'taskId' } as const
