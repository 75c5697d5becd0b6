/** The program as a process: started as a user starts it, read by its lines, ended by its id. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { root } from './sources.ts'

export interface Running {
  readonly process: ChildProcess
  /** Standard output and standard error so far. */
  output(): string
  readonly agentsUrl: string
  readonly operatorsUrl: string
  /** Sends `signal` and gives how it ended. */
  end(signal?: NodeJS.Signals): Promise<{ status: number | null; signal: NodeJS.Signals | null }>
}

/** Milliseconds for a start on a machine that runs many tests at once. */
const startMsMax = 30_000

/** Starts `command`, which must print the two addresses of the house. */
export async function startHouse(command: readonly [string, ...string[]], cwd = root): Promise<Running> {
  const [file, ...words] = command
  const child = spawn(file, words, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const addresses = new Promise<[string, string]>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no address within ${startMsMax} ms: ${output}`)), startMsMax)
    const read = (chunk: Buffer) => {
      output += chunk
      const found = output.match(/^agents (\S+)\noperators (\S+)\n/m)
      if (found === null) return
      clearTimeout(timer)
      resolve([found[1] as string, found[2] as string])
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('exit', (status) => {
      clearTimeout(timer)
      reject(new Error(`it ended with status ${status}: ${output}`))
    })
    child.once('error', reject)
  })
  const [agentsUrl, operatorsUrl] = await addresses
  return {
    process: child,
    output: () => output,
    agentsUrl,
    operatorsUrl,
    async end(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null)
        return { status: child.exitCode, signal: child.signalCode }
      const ended = once(child, 'exit')
      child.kill(signal)
      const [status, by] = (await ended) as [number | null, NodeJS.Signals | null]
      return { status, signal: by }
    },
  }
}

/** Runs a command to its end. */
export async function run(
  command: readonly [string, ...string[]],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<{ status: number | null; out: string; err: string }> {
  const [file, ...words] = command
  const child = spawn(file, words, {
    cwd: options.cwd ?? root,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk
  })
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, out, err }
}

/** Whether `command --version` runs here, for tests that need somebody else's program. */
export async function isInstalled(command: string, ...words: string[]): Promise<boolean> {
  try {
    return (await run([command, ...(words.length > 0 ? words : ['--version'])])).status === 0
  } catch {
    return false
  }
}

/** Asks again until `isDone`, whose failures count as not yet; fails after 30 s with what `words` tells. For set-up, where `expect.poll` is not to be had. */
export async function until(isDone: () => Promise<boolean>, words: () => string): Promise<void> {
  const giveUpAt = performance.now() + startMsMax
  while (!(await isDone().catch(() => false))) {
    if (performance.now() > giveUpAt) throw new Error(`not ready within ${startMsMax} ms: ${words()}`)
    await setImmediate()
  }
}
