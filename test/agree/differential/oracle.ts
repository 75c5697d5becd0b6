/** The real OPA as a child process: `oracle/main.go`, built against OPA's library, answers one JSON line for each program. */
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Answer, exactJson, type Fault } from './answer.ts'
import type { Program } from './program.ts'

export interface Oracle {
  /** OPA's answer. Any number may be under way; they are answered in order. */
  ask(program: Program): Promise<Answer>
  /** The answer of a process that was asked nothing before. */
  askAlone(program: Program): Promise<Answer>
  /** Ends the process and removes what was built. */
  close(): Promise<void>
}

const source = join(import.meta.dirname, 'oracle')

/** Why there is no oracle here, or undefined where Go can build it. */
export async function whyNoOracle(): Promise<string | undefined> {
  try {
    await promisify(execFile)('go', ['version'])
    return undefined
  } catch {
    return 'go is not installed, so the real OPA cannot be asked'
  }
}

/** Builds the oracle in a folder of its own and starts it. The first build fetches OPA's modules and takes minutes. */
export async function startOracle(): Promise<Oracle> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-oracle-'))
  const binary = join(folder, 'oracle')
  await promisify(execFile)('go', ['build', '-o', binary, '.'], { cwd: source })
  const main = startProcess(binary)
  return {
    ask: main.ask,
    async askAlone(program) {
      const other = startProcess(binary)
      try {
        return await other.ask(program)
      } finally {
        await other.close()
      }
    },
    async close() {
      await main.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function startProcess(binary: string): Pick<Oracle, 'ask' | 'close'> {
  const child = spawn(binary, [], { stdio: ['pipe', 'pipe', 'inherit'] })
  const waiting: { resolve(answer: Answer): void; reject(cause: Error): void }[] = []
  // Not `readline`: it also ends lines at U+2028, which is a character like any other in JSON.
  let partial = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (partial + chunk).split('\n')
    partial = lines.pop() ?? ''
    for (const line of lines) waiting.shift()?.resolve(parseAnswer(line))
  })
  const ended = new Promise<void>((resolve) => {
    child.once('close', (status) => {
      for (const each of waiting.splice(0)) each.reject(new Error(`the oracle ended with status ${status}`))
      resolve()
    })
  })
  return {
    ask: (program) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject })
        child.stdin.write(`${questionOf(program)}\n`)
      }),
    async close() {
      child.stdin.end()
      await ended
    },
  }
}

/** Documents go in as the text they are, so that no number loses a digit on the way. */
function questionOf({ input, data, ...others }: Program): string {
  const rest = JSON.stringify(others)
  return `{"data":${data},${input === undefined ? '' : `"input":${input},`}${rest.slice(1)}`
}

function parseAnswer(text: string): Answer {
  const { errors, rows } = exactJson(text) as unknown as { errors?: Fault[]; rows?: Record<string, never>[] }
  return errors !== undefined ? { kind: 'errors', errors } : { kind: 'rows', rows: rows ?? [] }
}
