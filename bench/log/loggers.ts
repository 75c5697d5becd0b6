/**
 * What takes the calls' records: nothing, pino to a file as a team would log its decisions, and the decision log in each of its modes.
 * Every one begins in an empty folder and gives its file up when it has written all that it took.
 */
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import { systemClock as clock } from '../../src/cli/clock.ts'
import type { Arrival, Call, Recording } from '../../src/model/index.ts'
import { type Entry, makeRecorder, type OpenEntry } from '../../src/record/index.ts'
import { openUnrecorded } from '../unrecorded.ts'
import { openLog } from './open-log.ts'
import { makeId } from './work.ts'

export const loggerNames = ['none', 'pino-sync', 'pino-async', 'async', 'durable', 'durable-no-tree', 'strict'] as const
export type LoggerName = (typeof loggerNames)[number]

/** What was written since it was opened. `writes` is undefined where nobody counts them. */
export interface Written {
  readonly bytes: number
  readonly writes: number | undefined
}

export interface Logger {
  readonly open: OpenEntry
  /** Of the route that the calls take. */
  readonly mode: Recording['mode']
  written(): Written
  /** Resolves when everything is written and nothing is open any more. */
  close(): Promise<void>
}

/** Characters that pino keeps before it writes, as its page on asynchronous logging has it. */
const pinoCharsMin = 4_096
const labels = { app: 'gatehouse' }
const quiet = () => {}

export const openers: Record<LoggerName, (folder: string) => Promise<Logger>> = {
  none: async () => ({
    open: openUnrecorded(makeId),
    mode: 'async',
    written: () => ({ bytes: 0, writes: undefined }),
    close: async () => {},
  }),
  'pino-sync': (folder) => openPino(folder, { sync: true }),
  'pino-async': (folder) => openPino(folder, { sync: false, minLength: pinoCharsMin }),
  async: (folder) => openOurs(folder, 'async', true),
  durable: (folder) => openOurs(folder, 'durable', true),
  'durable-no-tree': (folder) => openOurs(folder, 'durable', false),
  strict: (folder) => openOurs(folder, 'strict', true),
}

async function openOurs(folder: string, mode: Recording['mode'], isProven: boolean): Promise<Logger> {
  const log = await openLog(folder, { isProven })
  const open = makeRecorder({ log, clock, makeId, observe: quiet, labels, redact: (text) => text })
  return {
    open,
    mode,
    written() {
      const { bytes, batches } = log.stats()
      return { bytes, writes: batches }
    },
    close: () => log.close(),
  }
}

async function openPino(folder: string, how: { sync: boolean; minLength?: number }): Promise<Logger> {
  const file = join(folder, 'pino.log')
  const destination = pino.destination({ dest: file, ...how })
  if (!how.sync) await once(destination, 'ready')
  const logger = pino({ base: labels }, destination)

  class PinoEntry implements Entry {
    private readonly arrival: Arrival
    private call: Call | undefined
    private who: object = {}
    private where: object = {}
    private id: string | undefined

    constructor(arrival: Arrival) {
      this.arrival = arrival
    }

    get decisionId(): string {
      this.id ??= makeId()
      return this.id
    }

    received: Entry['received'] = (call) => {
      this.call = call
      return call
    }

    identified: Entry['identified'] = (principal) => {
      const { issuer, subject, client_id, scopes } = principal.identity
      this.who = { issuer, subject: subject?.id, client_id, agent: principal.agent?.id, scopes }
      return principal
    }

    routed: Entry['routed'] = (target) => {
      this.where = { route: target.route.id, upstream: target.upstream?.id, tool: target.operation?.tool.name }
      return target
    }

    decided: Entry['decided'] = async (decision) => {
      const { arrival, call } = this
      this.id = decision.id
      logger.info({
        type: 'decision',
        decision_id: decision.id,
        call_id: arrival.id,
        trace_id: arrival.trace.traceId,
        bundles: { policy: { revision: decision.revision, digest: decision.digest } },
        path: decision.entrypoint,
        decision: decision.kind,
        reasons: decision.reasons,
        rule_ids: decision.ruleIds,
        principal: this.who,
        target: this.where,
        call: { protocol: 'http', method: arrival.method, host: call?.host, path: call?.path },
        input: decision.input,
        result: decision.result,
        requested_by: arrival.peer.address,
        metrics: { timer_total_ns: this.elapsedNs() },
      })
      return decision
    }

    refused: Entry['refused'] = (reply) => Promise.resolve(reply)

    followed: Entry['followed'] = async ({ upstream, obligationsDone: _done, ...reply }) => {
      const { arrival } = this
      logger.info({
        type: 'outcome',
        decision_id: this.decisionId,
        call_id: arrival.id,
        trace_id: arrival.trace.traceId,
        outcome: 'forwarded',
        status: reply.status,
        upstream_status: upstream.status,
        request_bytes: arrival.body.receivedBytes,
        reply_bytes: reply.body.kind === 'bytes' ? reply.body.bytes.length : 0,
        complete: true,
        upstream_reached: true,
        tries: upstream.tries,
        metrics: { timer_total_ns: this.elapsedNs() },
      })
      return { ...reply, decisionId: this.decisionId }
    }

    failed: Entry['failed'] = (fault) => Promise.reject(fault)

    private elapsedNs(): number {
      return Math.round((clock.monotonicMs() - this.arrival.startedMs) * 1e6)
    }
  }

  return {
    open: (arrival) => new PinoEntry(arrival),
    mode: 'async',
    written: () => ({ bytes: statSync(file).size, writes: undefined }),
    async close() {
      const closed = once(destination, 'close')
      destination.end()
      await closed
    },
  }
}
