/** A server as a process of its own: started, killed, stopped and started again by its id. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/** Milliseconds until a server must take connections. */
const startMsMax = 60_000

export interface ServerProcess {
  kill(): Promise<void>
  restart(): Promise<void>
  pause(): void
  resume(): void
}

export interface ServerOptions {
  readonly command: string
  readonly args: readonly string[]
  /** Port that it listens on, on 127.0.0.1. */
  readonly port: number
  readonly environment?: { readonly [name: string]: string }
  readonly directory?: string
  /** Where listening is not enough to be ready. Rejects or gives false until it is. */
  readonly ready?: () => Promise<boolean>
}

export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  let child = await launched(options)
  return {
    async kill() {
      const ended = once(child, 'exit')
      if (!child.kill('SIGKILL')) return
      await ended
    },
    async restart() {
      child = await launched(options)
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
  }
}

async function launched(options: ServerOptions): Promise<ChildProcess> {
  const { command, args, port, environment, directory, ready } = options
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...environment },
    ...(directory !== undefined && { cwd: directory }),
  })
  let words = ''
  child.stderr?.on('data', (piece: Buffer) => {
    words = `${words}${piece.toString()}`.slice(-2_000)
  })
  const failed = new Promise<never>((_, reject) => child.once('error', reject))
  failed.catch(() => undefined)
  const giveUpAt = performance.now() + startMsMax
  for (;;) {
    if (child.exitCode !== null) throw new Error(`\`${command}\` ended with ${child.exitCode}: ${words}`)
    const isReady = Promise.all([connects(port), ready?.() ?? true]).then((all) => all.every(Boolean))
    if (await Promise.race([isReady.catch(() => false), failed])) return child
    if (performance.now() > giveUpAt) {
      child.kill('SIGKILL')
      throw new Error(`\`${command}\` does not run after ${startMsMax} ms: ${words}`)
    }
    // A process of somebody else's tells nobody when it is ready: it is asked again, up to the bound.
    await setTimeout(50)
  }
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const end = (isThere: boolean) => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })
}

/** A port that nobody has just now: for servers that must be told one, and keep it over restarts. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('a server without a port')
  return address.port
}
