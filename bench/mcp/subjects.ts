/**
 * The subjects of the MCP benchmark: how each is started before the servers of a scene, or why it cannot be. The other gateways run
 * as they come, without identity, policy or log, which they do not have or do not have alike.
 */
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodePackages, packageVersions, python, rustPrograms } from '../../test/real/mcp/packages/install.ts'
import { identitiesOf } from '../http/identities.ts'
import { Missing, startNginx } from '../http/subjects.ts'
import type { Work } from '../http/work.ts'
import { output, root } from '../machine.ts'
import { freePort, type Subject, start } from '../processes.ts'
import type { Era } from './work.ts'

export const subjectNames = [
  'direct',
  'nginx',
  'gatehouse-http',
  'gatehouse',
  'mcp-proxy-rs',
  'mcp-proxy-ts',
  'fastmcp',
] as const
export type SubjectName = (typeof subjectNames)[number]

/** Both eras where the subject has both; the others are asked as all their clients can. */
export const erasOf: Record<SubjectName, readonly Era[]> = {
  direct: ['2025-11-25'],
  nginx: ['2025-11-25', '2026-07-28'],
  'gatehouse-http': ['2025-11-25', '2026-07-28'],
  gatehouse: ['2025-11-25', '2026-07-28'],
  'mcp-proxy-rs': ['2025-11-25'],
  'mcp-proxy-ts': ['2025-11-25', '2026-07-28'],
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

  async 'gatehouse-http'({ folder, work, upstreamPort, paths: [path = '', ...more] }) {
    if (more.length > 0) throw new Missing('gatehouse-http: bytes that are carried make no list of ten servers')
    const [, first] = path.split('/')
    const upstreams = [upstreamOf('tools', `http://127.0.0.1:${upstreamPort}`)]
    const route = { path: `/${first}`, prefix: 'keep', upstream: 'tools' }
    const policy = join(import.meta.dirname, 'http-policy')
    return { subject: await startGatehouse(join(folder, 'gatehouse-http'), work, { upstreams, route, policy }), path }
  },

  async gatehouse({ folder, work, upstreamPort, paths }) {
    const upstreams = paths.map((path, index) => upstreamOf(`s${index}`, `http://127.0.0.1:${upstreamPort}${path}`))
    const route = { path: '/mcp', protocol: 'mcp', servers: upstreams.map(({ id }) => ({ upstream: id })) }
    const policy = join(import.meta.dirname, 'policy')
    return {
      subject: await startGatehouse(join(folder, 'gatehouse'), work, { upstreams, route, policy }),
      path: '/mcp',
    }
  },

  async 'mcp-proxy-rs'({ folder, upstreamPort, paths }) {
    const programs = await orMissing('mcp-proxy-rs', 'cargo', rustPrograms)
    const port = await freePort()
    const file = join(folder, 'mcp-proxy.toml')
    const backends = paths.map(
      (path, index) =>
        `[[backends]]\nname = "s${index}"\ntransport = "http"\nurl = "http://127.0.0.1:${upstreamPort}${path}"\n`,
    )
    const listen = `[proxy.listen]\nhost = "127.0.0.1"\nport = ${port}\n`
    writeFileSync(file, `[proxy]\nname = "bench"\nseparator = "_"\n\n${listen}\n${backends.join('\n')}`)
    const command = join(programs, 'bin/mcp-proxy')
    return { subject: await start({ command, args: ['--config', file], port }), path: '/' }
  },

  async 'mcp-proxy-ts'({ folder, upstreamPort, paths: [path = '', ...more] }) {
    if (more.length > 0) throw new Missing('mcp-proxy-ts: it stands before one server')
    const packages = await orMissing('mcp-proxy-ts', 'npm', nodePackages)
    const home = join(folder, 'mcp-proxy-ts')
    mkdirSync(home)
    // Packages are looked up from where a file is: the script stands beside the cache's.
    symlinkSync(join(packages, 'node_modules'), join(home, 'node_modules'))
    const script = join(home, 'mcp-proxy-gateway.mjs')
    copyFileSync(join(import.meta.dirname, 'mcp-proxy-gateway.mjs'), script)
    const port = await freePort()
    const args = [script, String(port), `http://127.0.0.1:${upstreamPort}${path}`]
    return { subject: await start({ command: process.execPath, args, port }), path: '/mcp' }
  },

  async fastmcp({ upstreamPort, paths }) {
    const command = await orMissing('fastmcp', 'python3', python)
    const port = await freePort()
    const urls = paths.map((path) => `http://127.0.0.1:${upstreamPort}${path}`)
    const args = [join(import.meta.dirname, 'fastmcp-gateway.py'), String(port), ...urls]
    return { subject: await start({ command, args, port }), path: '/mcp' }
  },
}

/** The versions of what takes part, by name. */
export function versionsOf(names: readonly SubjectName[]): Readonly<Record<string, string>> {
  const listed = packageVersions()
  const all: Record<string, string | undefined> = {
    node: process.versions.node,
    ...(names.includes('nginx') && { nginx: nginxVersion() }),
    ...(names.includes('mcp-proxy-rs') && { 'mcp-proxy (crates.io)': listed.rust['mcp-proxy'] }),
    ...(names.includes('mcp-proxy-ts') && { 'mcp-proxy (npm)': listed.node['mcp-proxy'] }),
    ...(names.includes('fastmcp') && { fastmcp: listed.python.fastmcp }),
  }
  return Object.fromEntries(Object.entries(all).filter((one): one is [string, string] => one[1] !== undefined))
}

/** It says it on the other stream. */
function nginxVersion(): string | undefined {
  return /nginx\/(\S+)/.exec(output('sh', ['-c', 'nginx -v 2>&1']) ?? '')?.[1]
}

/** What was installed. Rejects with `Missing` where the installer is not there or fails. */
async function orMissing(name: SubjectName, installer: string, install: () => Promise<string>): Promise<string> {
  if (output(installer, ['--version']) === undefined) throw new Missing(`${name}: ${installer} is not installed`)
  try {
    return await install()
  } catch (cause) {
    throw new Missing(`${name}: it cannot be installed: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

function upstreamOf(id: string, url: string) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the reference as it is written in the file
  return { id, url, credential: { value: 'Bearer ${file:credential}' } }
}

interface Shape {
  readonly upstreams: readonly { readonly id: string }[]
  readonly route: Readonly<Record<string, unknown>>
  /** Folder of the rules. */
  readonly policy: string
}

/** Production mode, fifty agents, argument policy, durable log: nothing switched off. `folder` is made. */
async function startGatehouse(folder: string, work: Work, { upstreams, route, policy }: Shape): Promise<Subject> {
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  writeFileSync(join(folder, 'credential'), 'credential-of-the-gateway-0123456789')
  const configuration = {
    mode: 'production',
    listeners: { agents: { port }, operators: { port: 0 } },
    data: 'data',
    ...identitiesOf(work),
    upstreams,
    routes: [{ id: 'tools', ...route, recording: { mode: 'strict', level: 'input' } }],
    policy: { paths: [policy, work.dataFile] },
  }
  const file = join(folder, 'gatehouse.yaml')
  writeFileSync(file, JSON.stringify(configuration, null, 2))
  const args = [join(root, 'bin/gatehouse'), 'start', '--config', file]
  return start({ command: process.execPath, args, port })
}
