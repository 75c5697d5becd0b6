/** Expressions and bodies as text, one expression a line unless they stood in one. */

import type { Body, Call, EveryExpr, Expr, LogicalExpr, NotExpr, SomeExpr, SomeInExpr, Term, With } from '../ast.ts'
import { chainOf, isLogical, type Side } from './logical.ts'
import { type Brackets, braces, type Place } from './places.ts'
import { Terms } from './terms.ts'
import { beginsWithBrace, infixOf, isUnion, isUnionExpr, leading, mustWrap, operatorName } from './words.ts'

export abstract class Expressions extends Terms {
  /** An expression whose terms have to be wrapped in parentheses when it is written, its `with` outside them. */
  private wrappedExpr: Expr | undefined

  protected body(body: Body): void {
    const [first] = body
    if (first !== undefined) this.sheet.reach(this.places.expr(first).row)
    let above: Place | undefined
    for (const expr of body) {
      const place = this.places.expr(expr)
      if (above !== undefined && place.row > this.places.endRow(above) + 1) this.sheet.blankLine()
      this.sheet.startLine()
      this.yielding(() => this.expr(expr))
      this.sheet.endLine()
      above = place
    }
  }

  /** A body inside brackets: in one line where it stood in one with what precedes it, at `from`. */
  protected block(brackets: Brackets, body: Body, from: Place, whole: Place): void {
    const items = body.map((expr) => ({ node: expr, place: this.places.expr(expr) }))
    const closing = this.places.closingRow(whole, brackets)
    const isOpen = (items[0]?.place.row ?? 0) > from.row || this.rowsOf(items, from).length > 1
    if (!isOpen) {
      for (const [i, { node }] of items.entries()) {
        this.sheet.write(i === 0 ? ' ' : '; ')
        this.expr(node)
      }
      this.losing(() => this.sheet.reach(closing))
      return
    }
    this.sheet.endLine()
    this.sheet.up()
    try {
      this.body(body)
      this.losing(() => this.sheet.reach(closing))
    } finally {
      this.sheet.down()
      this.sheet.startLine()
    }
  }

  protected expr(expr: Expr): void {
    const wraps = this.wrappedExpr === expr
    if (wraps) this.wrappedExpr = undefined
    this.sheet.reach(this.places.expr(expr).row)
    this.sheet.needLine()
    const isNegated = expr.kind === 'not' && !expr.scoped
    if (isNegated) this.sheet.write('not ')
    if (wraps) this.sheet.write('(')
    this.terms(isNegated ? (expr.operand.body[0] ?? expr) : expr, expr)
    if (wraps) this.sheet.write(')')
    this.withs(expr)
  }

  private terms(expr: Expr, outer: Expr): void {
    switch (expr.kind) {
      case 'term':
        expr.term.kind === 'call' ? this.topCall(expr.term) : this.term(expr.term)
        return
      case 'some':
        this.losing(() => this.some(expr))
        return
      case 'someIn':
        this.losing(() => this.someIn(expr))
        return
      case 'every':
        this.losing(() => this.every(expr, this.places.expr(outer)))
        return
      case 'not':
        this.losing(() => this.not(expr, this.places.expr(outer)))
        return
      case 'and':
      case 'or':
        this.losing(() => this.logical(expr))
        return
    }
  }

  private withs(expr: Expr): void {
    let row = this.places.endRowBeforeWith(expr)
    let isIndented = false
    try {
      for (const each of expr.with) {
        const own = this.places.of(each).row
        const breaks = own > row
        if (breaks) {
          if (!isIndented) this.sheet.up()
          isIndented = true
          this.sheet.endLine()
          this.sheet.startLine()
        }
        if (breaks) row = own
        this.with(each, breaks)
      }
    } finally {
      if (isIndented) this.sheet.down()
    }
  }

  private with(each: With, startsLine: boolean): void {
    this.losing(() => this.sheet.reach(this.places.of(each).row))
    this.sheet.write(startsLine ? 'with ' : ' with ')
    this.losing(() => this.term(each.target))
    this.sheet.write(' as ')
    this.yielding(() => this.term(each.value))
  }

  /** A call at the top of an expression: its operands bring no parentheses of their own. */
  private topCall(call: Call): void {
    const name = operatorName(call.operator)
    const infix = infixOf(name)
    const [left, right, result] = call.args
    this.checkCalled(name, call)
    this.checkAssigned(name, call)
    if (infix === undefined) {
      this.plainCall(call)
      return
    }
    if (infix === 'in') {
      this.membership(call.args, call, false)
      return
    }
    if (left === undefined || right === undefined || call.args.length > 3) {
      this.refuseArity(call)
      this.plainCall(call)
      return
    }
    this.losing(() => {
      if (result !== undefined) {
        this.term(result)
        this.sheet.write(' = ')
      }
      this.wrappable(left, infix, 'left')
      this.sheet.write(` ${infix} `)
      if (result !== undefined) this.wrappable(right, infix, 'right')
    })
    if (result === undefined) this.wrappable(right, infix, 'right')
  }

  private wrappable(term: Term, infix: string, side: 'left' | 'right'): void {
    const wraps = mustWrap(term, infix, side)
    this.operand(term, () => this.term(term, wraps), wraps)
  }

  private checkAssigned(name: string, call: Call): void {
    const [target] = call.args
    if (name === 'assign' && target?.kind === 'var' && (target.name === 'input' || target.name === 'data'))
      this.refuse(
        'rego_compile_error',
        call.at,
        `variables must not shadow ${target.name} (use a different variable name)`,
      )
  }

  private some(expr: SomeExpr): void {
    let { row } = this.places.of(expr)
    this.sheet.reach(row)
    this.sheet.write('some ')
    for (const [i, each] of expr.vars.entries()) {
      const own = this.places.term(each).row
      if (i > 0) this.sheet.write(',')
      if (own > row) {
        this.sheet.endLine()
        this.sheet.startLine()
        this.sheet.write('\t')
        row = own
      } else if (i > 0) this.sheet.write(' ')
      this.term(each)
    }
  }

  private someIn(expr: SomeInExpr): void {
    this.sheet.reach(this.places.of(expr).row)
    this.sheet.write('some ')
    const { key, value, domain } = expr
    this.membership(key === undefined ? [value, domain] : [key, value, domain], undefined, false)
  }

  private every(expr: EveryExpr, place: Place): void {
    this.sheet.reach(place.row)
    this.sheet.write('every ')
    if (expr.key !== undefined) {
      this.term(expr.key)
      this.sheet.write(', ')
    }
    this.term(expr.value)
    this.sheet.write(' in ')
    this.operand(expr.domain, () => this.term(expr.domain), mustWrap(expr.domain, 'in', 'right'))
    this.sheet.write(' {')
    this.yielding(() => this.block(braces, expr.body, place, place))
    const [only] = expr.body
    if (expr.body.length === 1 && only !== undefined && this.places.expr(only).row === place.row) this.sheet.write(' ')
    this.sheet.write('}')
  }

  /** `not` with the whole operand inside it. */
  private not(expr: NotExpr, place: Place): void {
    this.sheet.reach(place.row)
    this.sheet.write('not ')
    const { explicit, body } = expr.operand
    const [only] = body
    if (only === undefined) return
    if (explicit || body.length > 1) {
      this.braced(body, place)
      return
    }
    this.places.move(only, place)
    const wraps = only.with.length > 0 || isLogical(only) || only.kind === 'not' || beginsWithBrace(only)
    if (wraps) this.sheet.write('(')
    this.yielding(() => this.expr(only))
    if (wraps) this.sheet.write(')')
  }

  private braced(body: Body, place: Place): void {
    const [first] = body
    if (first !== undefined && isUnionExpr(first)) this.wrappedExpr = first
    this.sheet.write('{')
    this.yielding(() => this.block(braces, body, place, place))
    const last = body.at(-1)
    if (last !== undefined && this.places.expr(last).row === place.row) this.sheet.write(' ')
    this.sheet.write('}')
  }

  /** `a and b or c`: chains that associate to the left are written as one. */
  private logical(expr: LogicalExpr): void {
    const { first, steps } = chainOf(expr, this.places)
    let isIndented = false
    try {
      this.yielding(() => this.side(first))
      for (const { word, right, breaks } of steps) {
        this.sheet.write(` ${word}`)
        if (breaks) {
          if (!isIndented) this.sheet.up()
          isIndented = true
          this.sheet.endLine()
          this.sheet.startLine()
        } else this.sheet.write(' ')
        this.yielding(() => this.side(right))
      }
    } finally {
      if (isIndented) this.sheet.down()
    }
  }

  private side({ operand, wraps }: Side): void {
    const [only] = operand.body
    if (operand.explicit) {
      this.braced(operand.body, this.places.of(operand))
      return
    }
    if (only === undefined) return
    if (!wraps) {
      this.expr(only)
      return
    }
    this.between('(', ')', () => this.expr(only))
  }

  /** A union that the expression begins with gets parentheses: after `{` it would read as a comprehension. */
  protected wrapLeadingUnion(expr: Expr): void {
    if (isLogical(expr)) {
      const { first } = chainOf(expr, this.places)
      const [only] = first.operand.body
      if (!first.operand.explicit && !first.wraps && only !== undefined) this.wrapLeadingUnion(only)
      return
    }
    if (isUnionExpr(expr)) {
      this.wrappedExpr = expr
      return
    }
    const first = expr.kind === 'term' ? leading(expr.term) : undefined
    if (first !== undefined && isUnion(first)) this.wrapped = first
  }
}
