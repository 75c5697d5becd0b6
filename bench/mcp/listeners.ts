/**
 * Agents that listen, as a process: `listeners.ts URL COUNT ERA`, with the tokens' file in TOKENS. Opens the sessions that the era has
 * and says `READY`; with a line on its input opens a stream for each and says `OPEN`; ends with its input, with status 0 when every
 * stream was still open.
 */
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { openSession, tokensIn } from './sessions.ts'
import { type Era, requestOf } from './work.ts'

const [url = '', count = '1', eraText = ''] = process.argv.slice(2)
const era = eraText as Era
const tokens = tokensIn(process.env.TOKENS ?? '')
/** Sessions that are opened at once. */
const atOnce = 20

const sessions: Readonly<Record<string, string>>[] = []
while (sessions.length < Number(count))
  sessions.push(
    ...(await Promise.all(
      Array.from({ length: Math.min(atOnce, Number(count) - sessions.length) }, (_, index) =>
        openSession(url, era, tokens[(sessions.length + index) % tokens.length] ?? ''),
      ),
    )),
  )
process.stdout.write('READY\n')
await once(process.stdin, 'data')
const streams: IncomingMessage[] = []
let closed = 0
while (streams.length < Number(count))
  streams.push(...(await Promise.all(sessions.slice(streams.length, streams.length + atOnce).map(listen))))
process.stdout.write('OPEN\n')
await once(process.stdin.resume(), 'end')
process.exitCode = closed === 0 ? 0 : 1
if (closed > 0) process.stderr.write(`${closed} of ${count} streams ended by themselves\n`)
process.exit()

async function listen(headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
  const call = callOf(headers)
  const [reply] = (await once(call, 'response')) as [IncomingMessage]
  if (reply.statusCode !== 200 || !reply.headers['content-type']?.startsWith('text/event-stream'))
    throw new Error(`a stream was answered ${reply.statusCode} ${reply.headers['content-type']}`)
  reply.resume().once('close', () => {
    closed += 1
  })
  return reply
}

function callOf(headers: Readonly<Record<string, string>>): ClientRequest {
  if (era === '2025-11-25')
    return request(url, {
      agent: false,
      headers: { ...headers, accept: 'text/event-stream', 'mcp-protocol-version': era },
    }).end()
  const made = requestOf(era, 1, 'subscriptions/listen', { notifications: { toolsListChanged: true } })
  return request(url, { agent: false, method: 'POST', headers: { ...made.headers, ...headers } }).end(made.body)
}
