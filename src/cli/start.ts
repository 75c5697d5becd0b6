/** `gatehouse start`: opens the house, says where it listens and what to try, and ends it in order when it is told to. */
import { Fault } from '../model/index.ts'
import { LogOpenError, nodeFiles } from '../record/index.ts'
import { VaultError } from '../vault/index.ts'
import type { Options, RunCommand } from './command.ts'
import { locateConfig, openConfig } from './configuration.ts'
import { setEngine } from './engine.ts'
import { makeFolder } from './folder.ts'
import { greeting } from './greeting.ts'
import { type House, openHouse } from './house.ts'
import { CommandError, exitStatus, type Io } from './io.ts'
import { ListenFailed } from './listening.ts'
import { makeLog } from './log.ts'
import { packageVersion, procurementProgram } from './package.ts'

export const runStart: RunCommand = async (options, io) => {
  setEngine()
  const interruptions = interruptionsOf(io)
  const located = locateConfig(options, io, portsOf(options))
  const { config, developmentIssuer } = await openConfig(located, io)
  makeFolder(config.log.directory)
  const secrets = { current: config.secrets }
  const log = makeLog(io, () => secrets.current)
  const house = await opened(() =>
    openHouse(
      {
        config,
        load: async () => {
          const next = (await openConfig(located, io)).config
          secrets.current = [...new Set([...secrets.current, ...next.secrets])]
          return next
        },
        version: packageVersion(),
        developmentIssuer,
        servicesProgram: procurementProgram,
      },
      { clock: io.clock, randomBytes: io.randomBytes, log, files: nodeFiles },
    ),
  )
  // Nobody may be left to read it, as when the output is a pipe whose reader ended: the gateway runs all the same.
  const { agentsUrl, operatorsUrl } = house
  const shown = { agentsUrl, operatorsUrl, config, located, issuer: developmentIssuer, flags: flagsOf(options) }
  await io.out
    .write(await greeting(shown, options.text('format') === 'json'))
    .catch((cause: unknown) => log.warn({ cause: String(cause) }, 'the addresses could not be printed'))
  await interruptions.first
  const drained = house.drain()
  const ended = await Promise.race([drained, interruptions.second])
  // A second signal does not wait for calls under way; what they did is recorded all the same.
  if (ended === undefined) await house.cut()
  const cut = await drained
  interruptions.forget()
  return cut === 0 && ended !== undefined ? exitStatus.done : exitStatus.finding
}

function portsOf(options: Options): { agentsPort?: number; operatorsPort?: number } {
  const agentsPort = options.port('port')
  const operatorsPort = options.port('operators-port')
  return { ...(agentsPort !== undefined && { agentsPort }), ...(operatorsPort !== undefined && { operatorsPort }) }
}

/** What an operator can put right is said in words, not as a stack. */
async function opened(open: () => Promise<House>): Promise<House> {
  try {
    return await open()
  } catch (cause) {
    if (cause instanceof LogOpenError && cause.code === 'log_held')
      throw new CommandError(`${cause.message}, with \`--data FOLDER\``)
    if (cause instanceof LogOpenError || cause instanceof VaultError || cause instanceof ListenFailed)
      throw new CommandError(cause.message)
    if (cause instanceof Fault && cause.code === 'log_unavailable') throw new CommandError(cause.detail)
    throw cause
  }
}

/** `--config FILE`, `--data FOLDER` as they were given: another command needs them too. */
function flagsOf(options: Options): readonly { name: string; value: string }[] {
  return (['config', 'data'] as const).flatMap((name) => {
    const value = options.text(name)
    return value === undefined ? [] : [{ name, value }]
  })
}

/** Signals to end, noted from before the house is open, so that none falls between two listeners. */
interface Interruptions {
  /** Resolves at the first signal, at once when it has come already. */
  readonly first: Promise<void>
  /** Resolves at the second one. */
  readonly second: Promise<void>
  forget(): void
}

function interruptionsOf(io: Io): Interruptions {
  const first = Promise.withResolvers<void>()
  const second = Promise.withResolvers<void>()
  let count = 0
  const forget = io.onInterrupt(() => {
    count += 1
    if (count === 1) first.resolve()
    else second.resolve()
  })
  return { first: first.promise, second: second.promise, forget }
}
