/**
 * What an operator asks of a sink on the command line: to send records again that were set aside, or to drop them. Left as a file
 * in the folder of the sink, `request.json`, which the gateway takes within a second, or at its next start; what came of it
 * is left in `answer.json`.
 */
import type { Clock } from '../model/index.ts'
import type { SinkFiles } from './source.ts'

const requestFile = 'request.json'
const answerFile = 'answer.json'
/** Milliseconds between two looks for one. */
const lookMs = 1_000

export interface SinkRequest {
  /** Tells its answer from that of an earlier one. */
  readonly id: string
  readonly action: 'retry' | 'drop'
  /** Undefined: all that are set aside. */
  readonly seqs?: readonly number[]
}

export interface SinkAnswer {
  readonly id: string
  /** Records that the receiver took, or that were dropped. */
  readonly done: readonly number[]
  /** Records that it refused again. */
  readonly refused: readonly { readonly seq: number; readonly reason: string }[]
  /** Why nothing more could be done, such as a receiver that does not answer. */
  readonly problem?: string
}

/** Undefined when there is none, or none that can be understood. */
export async function readRequest(files: Pick<SinkFiles, 'read'>): Promise<SinkRequest | undefined> {
  const bytes = await files.read(requestFile)
  if (bytes === undefined) return undefined
  try {
    const { id, action, seqs } = JSON.parse(bytes.toString('utf8')) as Partial<SinkRequest>
    if (typeof id !== 'string' || (action !== 'retry' && action !== 'drop')) return undefined
    if (seqs !== undefined && (!Array.isArray(seqs) || !seqs.every(Number.isSafeInteger))) return undefined
    return seqs === undefined ? { id, action } : { id, action, seqs }
  } catch {
    return undefined
  }
}

export async function leaveRequest(files: Pick<SinkFiles, 'replace'>, request: SinkRequest): Promise<void> {
  await files.replace(requestFile, Buffer.from(JSON.stringify(request)))
}

export async function leaveAnswer(files: SinkFiles, answer: SinkAnswer): Promise<void> {
  await files.replace(answerFile, Buffer.from(JSON.stringify(answer)))
  await files.remove(requestFile)
}

/** Undefined while there is none to this request. */
export async function readAnswer(files: Pick<SinkFiles, 'read'>, id: string): Promise<SinkAnswer | undefined> {
  const bytes = await files.read(answerFile)
  if (bytes === undefined) return undefined
  const answer = JSON.parse(bytes.toString('utf8')) as SinkAnswer
  return answer.id === id ? answer : undefined
}

export interface Requests {
  /** What was asked and is not done yet. */
  readonly pending: SinkRequest | undefined
  /**
   * Resolves with what `other` does, or with nothing as soon as something is pending. One at a time. Not a race with a promise that
   * stays open: that would keep every value it ever lost to.
   */
  orPending<Value>(other: Promise<Value>): Promise<Value | undefined>
  /** The pending one is being done. */
  done(): void
  close(): void
}

export function makeRequests(files: Pick<SinkFiles, 'read'>, clock: Clock, failed: (cause: unknown) => void): Requests {
  let pending: SinkRequest | undefined
  let lastId: string | undefined
  let isLooking = false
  let wake: (() => void) | undefined
  const forget = clock.every(lookMs, () => {
    if (isLooking || pending !== undefined) return
    isLooking = true
    readRequest(files)
      .then((request) => {
        if (request === undefined || request.id === lastId) return
        pending = request
        lastId = request.id
        wake?.()
      })
      .catch(failed)
      .finally(() => {
        isLooking = false
      })
  })
  return {
    get pending() {
      return pending
    },
    orPending: (other) =>
      new Promise((resolve, reject) => {
        wake = () => resolve(undefined)
        if (pending !== undefined) wake()
        other.then(resolve, reject)
      }),
    done() {
      pending = undefined
    },
    close: forget,
  }
}
