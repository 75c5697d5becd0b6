/** A procurement world of a test's own: its server on port 0 over a database in a temp folder, and a small client. */
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../../examples/procurement/database.ts'
import { makeServer } from '../../../examples/procurement/server.ts'
import { makeServices } from '../../../examples/procurement/services.ts'

export interface Send {
  readonly method?: string
  /** Sent as JSON; `raw` sends bytes as they are. */
  readonly body?: unknown
  readonly raw?: string | Uint8Array
  readonly headers?: Record<string, string>
}

export interface Got {
  readonly status: number
  readonly headers: Headers
  /** Empty when the reply had no body. */
  readonly body: Record<string, unknown>
}

export interface World {
  readonly origin: string
  readonly reported: unknown[]
  send(path: string, options?: Send): Promise<Got>
  close(): Promise<void>
}

export const nowMs = Date.UTC(2026, 10, 20, 10, 30)

export async function openWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'procurement-'))
  const database = openDatabase(folder)
  const reported: unknown[] = []
  const ports = { now: () => nowMs, report: (cause: unknown) => void reported.push(cause) }
  const server = makeServer(
    makeServices(database, (name) => `credential-of-${name}`, ports),
    ports,
  )
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    reported,
    async send(path, { method = 'GET', body, raw, headers = {} } = {}) {
      const sent = body === undefined ? raw : JSON.stringify(body)
      const reply = await fetch(origin + path, {
        method,
        headers: {
          authorization: `Bearer credential-of-${path.split(/[/?]/)[1]}`,
          ...(sent !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(sent !== undefined && { body: sent }),
      })
      const text = await reply.text()
      return { status: reply.status, headers: reply.headers, body: text === '' ? {} : JSON.parse(text) }
    },
    async close() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
      database.close()
      rmSync(folder, { recursive: true })
    },
  }
}
