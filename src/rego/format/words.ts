/** Names, strings and operators as they are written: what depends on no place. */

import type { Call, Expr, Ref, Term, Var } from '../ast.ts'
import { declarations } from '../builtins/declarations.ts'
import { quote } from '../builtins/go/quote.ts'
import { compareTerms } from '../parse/compare-terms.ts'

const name = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Whether the text can follow the `.` of a path. */
export function isName(text: string): boolean {
  return name.test(text)
}

/** A string literal as OPA prints it, with Go's escapes; those that Rego does not read are JSON's here. */
export function quoted(text: string): string {
  const go = quote(text)
  return /^"(?:[^\\]|\\[^avxU])*"$/.test(go) ? go : JSON.stringify(text).replaceAll('\ufeff', '\\ufeff')
}

/** A text between the braces of a template: `raw` is written with backticks. */
export function templateText(text: string, raw: boolean): string {
  return (raw ? text : quoted(text).slice(1, -1)).replace(/(?<!\\)\{/g, '\\{')
}

export function operatorName(operator: Var | Ref): string {
  if (operator.kind === 'var') return operator.name
  return [operator.head, ...operator.path]
    .map((part) => (part.kind === 'string' ? part.value : varName(part)))
    .join('.')
}

function varName(term: Term): string {
  return term.kind === 'var' ? term.name : ''
}

/** The operator between the operands of a call of this name; undefined where it is written as a call. */
export function infixOf(called: string): string | undefined {
  return Object.hasOwn(declarations, called) ? declarations[called]?.infix : undefined
}

/** A call that is written with an operator between its operands. */
export function infixOfTerm(term: Term): string | undefined {
  return term.kind === 'call' ? infixOf(operatorName(term.operator)) : undefined
}

/** `x | y`, which reads as a comprehension at an opening bracket. */
export function isUnion(term: Term): boolean {
  return term.kind === 'call' && operatorName(term.operator) === 'or'
}

export function isUnionExpr(expr: Expr): boolean {
  return expr.kind === 'term' && isUnion(expr.term) && (expr.term as Call).args.length === 2
}

const levels: readonly (readonly string[])[] = [
  ['=', ':='],
  ['in'],
  ['==', '!=', '<', '<=', '>', '>='],
  ['|'],
  ['&'],
  ['+', '-'],
  ['*', '/', '%'],
]

function levelOf(operator: string): number {
  return levels.findIndex((each) => each.includes(operator))
}

/**
 * Whether an operand would be read as another expression if it stood there without parentheses. OPA's formatter leaves
 * them out at the top of an expression, also where that changes what it says: `(x + 1) * 2`.
 */
export function mustWrap(operand: Term, operator: string, side: 'left' | 'right'): boolean {
  const own = infixOfTerm(operand)
  // A membership with a key brings its own parentheses.
  if (own === undefined || operand.kind !== 'call' || operand.args.length !== 2) return false
  return side === 'left' ? levelOf(own) < levelOf(operator) : levelOf(own) <= levelOf(operator)
}

/** Whether the text of an expression begins with a brace, which reads as a body where an operand is expected. */
export function beginsWithBrace(expr: Expr): boolean {
  return expr.kind === 'term' && termBeginsWithBrace(leading(expr.term) ?? expr.term)
}

/** The operand that an infix call at the top of an expression is written with first. */
export function leading(term: Term): Term | undefined {
  if (term.kind !== 'call' || infixOfTerm(term) === undefined) return undefined
  return term.args.length === 3 && !operatorName(term.operator).startsWith('internal.') ? term.args[2] : term.args[0]
}

function termBeginsWithBrace(term: Term): boolean {
  switch (term.kind) {
    case 'set':
      // The empty set is written `set()`.
      return term.items.length > 0
    case 'object':
      return true
    case 'comprehension':
      return term.of !== 'array'
    case 'ref':
      return termBeginsWithBrace(term.head)
    case 'call': {
      const first = infixOfTerm(term) === undefined ? undefined : term.args[0]
      return first !== undefined && termBeginsWithBrace(first)
    }
    default:
      return false
  }
}

/** The elements of a set as OPA keeps them: of equal ones the first. */
export function distinct(items: readonly Term[]): Term[] {
  const sorted = items.map((item, i) => ({ item, i })).sort((a, b) => compareTerms(a.item, b.item) || a.i - b.i)
  const kept = sorted.filter(
    ({ item }, i) => i === 0 || compareTerms((sorted[i - 1] as { item: Term }).item, item) !== 0,
  )
  return kept.sort((a, b) => a.i - b.i).map(({ item }) => item)
}

/** A term in one line, calls written as calls: how OPA prints the key of a rule with one. */
export function plainText(term: Term, source: string): string {
  const all = (terms: readonly Term[]): string => terms.map((each) => plainText(each, source)).join(', ')
  switch (term.kind) {
    case 'null':
      return 'null'
    case 'boolean':
      return String(term.value)
    case 'number':
      return term.text
    case 'string':
      return quoted(term.value)
    case 'var':
      return term.wildcard ? '_' : term.name
    case 'ref':
      return `${plainText(term.head, source)}${term.path.map((part) => (part.kind === 'string' && isName(part.value) ? `.${part.value}` : `[${plainText(part, source)}]`)).join('')}`
    case 'call':
      return `${operatorName(term.operator)}(${all(term.args)})`
    case 'array':
      return `[${all(term.items)}]`
    case 'set':
      return term.items.length === 0 ? 'set()' : `{${all(distinct(term.items).sort(compareTerms))}}`
    case 'object': {
      const entries = [...term.entries].sort(([a], [b]) => compareTerms(a, b))
      return `{${entries.map(([key, value]) => `${plainText(key, source)}: ${plainText(value, source)}`).join(', ')}}`
    }
    case 'comprehension':
    case 'template':
      return source.slice(term.at.start, term.at.end)
  }
}
