/** Chains of `and` and `or`: what stands between which operators, where lines break, and which operands need parentheses. */

import type { Body, Expr, LogicalExpr, Operand } from '../ast.ts'
import { braces, type Places } from './places.ts'
import { beginsWithBrace } from './words.ts'

/** An operator of a chain and what stands right of it. */
export interface Step {
  readonly word: 'and' | 'or'
  readonly right: Side
  /** Begins a line. */
  readonly breaks: boolean
}

/** An operand of a chain: in its own braces, in parentheses (`wraps`), or bare. */
export interface Side {
  readonly operand: Operand
  readonly wraps: boolean
}

/** The operands and operators of an expression; those that associate to the left are one chain. */
export function chainOf(expr: LogicalExpr, places: Places): { first: Side; steps: Step[] } {
  const steps: Step[] = []
  let node = expr
  for (;;) {
    const { kind: word, left, right } = node
    const inner = left.explicit ? undefined : left.body[0]
    const isChain = inner !== undefined && isLogical(inner) && !needsParens(inner, word, false)
    const end = isChain || !left.explicit ? endOfBody(left.body, places) : endOfBraces(left, places)
    const begin = right.explicit ? right.at.row : places.expr(right.body[0] ?? node).row
    steps.unshift({
      word,
      right: { operand: right, wraps: !right.explicit && needsParens(right.body[0], word, true) },
      breaks: !places.isPinned() && begin > end,
    })
    if (!isChain) {
      const wraps = !left.explicit && needsParens(left.body[0], word, false)
      return { first: { operand: left, wraps }, steps }
    }
    node = inner
  }
}

function endOfBody(body: Body, places: Places): number {
  const last = body.at(-1)
  return last === undefined ? 0 : places.endRow(places.expr(last))
}

function endOfBraces({ at, body }: Operand, places: Places): number {
  const row = places.closingRow(places.of({ at }), braces)
  return row > 0 ? row : endOfBody(body, places)
}

export function isLogical(expr: Expr): expr is LogicalExpr {
  return expr.kind === 'and' || expr.kind === 'or'
}

/** Whether an operand of `and` or `or` has to stand in parentheses to be read back as it is. */
function needsParens(expr: Expr | undefined, word: 'and' | 'or', isRight: boolean): boolean {
  if (expr === undefined) return false
  if (expr.with.length > 0) return true
  if (expr.kind === 'or') return word === 'and' || isRight
  if (expr.kind === 'and') return word === 'and' && isRight
  return beginsWithBrace(expr)
}
