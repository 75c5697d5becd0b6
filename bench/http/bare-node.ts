/**
 * The least that a proxy on node:http and undici can do: every call goes to the upstream as it came and its reply comes
 * back as it is. No checks, no limits, no log. `bare-node.ts PORT UPSTREAM`.
 */
import { createServer, type ServerResponse } from 'node:http'
import { type Dispatcher, Pool } from 'undici'

const [port = '0', upstream = ''] = process.argv.slice(2)
const pool = new Pool(upstream, { connections: 128, pipelining: 1 })

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  // The body is held and sent in one write: cheaper than a stream for the sizes measured here, and undici leaves a request
  // stuck whose upstream answers before it has read the whole stream.
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.once('end', () => {
    const { method = 'GET', url = '/' } = request
    const body = chunks.length > 1 ? Buffer.concat(chunks) : (chunks[0] ?? null)
    // `dispatch` takes the raw list: no object of headers is built on the way.
    const headers = withoutConnection(request.rawHeaders)
    pool.dispatch({ method: method as Dispatcher.HttpMethod, path: url, headers, body }, relay(response))
  })
})
server.listen(Number(port), '127.0.0.1')
process.once('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeAllConnections()
})

function relay(response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart() {},
    onResponseStart(_controller, status, headers) {
      response.writeHead(status, headers as Record<string, string>)
    },
    onResponseData(controller, chunk) {
      // Nobody drains a response whose caller has gone: the rest is read and dropped, or the connection would wait for ever.
      if (response.write(chunk) || response.destroyed) return
      controller.pause()
      response.once('drain', () => controller.resume())
      response.once('close', () => controller.resume())
    },
    onResponseEnd() {
      response.end()
    },
    onResponseError() {
      response.destroy()
    },
  }
}

/** RFC 9110 section 7.6.1: `Connection` is for the next hop only; undici sets its own. */
function withoutConnection(rawHeaders: readonly string[]): string[] {
  const kept: string[] = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (name.toLowerCase() !== 'connection') kept.push(name, rawHeaders[index + 1] ?? '')
  }
  return kept
}
