/** The door of the sinks: where the decision log streams to. */

export { type SinkEntry, sinkEntry, sinkSettings } from './entry.ts'
export { makeSyslogMessage, octetCounted, type SyslogOptions } from './formats/syslog.ts'
