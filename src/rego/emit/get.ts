/**
 * Emits look-ups. A key known beforehand is read as a property, which costs a nanosecond where an own-property check costs five; the read is
 * trusted only where it cannot have come from a prototype, and everything else goes to `lookup`, which checks.
 */

import { Decimal } from '../number.ts'
import type { Operand } from '../plan/ir.ts'
import { RegoObject, RegoSet } from '../value.ts'
import { type Code, code } from './code.ts'
import type { Pool } from './pool.ts'

const prototypes = [Object, Array, String, Number, Boolean, BigInt, Decimal, RegoObject, RegoSet].map(
  (of) => of.prototype as object,
)

/** Names that some value has without being a document's key: read by `lookup` alone. */
const unreadable = new Set(['rawJSON', 'coefficient', 'exponent', 'length', 'size', '__proto__'])

/** Names of methods that some value has: a function is no value, so reading one tells by itself. */
const methods = new Set<string>()

for (const prototype of prototypes) {
  for (const key of Object.getOwnPropertyNames(prototype)) {
    const { value } = Object.getOwnPropertyDescriptor(prototype, key) ?? {}
    if (typeof value === 'function') methods.add(key)
    else unreadable.add(key)
  }
}

/** An expression for what every object has at a key: nothing, unless somebody has changed Object.prototype. */
export function inheritedAt(key: Operand): Code {
  return code`prototype[${key.kind === 'constant' && typeof key.value === 'string' ? key.value : ''}]`
}

/** A statement that sets `target` to what stands at a key in a base document that nothing replaces. */
export function emitFind(target: Code, base: Code, directory: Code, key: Code): Code {
  return code`const ${target} = ${directory} !== undefined && typeof ${key} === 'string' ? ${directory}.get(${key}) : lookup(${base}, ${key});`
}

/** Statements that set `target` to what stands at `key` in a value, and fail where nothing does. */
export function emitGet(
  pool: Pool,
  { target, source, key, inherited, fail }: GetSite & { readonly inherited: Code; readonly fail: Code },
): Code {
  if (!isReadable(key))
    return code`const ${target} = ${otherwise(pool, source, key)}; if (${target} === undefined) ${fail}`
  const keyCode = pool.operand(key)
  const missed = notThere(target, key, inherited)
  // A check for null of its own costs less than an optional chain, which looks for undefined too.
  return code`if (${source} === null) ${fail} let ${target} = ${source}[${keyCode}]; if (${missed}) { ${target} = lookup(${source}, ${keyCode}); if (${target} === undefined) ${fail} }`
}

/** Statements that set `target` to what stands at `key`, or to undefined; the source may be undefined, too. */
export function emitProbeGet(pool: Pool, { target, source, key }: GetSite): Code {
  if (!isReadable(key)) return code`const ${target} = ${otherwise(pool, source, key)};`
  const keyCode = pool.operand(key)
  const missed = notThere(target, key, inheritedAt(key))
  return code`let ${target} = ${source}?.[${keyCode}]; if (${missed}) ${target} = lookup(${source}, ${keyCode});`
}

interface GetSite {
  readonly target: Code
  readonly source: Code
  readonly key: Operand
}

function isReadable(key: Operand): key is Operand & { readonly value: string } {
  return key.kind === 'constant' && typeof key.value === 'string' && !unreadable.has(key.value)
}

/** A condition that is true where what was read may be no field of the document. */
function notThere(target: Code, key: Operand & { readonly value: string }, inherited: Code): Code {
  const method = methods.has(key.value) ? code` || typeof ${target} === 'function'` : code``
  // Something that was put on Object.prototype is found by every read: then, too, `lookup` decides.
  return code`${target} === undefined || ${target} === ${inherited}${method}`
}

function otherwise(pool: Pool, source: Code, key: Operand): Code {
  const keyCode = pool.operand(key)
  const found = code`lookup(${source}, ${keyCode})`
  const isIndex = key.kind === 'constant' && typeof key.value === 'number'
  return isIndex ? code`Array.isArray(${source}) ? ${source}[${keyCode}] : ${found}` : found
}
