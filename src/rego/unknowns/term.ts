/**
 * Values that follow from the input: what stands at a place of it, and what known builtins make of that. A term can be read from any input, so that
 * what one evaluation has asked can be asked of the next input without an evaluation.
 */
import type { BuiltinCall } from '../run/builtin-call.ts'
import { anyElementsOf, keysOf } from '../run/collections.ts'
import { type Environment, Evaluation, State } from '../run/state.ts'
import { isNumber, keyOf, lookup, RegoObject, type Value } from '../value.ts'

/** One input, and what has been made of it. */
export class Reader {
  readonly input: Value | undefined
  readonly #environment: Environment
  #native: State | undefined
  #results: Map<Term, Value | undefined> | undefined

  constructor(environment: Environment, input: Value | undefined) {
    this.#environment = environment
    this.input = input
  }

  /** What builtins are called with. All that are called for one input may take what one evaluation may. */
  get native(): State {
    this.#native ??= new State(new Evaluation(this.#environment, evaluationOptions), undefined)
    return this.#native
  }

  /** The result of a call, made once. Throws what the call throws. */
  result(term: Term, call: () => Value | undefined): Value | undefined {
    this.#results ??= new Map()
    const known = this.#results.get(term)
    if (known !== undefined || this.#results.has(term)) return known
    const result = call()
    this.#results.set(term, result)
    return result
  }
}

export const evaluationOptions = { synchronous: true, recording: undefined, watch: undefined }

export interface Term {
  /** Terms of one name are one value. */
  readonly name: string
  /** Whether it stands in the base document, or is a constant: an object of it is the same one for every input. */
  readonly isData: boolean
  /** Where it stands in the input, for places of it. */
  readonly path?: readonly Value[]
  /** Of a constant. */
  readonly constant?: Value
  /** The terms that it follows from: whoever knows all of them knows it. None for the input, which nobody knows whole. */
  readonly from: readonly Term[]
  /** The value that an input gives it. Calls may throw `EvaluationError`. */
  of(reader: Reader): Value | undefined
}

export const wholeInput: Term = { name: 'input', isData: false, path: [], from: [], of: (reader) => reader.input }

export function constant(name: string, value: Value): Term {
  return { name, isData: true, constant: value, from: [], of: () => value }
}

/** What stands at a key. */
export function partOf(source: Term, key: Term): Term {
  return {
    name: `${source.name}[${key.name}]`,
    isData: source.isData,
    from: [source, key],
    of(reader) {
      const [whole, name] = [source.of(reader), key.of(reader)]
      return whole === undefined || name === undefined ? undefined : lookup(whole, name)
    },
  }
}

/** What stands at a known key. */
export function fieldOf(source: Term, key: Value, keyName: string): Term {
  const name = `${source.name}[${keyName}]`
  if (source.path !== undefined) return place(name, [...source.path, key], source)
  return {
    name,
    isData: source.isData,
    from: [source],
    of(reader) {
      const whole = source.of(reader)
      return whole === undefined ? undefined : lookup(whole, key)
    },
  }
}

/** A place of the input: most of what is asked is about a few of them. */
function place(name: string, path: readonly Value[], source: Term): Term {
  return {
    name,
    isData: false,
    path,
    from: [source],
    of(reader) {
      let value = reader.input
      for (let depth = 0; depth < path.length && value !== undefined; depth++)
        value = lookup(value, path[depth] as Value)
      return value
    },
  }
}

/** What a builtin gives for operands. */
export function resultOf(name: string, call: BuiltinCall, operands: readonly Term[]): Term {
  const term: Term = {
    name,
    isData: false,
    from: operands,
    of: (reader) =>
      reader.result(term, () => {
        const args = operands.map((operand) => operand.of(reader))
        return args.every((arg) => arg !== undefined) ? call(reader.native, undefined, ...args) : undefined
      }),
  }
  return term
}

/** A collection whose parts are terms. */
export function collectionOf(name: string, parts: readonly Term[], make: (parts: readonly Value[]) => Value): Term {
  return {
    name,
    isData: false,
    from: parts,
    of(reader) {
      const values = parts.map((part) => part.of(reader))
      return values.every((value) => value !== undefined) ? make(values) : undefined
    },
  }
}

/** Something that tells the values of a term apart, fit for a `Map`. */
export function labelOf({ isData }: Term, value: Value | undefined): unknown {
  if (typeof value !== 'object' || value === null) return value === undefined ? undefined : keyOf(value)
  // A document may be large: as long as it is the same object, it need not be written down.
  return isData || holdsWrittenNumber(value) ? value : keyOf(value)
}

/** Whether it is or holds a number that is kept as it was written: `1e1` equals 10, and a builtin may write it as it was. */
function holdsWrittenNumber(value: Value): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (isNumber(value)) return true
  const keys = value instanceof RegoObject ? keysOf(value) : []
  return anyElementsOf(value).some(holdsWrittenNumber) || keys.some(holdsWrittenNumber)
}
