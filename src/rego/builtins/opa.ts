/**
 * `opa.runtime`: what the caller chose to show of its environment and configuration, without secrets.
 */
import {
  entriesOf,
  getField,
  isObject,
  isPlainObject,
  lookup,
  type PlainObject,
  setField,
  type Value,
} from '../value.ts'
import { type Builtin, BuiltinError } from './builtin.ts'

/** A copy without some of its fields. */
function without(object: Value, hidden: readonly string[]): Value {
  if (!isPlainObject(object)) throw new BuiltinError('type assertion error')
  return Object.fromEntries(Object.entries(object).filter(([key]) => !hidden.includes(key)))
}

/** The same for each element of a list or each value of an object. */
function eachWithout(collection: Value, hidden: readonly string[], section: string): Value {
  if (Array.isArray(collection)) return collection.map((item) => without(item, hidden))
  if (!isPlainObject(collection)) throw new BuiltinError(`illegal ${section} config`)
  const result: PlainObject = {}
  for (const [key, item] of entriesOf(collection)) setField(result, key as string, without(item, hidden))
  return result
}

function purge(runtime: Value): Value {
  const config = lookup(runtime, 'config')
  if (!isPlainObject(config) || !isPlainObject(runtime)) return isObject(runtime) ? runtime : {}
  const shown = { ...config }
  const services = getField(config, 'services')
  const keys = getField(config, 'keys')
  if (services !== undefined && services !== null) shown.services = eachWithout(services, ['credentials'], 'service')
  if (keys !== undefined && keys !== null) shown.keys = eachWithout(keys, ['key', 'private_key'], 'keys')
  return { ...runtime, config: shown }
}

export const opa: Record<string, Builtin> = {
  'opa.runtime': { nondeterministic: true, run: (context) => purge(context.runtime) },
}
