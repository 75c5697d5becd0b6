/**
 * The README as a new user runs it: `npm start` on the embedded default, then every `sh` block of the tour, as written, in
 * bash. What a block prints must fit the block that follows it, where `…` stands for anything. So are the lines of docs/mcp.md.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root, textOf } from '../support/sources.ts'

interface Step {
  readonly script: string
  readonly wanted: string | undefined
}

/** The tour: each `sh` block after the heading, with the block that follows it. */
function stepsOf(readme: string): Step[] {
  const tour = readme.slice(readme.indexOf('## Five minutes'), readme.indexOf('## Your own systems'))
  const blocks = [...tour.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map((match) => ({
    kind: match[1],
    text: match[2] as string,
  }))
  return blocks.flatMap((block, index) => {
    if (block.kind !== 'sh') return []
    const next = blocks[index + 1]
    return [{ script: block.text, wanted: next !== undefined && next.kind !== 'sh' ? next.text : undefined }]
  })
}

/** `…` stands for anything; line ends do not matter. */
function patternOf(wanted: string): RegExp {
  const parts = wanted
    .trim()
    .split(/…|\n/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(parts.join('[\\s\\S]*?'))
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  if (free) await new Promise((resolve) => server.close(resolve))
  return free
}

const free = await Promise.all([8080, 8081].map(isFree))
// The lines of the README name the default ports.
const taken = [8080, 8081].filter((_, index) => !free[index])

describe.skipIf(taken.length > 0)(
  `the README${taken.length > 0 ? ` (skipped: port ${taken.join(' and ')} is taken)` : ''}`,
  () => {
    const steps = stepsOf(textOf('README.md'))
    let folder: string
    let house: ChildProcess
    let printed = ''
    let startMs = 0

    beforeAll(async () => {
      // A copy of the checkout with a data directory of its own; packages are linked, because they do not change.
      folder = mkdtempSync(join(tmpdir(), 'gatehouse-readme-'))
      for (const name of [
        'bin',
        'src',
        'examples',
        'policies',
        'package.json',
        'gatehouse.yaml',
        'gatehouse.schema.json',
      ])
        cpSync(join(root, name), join(folder, name), { recursive: true })
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
      const began = performance.now()
      house = spawn('npm', ['start', '--silent'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
      house.stderr?.on('data', (chunk: Buffer) => {
        printed += chunk
      })
      await new Promise<void>((resolve, reject) => {
        house.once('exit', (status) => reject(new Error(`npm start ended with ${status}: ${printed}`)))
        house.stdout?.on('data', (chunk: Buffer) => {
          printed += chunk
          if (printed.includes('npx gatehouse tail')) resolve()
        })
      })
      startMs = performance.now() - began
    }, 30_000)

    afterAll(async () => {
      if (house.exitCode === null) {
        house.removeAllListeners('exit')
        const ended = once(house, 'exit')
        house.kill('SIGTERM')
        await ended
      }
      rmSync(folder, { recursive: true, force: true })
    })

    const run = async (script: string, wantedStatus = 0): Promise<string> => {
      const shell = spawn('bash', ['-e', '-c', script], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
      let output = ''
      shell.stdout.on('data', (chunk: Buffer) => {
        output += chunk
      })
      shell.stderr.on('data', (chunk: Buffer) => {
        output += chunk
      })
      const [status] = await once(shell, 'close')
      expect({ status, output }).toMatchObject({ status: wantedStatus })
      return output
    }

    it('starts within 3 seconds and prints two addresses and three lines to paste', () => {
      const lines = printed.trim().split('\n')
      expect(lines.slice(0, 2)).toEqual(['agents http://127.0.0.1:8080', 'operators http://127.0.0.1:8081'])
      expect(lines).toHaveLength(5)
      expect(lines[4]).toBe('npx gatehouse tail')
      expect(startMs).toBeLessThan(process.env.CI === undefined ? 6_000 : 10_000)
    })

    it('prints an allowed call and a refused one that work as pasted', async () => {
      const [, , allowed, refused] = printed.trim().split('\n')
      expect(JSON.parse(await run(String(allowed)))).toMatchObject({ vendor_id: 'acme', amount: 900, status: 'draft' })
      expect(JSON.parse(await run(String(refused)))).toMatchObject({
        status: 403,
        code: 'vendor_not_listed',
        remedy: expect.any(String),
      })
    })

    it('has a tour', () => {
      expect(steps.length).toBeGreaterThan(4)
      expect(steps.every(({ wanted }) => wanted !== undefined)).toBe(true)
    })

    it('has a tour whose every block prints what it says', async () => {
      // One shell through the whole tour, because later blocks use the variables of earlier ones.
      const mark = '@@next@@'
      const script = steps.map((step) => step.script).join(`\necho '${mark}'\n`)
      const outputs = (await run(script)).split(mark)
      for (const [index, { script: block, wanted }] of steps.entries())
        expect(outputs[index], `what this prints:\n${block}`).toMatch(patternOf(String(wanted)))
    }, 60_000)

    it('has a page on MCP whose lines for a shell work, each with its status', async () => {
      const page = textOf('docs/mcp.md')
      const section = page.slice(page.indexOf('## From a shell'), page.indexOf('## The same policy for HTTP and MCP'))
      const lines = [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap((match) =>
        String(match[1]).trim().split('\n'),
      )
      expect(lines.length).toBeGreaterThan(4)
      // Two agents see different tools: a finding.
      for (const line of lines) await run(line, line.includes('--as') ? 1 : 0)
    }, 60_000)
  },
)
