/**
 * The program of the HTTP receivers: takes what the webhook and the OPA sink post, checks it as an independent receiver would, and
 * appends every record to a journal, which is on disk before it answers. Arguments: port, journal, what it is, key in base64.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

const [port = '0', journal = '', kind = '', key = ''] = process.argv.slice(2)
/** Seconds that a signed time may differ, as Standard Webhooks says. */
const toleranceS = 300
/** Bytes that OPA's own limit allows. */
const chunkBytesMax = 32 * 1024

// The rest of a line that was cut off by a kill was never acknowledged.
const descriptor = openSync(journal, 'a')
const before = readFileSync(journal)
truncateSync(journal, before.lastIndexOf(0x0a) + 1)

const server = createServer(async (request, response) => {
  try {
    const body = await buffer(request)
    const records = kind === 'opa' ? opaEvents(request, body) : webhookRecords(request, body)
    if (records.some((record) => JSON.stringify(record).includes('poisoned'))) {
      response.writeHead(422).end('this is poisoned')
      return
    }
    writeSync(descriptor, records.map((record) => `${JSON.stringify(record)}\n`).join(''))
    fsyncSync(descriptor)
    response.writeHead(204).end()
  } catch (cause) {
    response.writeHead(cause instanceof Wrong ? cause.status : 500).end(String(cause))
  }
})
server.listen(Number(port), '127.0.0.1')
process.on('exit', () => closeSync(descriptor))

class Wrong extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** As https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md tells a receiver to. */
function webhookRecords({ headers }: IncomingMessage, body: Buffer): unknown[] {
  const id = headers['webhook-id']
  const timestamp = String(headers['webhook-timestamp'])
  if (typeof id !== 'string' || !/^\d+$/.test(timestamp)) throw new Wrong(401, 'no id or time')
  if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > toleranceS) throw new Wrong(401, 'too old')
  const wanted = createHmac('sha256', Buffer.from(key, 'base64')).update(`${id}.${timestamp}.${body}`).digest()
  const given = String(headers['webhook-signature']).split(' ')
  const isSigned = given.some((one) => {
    const [version, signature = ''] = one.split(',')
    const bytes = Buffer.from(signature, 'base64')
    return version === 'v1' && bytes.length === wanted.length && timingSafeEqual(bytes, wanted)
  })
  if (!isSigned) throw new Wrong(401, 'the signature is wrong')
  return JSON.parse(body.toString()) as unknown[]
}

/** As OPA's documentation tells a service to: a gzipped array, within the limit. */
function opaEvents({ headers, url }: IncomingMessage, body: Buffer): unknown[] {
  if (url !== '/v1/logs') throw new Wrong(404, 'no such path')
  if (headers['content-encoding'] !== 'gzip') throw new Wrong(415, 'not gzipped')
  if (body.length > chunkBytesMax) throw new Wrong(413, 'too large')
  const events: unknown = JSON.parse(gunzipSync(body).toString())
  if (!Array.isArray(events)) throw new Wrong(400, 'no array')
  for (const event of events)
    if (typeof event.decision_id !== 'string' || typeof event.timestamp !== 'string') throw new Wrong(400, 'no event')
  return events
}
