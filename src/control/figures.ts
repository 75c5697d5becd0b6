/** The figures of the decision log, from what it tells about itself. */
import type { LogStats } from '../model/index.ts'
import type { Figure } from './metrics.ts'

const rows: readonly (readonly [field: keyof LogStats, name: string, help: string])[] = [
  ['queueRecords', 'queue_records', 'Records that wait for the disk'],
  ['queueChars', 'queue_characters', 'Characters of records that wait for the disk'],
  ['heldRecords', 'held_records', 'Records of refused calls that wait until the log can be written again'],
  ['batches', 'batches_total', 'Durable writes, each of one or more records'],
  ['records', 'records_total', 'Records that were made durable'],
  ['bytes', 'bytes_total', 'Bytes that were made durable'],
  ['failures', 'failures_total', 'Writes, and openings of segments, that failed'],
  [
    'omitted',
    'omitted_total',
    'Calls and faults that were only counted, because there was no room for a record of each',
  ],
  ['segment', 'segment', 'Number of the segment that is written'],
  ['segmentBytes', 'segment_bytes', 'Bytes of the segment that is written'],
  ['nextSeq', 'next_seq', 'Sequence number of the next record'],
  ['checkpointLines', 'checkpoint_lines', 'Lines that the newest checkpoint covers'],
  ['checkpointFailures', 'checkpoint_failures_total', 'Checkpoints that could not be kept'],
  ['anchorFailures', 'anchor_failures_total', 'Checkpoints that an anchor did not take'],
  ['anchorLagLines', 'anchor_lag_lines', 'Lines of the newest checkpoint that the slowest anchor does not have yet'],
  ['freeDiskBytes', 'free_disk_bytes', 'Free space of the disk that holds the log'],
]

export function logFigures(stats: () => LogStats): Figure[] {
  return rows.map(([field, name, help]) => ({
    name: `gatehouse_log_${name}`,
    help,
    type: name.endsWith('_total') ? 'counter' : 'gauge',
    read: () => stats()[field],
  }))
}
