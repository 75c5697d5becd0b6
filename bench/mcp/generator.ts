/**
 * MCP clients as a process, one session and one call at a time each: `generator.ts URL CONNECTIONS SECONDS ERA CELL`, with the tokens'
 * file in TOKENS; CELL is `call BYTES` or `list TOOLS` as one word with a colon. Sends bytes that were made once; reads each answer to
 * its end and looks into it: an error, a refusal or a list of another length counts as refused. Prints one line: `JSON {...}`, times in
 * microseconds.
 */
import { readFileSync } from 'node:fs'
import { Client, type Dispatcher } from 'undici'
import { argumentsOf, calledTool, type Era, requestOf } from './work.ts'

const [url = '', connections = '1', seconds = '1', eraText = '', cell = ''] = process.argv.slice(2)
const era = eraText as Era
const [kind, amount = '0'] = cell.split(':')
const { origin, pathname: path } = new URL(url)
const tokens = readFileSync(process.env.TOKENS ?? '', 'utf8')
  .trim()
  .split('\n')

const latencies: number[] = []
let refused = 0
let failed = 0
let why = ''

interface Session {
  readonly client: Client
  readonly headers: Readonly<Record<string, string>>
}

const first = await open(0)
const tool = await toolOf(first)
const others = await Promise.all(Array.from({ length: Number(connections) - 1 }, (_, index) => open(index + 1)))
const sessions = [first, ...others]
const began = performance.now()
const end = began + Number(seconds) * 1000
await Promise.all(sessions.map(keepCalling))
const us = Math.round((performance.now() - began) * 1000)

latencies.sort((one, other) => one - other)
const at = (share: number): number =>
  latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0
const result = { requests: latencies.length, us, p50: at(0.5), p99: at(0.99), status: refused, sock: failed, why }
process.stdout.write(`JSON ${JSON.stringify(result)}\n`)

/** Opens a session where the era has them. */
async function open(index: number): Promise<Session> {
  const client = new Client(origin, { pipelining: 1 })
  const authorization = { authorization: `Bearer ${tokens[index % tokens.length]}` }
  if (era === '2026-07-28') return { client, headers: authorization }
  const clientInfo = { name: 'bench', version: '1.0.0' }
  const begun = await send(client, 'initialize', { protocolVersion: era, capabilities: {}, clientInfo }, authorization)
  const text = await begun.body.text()
  if (begun.statusCode !== 200) throw new Error(`initialize was answered ${begun.statusCode}: ${text.slice(0, 300)}`)
  const id = begun.headers['mcp-session-id']
  const headers = { ...authorization, ...(typeof id === 'string' && { 'mcp-session-id': id }) }
  const body = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })
  const { headers: own } = requestOf(era, 1, 'notifications/initialized', {})
  const told = await client.request({ method: 'POST', path, headers: { ...own, ...headers }, body })
  await told.body.dump()
  return { client, headers }
}

/** The name under which this subject offers the tool. */
async function toolOf({ client, headers }: Session): Promise<string> {
  const listed = await send(client, 'tools/list', {}, headers)
  const text = await listed.body.text()
  const found = new RegExp(`"name":\\s*"([^"]*${calledTool})"`).exec(text)?.[1]
  if (found === undefined) throw new Error(`the list has no \`${calledTool}\`: ${text.slice(0, 300)}`)
  return found
}

function send(
  client: Client,
  method: string,
  params: { readonly [name: string]: unknown },
  headers: Session['headers'],
): Promise<Dispatcher.ResponseData> {
  const made = requestOf(era, 1, method, params)
  return client.request({ method: 'POST', path, headers: { ...made.headers, ...headers }, body: made.body })
}

async function keepCalling({ client, headers: own }: Session): Promise<void> {
  const params = kind === 'call' ? { name: tool, arguments: argumentsOf(Number(amount)) } : {}
  const made = requestOf(era, 1, kind === 'call' ? 'tools/call' : 'tools/list', params)
  const bytes = Buffer.from(made.body)
  const headers = { ...made.headers, ...own }
  while (performance.now() < end) {
    const sent = performance.now()
    try {
      const reply = await client.request({ method: 'POST', path, headers, body: bytes })
      const text = await reply.body.text()
      if (!isRight(reply.statusCode, text)) {
        refused += 1
        why = `${reply.statusCode} ${text.slice(0, 200)}`
      }
    } catch (cause) {
      failed += 1
      why = String(cause)
      continue
    }
    latencies.push(Math.round((performance.now() - sent) * 1000))
  }
  await client.close()
}

function isRight(status: number, text: string): boolean {
  if (status !== 200 || text.includes('"isError":true') || text.includes('"error":{')) return false
  return kind === 'call' ? text.includes('PO-000123') : text.length > Number(amount) * 400
}
