/**
 * The load generator for machines without wrk, as a process: `generator.ts URL CONNECTIONS SECONDS`, with the tokens' file
 * and the body's file in TOKENS and BODY. Prints one line as the reference script does: `JSON {...}`, times in microseconds.
 */
import { readFileSync } from 'node:fs'
import { Client } from 'undici'

const [url = '', connections = '1', seconds = '1'] = process.argv.slice(2)
const body = readFileSync(process.env.BODY ?? '')
const tokens = readFileSync(process.env.TOKENS ?? '', 'utf8')
  .trim()
  .split('\n')
const headers = tokens.map((token) => ({ authorization: `Bearer ${token}`, 'content-type': 'application/json' }))

const latencies: number[] = []
let next = 0
let refused = 0
let failed = 0

const began = performance.now()
const end = began + Number(seconds) * 1000
await Promise.all(Array.from({ length: Number(connections) }, keepCalling))
const us = Math.round((performance.now() - began) * 1000)

latencies.sort((one, other) => one - other)
const at = (share: number): number =>
  latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0
const result = {
  requests: latencies.length,
  us,
  p50: at(0.5),
  p99: at(0.99),
  p999: at(0.999),
  status: refused,
  sock: failed,
}
process.stdout.write(`JSON ${JSON.stringify(result)}\n`)

async function keepCalling(): Promise<void> {
  const client = new Client(url, { pipelining: 1 })
  while (performance.now() < end) {
    next = (next + 1) % headers.length
    const sent = performance.now()
    try {
      const reply = await client.request({
        method: 'POST',
        path: '/erp/purchase-orders',
        headers: headers[next] ?? {},
        body,
      })
      await reply.body.dump()
      if (reply.statusCode >= 400) refused += 1
    } catch {
      failed += 1
      continue
    }
    latencies.push(Math.round((performance.now() - sent) * 1000))
  }
  await client.close()
}
