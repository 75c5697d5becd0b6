/**
 * What a value is, and conversions between types: `is_*`, `type_name`, `to_number`, and the older `cast_*`.
 */
import { parseNumber } from '../number.ts'
import { isNumber, isObject, RegoSet, type TypeName, typeName, type Value } from '../value.ts'
import { type Builtin, BuiltinError, operandTypeError } from './builtin.ts'
import { quote } from './go/quote.ts'
import { listOperand } from './operands.ts'

/** What Go's `strconv.ParseFloat` takes: decimal with an optional exponent, or hexadecimal with a binary one. */
const decimalSyntax = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const hexadecimalSyntax = /^[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?\d+$/

function numberFromString(text: string): Value {
  if (/^[+-]*(?:inf|infinity|nan)$/i.test(text)) throw operandTypeError(1, 'string', ['valid number string'])
  if (!decimalSyntax.test(text)) {
    // OPA lets a hexadecimal float through as a number that nothing can print.
    const problem = hexadecimalSyntax.test(text) ? 'hexadecimal is not a Rego number' : 'invalid syntax'
    throw new BuiltinError(`strconv.ParseFloat: parsing ${quote(text)}: ${problem}`)
  }
  if (!Number.isFinite(Number(text)))
    throw new BuiltinError(`strconv.ParseFloat: parsing ${quote(text)}: value out of range`)
  const number = parseNumber(text.replace(/^\+/, ''))
  if (number === undefined) throw new BuiltinError(`strconv.ParseFloat: parsing ${quote(text)}: invalid syntax`)
  return number
}

function toNumber(value: Value): Value {
  if (value === null) return 0
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string') return numberFromString(value)
  if (isNumber(value)) return value
  throw operandTypeError(1, typeName(value), ['null', 'boolean', 'number', 'string'])
}

function only(type: TypeName): Builtin {
  return {
    run: (_, value) => {
      if (typeName(value) === type) return value
      throw operandTypeError(1, typeName(value), [type])
    },
  }
}

export const types: Record<string, Builtin> = {
  is_array: { run: (_, value) => Array.isArray(value) },
  is_boolean: { run: (_, value) => typeof value === 'boolean' },
  is_null: { run: (_, value) => value === null },
  is_number: { run: (_, value) => isNumber(value) },
  is_object: { run: (_, value) => isObject(value) },
  is_set: { run: (_, value) => value instanceof RegoSet },
  is_string: { run: (_, value) => typeof value === 'string' },
  type_name: { run: (_, value) => typeName(value) },
  to_number: { run: (_, value) => toNumber(value) },
  cast_array: { run: (_, value) => [...listOperand(value, 1, ['array', 'set'])] },
  cast_set: { run: (_, value) => RegoSet.from(listOperand(value, 1, ['array', 'set'])) },
  cast_boolean: only('boolean'),
  cast_null: only('null'),
  cast_object: only('object'),
  cast_string: only('string'),
}
