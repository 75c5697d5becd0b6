/** How the built-in functions of a policy that is evaluated at the command line reach the network: only then are the clients loaded. */
import type { BuiltinPorts } from '../rego/index.ts'
import type { Io } from './io.ts'

/** `hosts` are those that may be reached; undefined is all. */
export function makeNetwork({ environment }: Io, hosts: readonly string[] | undefined): BuiltinPorts {
  return {
    fetch: async (request) => {
      const { makeSend } = await import('../forward/index.ts')
      return makeSend({ environment, ...(hosts === undefined ? {} : { hosts }) })(request)
    },
    lookup: async (host) => {
      const { addressesOf } = await import('../forward/index.ts')
      if (hosts !== undefined && !hosts.includes(host)) throw new Error(`unallowed host: ${host}`)
      return addressesOf(host)
    },
  }
}
