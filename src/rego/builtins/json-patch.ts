/**
 * `json.patch` (RFC 6902), which in Rego also reaches into sets: there the path names the member, and what is added must be what the path says. OPA finds the
 * elements of an array by their places before the patch began; here each operation sees what those before it left, as RFC 6902 section 3 demands.
 */
import { numberKey } from '../number.ts'
import { entriesOf, equal, isNumber, isObject, lookup, makeObject, RegoSet, typeName, type Value } from '../value.ts'
import { type Builtin, BuiltinError } from './builtin.ts'
import { parsePath } from './json-paths.ts'
import { arrayOperand } from './operands.ts'
import { termText } from './term-text.ts'

type Path = readonly Value[]

/** The index that a key names in an array of this length; `-` is the place after the last element. */
function indexOf(length: number, key: Value): number {
  if (key === '-') return length
  const text = typeof key === 'string' ? key : isNumber(key) ? numberKey(key) : undefined
  if (text === undefined) throw new BuiltinError('invalid type for indexing')
  if (!/^[+-]?\d+$/.test(text))
    throw new BuiltinError(`invalid ${typeof key === 'string' ? 'string' : 'number type'} for indexing`)
  if (text.length > 1 && text.startsWith('0')) throw new BuiltinError('leading zeros are not allowed in JSON paths')
  return Number(text)
}

function scalarError(value: Value): BuiltinError {
  return new BuiltinError(`expected composite type, found value: ${termText(value)}`)
}

/** What stands at one key; throws when nothing does. */
function child(value: Value, key: Value): Value {
  const found = Array.isArray(value) ? value[indexOf(value.length, key)] : lookup(value, key)
  if (found !== undefined) return found
  if (!Array.isArray(value) && !isObject(value) && !(value instanceof RegoSet)) throw scalarError(value)
  throw new BuiltinError(`path ${termText(key)} does not exist in ${typeName(value)} term ${termText(value)}`)
}

function at(value: Value, path: Path): Value {
  return path.reduce(child, value)
}

/** A copy of `value` with what stands at `path` replaced by what `edit` makes of it. */
function edited(value: Value, path: Path, edit: (value: Value) => Value): Value {
  const [key, ...rest] = path
  if (key === undefined) return edit(value)
  const inner = edited(child(value, key), rest, edit)
  if (Array.isArray(value)) return value.with(indexOf(value.length, key), inner)
  if (value instanceof RegoSet) return RegoSet.from([...value.sorted().filter((member) => !equal(member, key)), inner])
  return withEntry(value, key, inner)
}

function withEntry(object: Value, key: Value, value: Value): Value {
  return makeObject([...(isObject(object) ? entriesOf(object) : []), [key, value]])
}

function insertOne(target: Value, key: Value, value: Value): Value {
  if (Array.isArray(target)) {
    const index = indexOf(target.length, key)
    if (index < 0 || index > target.length) throw new BuiltinError('index for array insertion out of bounds')
    return target.toSpliced(index, 0, value)
  }
  if (target instanceof RegoSet) {
    if (!equal(key, value))
      throw new BuiltinError(`set key ${termText(key)} does not equal value to be inserted ${termText(value)}`)
    return RegoSet.from([...target.sorted(), value])
  }
  if (isObject(target)) return withEntry(target, key, value)
  throw scalarError(target)
}

function deleteOne(target: Value, key: Value): Value {
  if (Array.isArray(target)) {
    const index = indexOf(target.length, key)
    if (index < 0 || index >= target.length) throw new BuiltinError('index for array delete out of bounds')
    return target.toSpliced(index, 1)
  }
  if (lookup(target, key) === undefined) {
    if (target instanceof RegoSet || isObject(target))
      throw new BuiltinError(`cannot delete child key ${termText(key)} that does not exist`)
    throw scalarError(target)
  }
  if (target instanceof RegoSet) return RegoSet.from(target.sorted().filter((member) => !equal(member, key)))
  return makeObject(isObject(target) ? entriesOf(target).filter(([other]) => !equal(other, key)) : [])
}

/** A document that a patch took away altogether is undefined. */
function insert(document: Value | undefined, path: Path, value: Value): Value {
  const last = path.at(-1)
  if (last === undefined) return value
  return edited(present(document), path.slice(0, -1), (target) => insertOne(target, last, value))
}

function remove(document: Value | undefined, path: Path): Value | undefined {
  const last = path.at(-1)
  if (last === undefined) return void present(document)
  return edited(present(document), path.slice(0, -1), (target) => deleteOne(target, last))
}

function present(document: Value | undefined): Value {
  if (document === undefined) throw new BuiltinError('the document was removed by an operation before')
  return document
}

function required(operation: Value, name: string): Value {
  const value = lookup(operation, name)
  if (value === undefined) throw new BuiltinError(`missing required attribute '${name}'`)
  return value
}

function apply(document: Value | undefined, operation: Value): Value | undefined {
  if (!isObject(operation))
    throw new BuiltinError('must be an array of JSON-Patch objects, but at least one element is not an object')
  const place = required(operation, 'path')
  const op = required(operation, 'op')
  if (typeof op !== 'string') throw new BuiltinError(`attribute 'op' must be a string but found: ${typeName(op)}`)
  const path = parsePath(place)
  switch (op) {
    case 'add':
      return insert(document, path, required(operation, 'value'))
    case 'remove':
      return remove(document, path)
    case 'replace': {
      const without = remove(document, path)
      return insert(without, path, required(operation, 'value'))
    }
    case 'move': {
      const from = parsePath(required(operation, 'from'))
      const moved = at(present(document), from)
      return insert(remove(document, from), path, moved)
    }
    case 'copy':
      return insert(document, path, at(present(document), parsePath(required(operation, 'from'))))
    case 'test': {
      const found = at(present(document), path)
      const wanted = required(operation, 'value')
      if (equal(found, wanted)) return document
      throw new BuiltinError(
        `value from EditTree != patch value.\n\nExpected: ${termText(wanted)}\n\nFound: ${termText(found)}`,
      )
    }
    default:
      throw new BuiltinError(`unrecognized op: '${op}'`)
  }
}

export const jsonPatch: Record<string, Builtin> = {
  'json.patch': {
    run: (_, target, patches) => arrayOperand(patches, 2).reduce<Value | undefined>(apply, target),
  },
}
