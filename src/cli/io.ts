/** What a command may touch of the process: its streams, environment, folder, signals, time and chance. Made in `main.ts`. */
import type { Clock, RandomBytes } from '../model/index.ts'

/** 0 done, 1 a finding, 2 wrong usage or configuration, 3 the server cannot be reached, 4 the call was refused. */
export const exitStatus = { done: 0, finding: 1, usage: 2, unreachable: 3, refused: 4 } as const

export interface Output {
  /** Waits for a reader that is slow. Rejects with `OutputClosed` when the reader is gone. */
  write(text: string): Promise<void>
  readonly isTerminal: boolean
  /** Columns of the terminal; 0 when it is none. */
  readonly columns: number
}

export interface Input {
  /** All of it. */
  bytes(): Promise<Uint8Array>
}

/** The reader of the output went away, as `| head` does: the command ends, quietly. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed'
}

export interface Io {
  readonly input: Input
  readonly out: Output
  readonly err: Output
  readonly environment: { readonly [name: string]: string | undefined }
  /** Absolute: the folder the command was called in. */
  readonly directory: string
  readonly clock: Clock
  readonly randomBytes: RandomBytes
  /** Resolves after `ms`, or at once when the signal is aborted. Keeps the process alive. */
  pause(ms: number, signal: AbortSignal): Promise<void>
  /** Calls `listener` on each SIGINT and SIGTERM. Gives the function that takes it back; without a listener they end the process. */
  onInterrupt(listener: (signal: 'SIGINT' | 'SIGTERM') => void): () => void
}

/** Something that the person at the command line can put right. Printed without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly status: number
  /** What programs are told beside the message. */
  readonly facts: { readonly [name: string]: unknown }

  /** `message`: what happened and what to do next, one sentence each, lower case. */
  constructor(message: string, status: number = exitStatus.usage, facts: CommandError['facts'] = {}) {
    super(message)
    this.status = status
    this.facts = facts
  }
}
