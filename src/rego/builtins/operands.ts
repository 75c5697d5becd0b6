/**
 * Checks of operands, each with OPA's words when it fails. Policies are type-checked before they run, so these meet only what came from input
 * and data; positions count from 1.
 */
import type { NumberValue } from '../number.ts'
import {
  isNumber,
  isObject,
  type PlainObject,
  type RegoObject,
  RegoSet,
  type TypeName,
  typeName,
  type Value,
} from '../value.ts'
import { BuiltinError, operandError, operandTypeError } from './builtin.ts'
import { toBigInt } from './integers.ts'

export function stringOperand(value: Value, position: number): string {
  if (typeof value === 'string') return value
  throw operandTypeError(position, typeName(value), ['string'])
}

export function numberOperand(value: Value, position: number): NumberValue {
  if (isNumber(value)) return value
  throw operandTypeError(position, typeName(value), ['number'])
}

export function arrayOperand(value: Value, position: number): Value[] {
  if (Array.isArray(value)) return value
  throw operandTypeError(position, typeName(value), ['array'])
}

export function objectOperand(value: Value, position: number): PlainObject | RegoObject {
  if (isObject(value)) return value
  throw operandTypeError(position, typeName(value), ['object'])
}

export function setOperand(value: Value, position: number): RegoSet {
  if (value instanceof RegoSet) return value
  throw operandTypeError(position, typeName(value), ['set'])
}

/** The elements of an array, or the members of a set in ascending order. */
export function listOperand(
  value: Value,
  position: number,
  expected: readonly string[] = ['set', 'array'],
): readonly Value[] {
  if (Array.isArray(value)) return value
  if (value instanceof RegoSet) return value.sorted()
  throw operandTypeError(position, typeName(value), expected)
}

/** A whole number of 64 bits as a JS number: exact up to 2^53-1 in size, near enough beyond for what it is compared with (lengths and counts). */
export function intOperand(value: Value, position: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  const exact = toBigInt(numberOperand(value, position))
  if (exact !== undefined && BigInt.asIntN(64, exact) === exact) return Number(exact)
  throw operandError(position, 'must be integer number but got floating-point number')
}

/** A whole number of any size. */
export function bigIntOperand(value: Value, position: number): bigint {
  if (!isNumber(value)) throw operandTypeError(position, typeName(value), ['integer'])
  const exact = toBigInt(value)
  if (exact === undefined) throw operandError(position, 'must be integer number but got floating-point number')
  return exact
}

/** The error for a composite operand with an element of a wrong type: `operand 1 must be array of strings but got array containing number`. */
export function operandElementError(position: number, composite: Value, got: Value, expected: string): BuiltinError {
  const type: TypeName = typeName(composite)
  return operandError(position, `must be ${type} of ${expected}s but got ${type} containing ${typeName(got)}`)
}

/** The strings of an array or set. */
export function stringsOperand(value: Value, position: number): readonly string[] {
  const list = listOperand(value, position, ['array', 'set'])
  for (const item of list) if (typeof item !== 'string') throw operandElementError(position, value, item, 'string')
  return list as readonly string[]
}

/** A limit that stops the evaluation: `what` was asked for, `limit` with its unit is what one call may use. */
export function limitError(what: string, limit: string): BuiltinError {
  return new BuiltinError(`${what} exceeds the limit of ${limit}`, { halts: true })
}
