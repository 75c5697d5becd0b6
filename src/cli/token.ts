/** `gatehouse token AGENT`: a token of the development issuer on standard output, and nothing else there. */
import { messageOf, nearest } from '../model/index.ts'
import type { RunCommand } from './command.ts'
import { locateConfig, openConfig } from './configuration.ts'
import { CommandError, exitStatus } from './io.ts'

/** An hour: long enough to try things, short enough for a shell's history. */
const lifetimeMs = 3_600_000
/** Seven days, as the development issuer has it. */
const lifetimeMsMax = 7 * 24 * 3_600_000

export const runToken: RunCommand = async (options, io) => {
  const located = locateConfig(options, io)
  const { config, developmentIssuer } = await openConfig(located, io)
  if (developmentIssuer === undefined)
    throw new CommandError(
      `tokens are made in development mode only, and \`${located.file}\` is of mode \`${config.mode}\`; get one from your issuer`,
    )
  const name = options.operands[0] ?? ''
  const agent = config.agents.find(({ facts }) => facts.id === name)
  if (agent === undefined) {
    const ids = config.agents.map(({ facts }) => facts.id)
    const meant = nearest(name, ids)
    const offer = meant === undefined ? `there is ${ids.join(', ') || 'none'}` : `did you mean \`${meant}\`?`
    throw new CommandError(`the configuration has no agent \`${name}\`; ${offer}`)
  }
  const { issuer, claim, value } = agent.identity
  if (issuer !== developmentIssuer.settings.issuer)
    throw new CommandError(
      `the tokens of \`${name}\` come from \`${issuer}\`, not from the development issuer; get one there`,
    )
  const ms = options.ms('lifetime') ?? lifetimeMs
  if (ms < 1_000 || ms > lifetimeMsMax || ms % 1_000 !== 0)
    throw new CommandError(
      `\`--lifetime\` takes whole seconds from \`1s\` to \`7d\`, not \`${options.text('lifetime')}\`; write for example \`--lifetime 24h\``,
    )
  const scopes = options.list('scope')
  const roles = options.list('role')
  let token: string
  try {
    token = await developmentIssuer.sign({
      subject: options.text('subject') ?? (claim === 'sub' ? value : name),
      client: claim === 'client_id' ? value : name,
      actors: options.list('actor'),
      lifetimeS: ms / 1_000,
      ...(scopes.length > 0 && { scopes }),
      ...(roles.length > 0 && { roles }),
      ...(claim !== 'sub' && claim !== 'client_id' && { claims: { [claim]: value } }),
    })
  } catch (cause) {
    throw new CommandError(messageOf(cause))
  }
  if (options.text('format') !== 'json') await io.out.write(`${token}\n`)
  else await io.out.write(`${JSON.stringify({ token, token_type: 'Bearer', expires_in: ms / 1_000 })}\n`)
  return exitStatus.done
}
