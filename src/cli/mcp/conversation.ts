/** A command's time with an endpoint: a client is opened, talked to and closed, within the time that the command has and as long as nobody interrupts. */
import { formatDuration } from '../../model/index.ts'
import type { Options } from '../command.ts'
import { CommandError, exitStatus, type Io } from '../io.ts'
import { packageVersion } from '../package.ts'
import type { Client } from './client.ts'
import type { Endpoint } from './endpoint.ts'
import { openClient } from './open-client.ts'

/** Milliseconds that a command waits for the endpoint in all, by default: as long as an agent's client usually waits for one call. */
const waitMs = 60_000
/** Milliseconds for the words of farewell. */
const closeMsMax = 2_000

export interface Talk {
  readonly client: Client
  /** Aborted when the time is over or somebody interrupts; its reason is a `CommandError`. */
  readonly signal: AbortSignal
  /** Has `run` done before the client is closed, however the talk ends; gives the function that takes it back. */
  atEnd(run: (signal: AbortSignal) => Promise<void>): () => void
}

/** Gives what `talk` gives. Rejects as it does, and with status 3 when the time is over. */
export async function converse<Result>(
  endpoint: Endpoint,
  options: Options,
  io: Io,
  talk: (talk: Talk) => Promise<Result>,
): Promise<Result> {
  const ms = options.ms('timeout') ?? waitMs
  const controller = new AbortController()
  const { signal } = controller
  const stop = (message: string, status: number): void => controller.abort(new CommandError(message, status))
  const forgetTime = io.clock.after(ms, () =>
    stop(`there was no answer within ${formatDuration(ms)}; \`--timeout\` gives it more time`, exitStatus.unreachable),
  )
  const forgetInterrupt = io.onInterrupt(() =>
    stop('interrupted; whether the endpoint had done anything by then is not known', exitStatus.finding),
  )
  try {
    const client = await openClient(endpoint, { signal, version: packageVersion(), pause: io.pause })
    const farewells = new Set<(signal: AbortSignal) => Promise<void>>()
    const atEnd: Talk['atEnd'] = (run) => {
      farewells.add(run)
      return () => farewells.delete(run)
    }
    try {
      return await talk({ client, signal, atEnd })
    } finally {
      const farewell = new AbortController()
      const forgetFarewell = io.clock.after(closeMsMax, () => farewell.abort(new CommandError('the end of the time')))
      for (const run of farewells) await run(farewell.signal)
      await client.close(farewell.signal)
      forgetFarewell()
    }
  } finally {
    forgetTime()
    forgetInterrupt()
  }
}
