/**
 * The procurement services of development mode as one child process: started where a configuration names one, found by the
 * address it prints, started again until it runs when it dies, ended with us.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Clock, Config, Log } from '../model/index.ts'
import { keysFolder } from './development.ts'
import { makeFolder } from './folder.ts'
import { CommandError } from './io.ts'

/** Milliseconds until the child must have printed its address. */
const startMsMax = 10_000
/** Milliseconds before a dead child is started again. */
const restartMs = 1_000
/** Milliseconds a child gets to end by itself. */
const endMsMax = 3_000
/** Characters of a child's last words: what it says when it cannot start. */
const wordsCharsMax = 2_000

export interface Services {
  /** `http://127.0.0.1:PORT`; the same address after a restart of the child. */
  readonly origin: string
  readonly readiness: () => string | undefined
  close(): Promise<void>
}

/** The services when an upstream of the configuration is one of them. Rejects as `startServices` does. */
export async function servicesOf(
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

/** The configuration with the addresses of the services put in. */
export function placed(config: Config, services: Services | undefined): Config {
  if (services === undefined) return config
  const upstreams = config.upstreams.map((upstream) => {
    const service = serviceOf(upstream.origin)
    return service === undefined ? upstream : { ...upstream, origin: services.origin, basePath: `/${service}` }
  })
  return { ...config, upstreams }
}

/** `development:erp` is the service `erp`, at the base path of that name. */
function serviceOf(origin: string): string | undefined {
  return origin.startsWith('development:') ? origin.slice('development:'.length) : undefined
}

export interface ServicesOptions {
  readonly program: string
  readonly dataDirectory: string
  readonly credentialsDirectory: string
  readonly clock: Clock
  readonly log: Log
}

/**
 * Starts `program` with this Node. Rejects with a `CommandError` that carries the child's last words when it does not print an
 * address in time.
 */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const { log, clock } = options
  makeFolder(options.dataDirectory)
  let closing = false
  let failure: string | undefined
  let child: ChildProcess | undefined
  let port = 0

  async function launch(): Promise<string> {
    const started = spawnProgram(options, port)
    child = started
    const words = lastWordsOf(started)
    const origin = await originPrintedBy(started, words, clock).catch((cause: unknown) => {
      started.kill('SIGKILL')
      throw cause
    })
    started.once('exit', (status, signal) => {
      if (closing) return
      failure = 'the procurement services ended and are being started again'
      log.error({ status, signal, words: words() }, 'the procurement services ended')
      launchLater()
    })
    started.stdout?.resume()
    return origin
  }

  function launchLater(): void {
    clock.after(restartMs, () => {
      if (closing) return
      launch().then(
        () => {
          failure = undefined
        },
        (cause: Error) => {
          if (closing) return
          failure = `the procurement services do not start: ${cause.message}`
          log.error({ cause: cause.message }, 'the procurement services do not start again')
          launchLater()
        },
      )
    })
  }

  const origin = await launch()
  port = Number(new URL(origin).port)
  return {
    origin,
    readiness: () => failure,
    async close() {
      closing = true
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const last = child
      const ended = once(last, 'exit')
      last.kill('SIGTERM')
      const stop = clock.after(endMsMax, () => last.kill('SIGKILL'))
      await ended
      stop()
    },
  }
}

function spawnProgram({ program, dataDirectory, credentialsDirectory }: ServicesOptions, port: number): ChildProcess {
  const words = ['--data', dataDirectory, '--credentials', credentialsDirectory, '--port', String(port)]
  // Its stdin is our lifeline: it ends when the pipe closes, so a killed gateway leaves no orphan.
  return spawn(process.execPath, [program, ...words], { stdio: ['pipe', 'pipe', 'pipe'] })
}

function lastWordsOf(child: ChildProcess): () => string {
  let words = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-wordsCharsMax)
  })
  return () => words.trim()
}

function originPrintedBy(child: ChildProcess, words: () => string, clock: Clock): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const fail = (what: string) => reject(new CommandError(`the procurement services ${what}`))
  const stop = clock.after(startMsMax, () => fail(`printed no address within ${startMsMax} ms: ${words()}`))
  child.once('error', (cause) => fail(`cannot be started: ${cause.message}`))
  // Whatever it says is read to its end before it is told that it ended.
  child.once('close', (status) => fail(`ended with status ${status} at start: ${words()}`))
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).once('line', (line) => {
    const origin = originIn(line)
    if (origin === undefined) fail(`printed \`${line.slice(0, 200)}\` instead of their origin`)
    else resolve(origin)
  })
  return promise.finally(stop)
}

/** The child's first line is JSON with its origin: `{"origin":"http://127.0.0.1:40123", ...}`. */
function originIn(line: string): string | undefined {
  let said: unknown
  try {
    said = JSON.parse(line)
  } catch {
    return undefined
  }
  const origin = typeof said === 'object' && said !== null && 'origin' in said ? said.origin : undefined
  return typeof origin === 'string' && /^http:\/\/127\.0\.0\.1:\d+$/.test(origin) ? origin : undefined
}
