/** A command line without a process: streams that are texts, an environment that is an object, signals that a test sends. */
import { randomBytes } from 'node:crypto'
import type { Io, Output } from '../../src/cli/io.ts'
import { OutputClosed } from '../../src/cli/io.ts'
import type { Clock } from '../../src/model/index.ts'
import { fakeClock } from './clock.ts'

export interface FakeIo extends Io {
  readonly stdout: { text: string; closed: boolean }
  readonly stderr: { text: string; closed: boolean }
  /** Sends a signal to whoever listens; tells whether anybody did. */
  interrupt(signal: 'SIGINT' | 'SIGTERM'): boolean
}

export interface FakeIoOptions {
  readonly directory: string
  readonly environment?: { readonly [name: string]: string | undefined }
  /** Columns of standard output; none: it is not a terminal. */
  readonly columns?: number
  readonly clock?: Clock
  /** What comes on standard input; none: the command must not read it. */
  readonly input?: string
  /** Called instead of waiting. */
  readonly pause?: (ms: number) => Promise<void>
}

export function makeFakeIo({ directory, environment = {}, columns = 0, clock, pause, input }: FakeIoOptions): FakeIo {
  const stdout = { text: '', closed: false }
  const stderr = { text: '', closed: false }
  const listeners = new Set<(signal: 'SIGINT' | 'SIGTERM') => void>()
  const outputTo = (stream: { text: string; closed: boolean }, isTerminal: boolean): Output => ({
    isTerminal,
    columns: isTerminal ? columns : 0,
    async write(text) {
      if (stream.closed) throw new OutputClosed('the reader has gone')
      stream.text += text
    },
  })
  return {
    stdout,
    stderr,
    input: {
      bytes: async () => {
        if (input === undefined) throw new Error('nothing may be read here')
        return new TextEncoder().encode(input)
      },
    },
    out: outputTo(stdout, columns > 0),
    err: outputTo(stderr, false),
    environment,
    directory,
    clock: clock ?? fakeClock(),
    randomBytes: (count) => randomBytes(count),
    pause: (ms) => (pause === undefined ? Promise.reject(new Error('nothing may wait here')) : pause(ms)),
    onInterrupt(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    interrupt(signal) {
      for (const listener of listeners) listener(signal)
      return listeners.size > 0
    },
  }
}
