/**
 * Numbers that a double does not hold, on their way through a validator that knows doubles only: stand-ins go in, and
 * whoever looks at a number asks for the real one.
 */
import { Fault, isRawNumber, type Json } from '../model/index.ts'
import { type Decimal, decimalOf, isInteger } from './decimal.ts'

/** Stand-ins for numbers that are integers and for those that are not: far from what anybody lists in an `enum`. */
const integerStandIn = 2 ** 1000
const fractionStandIn = 2 ** -20

/** What stand-ins stand for while one value is checked; handed to the keywords as `this`, where ajv puts itself for schemas. */
export class RealNumbers extends Map<number, Decimal> {}

/** The number that `data` stands for in the check that `context` belongs to; undefined when it stands for itself. */
export function realNumber(context: unknown, data: number): Decimal | undefined {
  return context instanceof RealNumbers ? context.get(data) : undefined
}

/** The value with every number that is no plain one replaced; the value itself when there is none. */
export function standIn(value: Json, real: Map<number, Decimal>): Json {
  if (typeof value === 'number') return mayStandIn(value) ? replaced(value, real) : value
  if (typeof value === 'bigint') return replaced(value, real)
  if (typeof value !== 'object' || value === null) return value
  if (isRawNumber(value)) return replaced(value, real)
  if (Array.isArray(value)) {
    let copy: Json[] | undefined
    for (let index = 0; index < value.length; index++) {
      const item = value[index] as Json
      const next = standIn(item, real)
      if (next === item) continue
      copy ??= [...value]
      copy[index] = next
    }
    return copy ?? value
  }
  let changed: [string, Json][] | undefined
  for (const key of Object.keys(value)) {
    const item = (value as { readonly [key: string]: Json })[key] as Json
    const next = standIn(item, real)
    if (next === item) continue
    changed ??= []
    changed.push([key, next])
  }
  // `fromEntries` defines properties: a key `__proto__` stays one.
  return changed === undefined ? value : Object.fromEntries([...Object.entries(value), ...changed])
}

/** An agent's plain number could be the very one that stands in for another: then it gets a stand-in too. */
function mayStandIn(value: number): boolean {
  return value >= integerStandIn || (value >= fractionStandIn && value < fractionStandIn * 2)
}

function replaced(value: Json, real: Map<number, Decimal>): number {
  const decimal = decimalOf(value)
  if (decimal === undefined) throw new Fault('argument_invalid', 'a number cannot be read')
  // Each one its own, so that two of them are not taken for duplicates of each other.
  const number = isInteger(decimal)
    ? integerStandIn * (1 + real.size * 2 ** -40)
    : fractionStandIn * (1 + real.size * 2 ** -40)
  real.set(number, decimal)
  return number
}
