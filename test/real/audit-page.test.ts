/** Every command of docs/audit.md in a shell, in the order of the page, against a gateway that runs; and every piece of configuration. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { diskFiles, loadConfig } from '../../src/config/index.ts'
import { run } from '../support/command.ts'
import { root } from '../support/sources.ts'
import { openWorld } from '../support/world.ts'

const page = readFileSync(join(root, 'docs/audit.md'), 'utf8')
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map((match) => match[1] as string)

describe('docs/audit.md', () => {
  it('has commands that all work', { timeout: 60_000 }, async () => {
    const token = 'operators-token-of-32-characters'
    const listeners = { agents: { port: 0 }, operators: { port: 0, token: 'file:operators' } }
    const world = await openWorld({ config: { listeners }, files: { operators: token } })
    try {
      const { headers } = await world.send()
      await expect
        .poll(
          async () =>
            (
              await fetch(`${world.house.operatorsUrl}/audit/proof?id=1`, {
                headers: { authorization: `Bearer ${token}` },
              })
            ).status,
          { timeout: 10_000 },
        )
        .toBe(200)
      const tools = mkdtempSync(join(tmpdir(), 'gatehouse-tools-'))
      const shim = join(tools, 'gatehouse')
      writeFileSync(shim, `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'bin/gatehouse')}' "$@"\n`)
      chmodSync(shim, 0o755)
      writeFileSync(join(world.folder, 'check.py'), blocks('python')[0] as string)
      const commands = blocks('sh').flatMap((block) => block.trim().split('\n'))
      expect(commands.length).toBeGreaterThanOrEqual(7)
      const outputs: string[] = []
      for (const command of commands) {
        const line = command
          .replace('http://127.0.0.1:8081', world.house.operatorsUrl)
          .replace('DECISION_ID', String(headers['gatehouse-decision']))
        const env = { ...process.env, PATH: `${tools}:${process.env.PATH}`, OPERATORS_TOKEN: token }
        const { status, out, err } = await run(['sh', '-c', line], { cwd: world.folder, env })
        expect({ command, status, err }).toEqual({ command, status: 0, err: '' })
        outputs.push(out)
      }
      rmSync(tools, { recursive: true })
      const said = outputs.join('')
      expect(said).toMatch(/^whole: the first \d+ lines are as they were/m)
      expect(said).toContain('"whole":true')
      expect(said).toMatch(/^line \d+ is in the log of \d+ lines$/m)
      expect(said).toContain('"earlier"')
    } finally {
      await world.close()
    }
  })

  it('has configuration that can be run', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-page-'))
    mkdirSync(join(folder, 'secrets'))
    mkdirSync(join(folder, 'policies'))
    for (const name of ['siem', 's3-key-id', 's3-secret'])
      writeFileSync(join(folder, 'secrets', name), 'a-secret-of-many-characters')
    const pieces = blocks('yaml')
    expect(pieces).toHaveLength(4)
    for (const piece of pieces) {
      const file = join(folder, 'gatehouse.yaml')
      writeFileSync(file, `mode: production\n${piece}`)
      const { audit, log } = loadConfig(file, { environment: {}, files: diskFiles, developmentIssuer: undefined })
      const written = parse(piece) as {
        audit?: { anchors?: unknown[]; witness?: object }
        log?: { retention?: string; compression?: string }
      }
      expect(audit.anchors).toHaveLength(written.audit?.anchors?.length ?? 0)
      expect(audit.witness !== undefined).toBe(written.audit?.witness !== undefined)
      const kept = [log.retentionMs, log.totalBytesMax]
      const bounds = [400 * 86_400_000, 200 * 1024 ** 3]
      expect(kept).toEqual(written.log?.retention === undefined ? [undefined, undefined] : bounds)
      expect(log.packs).toBe(written.log?.compression === undefined)
    }
    rmSync(folder, { recursive: true })
  })
})
