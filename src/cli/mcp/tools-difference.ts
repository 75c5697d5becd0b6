/** What differs between two lists of tools, tool by tool and field by field: everything that a model sees, and the server it comes from. */
import { canonicalText, isJsonObject, type Json } from '../../model/index.ts'
import type { ListedTool } from './tools-listed.ts'

export interface Difference {
  readonly added: readonly ListedTool[]
  readonly removed: readonly ListedTool[]
  readonly changed: readonly ChangedTool[]
}

export interface ChangedTool {
  readonly name: string
  readonly before: ListedTool
  readonly after: ListedTool
  readonly fields: readonly ChangedField[]
}

export interface ChangedField {
  /** `server`, `own_name`, or a place in the definition (RFC 6901): `/inputSchema/properties/amount/maximum`. */
  readonly path: string
  /** Undefined where it was not there. */
  readonly before: Json | undefined
  /** Undefined where it is no longer there. */
  readonly after: Json | undefined
}

/** In the order of the lists. A name that comes again stands for itself: `echo`, then `echo (2)`. */
export function differenceOf(before: readonly ListedTool[], after: readonly ListedTool[]): Difference {
  const olds = byName(before)
  const news = byName(after)
  const changed: ChangedTool[] = []
  for (const [name, old] of olds) {
    const now = news.get(name)
    const fields = now === undefined ? [] : fieldsOf(old, now)
    if (now !== undefined && fields.length > 0) changed.push({ name, before: old, after: now, fields })
  }
  return {
    added: [...news].filter(([name]) => !olds.has(name)).map(([, tool]) => tool),
    removed: [...olds].filter(([name]) => !news.has(name)).map(([, tool]) => tool),
    changed,
  }
}

export function isSame({ added, removed, changed }: Difference): boolean {
  return added.length + removed.length + changed.length === 0
}

function byName(tools: readonly ListedTool[]): ReadonlyMap<string, ListedTool> {
  const found = new Map<string, ListedTool>()
  for (const tool of tools) {
    let name = tool.name
    for (let count = 2; found.has(name); count++) name = `${tool.name} (${count})`
    found.set(name, tool)
  }
  return found
}

function fieldsOf(before: ListedTool, after: ListedTool): readonly ChangedField[] {
  const fields: ChangedField[] = []
  // Who does not say where a tool comes from does not say that it comes from elsewhere.
  if (before.server !== undefined && after.server !== undefined && before.server !== after.server)
    fields.push({ path: 'server', before: before.server, after: after.server })
  if (before.ownName !== after.ownName) fields.push({ path: 'own_name', before: before.ownName, after: after.ownName })
  const { _meta: _old, ...olds } = before.definition
  const { _meta: _new, ...news } = after.definition
  return [...fields, ...differing(olds, news, '')]
}

/** The smallest places that differ. Arrays of one length are compared element by element, others are one value. */
function differing(before: Json | undefined, after: Json | undefined, path: string): ChangedField[] {
  if (isJsonObject(before) && isJsonObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)])
    return [...keys].flatMap((key) => differing(own(before, key), own(after, key), `${path}/${escaped(key)}`))
  }
  if (before !== undefined && after !== undefined && canonicalText(before) === canonicalText(after)) return []
  const areLists = Array.isArray(before) && Array.isArray(after) && before.length === after.length
  if (areLists && [...before, ...after].every((one: Json) => isJsonObject(one)))
    return before.flatMap((one: Json, index) => differing(one, after[index], `${path}/${index}`))
  return [{ path, before, after }]
}

function own(value: { readonly [key: string]: Json }, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined
}

/** RFC 6901 section 3. */
function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
