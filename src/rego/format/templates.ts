/** Templates as text: their expressions in braces, constants as text, and the comments that may stand inside the braces. */

import type { Comment, Expr, Template } from '../ast.ts'
import { Lists } from './lists.ts'
import { templateText } from './words.ts'

export abstract class Templates extends Lists {
  protected abstract expr(expr: Expr): void

  protected template(term: Template): void {
    const quoteMark = term.raw ? '`' : '"'
    this.sheet.write(`$${quoteMark}`)
    for (const [i, part] of term.parts.entries()) {
      if (typeof part === 'string') this.sheet.write(templateText(part, term.raw))
      else this.templateExpr(part, term, i)
    }
    this.sheet.write(quoteMark)
  }

  private templateExpr(expr: Expr, template: Template, index: number): void {
    const constant = this.constantOf(expr)
    if (constant !== undefined) {
      this.sheet.write(templateText(constant, template.raw))
      return
    }
    this.sheet.write('{')
    this.sheet.up()
    if (this.sheet.trailing !== undefined) {
      this.sheet.endLine()
      this.sheet.startLine()
    } else {
      const above = this.sheet.takeAbove(this.places.expr(expr).row)
      if (above.length > 0) {
        this.sheet.write(' ')
        this.sheet.inline = true
        this.sheet.writeComments(above)
      }
    }
    this.expr(expr)
    const next = template.parts[index + 1]
    const below =
      next === undefined || this.sheet.upcoming() === undefined ? [] : this.sheet.takeAbove(this.rowOfPart(next, expr))
    if (below.length > 0) {
      this.sheet.endLine()
      this.sheet.writeComments(below)
      this.sheet.startLine()
    }
    this.sheet.write('}')
    this.sheet.down()
  }

  /** The text of an expression that is a constant: OPA makes it a part of the text, unless a comment stands before it. */
  private constantOf(expr: Expr): string | undefined {
    if (expr.kind !== 'term') return undefined
    const { term } = expr
    const before = lastBefore(this.module.comments, expr.at.start)
    if (before !== undefined && this.module.source.slice(before.at.end, expr.at.start).trim() === '') return undefined
    if (term.kind === 'string') return term.value
    if (term.kind === 'number') return term.text
    if (term.kind === 'boolean') return String(term.value)
    return term.kind === 'null' ? 'null' : undefined
  }

  /** The row of the part after an expression: of a text that of the brace before it. */
  private rowOfPart(part: string | Expr, before: Expr): number {
    if (typeof part !== 'string') return this.places.expr(part).row
    const place = this.places.expr(before)
    const { source } = this.module
    let at = place.end
    // Between an expression and its brace there is nothing but space and comments.
    while (at < source.length && source[at] !== '}') at = source[at] === '#' ? lineEnd(source, at) : at + 1
    return this.places.endRow({ ...place, end: at })
  }
}

function lineEnd(source: string, from: number): number {
  const end = source.indexOf('\n', from)
  return end === -1 ? source.length : end
}

/** The last comment that ends before an offset. */
function lastBefore(comments: readonly Comment[], offset: number): Comment | undefined {
  let [low, high] = [0, comments.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((comments[middle]?.at.end ?? 0) <= offset) low = middle + 1
    else high = middle
  }
  return comments[low - 1]
}
