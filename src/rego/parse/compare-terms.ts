/**
 * The order of syntax terms, which decides how OPA prints the elements of sets and the keys of objects in a syntax tree.
 */

import type { Body, Expr, Template, Term } from '../ast.ts'
import { compareNumbers, parseNumber } from '../number.ts'

const ranks: Readonly<Record<string, number>> = {
  null: 0,
  boolean: 1,
  number: 2,
  string: 3,
  template: 4,
  var: 5,
  ref: 6,
  array: 7,
  object: 8,
  set: 9,
  'comprehension array': 10,
  'comprehension object': 11,
  'comprehension set': 12,
  call: 13,
}

function rank(term: Term): number {
  return ranks[term.kind === 'comprehension' ? `comprehension ${term.of}` : term.kind] ?? 0
}

/** Negative, 0 or positive, as for `Array.sort`. Terms that were written alike are equal. */
export function compareTerms(a: Term, b: Term): number {
  const byKind = rank(a) - rank(b)
  if (byKind !== 0) return byKind
  if (a.kind === 'boolean' && b.kind === 'boolean') return Number(a.value) - Number(b.value)
  if (a.kind === 'number' && b.kind === 'number') return compareNumberTexts(a.text, b.text)
  if (a.kind === 'string' && b.kind === 'string') return compareTexts(a.value, b.value)
  if (a.kind === 'var' && b.kind === 'var') return compareTexts(a.name, b.name)
  if (a.kind === 'template' && b.kind === 'template') return compareTemplates(a, b)
  return compareLists(partsOf(a), partsOf(b))
}

/** Those in quotes before those in backticks, shorter ones before longer ones, text before expressions. */
function compareTemplates(a: Template, b: Template): number {
  if (a.raw !== b.raw) return a.raw ? 1 : -1
  if (a.parts.length !== b.parts.length) return a.parts.length - b.parts.length
  for (const [i, one] of a.parts.entries()) {
    const other = b.parts[i] as string | Expr
    const order = compareTemplateParts(one, other)
    if (order !== 0) return order
  }
  return 0
}

function compareTemplateParts(one: string | Expr, other: string | Expr): number {
  if (typeof one === 'string') return typeof other === 'string' ? compareTexts(one, other) : -1
  return typeof other === 'string' ? 1 : compareLists(exprTerms(one), exprTerms(other))
}

function compareLists(a: readonly Term[], b: readonly Term[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareTerms(a[i] as Term, b[i] as Term)
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** The terms in a term, in the order in which they decide. */
function partsOf(term: Term): readonly Term[] {
  switch (term.kind) {
    case 'ref':
      return [term.head, ...term.path]
    case 'call':
      return [term.operator, ...term.args]
    case 'array':
      return term.items
    case 'set':
      return [...term.items].sort(compareTerms)
    case 'object': {
      const entries = [...term.entries].sort(([x], [y]) => compareTerms(x, y))
      return entries.flat()
    }
    case 'comprehension':
      return [...(term.key === undefined ? [] : [term.key]), term.value, ...bodyTerms(term.body)]
    default:
      return []
  }
}

function bodyTerms(body: Body): Term[] {
  return body.flatMap(exprTerms)
}

function exprTerms(expr: Expr): Term[] {
  switch (expr.kind) {
    case 'term':
      return [expr.term]
    case 'some':
      return [...expr.vars]
    case 'someIn':
      return expr.key === undefined ? [expr.value, expr.domain] : [expr.key, expr.value, expr.domain]
    case 'every':
      return [expr.value, expr.domain, ...bodyTerms(expr.body)]
    case 'not':
      return bodyTerms(expr.operand.body)
    case 'and':
    case 'or':
      return [...bodyTerms(expr.left.body), ...bodyTerms(expr.right.body)]
  }
}

/** By code point, as Go compares strings. */
function compareTexts(a: string, b: string): number {
  const x = Array.from(a)
  const y = Array.from(b)
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const order = (x[i]?.codePointAt(0) ?? 0) - (y[i]?.codePointAt(0) ?? 0)
    if (order !== 0) return order
  }
  return x.length - y.length
}

function compareNumberTexts(a: string, b: string): number {
  const x = parseNumber(a)
  const y = parseNumber(b)
  return x === undefined || y === undefined ? compareTexts(a, b) : compareNumbers(x, y)
}
