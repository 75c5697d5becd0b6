/**
 * A generation: everything a call needs, made from one configuration and one policy. It is built whole beside the one in
 * force, or not at all: whatever throws here leaves the house as it was.
 */
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { type Decide, makeDecide } from '../decide/index.ts'
import { type Forwarding, makeForward } from '../forward/index.ts'
import { type Identifier, makeIdentifier } from '../identify/index.ts'
import type { Clock, Config, FetchDocument, Log, MakeId, Policy } from '../model/index.ts'
import { compilePolicies, readPolicySources } from '../policy/index.ts'
import type { Certificate } from '../receive/index.ts'
import { makeRouter, type Router } from '../route/index.ts'
import { parseBody, parseJson } from '../wire/index.ts'
import { readDescriptions } from './descriptions.ts'

export interface Generation {
  readonly config: Config
  readonly identifier: Identifier
  readonly router: Router
  readonly policy: Policy
  readonly decide: Decide
  readonly forwarding: Forwarding
  /** Of the agents' listener, when it has TLS. */
  readonly certificate: Certificate | undefined
}

export interface GenerationPorts {
  readonly clock: Clock
  readonly makeId: MakeId
  readonly log: Log
  readonly fetchDocument: FetchDocument
}

/** Throws `Flaws` for what is wrong in policies, descriptions and keys, an `Error` naming the file for one that cannot be read. */
export async function makeGeneration(
  config: Config,
  ports: GenerationPorts,
  previous: Generation | undefined,
): Promise<Generation> {
  const router = makeRouter({
    routes: config.routes,
    upstreams: config.upstreams,
    descriptions: readDescriptions(config),
  })
  const policy = compilePolicies(await readPolicySources(config.policy, { parseJson }), entrypointsOf(config))
  const certificate = readCertificate(config)
  const identifier = makeIdentifier(
    {
      issuers: config.issuers,
      agents: config.agents,
      agentsRequired: config.agentsRequired,
      ...(previous !== undefined && { previous: previous.identifier }),
    },
    { clock: ports.clock, fetchDocument: ports.fetchDocument, parseJson, log: ports.log },
  )
  await identifier.load()
  return {
    config,
    identifier,
    router,
    policy,
    decide: makeDecide({ policy, parseBody, makeId: ports.makeId }),
    forwarding: makeForward(
      {
        upstreams: config.upstreams,
        ...(config.agentsListener.publicUrl !== undefined && { publicUrl: config.agentsListener.publicUrl }),
      },
      { clock: ports.clock },
    ),
    certificate,
  }
}

function entrypointsOf(config: Config): string[] {
  return [...new Set(config.routes.map(({ route }) => route.entrypoint))].sort()
}

function readCertificate({ agentsListener: { tls } }: Config): Certificate | undefined {
  if (tls === undefined) return undefined
  const pair = { certificate: readFileSync(tls.certificate, 'utf8'), key: readFileSync(tls.key, 'utf8') }
  try {
    createSecureContext({ cert: pair.certificate, key: pair.key })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(
      `the certificate \`${tls.certificate}\` and the key \`${tls.key}\` cannot be used together: ${why}`,
      { cause },
    )
  }
  return pair
}
