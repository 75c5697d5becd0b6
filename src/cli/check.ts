/** `gatehouse check`: the configuration and all that it names, or with paths the policies there, as `opa check` does. */
import type { Options, RunCommand } from './command.ts'
import { CommandError } from './io.ts'

/** What only policies are checked with, and what only a configuration is. */
const policyFlags = ['bundle', 'strict', 'max-errors', 'ignore', 'schema', 'capabilities'] as const
const configurationFlags = ['config', 'data'] as const

export const runCheck: RunCommand = async (options, io) => {
  if (options.operands.length > 0) {
    refuse(options, configurationFlags, 'is about the configuration; leave it out, or the paths')
    return (await import('./check-policies.ts')).checkPolicies(options, io)
  }
  refuse(options, policyFlags, 'is about policies; name the files or folders that they are in')
  return (await import('./check-configuration.ts')).checkConfiguration(options, io)
}

function refuse(options: Options, flags: readonly string[], why: string): void {
  const given = flags.find((flag) => options.list(flag).length > 0)
  if (given !== undefined) throw new CommandError(`\`--${given}\` ${why}`)
}
