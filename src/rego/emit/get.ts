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

/** Statements that set `target` to what stands at `key`, or to undefined. */
export function emitGet(pool: Pool, target: Code, source: Code, key: Operand, inherited = inheritedAt(key)): Code {
  const keyCode = pool.operand(key)
  if (key.kind === 'constant' && typeof key.value === 'string' && !unreadable.has(key.value)) {
    const method = methods.has(key.value) ? code` || typeof ${target} === 'function'` : code``
    // Something that was put on Object.prototype is found by every read: then, too, `lookup` decides.
    return code`let ${target} = ${source}?.[${keyCode}]; if (${target} === undefined || ${target} === ${inherited}${method}) ${target} = lookup(${source}, ${keyCode});`
  }
  if (key.kind === 'constant' && typeof key.value === 'number') {
    return code`const ${target} = Array.isArray(${source}) ? ${source}[${keyCode}] : lookup(${source}, ${keyCode});`
  }
  return code`const ${target} = lookup(${source}, ${keyCode});`
}
