/**
 * The house: one decision log, one generation of rooms in force, two listeners. Opened in the order that fails early, swapped
 * whole when files change, closed in the order that loses nothing.
 */
import {
  type Control,
  type Figure,
  logFigures,
  type Metrics,
  makeControl,
  makeMetrics,
  sinkFigures,
} from '../control/index.ts'
import { makeFetchDocument } from '../forward/index.ts'
import { makeGateway, type Rooms } from '../gateway.ts'
import type { DevelopmentIssuer, KeyChange } from '../identify/index.ts'
import {
  type Clock,
  type Config,
  type Fault,
  type Log,
  type LogSettings,
  type MakeId,
  makeIdMaker,
  messageOf,
  type Policy,
  type RandomBytes,
} from '../model/index.ts'
import { makeAnswer, makeReceiver, type Receiver, receive } from '../receive/index.ts'
import { type DecisionLog, type Keep, type LogFiles, makeRecorder, openDecisionLog } from '../record/index.ts'
import { openStore } from '../sinks/index.ts'
import { openVault, type Vault } from '../vault/index.ts'
import { auditShows } from './audit-shows.ts'
import { keysFolder } from './development.ts'
import { watchErasures } from './erasures.ts'
import { type Generation, type McpParts, makeGeneration, makeMcpParts } from './generation.ts'
import { type InForce, makeInForce } from './in-force.ts'
import { authority, listening } from './listening.ts'
import { loadPolicy } from './loading.ts'
import { makeLogLines } from './log-lines.ts'
import { placed, type Services, servicesOf } from './services.ts'
import { makeStreaming, type Streaming, sinksFolder } from './streaming.ts'
import { watchFiles } from './watch.ts'

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
  /** The disk of the decision log. */
  readonly files: LogFiles
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

/** Milliseconds between two words about the same failure: it may come with every call. */
const tellAgainMs = 10_000

type Close = () => Promise<unknown>

/**
 * Rejects with what an operator can put right: `Flaws`, `LogOpenError`, `VaultError`, `ListenFailed`, `log_unavailable`. Leaves nothing
 * open then.
 */
export async function openHouse(options: HouseOptions, ports: HousePorts): Promise<House> {
  const opened: Close[] = []
  try {
    return await assemble(options, ports, opened)
  } catch (cause) {
    for (const close of opened.reverse())
      await close().catch((left: unknown) =>
        ports.log.warn({ cause: messageOf(left) }, 'a part was not closed in order'),
      )
    throw cause
  }
}

/** Whatever is opened on the way is added to `opened`. */
async function assemble(options: HouseOptions, ports: HousePorts, opened: Close[]): Promise<House> {
  const { config, load, version, servicesProgram } = options
  const { clock, log } = ports
  const makeId = makeIdMaker(clock.nowMs, ports.randomBytes)
  const starting = servicesOf(config, servicesProgram, { clock, log })
  // While the services start, which is half a second on another core.
  const loading = loadPolicy(config)
  // Whoever makes the rooms of it is told why there is none; the services may be why it never comes to that.
  loading.catch(() => undefined)
  const services = await starting
  if (services !== undefined) opened.push(() => services.close())
  const keyChanges = keyChangeNotes(log)
  const vault = openVault({ directory: keysFolder(config.dataDirectory), randomBytes: ports.randomBytes, clock })
  opened.push(async () => vault.close())
  const mcp = makeMcpParts({ clock, randomBytes: ports.randomBytes, sealKey: vault.sealKey })
  const generate = generatorOf(services, makeId, keyChanges.note, mcp, ports)
  const first = await generate(config, undefined, loading)

  // What a required sink has not had is not known before the sinks run: until then nothing goes.
  let neededSeq = (): number | undefined => (config.sinks.some(({ required }) => required) ? 0 : undefined)
  const decisions = await openDecisionLog({
    ...config.log,
    files: ports.files,
    clock,
    log,
    proof: {
      keyFile: config.audit.keyFile,
      origin: config.audit.origin,
      keep: keepOf(config.log, () => neededSeq() ?? Number.POSITIVE_INFINITY),
      anchors: config.audit.anchors,
      randomBytes: ports.randomBytes,
      fetchDocument: makeFetchDocument({ clock }),
      openStore: (bucket, msMax) =>
        openStore(bucket, { clock, msMax, makeFetch: (tls) => makeFetchDocument({ clock, tls }) }),
    },
  })
  opened.push(() => decisions.close())
  keyChanges.writeTo(decisions)
  // The folder is this process's alone by now; a key that cannot be used is found at the start, not at a call.
  vault.sealKey()
  const { revision, digest } = first.policy
  const key = decisions.proof !== undefined && { key: decisions.proof.key.text }
  await decisions.change('start', {
    version,
    mode: config.mode,
    configuration: config.file,
    revision,
    digest,
    keys: first.identifier.keyNames(),
    ...key,
  })

  const streaming = makeStreaming({
    directory: sinksFolder(config.dataDirectory),
    logDirectory: config.log.directory,
    origin: decisions.proof?.key.name ?? 'decision-log',
    version,
    decisions,
    clock,
    log,
  })
  opened.push(() => streaming.close())
  const metrics = makeMetrics()
  const inForce = makeInForce({
    first,
    load,
    generate,
    roomsOf: roomsMaker(decisions, metrics, makeId, vault, ports),
    swapping({ certificate, config: next, decide }) {
      if (certificate !== undefined) receiver.reloadCertificate(certificate)
      streaming.apply(next)
      mcp.memory.streams.changed(decide)
    },
    decisions,
    log,
  })
  const receiver = receiverOf(inForce, decisions, makeId, ports)
  await listening("the agents' listener", config.agentsListener, '--port', () => receiver.listen())
  opened.push(() => receiver.close())
  metrics.show(figuresOf(inForce, decisions, receiver))
  metrics.show(sinkFigures(streaming.statuses))

  const state = { draining: false }
  const control = controlOf({ options, inForce, decisions, streaming, services, metrics, ports, state })
  await listening("the operators' listener", config.operatorsListener, '--operators-port', () => control.listen())
  opened.push(() => control.close())

  const watch = await watchFiles({
    paths: () => inForce.generation.config.watched,
    clock,
    changed: async () => void (await inForce.reload()),
    failed: (cause) => log.error({ cause: messageOf(cause) }, 'the files of the configuration cannot be watched'),
  })

  const endErasures = watchErasures(vault, decisions, { clock, log })
  streaming.apply(config)
  neededSeq = streaming.neededSeq

  return {
    agentsUrl: `${config.agentsListener.tls === undefined ? 'http' : 'https'}://${authority(receiver.address)}`,
    operatorsUrl: `http://${authority(control.address)}`,
    get config() {
      return inForce.generation.config
    },
    reload: () => inForce.reload(),
    cut: () => receiver.close(),
    async drain() {
      state.draining = true
      watch.close()
      const settled = Promise.all([inForce.close(), endErasures()])
      const cut = await receiver.drain(inForce.generation.config.timing.drainMsMax)
      await settled
      await inForce.generation.forwarding.close()
      await decisions
        .admin('stop', { calls_cut: cut })
        .catch((cause: unknown) => log.error({ cause: messageOf(cause) }, 'the stop is not recorded yet'))
      await streaming.close()
      await decisions.close()
      vault.close()
      await control.close()
      await services?.close()
      return cut
    },
  }
}

/** Keys that issuers replaced, for the log: noted from the first fetch on, written as soon as there is a log. */
function keyChangeNotes(log: Log): { note: (change: KeyChange) => void; writeTo: (decisions: DecisionLog) => void } {
  const early: KeyChange[] = []
  let write = (change: KeyChange): void => void early.push(change)
  return {
    note: (change) => write(change),
    writeTo(decisions) {
      write = (change) =>
        void decisions
          .admin('keys_changed', { ...change })
          .catch((cause: unknown) => log.error({ cause: messageOf(cause) }, 'changed keys are not recorded yet'))
      for (const change of early.splice(0)) write(change)
    },
  }
}

function generatorOf(
  services: Services | undefined,
  makeId: MakeId,
  keysChanged: (change: KeyChange) => void,
  mcp: McpParts,
  { clock, log }: HousePorts,
) {
  const ports = { clock, makeId, log, keysChanged, mcp, fetchDocument: makeFetchDocument({ clock }) }
  return (config: Config, previous: Generation | undefined, loading?: Promise<Policy>): Promise<Generation> =>
    makeGeneration(placed(config, services), ports, previous, loading)
}

/** The rooms of a generation, and what all of them share. */
function roomsMaker(
  decisions: DecisionLog,
  metrics: Metrics,
  makeId: MakeId,
  vault: Vault,
  { clock, log }: HousePorts,
): (generation: Generation) => Rooms {
  const reportBug = (fault: Fault) => {
    const stack = fault.cause instanceof Error ? fault.cause.stack : undefined
    log.error({ cause: fault.detail, stack }, 'a call met a mistake of the program and was refused; please report it')
  }
  let toldMs = Number.NEGATIVE_INFINITY
  const failed = (cause: unknown) => {
    if (clock.monotonicMs() - toldMs < tellAgainMs) return
    toldMs = clock.monotonicMs()
    log.error(
      { cause: messageOf(cause) },
      'a record could not be hidden as it should: it is written without what that is about',
    )
  }
  return ({ config: { labels }, policy: { recordRules }, redact, identifier, router, decide, forwarding }) => ({
    record: makeRecorder({
      log: decisions,
      clock,
      makeId,
      observe: metrics.observe,
      labels,
      redact,
      hiding: { rules: recordRules, conceal: vault, failed },
    }),
    receive,
    identify: identifier.identify,
    route: router.route,
    decide,
    forward: forwarding.forward,
    answer: makeAnswer(router.protection),
    reportBug,
  })
}

function receiverOf(
  inForce: InForce,
  decisions: DecisionLog,
  makeId: MakeId,
  { clock, randomBytes, log }: HousePorts,
): Receiver {
  const { config, certificate } = inForce.generation
  const { host, port, connectionsMax, callsMax } = config.agentsListener
  const tls = certificate !== undefined && { tls: certificate }
  return makeReceiver(
    { host, port, connectionsMax, callsMax, timing: config.timing, ...tls },
    {
      clock,
      makeId,
      randomBytes,
      log,
      handle: makeGateway(() => inForce.rooms),
      onRefusedBytes: (code, detail, peer) => decisions.fault(code, inForce.generation.redact(detail), peer.address),
      onFlood: ({ addresses, closed }) =>
        decisions.fault('refusal_flood', `closed unread, from ${addresses.join(', ')}`, addresses[0], closed),
    },
  )
}

interface ControlParts {
  readonly options: HouseOptions
  readonly inForce: InForce
  readonly decisions: DecisionLog
  readonly streaming: Streaming
  readonly services: Services | undefined
  readonly metrics: Metrics
  readonly ports: HousePorts
  readonly state: { readonly draining: boolean }
}

function controlOf({ options, inForce, decisions, streaming, services, metrics, ports, state }: ControlParts): Control {
  const { clock, files, log } = ports
  return makeControl(options.config.operatorsListener, {
    readiness: () => [
      state.draining ? 'the gateway is shutting down' : undefined,
      inForce.refusal,
      decisions.readiness(),
      streaming.readiness(),
      inForce.generation.identifier.readiness(),
      services?.readiness(),
    ],
    metrics,
    logLines: makeLogLines({ directory: options.config.log.directory, files, clock, log }),
    audit:
      decisions.proof &&
      auditShows({ config: options.config, proof: decisions.proof, files, clock, randomBytes: ports.randomBytes }),
    clock,
    jwks: options.developmentIssuer?.jwks,
    failed: (cause) =>
      log.error({ cause: messageOf(cause) }, "an answer or a connection on the operators' port failed"),
  })
}

function figuresOf(inForce: InForce, decisions: DecisionLog, receiver: Receiver): Figure[] {
  const gauge = (name: string, help: string, read: () => number): Figure => ({ name, help, type: 'gauge', read })
  return [
    ...logFigures(() => decisions.stats()),
    gauge('gatehouse_connections', 'Open connections of agents', () => receiver.connections),
    gauge('gatehouse_calls_under_way', 'Calls under way', () => receiver.callsUnderWay),
    gauge('gatehouse_remembered_tokens', 'Verified tokens that are remembered', () =>
      inForce.generation.identifier.remembered(),
    ),
  ]
}

/** Undefined when all of the log is kept. */
function keepOf({ retentionMs, totalBytesMax }: LogSettings, neededFrom: Keep['neededFrom']): Keep | undefined {
  if (retentionMs === undefined && totalBytesMax === undefined) return undefined
  return { ms: retentionMs, bytes: totalBytesMax, neededFrom }
}
