/** How the clients of the MCP benchmark begin: a token each, and a session where the era has them. */
import { readFileSync } from 'node:fs'
import { type Era, requestOf } from './work.ts'

/** One token a line. */
export function tokensIn(file: string): readonly string[] {
  return readFileSync(file, 'utf8').trim().split('\n')
}

/** The headers that every message of this client has. Rejects when the session is refused. */
export async function openSession(url: string, era: Era, token: string): Promise<Readonly<Record<string, string>>> {
  const authorization = { authorization: `Bearer ${token}` }
  if (era === '2026-07-28') return authorization
  const clientInfo = { name: 'bench', version: '1.0.0' }
  const opening = requestOf(era, 1, 'initialize', { protocolVersion: era, capabilities: {}, clientInfo })
  const begun = await fetch(url, {
    method: 'POST',
    headers: { ...opening.headers, ...authorization },
    body: opening.body,
  })
  const text = await begun.text()
  if (begun.status !== 200) throw new Error(`initialize was answered ${begun.status}: ${text.slice(0, 300)}`)
  const id = begun.headers.get('mcp-session-id')
  const headers = { ...authorization, ...(id !== null && { 'mcp-session-id': id }) }
  const told = await fetch(url, {
    method: 'POST',
    headers: { ...requestOf(era, 1, 'notifications/initialized', {}).headers, ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
  })
  await told.arrayBuffer()
  return headers
}
