/** The data documents of a policy become one: each lies at the folders that its file is in, as in OPA's bundles. */
import type { Flaw, Json, JsonObject } from '../model/index.ts'
import { isDocumentObject, mergeObjects, nestedBelow } from './merge.ts'

export interface DataPart {
  readonly path: string
  /** Keys from the top of `data` to where the document belongs. */
  readonly at: readonly string[]
  readonly value: Json
}

/** Objects are merged; anything else that two files say about one place is a contradiction, even when both say the same. */
export function mergeData(parts: readonly DataPart[], flaws: Flaw[]): JsonObject {
  let merged: JsonObject = {}
  for (const { path, at, value } of parts) {
    const nested = nestedBelow(at, value)
    if (!isDocumentObject(nested)) {
      flaws.push({ file: path, place: '', message: 'the data at the top is not an object', fix: 'write an object' })
      continue
    }
    merged = mergeObjects(merged, nested, (place) => {
      const message = `\`data.${place.join('.')}\` is also in another data file`
      flaws.push({ file: path, place: '', message, fix: 'keep one of them' })
    })
  }
  return merged
}
