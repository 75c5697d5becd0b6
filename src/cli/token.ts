/** `gatehouse token AGENT`: a token of the development issuer on standard output, and nothing else there. */
import { signAgentToken } from './agent-token.ts'
import type { RunCommand } from './command.ts'
import { locateConfig, openConfig } from './configuration.ts'
import { CommandError, exitStatus } from './io.ts'

/** An hour: long enough to try things, short enough for a shell's history. */
const lifetimeMs = 3_600_000
/** Seven days, as the development issuer has it. */
const lifetimeMsMax = 7 * 24 * 3_600_000

export const runToken: RunCommand = async (options, io) => {
  const located = locateConfig(options, io)
  const loaded = await openConfig(located, io)
  const ms = options.ms('lifetime') ?? lifetimeMs
  if (ms < 1_000 || ms > lifetimeMsMax || ms % 1_000 !== 0)
    throw new CommandError(
      `\`--lifetime\` takes whole seconds from \`1s\` to \`7d\`, not \`${options.text('lifetime')}\`; write for example \`--lifetime 24h\``,
    )
  const token = await signAgentToken(located, loaded, options.operands[0] ?? '', {
    subject: options.text('subject'),
    actors: options.list('actor'),
    scopes: options.list('scope'),
    roles: options.list('role'),
    lifetimeS: ms / 1_000,
  })
  if (options.text('format') !== 'json') await io.out.write(`${token}\n`)
  else await io.out.write(`${JSON.stringify({ token, token_type: 'Bearer', expires_in: ms / 1_000 })}\n`)
  return exitStatus.done
}
