/**
 * What idle streams hold in memory: sessions are opened first, then a stream for each, and the process is looked at when it has been
 * quiet for a while with all of them open. In the modern era a stream is a `subscriptions/listen`, and there are no sessions.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { Missing } from '../http/subjects.ts'
import type { Work } from '../http/work.ts'
import { residentBytes, type Subject } from '../processes.ts'
import { type Started, type SubjectName, starters } from './subjects.ts'
import type { Era } from './work.ts'

/** Which subjects are asked to hold streams; FastMCP would need minutes for the sessions. */
const erasOf: Partial<Record<SubjectName, readonly Era[]>> = {
  gatehouse: ['2025-11-25', '2026-07-28'],
  'mcp-proxy-rs': ['2025-11-25'],
  'mcp-proxy-ts': ['2025-11-25'],
}

const kinds: Record<Era, string> = { '2025-11-25': 'GET of a session', '2026-07-28': 'subscriptions/listen' }

const mib = 1024 * 1024

export interface StreamsRow {
  readonly subject: SubjectName
  readonly kind: string
  readonly streams: number
  /** Resident memory with the sessions and without a stream. */
  readonly beforeMib: number
  readonly openMib: number
}

export interface StreamsPlan {
  /** Streams at once. */
  readonly count: number
  /** Milliseconds of quiet before a look: what was garbage when the last stream opened is mostly gone then. */
  readonly quietMs: number
}

export interface StreamsOptions extends StreamsPlan {
  readonly folder: string
  readonly work: Work
  readonly upstream: Subject
  readonly missing: (why: string) => void
  readonly tell: (line: string) => void
}

/** Rejects when a stream does not open or does not stay open. */
export async function measureStreams(
  subject: SubjectName,
  { count, quietMs, folder, work, upstream, missing, tell }: StreamsOptions,
): Promise<readonly StreamsRow[]> {
  const rows: StreamsRow[] = []
  if (subject === 'direct') return rows
  for (const era of erasOf[subject] ?? []) {
    tell(`${count} idle streams: ${subject} ${era}`)
    const home = join(folder, `streams-${era}`)
    mkdirSync(home, { recursive: true })
    const setting = { folder: home, work, upstreamPort: upstream.port, paths: ['/10/0/mcp'] }
    try {
      const started = await starters[subject](setting)
      try {
        rows.push({
          subject,
          kind: kinds[era],
          streams: count,
          ...(await looked(started, { count, quietMs, era, work })),
        })
      } finally {
        await started.subject.end()
      }
    } catch (cause) {
      if (!(cause instanceof Missing)) throw cause
      missing(cause.message)
    }
  }
  return rows
}

async function looked(
  { subject: { pid, port }, path }: Started,
  { count, quietMs, era, work }: StreamsPlan & { readonly era: Era; readonly work: Work },
): Promise<Pick<StreamsRow, 'beforeMib' | 'openMib'>> {
  const words = [join(import.meta.dirname, 'listeners.ts'), `http://127.0.0.1:${port}${path}`, String(count), era]
  const listeners = spawn(process.execPath, words, {
    env: { ...process.env, TOKENS: work.tokensFile },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(listeners, 'close')
  const found: number[] = []
  for await (const line of createInterface({ input: listeners.stdout })) {
    if (line !== 'READY' && line !== 'OPEN') continue
    await pause(quietMs)
    found.push(residentBytes(pid) / mib)
    if (line === 'READY') listeners.stdin.write('go\n')
    else listeners.stdin.end()
  }
  const [status] = (await ended) as [number | null]
  const [beforeMib, openMib] = found
  if (status !== 0 || beforeMib === undefined || openMib === undefined)
    throw new Error(`${count} streams of ${era} did not open or did not stay open (status ${status})`)
  return { beforeMib, openMib }
}
