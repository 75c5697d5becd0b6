/**
 * MCP clients as a process, one session and one call at a time each: `generator.ts URL CONNECTIONS SECONDS ERA CELL`, with the tokens'
 * file in TOKENS; CELL is `call` or `list` with a colon and the bytes or tools. When each has a session and one answer it prints `READY`
 * and waits for the end of its input. Sends bytes that were made once; reads each answer to its end and looks into it: an error, a refusal
 * or a list of another length counts as refused. Prints one line: `JSON {...}`, times in microseconds.
 */
import { once } from 'node:events'
import { Client } from 'undici'
import { openSession, tokensIn } from './sessions.ts'
import { argumentsOf, calledTool, type Era, requestOf } from './work.ts'

const [url = '', connections = '1', seconds = '1', eraText = '', cell = ''] = process.argv.slice(2)
const era = eraText as Era
const [kind, amount = '0'] = cell.split(':')
const { origin, pathname: path } = new URL(url)
const tokens = tokensIn(process.env.TOKENS ?? '')

interface Session {
  readonly client: Client
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

const latencies: number[] = []
let refused = 0
let failed = 0
let why = ''

const opened = await Promise.all(
  Array.from({ length: Number(connections) }, (_, index) => openSession(url, era, tokens[index % tokens.length] ?? '')),
)
const tool = await toolOf(opened[0] ?? {})
const sessions = opened.map(sessionOf)
for (const session of sessions) await ask(session)
process.stdout.write('READY\n')
await once(process.stdin.resume(), 'end')

const began = performance.now()
const end = began + Number(seconds) * 1000
await Promise.all(sessions.map(keepCalling))
const us = Math.round((performance.now() - began) * 1000)

latencies.sort((one, other) => one - other)
const at = (share: number): number =>
  latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0
const result = { requests: latencies.length, us, p50: at(0.5), p99: at(0.99), status: refused, sock: failed, why }
process.stdout.write(`JSON ${JSON.stringify(result)}\n`)

/** The name under which this subject offers the tool. */
async function toolOf(headers: Session['headers']): Promise<string> {
  const made = requestOf(era, 1, 'tools/list', {})
  const listed = await fetch(url, { method: 'POST', headers: { ...made.headers, ...headers }, body: made.body })
  const text = await listed.text()
  const found = new RegExp(`"name":\\s*"([^"]*${calledTool})"`).exec(text)?.[1]
  if (found === undefined) throw new Error(`the list has no \`${calledTool}\`: ${text.slice(0, 300)}`)
  return found
}

function sessionOf(own: Session['headers']): Session {
  const params = kind === 'call' ? { name: tool, arguments: argumentsOf(Number(amount)) } : {}
  const { headers, body } = requestOf(era, 1, kind === 'call' ? 'tools/call' : 'tools/list', params)
  return {
    client: new Client(origin, { pipelining: 1 }),
    headers: { ...headers, ...own },
    body: Buffer.from(body),
  }
}

async function keepCalling(session: Session): Promise<void> {
  while (performance.now() < end) {
    const sent = performance.now()
    if (await ask(session)) latencies.push(Math.round((performance.now() - sent) * 1000))
  }
  await session.client.close()
}

/** Whether there was an answer, right or wrong. */
async function ask({ client, headers, body }: Session): Promise<boolean> {
  try {
    const reply = await client.request({ method: 'POST', path, headers, body })
    const text = await reply.body.text()
    if (!isRight(reply.statusCode, text)) {
      refused += 1
      why = `${reply.statusCode} ${text.slice(0, 200)}`
    }
    return true
  } catch (cause) {
    failed += 1
    why = String(cause)
    return false
  }
}

function isRight(status: number, text: string): boolean {
  if (status !== 200 || text.includes('"isError":true') || text.includes('"error":{')) return false
  return kind === 'call' ? text.includes('PO-000123') : text.length > Number(amount) * 400
}
