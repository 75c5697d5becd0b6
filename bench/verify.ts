/**
 * What verifying a log costs: records a second by the clock, and by the CPU that it took (all threads), over a log that is written
 * first with records of 1 KB and then read from the page cache. Run: `npm run bench -- verify [records]`.
 */
import { nodeFiles, verifyLog } from '../src/record/index.ts'
import { inFolder } from './folder.ts'
import { directoryOf, openLog } from './log/open-log.ts'
import { readNumber } from './options.ts'
import { table } from './readme.ts'

const recordsStandard = 500_000
/** Some 100 GB on the disk. */
const recordsMax = 100_000_000
const rounds = 3
/** Records on their way at once, while the log is written. */
const together = 1_000

export interface VerifyRow {
  readonly records: number
  readonly records_per_s: number
  /** By user and system time of all threads. */
  readonly records_per_cpu_s: number
}

export async function run(args: readonly string[]): Promise<number> {
  const records = readNumber(args, { what: 'records', standard: recordsStandard, max: recordsMax })
  const rows = await inFolder('verify', (folder) => measureVerify(folder, records, rounds))
  process.stdout.write(
    `${table(
      ['records', 'records/s', 'records/s of CPU'],
      rows.map((row) => [String(row.records), String(row.records_per_s), String(row.records_per_cpu_s)]),
    )}\n`,
  )
  return 0
}

/** One row a round. Writes some 1 KB a record into `folder`, which is empty. */
export async function measureVerify(folder: string, records: number, rounds: number): Promise<VerifyRow[]> {
  const log = await openLog(folder, { isProven: true })
  const rest = `"decision_id":"x","text":"${'a'.repeat(850)}"`
  for (let written = 0; written < records; written += together)
    await Promise.all(Array.from({ length: together }, () => log.queue.add([rest])))
  const key = log.proof?.key
  await log.close()
  if (key === undefined) throw new Error('the log is not proven')

  const rows: VerifyRow[] = []
  for (let round = 0; round < rounds; round++) {
    const beganMs = performance.now()
    const cpu = process.cpuUsage()
    const { lines, finding } = await verifyLog({
      directory: directoryOf(folder),
      files: nodeFiles,
      key,
      checkpoints: [],
    })
    const { user, system } = process.cpuUsage(cpu)
    if (finding !== undefined) throw new Error('the log is not whole')
    rows.push({
      records: lines,
      records_per_s: Math.round((lines * 1_000) / (performance.now() - beganMs)),
      records_per_cpu_s: Math.round((lines * 1e6) / (user + system)),
    })
  }
  return rows
}
