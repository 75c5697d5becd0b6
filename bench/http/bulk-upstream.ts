/**
 * An upstream for large bodies: takes any, counts its bytes and answers with the number; gives as many bytes as `?bytes=`
 * asks for. `bulk-upstream.ts PORT`.
 */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'

const piece = Buffer.alloc(64 * 1024, 0x78)
const [port = '0'] = process.argv.slice(2)

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    const bytes = Number(new URL(request.url ?? '/', 'http://bulk').searchParams.get('bytes'))
    give(response, bytes).catch((cause: Error) => response.destroy(cause))
    return
  }
  let received = 0
  request.on('data', (chunk: Buffer) => {
    received += chunk.length
  })
  request.once('end', () => response.end(String(received)))
})
server.listen(Number(port), '127.0.0.1')
process.once('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeAllConnections()
})

async function give(response: ServerResponse, bytes: number): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': bytes })
  for (let left = bytes; left > 0; left -= piece.length)
    if (!response.write(piece.subarray(0, Math.min(left, piece.length)))) await once(response, 'drain')
  response.end()
}
