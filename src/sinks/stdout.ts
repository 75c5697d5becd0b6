/**
 * Records as lines of the program's standard output, where a container's platform collects them. Written straight to the descriptor:
 * a reader that is slow holds up this sink and nobody else, and a line is acknowledged when the kernel has all of it.
 */
import { write } from 'node:fs'
import { promisify } from 'node:util'
import { z } from 'zod'
import { formatNames } from './format.ts'
import { type Sink, type SinkPorts, sinkKind } from './sink.ts'

const writeTo = promisify(write)
const descriptor = 1
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
    /** The end of a line that was begun: nothing else may come before it. */
    let begun: Buffer = Buffer.alloc(0)

    return {
      async deliver(batch, signal) {
        const bytes = Buffer.concat([begun, ...batch.flatMap((item) => [item.bytes, newline])])
        let written = 0
        try {
          while (written < bytes.length) written += await writeSome(bytes.subarray(written), signal, ports)
        } finally {
          if (written > 0) begun = restOfLine(bytes, written)
        }
        return []
      },
      close: async () => undefined,
    }
  },
})

/** 0 where the reader is slow and the pipe is full. */
async function writeSome(bytes: Buffer, signal: AbortSignal, ports: SinkPorts): Promise<number> {
  try {
    return (await writeTo(descriptor, bytes, 0, bytes.length, null)).bytesWritten
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
