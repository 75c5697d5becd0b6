/** The procurement world as a process: it says where it listens, and ends when it is told to or left alone. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const main = join(import.meta.dirname, '../../../examples/procurement/main.ts')
const secret = (name: string): string => `0123456789abcdef0123456789abcdef-${name}`

let folder: string
const children: ChildProcess[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'procurement-'))
  mkdirSync(join(folder, 'keys'))
  for (const name of ['erp', 'crm', 'desk'])
    writeFileSync(join(folder, 'keys', `procurement-${name}`), `${secret(name)}\n`)
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

function startWorld(extra: readonly string[] = []): ChildProcess {
  const args = [main, '--data', join(folder, 'data'), '--credentials', join(folder, 'keys'), ...extra]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  children.push(child)
  return child
}

async function firstLine(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  const [line] = (await once(lines, 'line')) as [string]
  return line
}

async function errorText(child: ChildProcess): Promise<string> {
  let text = ''
  child.stderr?.on('data', (chunk) => {
    text += chunk
  })
  await once(child, 'close')
  return text
}

describe('the process', () => {
  it('prints its origin as one JSON line, serves there, and keeps what it was told over a restart', async () => {
    const first = startWorld()
    const { origin, services } = JSON.parse(await firstLine(first)) as { origin: string; services: string[] }
    expect(services).toEqual(['/erp', '/crm', '/desk'])
    const made = await fetch(`${origin}/erp/purchase-orders`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret('erp')}`, 'content-type': 'application/json' },
      body: '{"vendor_id":"acme","currency":"EUR","amount":900}',
    })
    expect(made.status).toBe(201)
    first.kill('SIGTERM')
    expect(await once(first, 'exit')).toEqual([0, null])

    const second = startWorld()
    const again = JSON.parse(await firstLine(second)) as { origin: string }
    const read = await fetch(again.origin + made.headers.get('location'), {
      headers: { authorization: `Bearer ${secret('erp')}` },
    })
    expect(await read.json()).toEqual(await made.json())
  })

  it('ends when its standard input closes', async () => {
    const child = startWorld()
    await firstLine(child)
    child.stdin?.end()
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  const refusals: { note: string; prepare: () => readonly string[]; says: RegExp }[] = [
    {
      note: 'a missing credential',
      prepare: () => {
        rmSync(join(folder, 'keys', 'procurement-crm'))
        return []
      },
      says: /procurement-crm/,
    },
    {
      note: 'a credential that can be guessed',
      prepare: () => {
        writeFileSync(join(folder, 'keys', 'procurement-desk'), 'secret\n')
        return []
      },
      says: /procurement-desk must hold at least 32/,
    },
    { note: 'a port that is none', prepare: () => ['--port', '65536'], says: /`65536` is not a port/ },
    { note: 'an option that it does not know', prepare: () => ['--host', '0.0.0.0'], says: /--host/ },
  ]
  it.each(refusals)('ends with status 2 and says why on $note', async ({ prepare, says }) => {
    const child = startWorld(prepare())
    expect(await errorText(child)).toMatch(says)
    expect(child.exitCode).toBe(2)
  })

  it('ends with its parent, even when standard input stays open elsewhere', async () => {
    const script = `
      const { spawn } = require('node:child_process')
      const child = spawn(process.execPath, process.argv.slice(1), { stdio: ['ignore', 'pipe', 'ignore'] })
      child.stdout.once('data', () => { process.stdout.write(String(child.pid) + '\\n', () => process.exit()) })`
    const args = ['-e', script, main, '--data', join(folder, 'data'), '--credentials', join(folder, 'keys')]
    const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(parent)
    const orphan = Number(await firstLine(parent))
    const alive = (): boolean => {
      try {
        return process.kill(orphan, 0)
      } catch {
        return false
      }
    }
    await expect.poll(alive, { timeout: 5_000, interval: 50 }).toBe(false)
  })
})
