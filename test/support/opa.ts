/** The real OPA, where it is installed: what policies are compared with. */
import { execFileSync, spawnSync } from 'node:child_process'

/** The command in the variable OPA, else `opa` of PATH; undefined when it cannot be run. */
export function findOpa(): string | undefined {
  const command = process.env.OPA ?? 'opa'
  try {
    execFileSync(command, ['version'], { stdio: 'ignore' })
    return command
  } catch {
    return undefined
  }
}

/** The release that we agree with, byte for byte. */
const release = '1.20.2'

/** Why there is nothing to compare bytes with; undefined when there is. */
export function opaMissing(): string | undefined {
  const command = findOpa()
  if (command === undefined) return 'there is no `opa`'
  const version = /^Version: (\S+)/m.exec(execFileSync(command, ['version'], { encoding: 'utf8' }))?.[1]
  return version === release ? undefined : `\`${command}\` is ${version}, not ${release}`
}

export interface Ran {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

/** What `opa` prints for these words, called in `directory`. */
export function runOpa(words: readonly string[], directory: string, input = ''): Ran {
  const command = findOpa()
  if (command === undefined) throw new Error('there is no `opa` to run')
  const { status, stdout, stderr } = spawnSync(command, [...words], { cwd: directory, input, encoding: 'utf8' })
  return { status, out: stdout, err: stderr }
}
