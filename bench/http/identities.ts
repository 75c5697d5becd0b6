/** Who calls in the benchmarks, for a configuration: one issuer with a key file, and the agents that its tokens name. */
import { agentsCount, audience, issuer, type Work } from './work.ts'

/** `issuers` and `agents` of a `gatehouse.yaml`. */
export function identitiesOf(work: Work): object {
  return {
    issuers: [
      {
        issuer,
        keys: { file: work.keysFile },
        audiences: [audience],
        algorithms: ['RS256'],
        types: ['jwt'],
        claims: ['tier', 'roles', 'tenant'],
      },
    ],
    agents: Array.from({ length: agentsCount }, (_, index) => ({
      id: `agent-${index}`,
      team: `team-${index % 5}`,
      identity: { claim: 'client_id', value: `client-${index}` },
    })),
  }
}
