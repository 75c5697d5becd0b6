/** Where and on what a benchmark ran: without it a number says nothing. */
import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..')

export interface Circumstances {
  readonly machine: string
  /** RFC 3339, UTC. */
  readonly date: string
  /** Short hash, with `+` behind it when files differ from it. */
  readonly commit: string
}

export function circumstances(): Circumstances {
  const processors = cpus()
  const memoryGb = Math.round(totalmem() / 2 ** 30)
  return {
    machine: `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown processor'}, ${memoryGb} GiB, Linux ${release()}`,
    date: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    commit: commit(),
  }
}

function commit(): string {
  const hash = output('git', ['-C', root, 'rev-parse', '--short', 'HEAD'])
  if (hash === undefined) return 'unknown'
  return output('git', ['-C', root, 'status', '--porcelain', '--', 'src']) === '' ? hash : `${hash}+`
}

/** What a command prints, trimmed; undefined when it is not there or fails. */
export function output(command: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
  } catch {
    return undefined
  }
}
