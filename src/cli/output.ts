/** A stream of the process as an `Output`: waits for slow readers, and knows when the reader has gone. */
import type { WriteStream } from 'node:tty'
import { type Output, OutputClosed } from './io.ts'

export function outputTo(stream: NodeJS.WriteStream | WriteStream): Output {
  // Without a listener a reader that went away would end the process with a stack.
  stream.on('error', () => undefined)
  return {
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.isTTY === true ? stream.columns : 0
    },
    write: (text) =>
      new Promise((resolve, reject) => {
        stream.write(text, (cause) => {
          if (cause === null || cause === undefined) resolve()
          else reject(hasGone(cause) ? new OutputClosed('the reader has gone', { cause }) : cause)
        })
      }),
  }
}

function hasGone(cause: Error): boolean {
  return 'code' in cause && (cause.code === 'EPIPE' || cause.code === 'ERR_STREAM_DESTROYED')
}
