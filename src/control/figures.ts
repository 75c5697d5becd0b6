/** The figures of the decision log and of its sinks, from what they tell about themselves. */
import type { LogStats, SinkStatus } from '../model/index.ts'
import type { Figure } from './metrics.ts'

const rows: readonly (readonly [field: keyof LogStats, name: string, help: string])[] = [
  ['queueRecords', 'queue_records', 'Records that wait for the disk'],
  ['queueBytes', 'queue_bytes', 'Bytes of records that wait for the disk'],
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
  ['retentionLooks', 'retention_looks_total', 'Looks for segments that are older than the log keeps them'],
  ['segmentsRemoved', 'segments_removed_total', 'Segments that retention removed'],
  ['packLooks', 'pack_looks_total', 'Looks for segments to compress'],
  ['segmentsPacked', 'segments_packed_total', 'Segments that were compressed'],
  ['packFailures', 'pack_failures_total', 'Looks for segments to compress that failed'],
  ['retentionFailures', 'retention_failures_total', 'Looks for old segments that failed'],
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

const sinkRows: readonly (readonly [name: string, help: string, read: (sink: SinkStatus) => number])[] = [
  ['lag_records', 'Durable records that the receiver has not acknowledged', ({ lagRecords }) => lagRecords],
  ['lag_seconds', 'Age of the oldest of them', ({ lagMs }) => lagMs / 1_000],
  ['batches_total', 'Batches that were acknowledged', ({ batches }) => batches],
  ['records_total', 'Records that were acknowledged', ({ records }) => records],
  ['failures_total', 'Tries to deliver a batch that failed', ({ failures }) => failures],
  ['set_aside_total', 'Records that the receiver refused', ({ setAside }) => setAside],
  ['rejected', 'Refused records that are set aside now', ({ rejected }) => rejected],
  ['failing', '1 while the receiver does not take records', ({ failing }) => (failing === undefined ? 0 : 1)],
]

/** One series a sink. */
export function sinkFigures(statuses: () => readonly SinkStatus[]): Figure[] {
  return sinkRows.map(([name, help, read]) => ({
    name: `gatehouse_sink_${name}`,
    help,
    type: name.endsWith('_total') ? 'counter' : 'gauge',
    read: () => ({ by: 'sink', values: statuses().map((sink) => [sink.id, read(sink)] as const) }),
  }))
}
