/** The door of the decision log: writing it, the entries of calls, reading it. */
export { type AnswerFault, type Entry, makeRecorder, type OpenEntry, type RecorderOptions } from './entry.ts'
export { type LogFile, type LogFiles, nodeFiles } from './files.ts'
export { type CallFacts, type Filters, factsOf, matches } from './filter.ts'
export { type FormatOptions, formatRecord, visible, visibleJson } from './format.ts'
export { type Holder, LogOpenError } from './lock.ts'
export { type DecisionLog, type DecisionLogOptions, openDecisionLog } from './log.ts'
export { type Logged, type ReadOptions, readLog } from './read.ts'
export { decisionLogSchema } from './schema.ts'
