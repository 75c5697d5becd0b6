/**
 * The house: one decision log, one generation of rooms in force, two listeners. Opened in the order that fails early, swapped
 * whole when files change, closed in the order that loses nothing.
 */
import { join } from 'node:path'
import { type Figure, logFigures, makeControl, makeMetrics } from '../control/index.ts'
import { makeFetchDocument } from '../forward/index.ts'
import { makeGateway, type Rooms } from '../gateway.ts'
import type { DevelopmentIssuer } from '../identify/index.ts'
import { type Clock, type Config, type Fault, type Log, makeIdMaker, type RandomBytes } from '../model/index.ts'
import { answer, makeReceiver, receive } from '../receive/index.ts'
import { makeRecorder, nodeFiles, type OpenEntry, openDecisionLog } from '../record/index.ts'
import { redactText } from '../wire/index.ts'
import { keysFolder } from './development.ts'
import { type Generation, makeGeneration } from './generation.ts'
import { type Services, startServices } from './services.ts'
import { watchFiles } from './watch.ts'

/** Characters of a refused change's reason in its record: the first errors tell enough, the program's log has them all. */
const reasonCharsMax = 8_000

export interface HouseOptions {
  /** The first configuration, as `load` gave it. */
  readonly config: Config
  /** Reads the configuration anew for a reload. Throws what is wrong with it. */
  readonly load: () => Promise<Config>
  readonly version: string
  /** In development mode: published on the operators' port. */
  readonly developmentIssuer?: DevelopmentIssuer | undefined
  /** The program of the development services. */
  readonly servicesProgram: string
}

export interface HousePorts {
  readonly clock: Clock
  readonly randomBytes: RandomBytes
  readonly log: Log
}

export interface House {
  readonly agentsUrl: string
  readonly operatorsUrl: string
  /** The configuration in force. */
  readonly config: Config
  /** Takes in what changed, whole or not at all; a refusal is in the log, in readiness and here. Never rejects. */
  reload(): Promise<string | undefined>
  /** Finishes what runs, refuses what is new, then closes. Gives the number of calls that were cut at the deadline. */
  drain(): Promise<number>
  /** Cuts the calls that a drain still waits for. */
  cut(): Promise<void>
}

/** Rejects with what an operator can put right: `Flaws`, `LogOpenError`, `ListenFailed`. Leaves nothing open then. */
export async function openHouse(options: HouseOptions, ports: HousePorts): Promise<House> {
  const opened: (() => Promise<unknown>)[] = []
  try {
    return await assemble(options, ports, opened)
  } catch (cause) {
    for (const close of opened.reverse()) await close()
    throw cause
  }
}

/** A listener that cannot have its address. */
export class ListenFailed extends Error {
  override readonly name = 'ListenFailed'

  constructor(what: string, host: string, port: number, flag: string, cause: unknown) {
    const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
    const why = isTaken ? `port ${port} is taken by another process` : reasonOf(cause)
    super(`${what} cannot listen on \`${host}:${port}\`: ${why}; choose another one with \`${flag} PORT\``, { cause })
  }
}

async function assemble(
  { config: first, load, version, developmentIssuer, servicesProgram }: HouseOptions,
  { clock, randomBytes, log }: HousePorts,
  opened: (() => Promise<unknown>)[],
): Promise<House> {
  const makeId = makeIdMaker(clock.nowMs, randomBytes)
  const fetchDocument = makeFetchDocument({ clock })
  const generationPorts = { clock, makeId, log, fetchDocument }

  const services = await servicesOf(first, servicesProgram, { clock, log })
  if (services !== undefined) opened.push(() => services.close())
  let current = await makeGeneration(placed(first, services), generationPorts, undefined)
  const redact = (text: string) => redactText(text, current.config.secrets)

  const decisions = await openDecisionLog({ ...first.log, files: nodeFiles, clock, log })
  opened.push(() => decisions.close())
  await decisions.admin('start', { version, mode: first.mode, configuration: first.file, ...policyOf(current) })

  const metrics = makeMetrics()
  const recorder = (): OpenEntry =>
    makeRecorder({ log: decisions, clock, makeId, observe: metrics.observe, labels: current.config.labels, redact })
  const reportBug = (fault: Fault) => {
    const stack = fault.cause instanceof Error ? fault.cause.stack : undefined
    log.error({ cause: fault.detail, stack }, 'a call met a mistake of the program and was refused; please report it')
  }
  let rooms = roomsOf(current, recorder(), reportBug)

  const receiver = makeReceiver(
    {
      host: first.agentsListener.host,
      port: first.agentsListener.port,
      connectionsMax: first.agentsListener.connectionsMax,
      callsMax: first.agentsListener.callsMax,
      timing: first.timing,
      ...(current.certificate !== undefined && { tls: current.certificate }),
    },
    {
      clock,
      makeId,
      randomBytes,
      log,
      handle: makeGateway(() => rooms),
      onRefusedBytes: (code, detail, peer) => decisions.fault(code, redact(detail), peer.address),
      onFlood: ({ addresses, closed }) =>
        decisions.fault('refusal_flood', `closed unread, from ${addresses.join(', ')}`, addresses[0], closed),
    },
  )
  await listening("the agents' listener", first.agentsListener, '--port', () => receiver.listen())
  opened.push(() => receiver.close())

  metrics.show([
    ...logFigures(() => decisions.stats()),
    gauge('gatehouse_connections', 'Open connections of agents', () => receiver.connections),
    gauge('gatehouse_calls_under_way', 'Calls under way', () => receiver.callsUnderWay),
    gauge('gatehouse_remembered_tokens', 'Verified tokens that are remembered', () => current.identifier.remembered()),
  ])

  let refusal: string | undefined
  let draining = false
  const control = makeControl(first.operatorsListener, {
    readiness: () => [
      draining ? 'the gateway is shutting down' : undefined,
      refusal,
      decisions.readiness(),
      current.identifier.readiness(),
      services?.readiness(),
    ],
    metrics,
    jwks: developmentIssuer?.jwks,
    failed: (cause) => log.error({ cause: reasonOf(cause) }, "an answer on the operators' port could not be made"),
  })
  await listening("the operators' listener", first.operatorsListener, '--operators-port', () => control.listen())
  opened.push(() => control.close())

  // One reload at a time: a second change waits and then sees the newest files.
  let turn: Promise<unknown> = Promise.resolve()
  const reload = (): Promise<string | undefined> => {
    const result = turn.then(takeIn)
    turn = result
    return result
  }

  async function takeIn(): Promise<string | undefined> {
    try {
      const config = await load()
      const fixed = needsRestart(first, config)
      if (fixed !== undefined) throw new Error(fixed)
      const next = await makeGeneration(placed(config, services), generationPorts, current)
      // Said before it is so: what cannot be recorded does not come into force.
      await decisions.admin('reload', {
        configuration: config.file,
        ...policyOf(next),
        changed: changesOf(current, next),
      })
      if (next.certificate !== undefined) receiver.reloadCertificate(next.certificate)
      const last = current
      current = next
      rooms = roomsOf(next, recorder(), reportBug)
      refusal = undefined
      log.info({ ...policyOf(next) }, 'the configuration was read again and is in force')
      last.forwarding
        .close()
        .catch((cause: unknown) => log.warn({ cause: reasonOf(cause) }, 'old connections were not closed'))
    } catch (cause) {
      refusal = `the last change was refused, what was in force before goes on: ${redact(reasonOf(cause))}`
      log.error({ cause: redact(reasonOf(cause)) }, 'a change of the configuration was refused')
      await decisions
        .admin('reload_refused', { reason: redact(reasonOf(cause)).slice(0, reasonCharsMax) })
        .catch((unwritten: unknown) => log.error({ cause: reasonOf(unwritten) }, 'the refused change is not recorded'))
    }
    return refusal
  }

  const watch = await watchFiles({
    paths: () => current.config.watched,
    clock,
    changed: async () => void (await reload()),
    failed: (cause) => log.error({ cause: reasonOf(cause) }, 'the files of the configuration cannot be watched'),
  })

  return {
    agentsUrl: `${first.agentsListener.tls === undefined ? 'http' : 'https'}://${authority(receiver.address)}`,
    operatorsUrl: `http://${authority(control.address)}`,
    get config() {
      return current.config
    },
    reload,
    cut: () => receiver.close(),
    async drain() {
      draining = true
      watch.close()
      const cut = await receiver.drain(current.config.timing.drainMsMax)
      await turn
      await current.forwarding.close()
      await decisions
        .admin('stop', { calls_cut: cut })
        .catch((cause: unknown) => log.error({ cause: reasonOf(cause) }, 'the stop is not recorded'))
      await decisions.close()
      await control.close()
      await services?.close()
      return cut
    },
  }
}

function roomsOf(
  { identifier, router, decide, forwarding }: Generation,
  record: OpenEntry,
  reportBug: Rooms['reportBug'],
): Rooms {
  return {
    record,
    receive,
    identify: identifier.identify,
    route: router.route,
    decide,
    forward: forwarding.forward,
    answer,
    reportBug,
  }
}

function policyOf({ policy: { revision, digest } }: Generation): { revision: string; digest: string } {
  return { revision, digest }
}

/** What a reload changes of what is allowed, by name. */
function changesOf(before: Generation, after: Generation): string[] {
  const changes: string[] = []
  if (before.policy.digest !== after.policy.digest) changes.push('policy')
  if (!alike(before.config, after.config)) changes.push('configuration')
  if (!alike(before.certificate, after.certificate)) changes.push('certificate')
  return changes
}

/** What cannot change while calls are under way, said with what to do; undefined when all can. */
function needsRestart(running: Config, wanted: Config): string | undefined {
  const fixed: [name: string, before: unknown, after: unknown][] = [
    ['mode', running.mode, wanted.mode],
    ['data', running.dataDirectory, wanted.dataDirectory],
    ['log', running.log, wanted.log],
    ['timing', { ...running.timing, drainMsMax: 0 }, { ...wanted.timing, drainMsMax: 0 }],
    ['listeners.agents', { ...running.agentsListener, publicUrl: '' }, { ...wanted.agentsListener, publicUrl: '' }],
    ['listeners.operators', running.operatorsListener, wanted.operatorsListener],
  ]
  const changed = fixed.filter(([, before, after]) => !alike(before, after)).map(([name]) => `\`${name}\``)
  if (changed.length === 0) return undefined
  return `${changed.join(', ')} cannot change while the gateway runs: restart it, or take the change back`
}

/** Both come from the same conversion of the same schema, so equal values have equal texts. */
function alike(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

async function servicesOf(
  config: Config,
  program: string,
  ports: { readonly clock: Clock; readonly log: Log },
): Promise<Services | undefined> {
  if (!config.upstreams.some(({ origin }) => serviceOf(origin) !== undefined)) return undefined
  return startServices({
    program,
    dataDirectory: join(config.dataDirectory, 'procurement'),
    credentialsDirectory: keysFolder(config.dataDirectory),
    ...ports,
  })
}

/** `development:erp` is the service `erp`, at the base path of that name. */
function serviceOf(origin: string): string | undefined {
  return origin.startsWith('development:') ? origin.slice('development:'.length) : undefined
}

/** The configuration with the addresses of the development services put in. */
function placed(config: Config, services: Services | undefined): Config {
  if (services === undefined) return config
  const upstreams = config.upstreams.map((upstream) => {
    const service = serviceOf(upstream.origin)
    return service === undefined ? upstream : { ...upstream, origin: services.origin, basePath: `/${service}` }
  })
  return { ...config, upstreams }
}

async function listening(
  what: string,
  { host, port }: { readonly host: string; readonly port: number },
  flag: string,
  listen: () => Promise<void>,
): Promise<void> {
  try {
    await listen()
  } catch (cause) {
    throw new ListenFailed(what, host, port, flag, cause)
  }
}

function gauge(name: string, help: string, read: () => number): Figure {
  return { name, help, type: 'gauge', read }
}

function authority({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
