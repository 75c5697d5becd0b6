/**
 * The subjects of the MCP benchmark: how each is started before the servers of a scene, or why it cannot be. The other gateways run
 * as they come, without identity, policy or log, which they do not have or do not have alike.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { python } from '../../test/real/mcp/packages/install.ts'
import { identitiesOf } from '../http/identities.ts'
import { Missing, startNginx } from '../http/subjects.ts'
import type { Work } from '../http/work.ts'
import { output, root } from '../machine.ts'
import { freePort, type Subject, start } from '../processes.ts'
import type { Era } from './work.ts'

export const subjectNames = ['direct', 'nginx', 'gatehouse', 'mcp-proxy', 'fastmcp'] as const
export type SubjectName = (typeof subjectNames)[number]

/** Both eras where the subject passes on whatever comes; the other gateways are asked as all their clients can. */
export const erasOf: Record<SubjectName, readonly Era[]> = {
  direct: ['2025-11-25', '2026-07-28'],
  nginx: ['2025-11-25', '2026-07-28'],
  gatehouse: ['2025-11-25', '2026-07-28'],
  'mcp-proxy': ['2025-11-25'],
  fastmcp: ['2025-11-25'],
}

export interface Setting {
  /** A folder of this scene on the disk that the log of a real gateway would be on. */
  readonly folder: string
  readonly work: Work
  readonly upstreamPort: number
  /** Paths of the servers on the upstream's port. */
  readonly paths: readonly string[]
}

export interface Started {
  readonly subject: Subject
  /** What the clients ask. */
  readonly path: string
}

type Starter = (setting: Setting) => Promise<Started>

/** Starts each subject but `direct`, which is the upstream itself. Throws `Missing`. */
export const starters: Record<Exclude<SubjectName, 'direct'>, Starter> = {
  async nginx({ folder, upstreamPort, paths: [path = '', ...more] }) {
    if (more.length > 0) throw new Missing('nginx: it cannot make one list of ten')
    return { subject: await startNginx('plain', folder, upstreamPort), path }
  },

  async gatehouse({ folder, work, upstreamPort, paths }) {
    const port = await freePort()
    const file = writeConfiguration(join(folder, 'gatehouse'), port, work, upstreamPort, paths)
    const args = [join(root, 'bin/gatehouse'), 'start', '--config', file]
    return { subject: await start({ command: process.execPath, args, port }), path: '/mcp' }
  },

  async 'mcp-proxy'({ folder, upstreamPort, paths }) {
    if (output('mcp-proxy', ['--version']) === undefined)
      throw new Missing('mcp-proxy: the command is not installed (`cargo install mcp-proxy@0.6.0 --locked`)')
    const port = await freePort()
    const file = join(folder, 'mcp-proxy.toml')
    const backends = paths.map(
      (path, index) =>
        `[[backends]]\nname = "s${index}"\ntransport = "http"\nurl = "http://127.0.0.1:${upstreamPort}${path}"\n`,
    )
    const listen = `[proxy.listen]\nhost = "127.0.0.1"\nport = ${port}\n`
    writeFileSync(file, `[proxy]\nname = "bench"\nseparator = "_"\n\n${listen}\n${backends.join('\n')}`)
    return { subject: await start({ command: 'mcp-proxy', args: ['--config', file], port }), path: '/' }
  },

  async fastmcp({ upstreamPort, paths }) {
    if (output('python3', ['--version']) === undefined) throw new Missing('fastmcp: python3 is not installed')
    const port = await freePort()
    const urls = paths.map((path) => `http://127.0.0.1:${upstreamPort}${path}`)
    const args = [join(import.meta.dirname, 'fastmcp-gateway.py'), String(port), ...urls]
    return { subject: await start({ command: await python(), args, port }), path: '/mcp' }
  },
}

/** Production mode, fifty agents, argument policy, durable log: nothing switched off. Gives the path of the file. */
function writeConfiguration(
  folder: string,
  port: number,
  work: Work,
  upstreamPort: number,
  paths: readonly string[],
): string {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'credential'), 'credential-of-the-gateway-0123456789')
  const configuration = {
    mode: 'production',
    listeners: { agents: { port }, operators: { port: 0 } },
    data: 'data',
    ...identitiesOf(work),
    upstreams: paths.map((path, index) => ({
      id: `s${index}`,
      url: `http://127.0.0.1:${upstreamPort}${path}`,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the reference as it is written in the file
      credential: { value: 'Bearer ${file:credential}' },
    })),
    routes: [
      {
        id: 'tools',
        path: '/mcp',
        protocol: 'mcp',
        servers: paths.map((_, index) => ({ upstream: `s${index}` })),
        recording: { mode: 'strict', level: 'input' },
      },
    ],
    policy: { paths: [join(import.meta.dirname, 'policy'), work.dataFile] },
  }
  const file = join(folder, 'gatehouse.yaml')
  writeFileSync(file, JSON.stringify(configuration, null, 2))
  return file
}
