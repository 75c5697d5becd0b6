/**
 * A client on version 2 of the TypeScript SDK: `node client-v2.ts URL MODE STEPS HEADERS`, where MODE is `legacy`, `auto` or a
 * revision. Prints one line of JSON.
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { Answer, Step } from '../steps.ts'

const [url = '', mode = '', steps = '', headers = ''] = process.argv.slice(2)
const client = new Client(
  { name: 'peer-client-v2', version: '1.0.0' },
  { versionNegotiation: { mode: mode === 'legacy' || mode === 'auto' ? mode : { pin: mode } } },
)
const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: JSON.parse(headers) } })
const does: Record<string, (params: never) => Promise<unknown>> = {
  'tools/list': (params) => client.listTools(params),
  'tools/call': (params) => client.callTool(params),
  'resources/list': (params) => client.listResources(params),
  'resources/read': (params) => client.readResource(params),
  'prompts/list': (params) => client.listPrompts(params),
  'prompts/get': (params) => client.getPrompt(params),
}
await client.connect(transport)
const answers: Answer[] = []
for (const { method, params } of JSON.parse(steps) as Step[])
  answers.push(
    await (does[method]?.(params as never) ?? Promise.reject(new Error(`${method} is unknown here`))).then(
      (result) => ({ result }),
      ({ code, message }: { code?: number; message: string }) => ({
        error: { ...(code !== undefined && { code }), message },
      }),
    ),
  )
const revision = client.getNegotiatedProtocolVersion()
const server = client.getServerVersion()?.name
if (transport.sessionId !== undefined) await transport.terminateSession()
await client.close()
process.stdout.write(`${JSON.stringify({ revision, server, answers })}\n`)
