/**
 * What is known of one unknown value: a list of values that it is one of, or an interval of Rego's order without some points. Types are
 * intervals of that order, so that `is_number(x)` and `x > 7` say the same kind of thing.
 */
import { compare, keyOf, RegoSet, type TypeName, typeName, type Value } from '../value.ts'
import { type Truth, truth } from './truth.ts'

interface Bound {
  readonly value: Value
  readonly inclusive: boolean
}

interface Limits {
  readonly among?: readonly Value[]
  readonly low?: Bound
  readonly high?: Bound
  readonly excluded?: ReadonlySet<unknown>
}

/** What a value may be. Never changed once made. */
export class Domain {
  /** Every value it may be, where that is a list. */
  readonly among: readonly Value[] | undefined
  readonly #low: Bound | undefined
  readonly #high: Bound | undefined
  readonly #excluded: ReadonlySet<unknown>

  private constructor({ among, low, high, excluded }: Limits) {
    this.among = among
    this.#low = low
    this.#high = high
    this.#excluded = excluded ?? new Set()
  }

  /** Any value. */
  static readonly everything = new Domain({})
  /** Any JSON document. */
  static readonly json = Domain.everything.below(new RegoSet(), false)

  /** One of these. */
  static of(values: readonly Value[]): Domain {
    return new Domain({ among: [...new Map(values.map((value) => [keyOf(value), value])).values()] })
  }

  /** Any value of a type. */
  static ofType(type: TypeName): Domain {
    if (type === 'null') return Domain.of([null])
    if (type === 'boolean') return Domain.of([false, true])
    const low = startOf(type)
    const next = after(type)
    return Domain.everything.above(low.value, !low.orEqual).below(next?.value, next?.orEqual === true)
  }

  /** Whole numbers and what lies between them: `from` to `to`, both included; no `to` is no bound. */
  static size(from: number, to: number | undefined): Domain {
    const some = Domain.ofType('number').above(from, true)
    return to === undefined ? some : some.below(to, true)
  }

  /** The only value it may be, if there is but one. */
  get only(): Value | undefined {
    return this.among?.length === 1 ? this.among[0] : undefined
  }

  admits(value: Value): boolean {
    if (this.among !== undefined) return this.among.some((each) => compare(each, value) === 0)
    if (this.#low !== undefined) {
      const order = compare(value, this.#low.value)
      if (order < 0 || (order === 0 && !this.#low.inclusive)) return false
    }
    if (this.#high !== undefined) {
      const order = compare(value, this.#high.value)
      if (order > 0 || (order === 0 && !this.#high.inclusive)) return false
    }
    return !this.#excluded.has(keyOf(value))
  }

  within(values: readonly Value[]): Domain {
    return Domain.of(values.filter((value) => this.admits(value)))
  }

  without(values: readonly Value[]): Domain {
    const gone = new Set(values.map(keyOf))
    if (this.among !== undefined) return Domain.of(this.among.filter((value) => !gone.has(keyOf(value))))
    return this.limited({ excluded: new Set([...this.#excluded, ...gone]) })
  }

  /** The part above a value, with it where `inclusive`. */
  above(value: Value, inclusive: boolean): Domain {
    if (this.isBelow(value, !inclusive) === 'no') return this
    if (this.among !== undefined) return this.filtered((each) => !isBefore(each, value, !inclusive))
    return this.limited({ low: { value, inclusive } })
  }

  /** The part below a value, with it where `inclusive`; all of it without a value. */
  below(value: Value | undefined, inclusive: boolean): Domain {
    if (value === undefined || this.isBelow(value, inclusive) === 'yes') return this
    if (this.among !== undefined) return this.filtered((each) => isBefore(each, value, inclusive))
    return this.limited({ high: { value, inclusive } })
  }

  /** What is in both. */
  and(other: Domain): Domain {
    if (other === Domain.everything) return this
    if (this === Domain.everything) return other
    if (other.among !== undefined) return this.within(other.among)
    if (this.among !== undefined) return other.within(this.among)
    let both: Domain = this.limited({ excluded: new Set([...this.#excluded, ...other.#excluded]) })
    if (other.#low !== undefined) both = both.above(other.#low.value, other.#low.inclusive)
    if (other.#high !== undefined) both = both.below(other.#high.value, other.#high.inclusive)
    return both
  }

  isWithin(values: readonly Value[]): Truth {
    const admitted = values.filter((value) => this.admits(value))
    if (admitted.length === 0) return 'no'
    if (this.among === undefined) return 'maybe'
    return new Set(admitted.map(keyOf)).size === this.among.length ? 'yes' : 'maybe'
  }

  /** Whether it is below a value, or equal to it where `orEqual`. */
  isBelow(value: Value, orEqual: boolean): Truth {
    if (this.among !== undefined) {
      const before = this.among.filter((each) => isBefore(each, value, orEqual)).length
      return before === this.among.length ? 'yes' : before === 0 ? 'no' : 'maybe'
    }
    if (this.#high !== undefined) {
      const order = compare(this.#high.value, value)
      if (order < 0 || (order === 0 && (orEqual || !this.#high.inclusive))) return 'yes'
    }
    if (this.#low !== undefined) {
      const order = compare(this.#low.value, value)
      if (order > 0 || (order === 0 && (!orEqual || !this.#low.inclusive))) return 'no'
    }
    return 'maybe'
  }

  isType(type: TypeName): Truth {
    if (this.among !== undefined) {
      const such = this.among.filter((each) => typeName(each) === type).length
      return such === this.among.length ? 'yes' : truth(such > 0) === 'no' ? 'no' : 'maybe'
    }
    const [first, last] = typeEdges(type)
    const before = first === undefined ? 'no' : this.isBelow(first.value, first.orEqual)
    const upTo = last === undefined ? 'yes' : this.isBelow(last.value, last.orEqual)
    if (before === 'yes' || upTo === 'no') return 'no'
    return before === 'no' && upTo === 'yes' ? 'yes' : 'maybe'
  }

  private filtered(keep: (value: Value) => boolean): Domain {
    return new Domain({ among: (this.among ?? []).filter(keep) })
  }

  private limited(change: Limits): Domain {
    const { low, high, excluded } = {
      ...(this.#low === undefined ? {} : { low: this.#low }),
      ...(this.#high === undefined ? {} : { high: this.#high }),
      excluded: this.#excluded,
      ...change,
    } as Limits
    // An interval of one point is that point.
    if (low?.inclusive === true && high?.inclusive === true && compare(low.value, high.value) === 0) {
      return new Domain({ among: excluded?.has(keyOf(low.value)) === true ? [] : [low.value] })
    }
    return new Domain({
      ...(low === undefined ? {} : { low }),
      ...(high === undefined ? {} : { high }),
      ...(excluded === undefined ? {} : { excluded }),
    })
  }
}

function isBefore(a: Value, b: Value, orEqual: boolean): boolean {
  const order = compare(a, b)
  return order < 0 || (orEqual && order === 0)
}

/** A cut in the order of values: what is below `value`, or equal to it where `orEqual`, lies before it. */
export interface Cut {
  readonly value: Value
  readonly orEqual: boolean
}

const order: readonly TypeName[] = ['null', 'boolean', 'number', 'string', 'array', 'object', 'set']

/** The cut before the first value of a type. Numbers have no first one: they begin after `true`. */
function startOf(type: TypeName): Cut {
  const starts: Record<TypeName, Cut> = {
    null: { value: null, orEqual: false },
    boolean: { value: false, orEqual: false },
    number: { value: true, orEqual: true },
    string: { value: '', orEqual: false },
    array: { value: [], orEqual: false },
    object: { value: {}, orEqual: false },
    set: { value: new RegoSet(), orEqual: false },
  }
  return starts[type]
}

function after(type: TypeName): Cut | undefined {
  const next = order[order.indexOf(type) + 1]
  return next === undefined ? undefined : startOf(next)
}

/** The cuts before and after a type; undefined where nothing lies beyond. */
export function typeEdges(type: TypeName): readonly [Cut | undefined, Cut | undefined] {
  return [type === 'null' ? undefined : startOf(type), after(type)]
}
