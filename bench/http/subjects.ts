/**
 * The subjects of the comparison, by the names that readers of the numbers rely on: how each is started on a port with one
 * upstream behind it, or why it cannot be.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Recording } from '../../src/model/index.ts'
import type { LoggerName } from '../log/loggers.ts'
import { output, root } from '../machine.ts'
import { freePort, type Subject, start } from '../processes.ts'
import { writeConfiguration } from './configuration.ts'
import { sharedFolder, type Work } from './work.ts'

export const subjectNames = [
  'direct',
  'nginx',
  'bare-node',
  'gatehouse',
  'gatehouse-durable',
  'gatehouse-no-audit',
  'naive',
] as const
export type SubjectName = (typeof subjectNames)[number]

export interface Setting {
  /** A folder of this run on the disk that the log of a real gateway would be on. */
  readonly folder: string
  readonly work: Work
  readonly upstreamPort: number
}

/** A rival that is not here: said once, and its rows are left out. */
export class Missing extends Error {
  override readonly name = 'Missing'
}

const script = (name: string): string => join(import.meta.dirname, name)

/** Starts each subject but `direct`, which is the upstream itself. Throws `Missing`. */
export const starters: Record<Exclude<SubjectName, 'direct'>, (setting: Setting) => Promise<Subject>> = {
  nginx: ({ folder, upstreamPort }) => startNginx('plain', folder, upstreamPort),

  async 'bare-node'({ upstreamPort }) {
    const port = await freePort()
    const args = [script('bare-node.ts'), String(port), `http://127.0.0.1:${upstreamPort}`]
    return start({ command: process.execPath, args, port })
  },

  gatehouse: (setting) => startGatehouse('strict', setting),
  'gatehouse-durable': (setting) => startGatehouse('durable', setting),

  'gatehouse-no-audit': (setting) => startOtherLog('none', setting),

  async naive({ folder, work, upstreamPort }) {
    const original = join(sharedFolder, 'naive-gateway.mjs')
    if (!existsSync(original)) throw new Missing('naive: ../shared/bench/naive-gateway.mjs is not there')
    const home = join(folder, 'naive')
    mkdirSync(home)
    const wasm = buildWasm(home)
    // Packages are looked up from where a file is: the copy stands beside the checkout's packages, its text unchanged.
    copyFileSync(original, join(home, 'naive-gateway.mjs'))
    symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'))
    const port = await freePort()
    const env = {
      PORT: String(port),
      UPSTREAM: `http://127.0.0.1:${upstreamPort}`,
      DIR: work.folder,
      WASM: wasm,
      FORWARD: 'undici',
    }
    return start({ command: process.execPath, args: [join(home, 'naive-gateway.mjs')], port, env })
  },
}

/** As the product starts, with the log in this mode. */
export async function startGatehouse(
  mode: Recording['mode'],
  { folder, work, upstreamPort }: Setting,
): Promise<Subject> {
  const port = await freePort()
  const file = writeConfiguration({ folder: join(folder, mode), port, work, upstreamPort, mode })
  return start({ command: process.execPath, args: [join(root, 'bin/gatehouse'), 'start', '--config', file], port })
}

/** The same rooms, with the calls noted by nothing or by a rival of the log. */
export async function startOtherLog(logger: LoggerName, { folder, work, upstreamPort }: Setting): Promise<Subject> {
  const port = await freePort()
  const home = join(folder, `other-${logger}`)
  const file = writeConfiguration({ folder: home, port, work, upstreamPort, mode: 'strict' })
  const args = [script('gatehouse-other-log.ts'), file, logger, home]
  return start({ command: process.execPath, args, port })
}

/** nginx as the reference upstream, else one in Node: the second is slower and the table says so. */
export async function startUpstream(
  folder: string,
): Promise<{ upstream: Subject; kind: 'nginx' | 'node'; why?: string }> {
  try {
    return { upstream: await startNginx('upstream', folder), kind: 'nginx' }
  } catch (cause) {
    if (!(cause instanceof Missing)) throw cause
    const port = await freePort()
    const upstream = await start({ command: process.execPath, args: [script('upstream.ts'), String(port)], port })
    return { upstream, kind: 'node', why: cause.message }
  }
}

/** The reference configuration with ports of this run; its folder keeps nginx's process id. */
export async function startNginx(role: 'plain' | 'upstream', folder: string, upstreamPort?: number): Promise<Subject> {
  const original = join(sharedFolder, `nginx-${role}.conf`)
  if (output('nginx', ['-v']) === undefined) throw new Missing('nginx: the command is not installed')
  if (!existsSync(original)) throw new Missing(`nginx: ../shared/bench/nginx-${role}.conf is not there`)
  const port = await freePort()
  const ports: Record<string, number> = { '9201': port, '9100': upstreamPort ?? port }
  const text = readFileSync(original, 'utf8').replace(
    /127\.0\.0\.1:(9100|9201)\b/g,
    (_, was: string) => `127.0.0.1:${ports[was]}`,
  )
  const home = join(folder, `nginx-${role}`)
  mkdirSync(home)
  const file = join(home, 'nginx.conf')
  writeFileSync(file, text)
  return start({ command: 'nginx', args: ['-p', home, '-c', file, '-e', 'stderr'], port, cwd: home })
}

function buildWasm(folder: string): string {
  const opa = process.env.OPA ?? 'opa'
  if (output(opa, ['version']) === undefined)
    throw new Missing('naive: its policy needs the `opa` command (on PATH, or named by OPA) to become wasm')
  const bundle = join(folder, 'bundle.tar.gz')
  const policy = join(sharedFolder, 'http-authz.rego')
  if (output(opa, ['build', '-t', 'wasm', '-e', 'gatehouse/authz/decision', '-o', bundle, policy]) === undefined)
    throw new Error(`\`${opa} build -t wasm\` failed for ${policy}`)
  if (output('tar', ['-xzf', bundle, '-C', folder, '/policy.wasm']) === undefined)
    throw new Error(`${bundle} has no policy.wasm`)
  return join(folder, 'policy.wasm')
}
