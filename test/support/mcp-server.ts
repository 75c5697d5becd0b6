/**
 * A tool server whose every byte a test chooses: both eras of MCP on one HTTP handler, tools and answers as given, sessions that can be
 * lost. Written on the wire's own rules, so that nothing of the gateway is tested against itself.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listenOn } from './world.ts'

// biome-ignore lint/suspicious/noExplicitAny: a scripted server reads whatever shape it expects.
export type Message = any

export interface ServedCall {
  readonly message: Message
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

export interface McpServerOptions {
  readonly eras?: readonly ('modern' | 'legacy')[]
  readonly tools?: readonly object[]
  /** The result of `tools/call` by the tool's name; a function may answer by itself and give undefined. */
  readonly call?: (served: ServedCall) => object | undefined
  /** The result of `tools/list`, instead of the one list of all tools. */
  readonly list?: (served: ServedCall) => object
  /** Any other method, before the usual answer: the result, or undefined. */
  readonly answer?: (served: ServedCall) => object | undefined
  /** GET of a session. */
  readonly stream?: (request: IncomingMessage, response: ServerResponse) => void
  /** Methods to which it never says anything. */
  readonly silent?: readonly string[]
  /** False: the server gives its sessions no id and keeps nothing of them. */
  readonly sessions?: boolean
  /** Answers come as a stream of events. */
  readonly events?: boolean
}

export interface McpServerScript {
  readonly serve: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void
  /** Every message that came, oldest first. */
  readonly messages: Message[]
  /** Headers of the same. */
  readonly headers: IncomingMessage['headers'][]
  /** Sessions that are open. */
  readonly sessions: Set<string>
  tools: readonly object[]
}

export const echoTool = {
  name: 'echo',
  description: 'says what it was told',
  inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
}

export function mcpServer(options: McpServerOptions = {}): McpServerScript {
  const eras = options.eras ?? ['modern', 'legacy']
  const script: McpServerScript = {
    serve,
    messages: [],
    headers: [],
    sessions: new Set(),
    tools: options.tools ?? [echoTool],
  }
  let count = 0

  function json(response: ServerResponse, status: number, value: object, headers = {}): void {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
  }

  function serve(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const session = request.headers['mcp-session-id']
    if (request.method === 'DELETE') {
      script.sessions.delete(String(session))
      response.writeHead(200).end()
      return
    }
    if (request.method === 'GET') {
      if (options.stream !== undefined) options.stream(request, response)
      else response.writeHead(405, { 'content-type': 'text/plain' }).end('there is no stream')
      return
    }
    const message: Message = JSON.parse(body.toString('utf8'))
    script.messages.push(message)
    script.headers.push(request.headers)
    const modern = message.params?._meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined
    if (modern && !eras.includes('modern')) {
      json(response, 400, {
        jsonrpc: '2.0',
        id: null,
        error: { code: -32000, message: 'Bad Request: Server not initialized' },
      })
      return
    }
    if (!modern && !eras.includes('legacy')) {
      const data = { supported: ['2026-07-28'], requested: 'none' }
      json(response, 400, { jsonrpc: '2.0', id: message.id ?? null, error: { code: -32022, message: 'no', data } })
      return
    }
    const kept = options.sessions !== false
    if (
      kept &&
      !modern &&
      message.method !== 'initialize' &&
      (typeof session !== 'string' || !script.sessions.has(session))
    ) {
      json(response, 404, { jsonrpc: '2.0', id: null, error: { code: -32001, message: 'Session not found' } })
      return
    }
    if (message.id === undefined || message.method === undefined) {
      response.writeHead(202).end()
      return
    }
    const headers: { [name: string]: string } = {}
    const result = resultOf(message, request, response, modern, headers)
    if (result === undefined) return
    const answer = { jsonrpc: '2.0', id: message.id, result }
    if (options.events !== true) json(response, 200, answer, headers)
    else
      response
        .writeHead(200, { 'content-type': 'text/event-stream', ...headers })
        .end(`event: message\ndata: ${JSON.stringify(answer)}\n\n`)
  }

  function resultOf(
    message: Message,
    request: IncomingMessage,
    response: ServerResponse,
    modern: boolean,
    headers: { [name: string]: string },
  ): object | undefined {
    const served = { message, request, response }
    const base = modern ? { resultType: 'complete' } : {}
    const own = message.method === 'tools/call' ? undefined : options.answer?.(served)
    if (own !== undefined) return own
    if (response.headersSent || options.silent?.includes(message.method) === true) return undefined
    if (message.method === 'initialize') {
      const id = `server-session-${++count}`
      script.sessions.add(id)
      headers['mcp-session-id'] = id
      return {
        protocolVersion: message.params.protocolVersion,
        capabilities: { tools: { listChanged: true }, tasks: {} },
        serverInfo: { name: 'scripted', version: '1' },
        instructions: 'be kind',
      }
    }
    if (message.method === 'server/discover')
      return {
        ...base,
        supportedVersions: ['2026-07-28'],
        capabilities: { tools: {} },
        ttlMs: 1000,
        cacheScope: 'public',
      }
    if (message.method === 'tools/list' && options.list !== undefined) return options.list(served)
    if (message.method === 'tools/list')
      return { ...base, tools: script.tools, ...(modern && { ttlMs: 0, cacheScope: 'public' }) }
    if (message.method === 'tools/call') {
      if (options.call !== undefined) return options.call(served)
      return { ...base, content: [{ type: 'text', text: String(message.params.arguments?.text) }] }
    }
    json(response, modern ? 404 : 200, {
      jsonrpc: '2.0',
      id: message.id,
      error: { code: -32601, message: `Method not found: ${message.method}` },
    })
    return undefined
  }

  return script
}

/** The script on a port of its own, for routes with several servers. */
export async function startMcpServer(
  script: McpServerScript,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => script.serve(request, response, Buffer.concat(chunks)))
  })
  const port = await listenOn(server)
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
