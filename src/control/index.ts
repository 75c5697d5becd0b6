/** The door of the operators' port. */
export type { AuditShows, Proved } from './audit.ts'
export { type Control, type ControlShows, makeControl } from './control.ts'
export { logFigures, sinkFigures } from './figures.ts'
export type { LogLine, ReadLines } from './log-stream.ts'
export { type Figure, type Metrics, makeMetrics } from './metrics.ts'
