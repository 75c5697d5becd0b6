/** Records as the log holds them: what `docs/reference/decision-log.md` describes. The only format whose lines `audit prove` proves. */
import { type Format, jsonType } from './line.ts'

export function nativeFormat(): Format {
  return { contentType: jsonType, write: ({ text }) => text }
}
