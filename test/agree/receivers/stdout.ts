/** The reader of the gateway's standard output: a pipe, as a container's platform has it. */
import { type ReceiverKind, receivedLine } from './receiver.ts'

export const stdout: ReceiverKind = {
  kind: 'stdout',
  poison: { none: 'a pipe refuses no record' },
  serverless: 'its reader ends with the gateway',
  async start() {
    const pieces: string[] = []
    let output: NodeJS.ReadableStream | undefined
    return {
      settings: {},
      reads(stream) {
        output = stream
        // A gateway that was killed in the middle of a line leaves its beginning: the next one begins anew.
        let rest = ''
        stream.setEncoding('utf8')
        stream.on('data', (piece: string) => {
          const lines = `${rest}${piece}`.split('\n')
          rest = lines.pop() ?? ''
          pieces.push(...lines)
        })
      },
      received: async () => pieces.map(receivedLine),
      kill: async () => undefined,
      restart: async () => undefined,
      pause: () => void output?.pause(),
      resume: () => void output?.resume(),
      close: async () => undefined,
    }
  },
}
