/** The fields of a base document by their names, for look-ups of names that are known only in evaluation: made once, where a policy is linked to its data. */
import { isPlainObject, type Value } from '../value.ts'

/** Objects of more fields are looked up in place: they find a name as fast, and a second table of them would cost memory. */
const fieldsMax = 1_000

/** Undefined for what is no object of at most `fieldsMax` fields. The document must not change while the directory is used. */
export function directoryOf(document: Value | undefined): ReadonlyMap<string, Value> | undefined {
  if (!isPlainObject(document)) return undefined
  const fields = Object.entries(document)
  return fields.length > fieldsMax ? undefined : new Map(fields)
}
