/**
 * Records as lines of the program's standard output, where a container's platform collects them. Written straight to the descriptor:
 * a reader that is slow holds up this sink and nobody else, and a line is acknowledged when the kernel has all of it.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { z } from 'zod'
import { formatNames } from './format.ts'
import { type Sink, type SinkPorts, sinkKind } from './sink.ts'

/** Standard output of this process, for whoever opens it anew. */
const path = '/proc/self/fd/1'
/** Milliseconds before a pipe that is full is tried again. */
const fullMs = 10
const newline = Buffer.from('\n')

export const stdout = sinkKind({
  kind: 'stdout',
  says: 'Lines of standard output.',
  settings: z.strictObject({}),
  formats: formatNames,
  batch: { recordsMax: 1_000, bytesMax: 1024 * 1024, waitMs: 100 },
  async open(_options, ports): Promise<Sink> {
    const output = openOutput()
    /** The end of a line that was begun: nothing else may come before it. */
    let begun: Buffer = Buffer.alloc(0)

    return {
      async deliver(batch, signal) {
        const bytes = Buffer.concat([begun, ...batch.flatMap((item) => [item.bytes, newline])])
        let written = 0
        try {
          while (written < bytes.length) written += await writeSome(output, bytes.subarray(written), signal, ports)
        } finally {
          if (written > 0) begun = restOfLine(bytes, written)
        }
        return []
      },
      close: async () => output.close(),
    }
  },
})

interface OpenOutput {
  readonly descriptor: number
  close(): void
}

/**
 * Another way to the same pipe or file, on which a write never waits: on the descriptor itself it would, for as long as the reader
 * likes. A socket has no such way, and needs none: the program's own stream has made it one that does not wait.
 */
function openOutput(): OpenOutput {
  try {
    const descriptor = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK)
    return { descriptor, close: () => closeSync(descriptor) }
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENXIO')) throw cause
    return { descriptor: 1, close: () => undefined }
  }
}

/** 0 where the reader is slow and the pipe is full. */
async function writeSome(
  { descriptor }: OpenOutput,
  bytes: Buffer,
  signal: AbortSignal,
  ports: SinkPorts,
): Promise<number> {
  try {
    return writeSync(descriptor, bytes)
  } catch (cause) {
    const isFull = cause instanceof Error && 'code' in cause && cause.code === 'EAGAIN'
    if (!isFull || signal.aborted) throw cause
    await pause(ports)
    return 0
  }
}

/** Nothing where a line ends at `end`. */
function restOfLine(bytes: Buffer, end: number): Buffer {
  if (bytes[end - 1] === newline[0]) return Buffer.alloc(0)
  return Buffer.from(bytes.subarray(end, bytes.indexOf(newline, end) + 1))
}

function pause({ clock }: SinkPorts): Promise<void> {
  return new Promise((resolve) => {
    clock.after(fullMs, resolve)
  })
}
