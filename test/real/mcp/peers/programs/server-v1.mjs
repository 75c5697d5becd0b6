// A server on version 1 of the TypeScript SDK, with sessions: `node server-v1.mjs PORT`.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { z } from 'zod'

const transports = new Map()

function makeServer() {
  const server = new McpServer({ name: 'peer-v1', version: '1.0.0' })
  server.registerTool(
    'echo',
    { description: 'Says it again', inputSchema: { text: z.string() } },
    async ({ text }) => ({
      content: [{ type: 'text', text }],
    }),
  )
  server.registerTool(
    'add',
    { description: 'Adds', inputSchema: { a: z.number(), b: z.number() }, outputSchema: { sum: z.number() } },
    async ({ a, b }) => ({ content: [{ type: 'text', text: String(a + b) }], structuredContent: { sum: a + b } }),
  )
  server.registerTool('fail', { description: 'Fails' }, async () => ({
    content: [{ type: 'text', text: 'it failed' }],
    isError: true,
  }))
  server.registerResource('note', 'peer://note', { mimeType: 'text/plain' }, async () => ({
    contents: [{ uri: 'peer://note', mimeType: 'text/plain', text: 'a note' }],
  }))
  server.registerPrompt('greet', { description: 'Greets', argsSchema: { name: z.string() } }, async ({ name }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `Greet ${name}` } }],
  }))
  return server
}

createServer(async (request, response) => {
  const known = transports.get(request.headers['mcp-session-id'])
  if (known !== undefined) return known.handleRequest(request, response)
  if (request.headers['mcp-session-id'] !== undefined) return response.writeHead(404).end()
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => transports.set(id, transport),
    onsessionclosed: (id) => transports.delete(id),
  })
  await makeServer().connect(transport)
  await transport.handleRequest(request, response)
}).listen(Number(process.argv[2]), '127.0.0.1')
