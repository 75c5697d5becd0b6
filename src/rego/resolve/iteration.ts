/** Whether an expression of a query can have several values: it looks into a collection with a variable, or calls a relation. */

import type { Expr, Term } from '../ast.ts'
import type { BuiltinDecl } from '../builtins/type-decl.ts'

/** Comprehensions are one value whatever stands in them. */
export function isIteration(expr: Expr, builtins: ReadonlyMap<string, BuiltinDecl>): boolean {
  if (expr.kind !== 'term') return false
  const iterates = (term: Term): boolean => {
    switch (term.kind) {
      case 'ref':
        return term.path.some((part) => part.kind === 'var' || iterates(part)) || iterates(term.head)
      case 'call':
        return isRelation(term.operator, builtins) || term.args.some(iterates)
      case 'array':
      case 'set':
        return term.items.some(iterates)
      case 'object':
        return term.entries.some((entry) => entry.some(iterates))
      case 'template':
        return term.parts.some((part) => typeof part !== 'string' && part.kind === 'term' && iterates(part.term))
      default:
        return false
    }
  }
  return iterates(expr.term) || expr.with.some(({ target, value }) => iterates(target) || iterates(value))
}

function isRelation(operator: Term, builtins: ReadonlyMap<string, BuiltinDecl>): boolean {
  return operator.kind === 'var' && builtins.get(operator.name)?.relation === true
}
