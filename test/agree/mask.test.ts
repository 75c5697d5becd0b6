/**
 * Masking beside OPA 1.20.2 as a server with its decision log on the console: the same rules on the same input and result hide the
 * same. Needs the binary, from PATH or the variable OPA; where it is missing the comparison is skipped.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { expected, input, maskCases, result } from '../cases/record/mask-cases.ts'
import { findOpa } from '../support/opa.ts'

const opa = findOpa()

const policy = {
  'log.rego':
    'package system.log\n\nmask contains rule if some rule in input.input.rules\n\ndrop if input.input.drop\n',
  'main.rego': `package main\n\nanswer := ${JSON.stringify(result)}\n`,
}

describe.skipIf(opa === undefined)('masking agrees with opa', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-mask-'))
  const events: { input?: { id?: number } & object; result?: unknown; erased?: string[]; masked?: string[] }[] = []
  const failures: string[] = []
  let server: ChildProcess
  let url = ''

  beforeAll(async () => {
    for (const [file, text] of Object.entries(policy)) writeFileSync(join(folder, file), text)
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    const words = [
      'run',
      '--server',
      '--addr',
      `127.0.0.1:${port}`,
      '--log-format',
      'json',
      '--set',
      'decision_logs.console=true',
    ]
    server = spawn(opa ?? '', [...words, 'log.rego', 'main.rego'], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    let rest = ''
    server.stderr?.setEncoding('utf8').on('data', (piece: string) => {
      const lines = (rest + piece).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const said = JSON.parse(line)
        if (said.msg === 'Decision Log') events.push(said)
        else if (/masking failed/.test(said.msg)) failures.push(said.msg)
      }
    })
    await vi.waitFor(async () => expect((await fetch(`${url}/health`)).status).toBe(200), 10_000)
  })

  afterAll(async () => {
    const ended = new Promise((resolve) => server.once('exit', resolve))
    server.kill()
    await ended
    rmSync(folder, { recursive: true })
  })

  const ask = async (body: object) => {
    const reply = await fetch(`${url}/v1/data/main/answer`, { method: 'POST', body: JSON.stringify({ input: body }) })
    expect(reply.status).toBe(200)
    await reply.text()
  }

  it('in what it writes, what it names, and what it refuses, but for the differences that are told', async () => {
    for (const one of maskCases) {
      const before = { events: events.length, failures: failures.length }
      await ask({ ...input, rules: one.rules })
      await expect.poll(() => events.length + failures.length).toBe(before.events + before.failures + 1)
      const note = JSON.stringify(one.rules)
      if (one.refused !== undefined) {
        expect(failures.length, note).toBe(before.failures + 1)
        continue
      }
      const event = events.at(-1) ?? {}
      const { rules: _, ...seen } = (event.input ?? {}) as { rules?: unknown }
      const got = {
        input:
          event.input === undefined || event.input === null
            ? undefined
            : typeof event.input === 'object'
              ? seen
              : event.input,
        result: event.result ?? undefined,
        erased: event.erased ?? [],
        masked: event.masked ?? [],
      }
      const wanted = {
        input: expected(input, one.input),
        result: one.result === 'gone' ? undefined : (one.result ?? result),
        erased: one.erased ?? [],
        masked: one.masked ?? [],
      }
      if (one.differs === undefined) expect(got, note).toEqual(wanted)
      else expect(got, `${note} differs no more: ${one.differs}`).not.toEqual(wanted)
    }
  })

  it('in what it drops', async () => {
    const before = events.length
    await ask({ drop: true })
    await ask({ rules: [] })
    await expect.poll(() => events.length).toBe(before + 1)
  })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
