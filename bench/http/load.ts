/**
 * One slice of load on one subject: wrk with the reference script where both are there, else a generator of our own in a
 * process of its own. Either way a fixed number of connections, each with one call at a time, tokens in turn.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { output } from '../machine.ts'
import { sharedFolder } from './work.ts'

const script = join(sharedFolder, 'load.lua')
const generator = join(import.meta.dirname, 'generator.ts')

export interface Slice {
  readonly port: number
  readonly connections: number
  readonly seconds: number
  readonly tokensFile: string
  readonly bodyFile: string
}

export interface Load {
  readonly calls: number
  readonly callsPerS: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export type LoadGenerator = 'wrk' | 'own'

/** wrk needs its reference script, which is not part of the checkout. */
export function findGenerator(): LoadGenerator {
  return existsSync(script) && output('sh', ['-c', 'command -v wrk']) !== undefined ? 'wrk' : 'own'
}

/** Rejects when any call failed or was refused: a measured refusal is no measurement. */
export async function load(kind: LoadGenerator, slice: Slice): Promise<Load> {
  const { port, connections, seconds, tokensFile, bodyFile } = slice
  const env = { ...process.env, TOKENS: tokensFile, BODY: bodyFile }
  const url = `http://127.0.0.1:${port}`
  const run = promisify(execFile)
  const { stdout } =
    kind === 'wrk'
      ? await run(
          'wrk',
          [`-t${Math.min(2, connections)}`, `-c${connections}`, `-d${seconds}s`, '--timeout', '30s', '-s', script, url],
          {
            env,
          },
        )
      : await run(process.execPath, [generator, url, String(connections), String(seconds)], { env })
  const line = stdout.split('\n').find((one) => one.startsWith('JSON '))
  if (line === undefined) throw new Error(`the load generator printed no result: ${stdout.slice(0, 500)}`)
  // Microseconds; `status` and `sock` count calls that were refused and connections that failed.
  const result = JSON.parse(line.slice(5)) as Record<'requests' | 'us' | 'p50' | 'p99' | 'status' | 'sock', number>
  if (result.requests === 0 || result.status > 0 || result.sock > 0)
    throw new Error(`of ${result.requests} calls ${result.status} were refused and ${result.sock} failed`)
  return {
    calls: result.requests,
    callsPerS: (result.requests * 1e6) / result.us,
    p50Ms: result.p50 / 1000,
    p99Ms: result.p99 / 1000,
  }
}
