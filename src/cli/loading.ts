/** What the files that a configuration names become: the same reading for a start, for a reload and for a check. */
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { type Config, Flaws, messageOf, type Policy } from '../model/index.ts'
import { compilePolicies, loadModules, readPolicySources } from '../policy/index.ts'
import type { Certificate } from '../receive/index.ts'
import { isAuthorizationServer, type McpWays, makeRouter, type Router } from '../route/index.ts'
import { parseJson } from '../wire/index.ts'
import { readDescriptions } from './descriptions.ts'

/** Throws `Flaws` for descriptions that cannot be read or used. */
export function loadRouter(config: Config, mcp?: McpWays): Router {
  const { routes, upstreams, issuers, agentsListener } = config
  const authorizationServers = issuers.map(({ issuer }) => issuer).filter(isAuthorizationServer)
  const protection = { authorizationServers, publicUrl: agentsListener.publicUrl }
  return makeRouter({ routes, upstreams, descriptions: readDescriptions(config), protection, ...(mcp && { mcp }) })
}

/** One question for each package that a route names. Rejects with `Flaws`. */
export async function loadPolicy(config: Config): Promise<Policy> {
  const entrypoints = new Set(config.routes.map(({ route }) => route.entrypoint))
  const sources = await readPolicySources(config.policy, { parseJson })
  const policy = compilePolicies(sources, [...entrypoints].sort(), await loadModules(sources))
  for (const { route, mcp } of config.routes) {
    if (mcp === undefined) continue
    // What lists are asked with is made ready when it is first asked: here, where nobody waits for it.
    const { could } = policy.questions.get(route.entrypoint) ?? {}
    for (const unknown of ['arguments', 'act'] as const) could?.({ call: {} }, unknown)
  }
  return policy
}

/** Undefined when the agents' listener has no TLS. Throws `Flaws` when certificate and key do not belong together. */
export function loadCertificate({ agentsListener: { tls } }: Config): Certificate | undefined {
  if (tls === undefined) return undefined
  try {
    const pair = { certificate: readFileSync(tls.certificate, 'utf8'), key: readFileSync(tls.key, 'utf8') }
    createSecureContext({ cert: pair.certificate, key: pair.key })
    return pair
  } catch (cause) {
    const why = messageOf(cause)
    const message = `certificate and key \`${tls.key}\` cannot be used: ${why}`
    const fix = 'name a PEM certificate and the key that belongs to it'
    throw new Flaws([{ file: tls.certificate, place: '', message, fix }], { cause })
  }
}
