/**
 * The services as one HTTP/1.1 server: checks the credential of the service that is called, then hands the request to its MCP
 * endpoint, or bounds and parses the body, runs the operation and writes its answer. Knows nothing of orders or tickets.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { circumstancesOf } from './circumstances.ts'
import type { McpEndpoint } from './mcp.ts'
import { type Answer, matchOperation, type Operation } from './operation.ts'
import { describeProblem, Problem } from './problem.ts'

export interface Service {
  /** Path before every operation, e.g. `/erp`. */
  readonly basePath: string
  /** What `Authorization: Bearer` must carry. */
  readonly credential: string
  readonly operations: readonly Operation[]
  /** The same operations as tools, at `/mcp` below the base path. */
  readonly mcp: McpEndpoint
}

/** Bytes of a request body: an order with its 500 lines is below 200 KB. */
const bodyBytesMax = 1024 * 1024
/** Milliseconds for a whole request: callers are on this machine. */
const requestMsMax = 10_000

/** The server, not listening yet. `now` gives milliseconds since 1970; `report` is told what no caller may see. */
export function makeServer(
  services: readonly Service[],
  ports: { readonly now: () => number; readonly report: (cause: unknown) => void },
): Server {
  const options = { requestTimeout: requestMsMax, headersTimeout: requestMsMax, keepAliveTimeout: 60_000 }
  return createServer(options, (request, response) => {
    serve(services, request, response, ports.now).catch((cause: unknown) => {
      if (!(cause instanceof Problem)) ports.report(cause)
      writeProblem(response, cause)
    })
  })
}

async function serve(
  services: readonly Service[],
  request: IncomingMessage,
  response: ServerResponse,
  now: () => number,
): Promise<void> {
  const [path = '/', search = ''] = splitTarget(request.url ?? '/')
  const service = services.find(({ basePath }) => path === basePath || path.startsWith(`${basePath}/`))
  if (service === undefined) throw new Problem(404, 'path_unknown', 'there is nothing at this path')
  if (!credentialFits(request.headers.authorization, service.credential))
    throw new Problem(401, 'credential_refused', 'a valid credential of this service is needed')
  if (path === `${service.basePath}/mcp`) return service.mcp(request, response)
  const { operation, path: pathValues } = matchOperation(
    service.operations,
    request.method ?? '',
    decodeSegments(path.slice(service.basePath.length + 1)),
  )
  const body = await readBody(request)
  const received = { path: pathValues, query: decodeQuery(search), body }
  const header = (name: string): string | undefined => request.headers[name]?.toString()
  const answered = operation.run(received, circumstancesOf(header, now()))
  const notModified =
    request.method === 'GET' && answered.version !== undefined && request.headers['if-none-match'] === tag(answered)
  writeAnswer(response, answered, notModified)
}

function splitTarget(target: string): [string, string] {
  const mark = target.indexOf('?')
  return mark === -1 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)]
}

function decodeSegments(path: string): string[] {
  try {
    return path.split('/').map(decodeURIComponent)
  } catch {
    throw new Problem(400, 'path_malformed', 'the path has a broken percent escape')
  }
}

function decodeQuery(search: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(search)) {
    if (values.has(name)) throw new Problem(400, 'query_repeated', `the query names \`${name}\` twice`)
    values.set(name, value)
  }
  return values
}

/** Compared as digests, so that neither length nor content shows in the time it takes. */
function credentialFits(header: string | undefined, credential: string): boolean {
  const digest = (value: string): Buffer => createHash('sha256').update(value).digest()
  return timingSafeEqual(digest(header ?? ''), digest(`Bearer ${credential}`))
}

function tag({ version }: Answer): string {
  return `"v${version}"`
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) throw new Problem(413, 'body_too_large', `a body may have ${bodyBytesMax} bytes`)
    chunks.push(chunk)
  }
  if (bytes === 0) return undefined
  const mediaType = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (mediaType !== 'application/json') throw new Problem(415, 'body_media_type', 'the body must be application/json')
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)))
  } catch {
    throw new Problem(400, 'body_malformed', 'the body is not JSON in UTF-8')
  }
}

function writeAnswer(response: ServerResponse, answered: Answer, notModified: boolean): void {
  if (answered.version !== undefined) response.setHeader('ETag', tag(answered))
  if (answered.location !== undefined) response.setHeader('Location', answered.location)
  if (notModified) {
    response.writeHead(304).end()
    return
  }
  writeJson(response, answered.status, 'application/json', answered.body)
}

function writeProblem(response: ServerResponse, cause: unknown): void {
  const document = describeProblem(cause)
  if (document.status === 401) response.setHeader('WWW-Authenticate', 'Bearer')
  // The rest of a body that is too large is not read: the connection ends with the reply.
  if (document.status === 413) response.setHeader('Connection', 'close')
  writeJson(response, document.status, 'application/problem+json', document)
}

function writeJson(response: ServerResponse, status: number, type: string, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body))
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': bytes.length, 'Cache-Control': 'no-store' })
  response.end(bytes)
}
