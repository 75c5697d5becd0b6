/**
 * The procurement world as a process: `node examples/procurement/main.ts --data DIR --credentials DIR [--port 0]`.
 * Listens on loopback, prints one JSON line with its origin, and ends on SIGTERM, when its standard input closes, or
 * when the process that started it is gone. Exit status 2: the arguments, a credential or the data cannot be used.
 */
import { fstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openDatabase } from './database.ts'
import { makeServer } from './server.ts'
import { makeServices } from './services.ts'

/** Shortest secret that is taken: 128 bits in hexadecimal. */
const credentialCharsMin = 32
/** Milliseconds between two looks at whether the parent is still there. */
const parentCheckMs = 1_000
/** Milliseconds that running requests get at the end. */
const drainMs = 2_000

const usage = 'usage: main.ts --data DIR --credentials DIR [--port PORT]'

try {
  start()
} catch (cause) {
  process.stderr.write(`procurement: ${cause instanceof Error ? cause.message : String(cause)}\n`)
  process.exit(2)
}

function start(): void {
  const { data, credentials, port } = readArguments()
  const database = openDatabase(data)
  const report = (cause: unknown): void => {
    process.stderr.write(`procurement: ${cause instanceof Error ? cause.stack : String(cause)}\n`)
  }
  const ports = { now: Date.now, report }
  const services = makeServices(database, (name) => readCredential(join(credentials, `procurement-${name}`)), ports)
  const server = makeServer(services, ports)

  let ending = false
  const end = (): void => {
    if (ending) return
    ending = true
    server.close(() => {
      database.close()
      process.exit(0)
    })
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), drainMs).unref()
  }
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
  endWithParent(end)

  server.once('error', (cause) => {
    process.stderr.write(`procurement: cannot listen on 127.0.0.1:${port}: ${cause.message}\n`)
    process.exit(2)
  })
  server.listen(port, '127.0.0.1', () => {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the server has no TCP address')
    const paths = services.map(({ basePath }) => basePath)
    process.stdout.write(`${JSON.stringify({ origin: `http://127.0.0.1:${address.port}`, services: paths })}\n`)
    // Ready for the first message over MCP before one comes.
    import('./mcp.ts').catch(report)
  })
}

function readArguments(): { data: string; credentials: string; port: number } {
  const { values } = parseArgs({
    options: { data: { type: 'string' }, credentials: { type: 'string' }, port: { type: 'string', default: '0' } },
  })
  const port = Number(values.port)
  if (values.data === undefined || values.credentials === undefined) throw new Error(usage)
  if (!/^\d{1,5}$/.test(values.port) || port > 65_535) throw new Error(`\`${values.port}\` is not a port; ${usage}`)
  return { data: values.data, credentials: values.credentials, port }
}

function readCredential(path: string): string {
  const credential = readFileSync(path, 'utf8').trim()
  if (!/^[\x21-\x7e]+$/.test(credential) || credential.length < credentialCharsMin)
    throw new Error(`${path} must hold at least ${credentialCharsMin} printable characters on one line`)
  return credential
}

/** A pipe that closes says that the parent has gone; where standard input is something else, its process id does. */
function endWithParent(end: () => void): void {
  const input = fstatSync(0)
  if (input.isFIFO() || input.isSocket() || process.stdin.isTTY) process.stdin.on('end', end).on('close', end).resume()
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    end()
  }, parentCheckMs)
  timer.unref()
}
