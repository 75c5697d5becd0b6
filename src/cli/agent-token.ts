/** Tokens of the development issuer for agents of the configuration, as `gatehouse token` prints them and the commands for MCP send them. */
import { messageOf, nearest } from '../model/index.ts'
import type { Loaded, Located } from './configuration.ts'
import { CommandError } from './io.ts'

export interface TokenWishes {
  /** Without it the agent itself. */
  readonly subject?: string | undefined
  readonly actors: readonly string[]
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
  /** Whole seconds. */
  readonly lifetimeS: number
}

/** Throws `CommandError`: outside development mode, for an agent that is not there or has another issuer, and for wishes that no token can have. */
export async function signAgentToken(
  { file }: Located,
  { config, developmentIssuer }: Loaded,
  name: string,
  { subject, actors, scopes, roles, lifetimeS }: TokenWishes,
): Promise<string> {
  if (developmentIssuer === undefined)
    throw new CommandError(
      `tokens are made in development mode only, and \`${file}\` is of mode \`${config.mode}\`; get one from your issuer`,
    )
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
  try {
    return await developmentIssuer.sign({
      subject: subject ?? (claim === 'sub' ? value : name),
      client: claim === 'client_id' ? value : name,
      actors,
      lifetimeS,
      ...(scopes.length > 0 && { scopes }),
      ...(roles.length > 0 && { roles }),
      ...(claim !== 'sub' && claim !== 'client_id' && { claims: { [claim]: value } }),
    })
  } catch (cause) {
    throw new CommandError(messageOf(cause))
  }
}
