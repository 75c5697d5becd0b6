/**
 * The procurement services of development mode as one child process: started, found by the address it prints, restarted
 * when it dies, ended with us.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Clock, Log } from '../model/index.ts'

/** Milliseconds until the child must have printed its address. */
const startMsMax = 10_000
/** Milliseconds before a dead child is started again. */
const restartMs = 1_000
/** Milliseconds a child gets to end by itself. */
const endMsMax = 3_000

export interface Services {
  /** `http://127.0.0.1:PORT`; the same address after a restart of the child. */
  readonly origin: string
  readiness(): string | undefined
  close(): Promise<void>
}

/**
 * Starts `program` with this Node. Rejects with an `Error` that carries the child's last words when it does not print an
 * address in time.
 */
export async function startServices(options: {
  readonly program: string
  readonly dataDirectory: string
  readonly credentialsDirectory: string
  readonly clock: Clock
  readonly log: Log
}): Promise<Services> {
  const { log, clock } = options
  mkdirSync(options.dataDirectory, { recursive: true, mode: 0o700 })
  let closing = false
  let failure: string | undefined
  let child: ChildProcess
  let port = 0

  const launch = async (): Promise<string> => {
    child = spawn(
      process.execPath,
      [
        options.program,
        '--data',
        options.dataDirectory,
        '--credentials',
        options.credentialsDirectory,
        '--port',
        String(port),
      ],
      // Its stdin is our lifeline: it ends when the pipe closes, so a killed gateway leaves no orphan.
      { stdio: ['pipe', 'pipe', 'pipe'] },
    )
    const started = child
    let words = ''
    started.stderr?.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-2_000)
    })
    const address = await new Promise<string>((resolve, reject) => {
      const stop = clock.after(startMsMax, () =>
        reject(new Error(`the procurement services printed no address within ${startMsMax} ms: ${words.trim()}`)),
      )
      started.once('error', (cause) =>
        reject(new Error(`the procurement services cannot be started: ${cause.message}`)),
      )
      started.once('exit', (code) =>
        reject(new Error(`the procurement services ended with status ${code} at start: ${words.trim()}`)),
      )
      createInterface({ input: started.stdout as NodeJS.ReadableStream }).once('line', (line) => {
        stop()
        try {
          resolve(originOf(line))
        } catch (cause) {
          reject(cause)
        }
      })
    })
    started.removeAllListeners('exit')
    started.once('exit', (code, signal) => {
      if (closing) return
      failure = 'the procurement services ended and are being started again'
      log.error({ status: code, signal, words }, 'the procurement services ended')
      clock.after(restartMs, () => {
        if (closing) return
        launch().then(
          () => {
            failure = undefined
          },
          (cause: Error) => {
            failure = `the procurement services do not start: ${cause.message}`
            log.error({ cause: cause.message }, 'the procurement services do not start again')
          },
        )
      })
    })
    started.stdout?.resume()
    return address
  }

  const origin = await launch()
  port = Number(new URL(origin).port)
  return {
    origin,
    readiness: () => failure,
    async close() {
      closing = true
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      const stop = clock.after(endMsMax, () => child.kill('SIGKILL'))
      await ended
      stop()
    },
  }
}

/** The child's first line is JSON with its origin: `{"origin":"http://127.0.0.1:40123", ...}`. */
function originOf(line: string): string {
  const said: unknown = JSON.parse(line)
  const origin = typeof said === 'object' && said !== null && 'origin' in said ? said.origin : undefined
  if (typeof origin !== 'string' || !/^http:\/\/127\.0\.0\.1:\d+$/.test(origin))
    throw new Error(`the procurement services printed \`${line.slice(0, 200)}\` instead of their origin`)
  return origin
}
