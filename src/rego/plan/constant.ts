/** Terms whose value is known before evaluation: literals, and collections of nothing but literals. */
import { parseNumber } from '../number.ts'
import type { Term } from '../program.ts'
import { makeObject, RegoSet, type Value } from '../value.ts'

/** The value of a closed term, or undefined when it must be computed. */
export function constantOf(term: Term): Value | undefined {
  switch (term.kind) {
    case 'null':
      return null
    case 'boolean':
    case 'string':
      return term.value
    case 'number':
      return parseNumber(term.text)
    case 'array':
      return constantsOf(term.items)
    case 'set': {
      const members = constantsOf(term.items)
      return members === undefined ? undefined : RegoSet.from(members)
    }
    case 'object': {
      const keys = constantsOf(term.entries.map(([key]) => key))
      const values = constantsOf(term.entries.map(([, value]) => value))
      if (keys === undefined || values === undefined) return undefined
      return makeObject(keys.map((key, i) => [key, values[i] as Value]))
    }
    default:
      return undefined
  }
}

function constantsOf(terms: readonly Term[]): Value[] | undefined {
  const values: Value[] = []
  for (const term of terms) {
    const value = constantOf(term)
    if (value === undefined) return undefined
    values.push(value)
  }
  return values
}
