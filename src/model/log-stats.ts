/** What the decision log tells about itself, for metrics. */
export interface LogStats {
  /** Records and bytes that wait for the disk. */
  readonly queueRecords: number
  readonly queueBytes: number
  /** Records of refused calls that wait in memory until the log can be written again. */
  readonly heldRecords: number
  /** Durable writes, and the records and bytes that they took, since the log was opened. */
  readonly batches: number
  readonly records: number
  readonly bytes: number
  /** Writes, and openings of segments, that failed. */
  readonly failures: number
  /** Calls and faults that were only counted, because there was no room for a record of each. */
  readonly omitted: number
  readonly segment: number
  readonly segmentBytes: number
  readonly nextSeq: number
  /** Lines that the newest checkpoint covers, and checkpoints that could not be kept; undefined when none are made. */
  readonly checkpointLines: number | undefined
  readonly checkpointFailures: number | undefined
  /** Checkpoints that an anchor did not take, and lines of the newest one that the slowest anchor lacks; undefined without anchors. */
  readonly anchorFailures: number | undefined
  readonly anchorLagLines: number | undefined
  /** Looks for old segments that ended, segments removed, and looks that failed, since the log was opened; undefined without retention. */
  readonly retentionLooks: number | undefined
  readonly segmentsRemoved: number | undefined
  readonly retentionFailures: number | undefined
  /** Looks for segments to compress that ended, segments compressed, and looks that failed; undefined where none is. */
  readonly packLooks: number | undefined
  readonly segmentsPacked: number | undefined
  readonly packFailures: number | undefined
  /** Undefined when it cannot be read. */
  readonly freeDiskBytes: number | undefined
}
