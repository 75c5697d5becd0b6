/**
 * What the suite starts for the client leg: `client-driver.ts URL`. Puts Gatehouse before the suite's server, and behind it an agent on
 * the official SDK that uses everything it is offered, so that the suite judges what Gatehouse sends. The revision and, where a
 * scenario has one, the list of calls to make come in the suite's own environment variables.
 */
import { Client, StreamableHTTPClientTransport, type Tool } from '@modelcontextprotocol/client'
import { startGateway } from '../gateway.ts'

const [url = ''] = process.argv.slice(2)
const revision = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION ?? ''
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}') as { toolCalls?: readonly Call[] }

interface Call {
  readonly name: string
  readonly arguments: Record<string, unknown>
}

const gateway = await startGateway({ url })
try {
  await useEverything(gateway.url)
} finally {
  await gateway.end()
}

async function useEverything(gatewayUrl: string): Promise<void> {
  const client = new Client(
    { name: 'conformance-agent', version: '1.0.0' },
    {
      capabilities: { elicitation: { form: { applyDefaults: true } }, sampling: {}, roots: {} },
      versionNegotiation: { mode: revision === '2026-07-28' ? { pin: revision } : 'legacy' },
    },
  )
  client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: {} }))
  await client.connect(new StreamableHTTPClientTransport(new URL(gatewayUrl)))
  const {
    tools = [],
    resources = [],
    prompts = [],
  } = {
    ...(await offered(() => client.listTools())),
    ...(await offered(() => client.listResources())),
    ...(await offered(() => client.listPrompts())),
  }
  const calls = context.toolCalls ?? tools.map((tool) => ({ name: tool.name, arguments: someArguments(tool) }))
  // What a server refuses is no fault of who asked: the suite looks at the asking.
  for (const call of calls) await offered(() => client.callTool(call))
  for (const { uri } of resources) await offered(() => client.readResource({ uri }))
  for (const { name } of prompts) await offered(() => client.getPrompt({ name }))
  await client.close()
}

async function offered<T>(ask: () => Promise<T>): Promise<Partial<T>> {
  try {
    return await ask()
  } catch (cause) {
    process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`)
    return {}
  }
}

/** A value of the right type for each argument. */
function someArguments({ inputSchema }: Tool): Record<string, unknown> {
  const values: Record<string, unknown> = {
    string: 'text',
    number: 2,
    integer: 2,
    boolean: true,
    array: [],
    object: {},
  }
  return Object.fromEntries(
    Object.entries(inputSchema.properties ?? {}).map(([name, schema]) => [
      name,
      values[String((schema as { type?: unknown }).type)] ?? null,
    ]),
  )
}
