/**
 * Gatehouse as a process between a client and a server of others: one MCP route without identity on loopback, a policy that allows
 * everything, and a credential that only this process sends to the server. A list without the server fails instead of being empty.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { startHouse } from '../../support/command.ts'
import { root } from '../../support/sources.ts'

export interface Gateway {
  readonly url: string
  /** Lines of the decision log so far. */
  records(): readonly { readonly [name: string]: unknown }[]
  /** Rejects when it did not end in order. */
  end(): Promise<void>
}

export interface Server {
  readonly url: string
  readonly credential?: string
}

/** In front of `server`; rejects with what it said when it does not start. */
export async function startGateway({ url, credential }: Server): Promise<Gateway> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-mcp-'))
  const { origin, pathname } = new URL(url)
  const path = pathname === '/' ? '' : pathname
  writeFileSync(join(folder, 'main.rego'), 'package gatehouse\n\nallow := true\n')
  if (credential !== undefined) writeFileSync(join(folder, 'credential'), credential)
  const file = join(folder, 'gatehouse.yaml')
  writeFileSync(
    file,
    stringify({
      listeners: { agents: { port: 0 }, operators: { port: 0 } },
      data: join(folder, 'data'),
      upstreams: [
        {
          id: 'peer',
          url: origin,
          // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the configuration, not of JavaScript.
          ...(credential !== undefined && { credential: { value: 'Bearer ${file:credential}' } }),
        },
      ],
      routes: [
        {
          id: 'mcp',
          path: '/mcp',
          protocol: 'mcp',
          identity: 'none',
          servers: [{ upstream: 'peer', path, on_failure: 'closed' }],
        },
      ],
      policy: { paths: ['main.rego'] },
    }),
  )
  const house = await startHouse([process.execPath, join(root, 'bin/gatehouse'), 'start', '--config', file], folder)
  return {
    url: `${house.agentsUrl}/mcp`,
    records() {
      const log = join(folder, 'data/log')
      return readdirSync(log)
        .filter((name) => name.endsWith('.jsonl'))
        .sort()
        .flatMap((name) => readFileSync(join(log, name), 'utf8').split('\n'))
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    },
    async end() {
      const { status, signal } = await house.end()
      rmSync(folder, { recursive: true, force: true })
      if (status !== 0) throw new Error(`Gatehouse ended with status ${status}, signal ${signal}: ${house.output()}`)
    },
  }
}
