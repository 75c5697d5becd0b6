/**
 * The real OPA reads what the embedded default logs: every line is an input to it, and what policy saw of a call, asked again of the
 * shipped rules, gives the answer that stands in the record.
 */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DecisionRecord, LogRecord } from '../../src/model/index.ts'
import { run, startHouse } from '../support/command.ts'
import { findOpa, opaMissing, runOpa } from '../support/opa.ts'
import { filesBelow, root } from '../support/sources.ts'

const missing = opaMissing()
const order = { vendor_id: 'acme', amount: 900, currency: 'EUR' }
const calls: readonly {
  readonly agent?: string
  readonly path: string
  readonly body?: object
  readonly status: number
}[] = [
  { agent: 'buyer', path: '/erp/purchase-orders', body: order, status: 201 },
  { agent: 'buyer', path: '/erp/purchase-orders', body: { ...order, amount: 50_000 }, status: 403 },
  {
    agent: 'buyer',
    path: '/erp/purchase-orders',
    body: { ...order, vendor_id: 'nobody', notes: 'ü "\\\n\u2028 €' },
    status: 403,
  },
  { agent: 'buyer', path: '/erp/vendors', status: 200 },
  { agent: 'buyer', path: '/crm/customers', status: 403 },
  { agent: 'support', path: '/crm/customers?region=emea', status: 200 },
  { agent: 'finance', path: '/erp/purchase-orders', status: 200 },
  { path: '/erp/vendors', status: 401 },
]

describe.skipIf(missing !== undefined)(`opa${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let folder: string
  let lines: string[]
  let decisions: DecisionRecord[]

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-opa-'))
    const data = join(folder, 'data')
    const gatehouse = join(root, 'bin/gatehouse')
    const flags = ['--data', data, '--port', '0', '--operators-port', '0'] as const
    const running = await startHouse([process.execPath, gatehouse, 'start', ...flags])
    try {
      for (const { agent, path, body, status } of calls) {
        const { out } =
          agent === undefined
            ? { out: undefined }
            : await run([process.execPath, gatehouse, 'token', agent, '--data', data])
        const reply = await fetch(`${running.agentsUrl}${path}`, {
          method: body === undefined ? 'GET' : 'POST',
          headers: {
            ...(out !== undefined && { authorization: `Bearer ${out.trim()}` }),
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        })
        expect([path, reply.status, await reply.text()]).toEqual([path, status, expect.anything()])
      }
    } finally {
      await running.end()
    }
    lines = readFileSync(join(data, 'log/0000000001.jsonl'), 'utf8').trimEnd().split('\n')
    decisions = lines.map((line) => JSON.parse(line) as LogRecord).filter((record) => record.type === 'decision')
    expect(decisions).toHaveLength(calls.length)
  }, 60_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('takes every line of the log as its input, whole', () => {
    for (const line of lines) {
      const { status, out, err } = runOpa(['eval', '--stdin-input', '--format', 'json', 'input'], folder, line)
      expect([status, err]).toEqual([0, ''])
      expect(JSON.parse(out).result[0].expressions[0].value).toEqual(JSON.parse(line))
    }
  }, 60_000)

  it('judges records by a policy over them, as an auditor would have it', () => {
    mkdirSync(join(folder, 'audit'))
    writeFileSync(
      join(folder, 'audit/audit.rego'),
      `package audit

finding contains code if {
	input.type == "decision"
	input.decision != "allow"
	some code in {reason.code | some reason in input.reasons} | {input.code}
}

finding contains "order" if {
	input.decision == "allow"
	input.target.tool == "create_purchase_order"
	input.input.call.arguments.amount > 500
}
`,
    )
    const names = lines.map((line, place) => {
      const name = `line-${place}.json`
      writeFileSync(join(folder, name), line)
      return name
    })
    const { status, out, err } = runOpa(['exec', '--decision', 'audit/finding', '--bundle', 'audit', ...names], folder)
    expect([status, err]).toEqual([0, ''])
    const { result } = JSON.parse(out) as { result: { path: string; result: string[] }[] }
    const found = new Map(result.map((one) => [one.path, one.result]))
    const wanted = lines.map((line) => {
      const record = JSON.parse(line) as LogRecord
      if (record.type !== 'decision') return []
      if (record.decision !== 'allow')
        return [...new Set([...record.reasons.map(({ code }) => code), record.code as string])].sort()
      return record.target?.tool === 'create_purchase_order' ? ['order'] : []
    })
    expect(names.map((name) => found.get(name))).toEqual(wanted)
    expect(wanted.flat()).toContain('order')
    expect(wanted.flat().length).toBeGreaterThan(4)
  }, 60_000)

  it('does what docs/soc.md says of it', async () => {
    const [, block = ''] = /```bash\n([\s\S]*?)```/.exec(readFileSync(join(root, 'docs/soc.md'), 'utf8')) ?? []
    const tools = join(folder, 'tools')
    mkdirSync(tools)
    const shim = (name: string, command: string) => {
      writeFileSync(join(tools, name), `#!/bin/sh\nexec ${command} "$@"\n`)
      chmodSync(join(tools, name), 0o755)
    }
    shim('gatehouse', `'${process.execPath}' '${join(root, 'bin/gatehouse')}'`)
    // By its name alone it is on PATH already, and would call itself.
    const opa = findOpa() ?? ''
    if (opa.includes('/')) shim('opa', `'${opa}'`)
    writeFileSync(join(folder, 'gatehouse.yaml'), 'data: data\n')
    symlinkSync(join(root, 'policies'), join(folder, 'policies'))
    const refused = decisions.filter(({ decision }) => decision === 'deny')
    const codes = refused.flatMap(({ reasons }) => reasons.map(({ code }) => code))
    const one = refused.find(({ reasons }) => reasons.length > 0)
    const env = { ...process.env, PATH: `${tools}:${process.env.PATH}`, ID: one?.decision_id }
    const said: string[][] = []
    for (const line of block.trim().split('\n')) {
      const { status, out, err } = await run(['bash', '-c', line], { cwd: folder, env })
      expect([status, err]).toEqual([0, ''])
      said.push(out.split('\n').filter((word) => word !== ''))
    }
    expect(said).toEqual([codes, one?.reasons.map(({ code }) => code)])
  }, 60_000)

  it('gives the answer that stands in the record to the input that stands there', () => {
    const rules = filesBelow('policies', ['.rego', 'data.json'])
      .filter((path) => !path.endsWith('_test.rego'))
      .flatMap((path) => ['--data', join(root, path)])
    const asked = decisions.filter(({ input }) => input !== undefined)
    expect(asked).toHaveLength(calls.length - 1)
    for (const { input, result, decision } of asked) {
      const words = ['eval', '--stdin-input', '--format', 'json', ...rules, 'data.gatehouse']
      const { status, out, err } = runOpa(words, folder, JSON.stringify(input))
      expect([status, err]).toEqual([0, ''])
      const answer = JSON.parse(out).result[0].expressions[0].value as Record<string, unknown>
      const said = result as Record<string, unknown>
      expect(Object.fromEntries(Object.keys(said).map((name) => [name, answer[name]]))).toEqual(said)
      expect(Object.keys(said)).toContain(decision === 'allow' ? 'allow' : 'deny')
    }
  }, 60_000)
})
