/**
 * Which era an endpoint speaks is found out by asking: `server/discover` of 2026-07-28 first, then a session of 2025-11-25 (2026-07-28
 * "Versioning"). Refusals and failures say nothing about eras and are told as they are.
 */
import { type JsonObject, modernRevisions, property } from '../../model/index.ts'
import { CommandError, exitStatus } from '../io.ts'
import { type Client, type ClientPorts, noResult, objectIn } from './client.ts'
import type { Endpoint } from './endpoint.ts'
import type { Reply } from './exchange.ts'
import { openSession } from './legacy-client.ts'
import { ModernClient } from './modern-client.ts'

const serverInfoKey = 'io.modelcontextprotocol/serverInfo'

/** Rejects with a `CommandError`, also where the endpoint speaks no revision that is known here. */
export async function openClient(endpoint: Endpoint, ports: ClientPorts): Promise<Client> {
  const modern = new ModernClient(endpoint, ports)
  const probe = await modern.ask('server/discover', {})
  // Refusals and failures say nothing about eras.
  if (probe.status === 401 || probe.status === 403 || probe.status >= 500)
    throw noResult(probe, endpoint, 'server/discover')
  const discovered = probe.answer?.kind === 'result' ? probe.answer.result : undefined
  const versions = property(discovered, 'supportedVersions')
  if (discovered !== undefined && Array.isArray(versions) && versions.some((one) => one === modernRevisions[0])) {
    modern.serverInfo = objectIn(property(discovered._meta, serverInfoKey))
    return modern
  }
  if (probe.answer?.kind === 'error' && isRefusal(probe.answer.error))
    throw noResult(probe, endpoint, 'server/discover')
  const opened = await openSession(endpoint, ports)
  if ('era' in opened) return opened
  throw noRevision(opened, probe, endpoint)
}

function noRevision(reply: Reply, probe: Reply, endpoint: Endpoint): CommandError {
  const error = noResult(reply, endpoint, 'initialize')
  if (error.status === exitStatus.refused || error.status === exitStatus.unreachable || reply.status === 401)
    return error
  const before = noResult(probe, endpoint, 'server/discover')
  return new CommandError(
    `\`${endpoint.url.href}\` is no endpoint of MCP that this client can speak to:\n  ${before.message}\n  ${error.message}`,
    exitStatus.usage,
    error.facts,
  )
}

/** A refusal by policy is about this caller, not about eras. */
function isRefusal({ code, data }: JsonObject): boolean {
  return code === 403 && property(data, 'decision_id') !== undefined
}
