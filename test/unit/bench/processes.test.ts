/** CPU time and memory of a process as the benchmarks count them: all threads, all children, nothing of anybody else. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cpuMicroseconds, freePort, residentBytes, type Subject, start } from '../../../bench/processes.ts'

let folder: string
const subjects: Subject[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-'))
})
afterEach(async () => {
  for (const subject of subjects.splice(0)) await subject.end()
  rmSync(folder, { recursive: true })
})

const burn =
  'function burn(ms) { const end = process.cpuUsage().user + ms * 1000; while (process.cpuUsage().user < end); }'

/** Runs `text` before it listens; `port` is known to it. */
async function startScript(text: string): Promise<Subject> {
  const port = await freePort()
  const file = join(folder, 'subject.cjs')
  const listen = `require('node:http').createServer((_, reply) => reply.end()).listen(port, '127.0.0.1')`
  writeFileSync(file, `const port = ${port}\nconst listen = () => ${listen}\n${burn}\n${text}`)
  const subject = await start({ command: process.execPath, args: [file], port })
  subjects.push(subject)
  return subject
}

describe('CPU time', () => {
  const cases = [
    { note: 'of the process itself', text: 'burn(200); listen()' },
    {
      note: 'of a thread',
      text: `const { Worker } = require('node:worker_threads')
        new Worker(burn + '; burn(200)', { eval: true }).once('exit', listen)`,
    },
    {
      note: 'of a child that lives',
      text: `const child = require('node:child_process').spawn(process.execPath, ['-e', burn + '; burn(200); console.log(1); setInterval(() => {}, 1000)'])
        child.stdout.once('data', listen)
        process.once('SIGTERM', () => { child.kill(); process.exit() })`,
    },
    {
      note: 'of a child that has ended',
      text: `require('node:child_process').spawn(process.execPath, ['-e', burn + '; burn(200)']).once('exit', listen)`,
    },
  ]
  it.each(cases)('counts that $note', async ({ text }) => {
    const { pid } = await startScript(text)
    expect(cpuMicroseconds(pid)).toBeGreaterThanOrEqual(190_000)
  })

  it('does not count what others do', async () => {
    const { pid } = await startScript('listen()')
    const before = cpuMicroseconds(pid)
    const end = process.cpuUsage().user + 100_000
    while (process.cpuUsage().user < end);
    expect(cpuMicroseconds(pid) - before).toBeLessThan(50_000)
  })
})

describe('memory', () => {
  it('is what is resident', async () => {
    const { pid } = await startScript('globalThis.held = Buffer.alloc(64 * 1024 * 1024, 1); listen()')
    expect(residentBytes(pid)).toBeGreaterThan(64 * 1024 * 1024)
  })
})

describe('a subject', () => {
  it('that ends at start says why', async () => {
    const port = await freePort()
    const args = ['-e', 'console.error("no such policy"); process.exit(2)']
    await expect(start({ command: process.execPath, args, port })).rejects.toThrow(/ended at start: no such policy/)
  })

  it('that died meanwhile is not measured in silence', async () => {
    const port = await freePort()
    const args = [
      '-e',
      `require('node:http').createServer((_, reply) => { reply.end(); process.exit(1) }).listen(${port})`,
    ]
    const subject = await start({ command: process.execPath, args, port })
    await fetch(`http://127.0.0.1:${port}`).catch(() => undefined)
    await expect.poll(() => alive(subject.pid)).toBe(false)
    await expect(subject.end()).rejects.toThrow(/ended before it was told to/)
  })
})

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
