/**
 * One scene of the MCP benchmark: all subjects are started before its servers, and each gets every cell in turn, round by round. What is
 * counted begins when the clients have their sessions and have asked once, and ends with their last answer.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Missing } from '../http/subjects.ts'
import type { Work } from '../http/work.ts'
import { cpuMicroseconds, type Subject } from '../processes.ts'
import { erasOf, type Started, type SubjectName, starters } from './subjects.ts'
import type { Era } from './work.ts'

/** The subjects are started anew for each. */
export interface Scene {
  readonly servers: number
  readonly tools: number
  /** Clients, one session and one call at a time each. */
  readonly sessions: number
  /** `call:BYTES` and `list:TOOLS`. */
  readonly cells: readonly string[]
}

export interface Plan {
  readonly rounds: number
  readonly seconds: number
  readonly warmUpSeconds: number
}

/** Of one round; times in microseconds. */
export interface Sample {
  readonly requests: number
  readonly us: number
  readonly p50: number
  readonly p99: number
  /** Of the subject's processes. */
  readonly cpuUs: number
}

/** The rounds of one subject in one cell. */
export interface Measured {
  readonly cell: string
  readonly subject: SubjectName
  readonly era: Era
  readonly samples: readonly Sample[]
}

interface Runner {
  readonly name: SubjectName
  readonly era: Era
  readonly started: Started
}

export interface SceneOptions {
  /** Made. */
  readonly folder: string
  readonly names: readonly SubjectName[]
  readonly plan: Plan
  readonly work: Work
  readonly upstream: Subject
  /** A subject that is not here, and why. */
  readonly missing: (why: string) => void
  readonly tell: (line: string) => void
}

/** Rejects when a call was refused or failed: a measured refusal is no measurement. */
export async function measureScene(scene: Scene, options: SceneOptions): Promise<readonly Measured[]> {
  const { folder, plan, work, tell } = options
  mkdirSync(folder)
  const { runners, end } = await startAll(scene, options)
  try {
    const [first = ''] = scene.cells
    for (const runner of runners) {
      tell(`${scene.servers} servers of ${scene.tools} tools, warming up ${runner.name} ${runner.era}`)
      await slice(runner, { cell: first, sessions: scene.sessions, seconds: plan.warmUpSeconds }, work)
    }
    const measured = scene.cells.flatMap((cell) => runners.map((runner) => ({ runner, cell, samples: [] as Sample[] })))
    for (let round = 1; round <= plan.rounds; round += 1)
      for (const { runner, cell, samples } of measured) {
        tell(`${scene.servers} servers of ${scene.tools} tools, ${cell}, round ${round}: ${runner.name} ${runner.era}`)
        samples.push(await slice(runner, { cell, sessions: scene.sessions, seconds: plan.seconds }, work))
      }
    return measured.map(({ runner, cell, samples }) => ({ cell, subject: runner.name, era: runner.era, samples }))
  } finally {
    await end()
  }
}

async function startAll(
  { servers, tools }: Scene,
  { folder, names, work, upstream, missing }: SceneOptions,
): Promise<{ readonly runners: readonly Runner[]; end(): Promise<void> }> {
  const paths = Array.from({ length: servers }, (_, index) => `/${tools}/${index}/mcp`)
  const runners: Runner[] = []
  const subjects: Subject[] = []
  const end = async (): Promise<void> => {
    for (const subject of subjects) await subject.end()
  }
  try {
    for (const name of names) {
      if (name === 'direct') {
        if (servers === 1)
          for (const era of erasOf.direct)
            runners.push({ name, era, started: { subject: upstream, path: paths[0] ?? '' } })
        continue
      }
      try {
        const started = await starters[name]({ folder, work, upstreamPort: upstream.port, paths })
        subjects.push(started.subject)
        for (const era of erasOf[name]) runners.push({ name, era, started })
      } catch (cause) {
        if (!(cause instanceof Missing)) throw cause
        missing(cause.message)
      }
    }
    return { runners, end }
  } catch (cause) {
    await end()
    throw cause
  }
}

async function slice(
  { name, era, started }: Runner,
  { cell, sessions, seconds }: { readonly cell: string; readonly sessions: number; readonly seconds: number },
  work: Work,
): Promise<Sample> {
  const { subject, path } = started
  const url = `http://127.0.0.1:${subject.port}${path}`
  const words = [join(import.meta.dirname, 'generator.ts'), url, String(sessions), String(seconds), era, cell]
  const clients = spawn(process.execPath, words, {
    env: { ...process.env, TOKENS: work.tokensFile },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(clients, 'close')
  let before = 0
  let said = ''
  for await (const line of createInterface({ input: clients.stdout })) {
    if (line.startsWith('JSON ')) said = line.slice(5)
    if (line !== 'READY') continue
    before = cpuMicroseconds(subject.pid)
    clients.stdin.end()
  }
  const cpuUs = cpuMicroseconds(subject.pid) - before
  await ended
  if (said === '') throw new Error(`${name} ${era} ${cell}: the clients ended without a result`)
  const got = JSON.parse(said) as Sample & { status: number; sock: number; why: string }
  if (!(got.requests > 0) || got.status > 0 || got.sock > 0)
    throw new Error(
      `${name} ${era} ${cell}: of ${got.requests} calls ${got.status} were refused and ${got.sock} failed: ${got.why}`,
    )
  return { ...got, cpuUs }
}
