/** A server on version 2 of the TypeScript SDK, both eras on one endpoint: `node server-v2.ts PORT`. */
import { createServer, type RequestListener } from 'node:http'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'peer-v2', version: '1.0.0' })
  server.registerTool(
    'echo',
    { description: 'Says it again', inputSchema: z.object({ text: z.string() }) },
    async ({ text }) => ({ content: [{ type: 'text', text }] }),
  )
  server.registerTool(
    'add',
    {
      description: 'Adds',
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      outputSchema: z.object({ sum: z.number() }),
    },
    async ({ a, b }) => ({ content: [{ type: 'text', text: String(a + b) }], structuredContent: { sum: a + b } }),
  )
  server.registerTool('fail', { description: 'Fails' }, async () => ({
    content: [{ type: 'text', text: 'it failed' }],
    isError: true,
  }))
  server.registerResource('note', 'peer://note', { mimeType: 'text/plain' }, async () => ({
    contents: [{ uri: 'peer://note', mimeType: 'text/plain', text: 'a note' }],
  }))
  server.registerPrompt(
    'greet',
    { description: 'Greets', argsSchema: z.object({ name: z.string() }) },
    async ({ name }) => ({ messages: [{ role: 'user', content: { type: 'text', text: `Greet ${name}` } }] }),
  )
  return server
})

// The adapter's own types of request and response are narrower than what it takes.
createServer(toNodeHandler(handler) as unknown as RequestListener).listen(Number(process.argv[2]), '127.0.0.1')
