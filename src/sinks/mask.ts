/** Parts of records that one sink does not get. What was taken out is named in `erased`, as where policy masks. */
import { comparePlaces, type Json, type JsonObject, type LogRecord, removeAt } from '../model/index.ts'

/** `pointers` as the schema of sinks takes them. The given record stays as it is; it is given back where nothing was there. */
export function makeMask(pointers: readonly string[]): (record: LogRecord) => LogRecord {
  const places = pointers
    .map((pointer) => ({ pointer, steps: pointer.slice(1).split('/').map(unescaped) }))
    // Later elements go first: the others keep their places.
    .sort((one, other) => comparePlaces(other.steps, one.steps))
  return (record) => {
    let masked = record as unknown as Json
    const erased: string[] = []
    for (const { pointer, steps } of places) {
      const next = removeAt(masked, steps)
      if (next === masked) continue
      masked = next
      erased.push(pointer)
    }
    if (erased.length === 0) return record
    const before = 'erased' in record && record.erased !== undefined ? record.erased : []
    return { ...(masked as JsonObject), erased: [...before, ...erased].sort() } as unknown as LogRecord
  }
}

/** RFC 6901 section 4. */
function unescaped(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~')
}
