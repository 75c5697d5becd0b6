/** What an analyst filters by: the fields of a record that receivers get beside its text, so that they need not read it. */
import type { LogRecord } from '../../model/index.ts'

export type Keyword = readonly [name: string, value: string | number]

/** In the order of the columns of the reference page; fields that the record does not have are left out. */
export function keywordsOf(record: LogRecord): readonly Keyword[] {
  return fieldsOf(record).filter((one): one is Keyword => one[1] !== undefined)
}

function fieldsOf(record: LogRecord): readonly (readonly [name: string, value: string | number | undefined])[] {
  switch (record.type) {
    case 'decision':
      return [
        ['decision_id', record.decision_id],
        ['trace_id', record.trace_id],
        ['decision', record.decision],
        ['code', record.code],
        ['agent', record.principal?.agent],
        ['subject', record.principal?.subject],
        ['route', record.target?.route],
        ['upstream', record.target?.upstream],
        ['tool', record.target?.tool],
      ]
    case 'outcome':
      return [
        ['decision_id', record.decision_id],
        ['trace_id', record.trace_id],
        ['outcome', record.outcome],
        ['code', record.code],
        ['status', record.status],
      ]
    case 'admin':
      return [['event', record.event]]
    case 'fault':
      return [['code', record.code]]
    case 'checkpoint':
      return [['size', record.size]]
  }
}
