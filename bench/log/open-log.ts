/** The decision log as the benchmarks open it: on the real disk and clock, with nobody to tell anything and no anchors elsewhere. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { systemClock } from '../../src/cli/clock.ts'
import { type DecisionLog, nodeFiles, openDecisionLog } from '../../src/record/index.ts'

const quiet = () => {}

/** Where the log in `folder` is. */
export function directoryOf(folder: string): string {
  return join(folder, 'log')
}

/** `isProven`: with a tree and checkpoints, as in the product. */
export function openLog(folder: string, { isProven }: { readonly isProven: boolean }): Promise<DecisionLog> {
  return openDecisionLog({
    directory: directoryOf(folder),
    segmentBytesMax: 1 << 28,
    freeDiskBytesMin: 0,
    files: nodeFiles,
    clock: systemClock,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    ...(isProven && {
      proof: {
        keyFile: join(folder, 'keys', 'decision-log.key'),
        origin: undefined,
        randomBytes,
        anchors: [],
        fetchDocument: () => Promise.reject(new Error('nothing is fetched here')),
        openStore: () => {
          throw new Error('no bucket is opened here')
        },
      },
    }),
  })
}
