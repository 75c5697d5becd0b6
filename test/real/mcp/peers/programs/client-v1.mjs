// A client on version 1 of the TypeScript SDK: `node client-v1.mjs URL MODE STEPS HEADERS`. Prints one line of JSON.
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

const [url, , steps, headers] = process.argv.slice(2)
const client = new Client({ name: 'peer-client-v1', version: '1.0.0' })
const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: JSON.parse(headers) } })
const does = {
  'tools/list': (params) => client.listTools(params),
  'tools/call': (params) => client.callTool(params),
  'resources/list': (params) => client.listResources(params),
  'resources/read': (params) => client.readResource(params),
  'prompts/list': (params) => client.listPrompts(params),
  'prompts/get': (params) => client.getPrompt(params),
}
await client.connect(transport)
const answers = []
for (const { method, params } of JSON.parse(steps))
  answers.push(
    await does[method](params).then(
      (result) => ({ result }),
      ({ code, message }) => ({ error: { code, message } }),
    ),
  )
await transport.terminateSession()
await client.close()
console.log(JSON.stringify({ revision: transport.protocolVersion, server: client.getServerVersion().name, answers }))
