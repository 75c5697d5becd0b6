/**
 * The processes that are measured: started, known to listen, their CPU time and memory read from /proc over all their
 * threads and children, ended by their own id. Linux only.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { output } from './machine.ts'

/** Milliseconds until a subject must listen. */
const listenMsMax = 20_000
/** Milliseconds that a subject gets to end before it is killed. */
const endMsMax = 10_000
/** Bytes of a subject's last words that an error repeats. */
const wordsMax = 2_000

export interface Subject {
  readonly pid: number
  readonly port: number
  /** Rejects when it does not end by itself; it is killed then. */
  end(): Promise<void>
}

export interface StartOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly port: number
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Resolves when the process accepts connections on its port; rejects with its last words when it ends before. */
export async function start({ command, args, port, cwd, env }: StartOptions): Promise<Subject> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd !== undefined && { cwd }),
    env: { ...process.env, ...env },
  })
  running.add(child)
  let words = ''
  const keep = (text: string): void => {
    words = (words + text).slice(-wordsMax)
  }
  child.stdout.setEncoding('utf8').on('data', keep)
  child.stderr.setEncoding('utf8').on('data', keep)
  let ended = false
  child.once('exit', () => {
    ended = true
    running.delete(child)
  })
  await once(child, 'spawn')
  const deadline = performance.now() + listenMsMax
  while (!(await accepts(port))) {
    if (ended) throw new Error(`\`${command} ${args.join(' ')}\` ended at start: ${words.trim()}`)
    if (performance.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error(`\`${command} ${args.join(' ')}\` does not listen on port ${port}: ${words.trim()}`)
    }
    await pause(25)
  }
  return {
    pid: child.pid ?? 0,
    port,
    async end() {
      if (ended) throw new Error(`\`${command}\` ended before it was told to: ${words.trim()}`)
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      const late = AbortSignal.timeout(endMsMax)
      late.addEventListener('abort', () => child.kill('SIGKILL'), { once: true })
      await exit
      if (late.aborted) throw new Error(`\`${command}\` did not end within ${endMsMax} ms of SIGTERM`)
    },
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** A port of loopback that nobody has at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP address')
  return address.port
}

/** Clock ticks a second in /proc/PID/stat (proc_pid_stat(5)). */
const ticksPerSecond = Number(output('getconf', ['CLK_TCK']) ?? 100)

/** Microseconds of user and system time of a process, all its threads, and its children, living and ended. */
export function cpuMicroseconds(pid: number): number {
  let ticks = 0
  for (const one of tree(pid)) {
    // Fields 14 to 17: utime, stime, and the same of children that were waited for.
    const [utime, stime, childrenUtime, childrenStime] = statOf(one).slice(11, 15).map(Number)
    ticks += (utime ?? 0) + (stime ?? 0) + (childrenUtime ?? 0) + (childrenStime ?? 0)
  }
  return (ticks * 1e6) / ticksPerSecond
}

/** Bytes of memory of a process and its children that are in RAM. */
export function residentBytes(pid: number): number {
  return tree(pid).reduce((sum, one) => {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${one}/status`, 'utf8'))?.[1]
    return sum + Number(kib ?? 0) * 1024
  }, 0)
}

function tree(pid: number): number[] {
  // A child belongs to the thread that made it.
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')
      .split(' ')
      .filter((child) => child !== ''),
  )
  return [pid, ...children.flatMap((child) => tree(Number(child)))]
}

/** The fields after the command's name, which may hold spaces and brackets: the first is field 3. */
function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}
