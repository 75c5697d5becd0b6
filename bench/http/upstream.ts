/**
 * The upstream for machines without nginx: reads the call to its end and answers as the reference upstream does, 200 with
 * about 200 bytes of JSON. `upstream.ts PORT`.
 */
import { createServer } from 'node:http'

const [port = '0'] = process.argv.slice(2)
const reply = Buffer.from(
  JSON.stringify({
    id: 'PO-000123',
    status: 'created',
    vendor: 'v-017',
    amount: 1250.5,
    currency: 'EUR',
    lines: 2,
    created_at: '2026-11-21T00:00:00Z',
    links: { self: '/erp/purchase-orders/PO-000123' },
    etag: '0123456789ab',
  }),
)
const headers = { 'Content-Type': 'application/json', 'Content-Length': reply.length }

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume().once('end', () => response.writeHead(200, headers).end(reply))
})
server.listen(Number(port), '127.0.0.1')
process.once('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeAllConnections()
})
