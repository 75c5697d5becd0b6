/**
 * The order of the keys of an object literal, as OPA sorts terms. It decides which value stays when two keys turn out to be equal: the one of the later
 * key in this order, wherever it was written.
 */
import { compareNumbers, parseNumber } from '../number.ts'
import type { Root, Term } from '../program.ts'
import { compareStrings } from '../value.ts'

/** OPA gives the result of a call a variable of its own before anything is compared. */
const ranks: Readonly<Record<Term['kind'] | 'comprehension', number>> = {
  null: 0,
  boolean: 1,
  number: 2,
  string: 3,
  local: 4,
  call: 5,
  template: 5,
  ref: 6,
  array: 7,
  object: 8,
  set: 9,
  comprehension: 10,
}

const rootRanks: Readonly<Record<Root['kind'], number>> = { local: 0, data: 1, input: 2, term: 3 }

/** Negative, 0 or positive, as for `Array.sort`. */
export function compareKeys(a: Term, b: Term): number {
  if (a.kind === 'local' && b.kind === 'local') return a.local - b.local
  if (a.kind === 'boolean' && b.kind === 'boolean') return Number(a.value) - Number(b.value)
  if (a.kind === 'number' && b.kind === 'number')
    return compareNumbers(parseNumber(a.text) ?? 0, parseNumber(b.text) ?? 0)
  if (a.kind === 'string' && b.kind === 'string') return compareStrings(a.value, b.value)
  if (a.kind === 'ref' && b.kind === 'ref') return compareRoots(a.root, b.root) || compareLists(a.path, b.path)
  if (a.kind === 'array' && b.kind === 'array') return compareLists(a.items, b.items)
  return ranks[a.kind] - ranks[b.kind]
}

function compareRoots(a: Root, b: Root): number {
  if (a.kind === 'local' && b.kind === 'local') return a.local - b.local
  return rootRanks[a.kind] - rootRanks[b.kind]
}

function compareLists(a: readonly Term[], b: readonly Term[]): number {
  for (const [i, item] of a.entries()) {
    const other = b[i]
    if (other === undefined) return 1
    const order = compareKeys(item, other)
    if (order !== 0) return order
  }
  return a.length - b.length
}
