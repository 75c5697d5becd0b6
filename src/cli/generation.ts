/**
 * A generation: everything a call needs, made from one configuration and one policy. It is built whole beside the one in
 * force, or not at all: whatever throws here leaves the house as it was.
 */
import { type Decide, makeDecide } from '../decide/index.ts'
import { type Forwarding, type McpMemory, makeForward, makeMcpMemory } from '../forward/index.ts'
import { type Identifier, type KeyChange, makeIdentifier } from '../identify/index.ts'
import type { Clock, Config, FetchDocument, Log, MakeId, McpSessions, Policy, RandomBytes } from '../model/index.ts'
import { type Certificate, makeMcpSessions, makeReadMcpMessage, type ReadMcpMessage } from '../receive/index.ts'
import type { Router } from '../route/index.ts'
import { makeRedactor, parseBody, parseJson } from '../wire/index.ts'
import { loadCertificate, loadPolicy, loadRouter } from './loading.ts'

export interface Generation {
  readonly config: Config
  readonly identifier: Identifier
  readonly router: Router
  readonly policy: Policy
  readonly decide: Decide
  readonly forwarding: Forwarding
  /** Of the agents' listener, when it has TLS. */
  readonly certificate: Certificate | undefined
  /** Takes the secrets of the configuration out of a text. */
  readonly redact: (text: string) => string
}

export interface GenerationPorts {
  readonly clock: Clock
  readonly makeId: MakeId
  readonly log: Log
  readonly fetchDocument: FetchDocument
  readonly keysChanged: (change: KeyChange) => void
  /** What MCP keeps beyond a generation. */
  readonly mcp: McpParts
}

export interface McpParts {
  readonly sessions: McpSessions
  readonly memory: McpMemory
  readonly read: ReadMcpMessage
}

export interface McpPartsPorts {
  readonly clock: Clock
  readonly randomBytes: RandomBytes
  /** As `makeMcpMemory` wants it. */
  readonly sealKey: () => Uint8Array
}

/** Made once for a house. */
export function makeMcpParts(ports: McpPartsPorts): McpParts {
  const sessions = makeMcpSessions(ports)
  return { sessions, memory: makeMcpMemory(ports.sealKey), read: makeReadMcpMessage(sessions) }
}

/**
 * Throws `Flaws` for what is wrong in policies, descriptions, keys and certificates, or when one of them cannot be read. `loading` is the
 * policy of the configuration, where somebody has begun to load it.
 */
export async function makeGeneration(
  config: Config,
  ports: GenerationPorts,
  previous: Generation | undefined,
  loading?: Promise<Policy>,
): Promise<Generation> {
  const forwarding = makeForward(
    {
      upstreams: config.upstreams,
      ...(config.agentsListener.publicUrl !== undefined && { publicUrl: config.agentsListener.publicUrl }),
    },
    { clock: ports.clock, mcp: ports.mcp },
  )
  const { aim } = forwarding
  const router = loadRouter(config, aim && { read: ports.mcp.read, aim })
  const policy = await (loading ?? loadPolicy(config))
  const certificate = loadCertificate(config)
  const identifier = makeIdentifier(
    {
      issuers: config.issuers,
      agents: config.agents,
      agentsRequired: config.agentsRequired,
      ...(previous !== undefined && { previous: previous.identifier }),
    },
    { ...ports, parseJson },
  )
  await identifier.load()
  return {
    config,
    identifier,
    router,
    policy,
    decide: makeDecide({ policy, parseBody, makeId: ports.makeId }),
    forwarding,
    certificate,
    redact: makeRedactor(config.secrets),
  }
}
