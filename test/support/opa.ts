/** The real OPA, where it is installed: what policies are compared with. */
import { execFileSync } from 'node:child_process'

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
