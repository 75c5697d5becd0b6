/**
 * The tool server that all subjects of the MCP benchmark stand before: both eras, lists of any length, no work behind a call:
 * `upstream.ts PORT`. The path says what it offers: `/TOOLS/NUMBER/mcp` has so many tools, of server NUMBER. It keeps no sessions:
 * whatever id a client sends is taken, and a stream that is asked for stays open and quiet.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import { definitionsOf } from './work.ts'

const [port = '0'] = process.argv.slice(2)
/** What a call is answered with: the order, about 200 bytes. */
const order = JSON.stringify({
  id: 'PO-000123',
  status: 'created',
  vendor: 'v-017',
  amount: 1250.5,
  currency: 'EUR',
  lines: 2,
  created_at: '2026-11-21T00:00:00Z',
})
const content = `"content":[{"type":"text","text":${JSON.stringify(order)}}]`
const identity = JSON.stringify({ name: 'bench', version: '1.0.0' })
const lists = new Map<string, string>()

interface Message {
  readonly id?: string | number
  readonly method?: string
  readonly params?: { readonly protocolVersion?: string; readonly _meta?: object; readonly notifications?: object }
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  if (request.method === 'GET') {
    openStream(response)
    return
  }
  if (request.method !== 'POST') {
    response.writeHead(request.method === 'DELETE' ? 200 : 405).end()
    return
  }
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.once('end', () => {
    const message = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Message
    answer(response, message, request.headers['mcp-protocol-version'] === '2026-07-28', request.url ?? '')
  })
})

/** Nothing happens here, so nothing is ever said on it. */
function openStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }).flushHeaders()
}

function answer(response: ServerResponse, message: Message, modern: boolean, path: string): void {
  if (message.id === undefined) {
    response.writeHead(202).end()
    return
  }
  const id = JSON.stringify(message.id)
  if (message.method === 'subscriptions/listen') {
    openStream(response)
    const meta = `{"io.modelcontextprotocol/subscriptionId":${id}}`
    const params = `{"_meta":${meta},"notifications":${JSON.stringify(message.params?.notifications ?? {})}}`
    const text = `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":${params}}`
    response.write(`event: message\ndata: ${text}\n\n`)
    return
  }
  const result = resultOf(message, modern, path)
  const text =
    result === undefined
      ? `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"Method not found"}}`
      : `{"jsonrpc":"2.0","id":${id},"result":{${result}}}`
  response
    .writeHead(result === undefined && modern ? 404 : 200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      ...(message.method === 'initialize' && { 'mcp-session-id': randomUUID() }),
    })
    .end(text)
}

/** The members of the result; undefined for a method that it does not have. */
function resultOf({ method, params }: Message, modern: boolean, path: string): string | undefined {
  const kept = modern ? '"resultType":"complete","ttlMs":0,"cacheScope":"private",' : ''
  switch (method) {
    case 'initialize':
      return `"protocolVersion":${JSON.stringify(params?.protocolVersion)},"capabilities":{"tools":{}},"serverInfo":${identity}`
    case 'server/discover':
      return `${kept}"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"_meta":{"io.modelcontextprotocol/serverInfo":${identity}}`
    case 'tools/list':
      return `${kept}"tools":${listOf(path)}`
    case 'tools/call':
      return `${modern ? '"resultType":"complete",' : ''}${content}`
    case 'ping':
      return ''
    case 'prompts/list':
      return `${kept}"prompts":[]`
    case 'resources/list':
      return `${kept}"resources":[]`
    case 'resources/templates/list':
      return `${kept}"resourceTemplates":[]`
    default:
      return undefined
  }
}

function listOf(path: string): string {
  const known = lists.get(path)
  if (known !== undefined) return known
  const [, tools, number] = /^\/(\d+)\/(\d+)\/mcp$/.exec(path) ?? []
  const text = JSON.stringify(definitionsOf(Number(tools ?? 1), Number(number ?? 0)))
  lists.set(path, text)
  return text
}

server.listen(Number(port), '127.0.0.1')
process.once('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeAllConnections()
})
