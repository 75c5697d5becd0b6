/**
 * Whether memory grows with the size of streamed bodies: one call after the other of growing size through a gateway whose
 * policy does not read the body, up and down, with the most memory that the process had meanwhile.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { root } from '../machine.ts'
import { freePort, residentBytes, type Subject, start } from '../processes.ts'
import { writeConfiguration } from './configuration.ts'
import type { Setting } from './subjects.ts'

export interface MemoryRow {
  readonly direction: 'up' | 'down'
  readonly bodyMib: number
  /** Most resident memory while the call ran. */
  readonly peakMib: number
}

const mib = 1024 * 1024
/** Size of the calls before the first one that counts. */
const warmUpMib = 64
/** Milliseconds between two looks at the memory. */
const lookMs = 20
const piece = Buffer.alloc(64 * 1024, 0x78)

export async function measureMemory({ folder, work }: Setting, sizesMib: readonly number[]): Promise<MemoryRow[]> {
  const upstreamPort = await freePort()
  const upstream = await start({
    command: process.execPath,
    args: [join(import.meta.dirname, 'bulk-upstream.ts'), String(upstreamPort)],
    port: upstreamPort,
  })
  const port = await freePort()
  const configuration = writeConfiguration({
    folder: join(folder, 'streaming'),
    port,
    work,
    upstreamPort,
    mode: 'strict',
    level: 'metadata',
    policy: join(import.meta.dirname, 'streaming-policy'),
  })
  const args = [join(root, 'bin/gatehouse'), 'start', '--config', configuration]
  const gateway = await start({ command: process.execPath, args, port })
  const token = readFileSync(work.tokensFile, 'utf8').split('\n', 1)[0] ?? ''
  try {
    // The first calls load code and let the heap and its buffers grow to their usual size.
    for (const direction of ['up', 'down', 'up', 'down'] as const) await pass(gateway, direction, warmUpMib, token)
    const rows: MemoryRow[] = []
    for (const direction of ['up', 'down'] as const)
      for (const bodyMib of sizesMib) {
        let peak = residentBytes(gateway.pid)
        const looking = setInterval(() => {
          peak = Math.max(peak, residentBytes(gateway.pid))
        }, lookMs)
        try {
          await pass(gateway, direction, bodyMib, token)
        } finally {
          clearInterval(looking)
        }
        rows.push({ direction, bodyMib, peakMib: Math.round(peak / mib) })
      }
    return rows
  } finally {
    await gateway.end()
    await upstream.end()
  }
}

/** One call with a body of this size; rejects unless all of it came through. */
async function pass({ port }: Subject, direction: 'up' | 'down', bodyMib: number, token: string): Promise<void> {
  const bytes = bodyMib * mib
  const call = request({
    port,
    host: '127.0.0.1',
    method: direction === 'up' ? 'PUT' : 'GET',
    path: `/erp/bulk?bytes=${bytes}`,
    headers: { authorization: `Bearer ${token}`, ...(direction === 'up' && { 'content-length': bytes }) },
  })
  const answered = once(call, 'response')
  if (direction === 'up') {
    for (let sent = 0; sent < bytes; sent += piece.length) if (!call.write(piece)) await once(call, 'drain')
  }
  call.end()
  const [reply] = await answered
  let received = 0
  let text = ''
  for await (const chunk of reply as AsyncIterable<Buffer>) {
    received += chunk.length
    if (direction === 'up') text += chunk.toString()
  }
  const passed = direction === 'up' ? Number(text) : received
  if (reply.statusCode !== 200 || passed !== bytes)
    throw new Error(
      `of ${bytes} streamed bytes ${passed} came through, status ${reply.statusCode}: ${text.slice(0, 300)}`,
    )
}
