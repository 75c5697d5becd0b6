/**
 * Where nodes stood in the source, as far as the layout depends on it: what was broken over lines stays so. Rows and texts
 * are those that OPA's parser gives its nodes, which are not always the whole of the node.
 */

import type { Expr, Term } from '../ast.ts'

/** A piece of the source: `row` counts from 1, `start` and `end` are offsets into the source. */
export interface Place {
  readonly row: number
  readonly col: number
  readonly start: number
  readonly end: number
}

export interface Brackets {
  readonly open: string
  readonly close: string
}

export const parentheses: Brackets = { open: '(', close: ')' }
export const square: Brackets = { open: '[', close: ']' }
export const braces: Brackets = { open: '{', close: '}' }

/** The row of a bracket that is not there: before all others. */
const nowhere = -1

export class Places {
  readonly source: string
  /** Nodes whose place is another's. */
  private readonly moved = new Map<Term | Expr, Place>()
  /** Where every node counts as standing while a part is written that has one place as a whole. */
  private pinned: Place | undefined

  constructor(source: string) {
    this.source = source
  }

  text({ start, end }: Place): string {
    return this.source.slice(start, end)
  }

  startsWith({ start }: Place, char: string): boolean {
    return this.source[start] === char
  }

  move(node: Term | Expr, place: Place): void {
    this.moved.set(node, place)
  }

  /** Runs `write` with all nodes at one place. */
  pin(place: Place | undefined, write: () => void): void {
    const outer = this.pinned
    this.pinned = place ?? outer
    try {
      write()
    } finally {
      this.pinned = outer
    }
  }

  isPinned(): boolean {
    return this.pinned !== undefined
  }

  of(node: { readonly at: Place }): Place {
    return this.pinned ?? node.at
  }

  term(term: Term): Place {
    if (this.pinned !== undefined) return this.pinned
    const moved = this.moved.get(term)
    if (moved !== undefined) return moved
    const { at } = term
    const first = this.source[at.start]
    // Of a number with a sign or a leading point only that; of a path on a composite only what follows it.
    if (term.kind === 'number' && (first === '-' || first === '.')) return { ...at, end: at.start + 1 }
    if (term.kind !== 'ref' || term.head.at.start !== at.start) return at
    const { head } = term
    if (head.kind === 'var' && first !== '(') return at
    if (head.kind === 'call' && first !== '(') return at
    return { ...at, start: head.at.end - 1 }
  }

  /** The whole of an expression, `with` included. */
  expr(expr: Expr): Place {
    return this.pinned ?? this.moved.get(expr) ?? { ...expr.at, end: exprEnd(expr) }
  }

  endRow(place: Place): number {
    return place.row + this.breaks(place.start, place.end)
  }

  /** The row where an expression ends without its `with`. */
  endRowBeforeWith(expr: Expr): number {
    const place = this.expr(expr)
    const first = expr.with[0]
    const end = first === undefined || this.pinned !== undefined ? place.end : first.at.start
    const text = this.source.slice(place.start, end)
    return place.row + breaksIn(text.replace(/[ \t\r\n]+$/, ''))
  }

  /**
   * The row of the bracket that closes the first of these brackets in a place, found by counting characters: -1 where
   * there is none. With `skip`, the first pair of those is passed over before.
   */
  closingRow(place: Place, { open, close }: Brackets, skip?: Brackets): number {
    const { source } = this
    const passed = skip === undefined ? { at: place.start, rows: 0 } : this.closing(place.start, place, skip)
    const from = source.indexOf(open, passed.at)
    if (from === -1 || from >= place.end) return nowhere
    const closed = this.closing(from, place, { open, close })
    return closed.at >= place.end ? nowhere : place.row + passed.rows + closed.rows
  }

  private closing(from: number, { end }: Place, { open, close }: Brackets): { at: number; rows: number } {
    const { source } = this
    const begin = source.indexOf(open, from)
    if (begin === -1 || begin >= end) return { at: end, rows: 0 }
    let rows = 0
    let depth = 1
    for (let at = begin + 1; at < end; at++) {
      const char = source[at]
      if (char === open) depth++
      else if (char === close && --depth === 0) return { at, rows }
      else if (char === '\n') rows++
    }
    return { at: end, rows }
  }

  /** Whether a line ends between the start of `outer` and the first occurrence of the text of `first` in it. */
  breaksBefore(outer: Place, first: Place): boolean {
    const text = this.text(outer)
    const cut = text.indexOf(this.text(first))
    return cut > 0 && text.slice(0, cut).indexOf('\n') > 0
  }

  /** The text of the line in which an offset lies, without the space before it. */
  lineOf(offset: number): string {
    const begin = this.source.lastIndexOf('\n', offset - 1) + 1
    const end = this.source.indexOf('\n', begin)
    return this.source.slice(begin, end === -1 ? undefined : end).trim()
  }

  private breaks(start: number, end: number): number {
    return breaksIn(this.source.slice(start, end))
  }
}

function breaksIn(text: string): number {
  let rows = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) rows++
  return rows
}

/** The offset where an expression ends, its `with` included. */
export function exprEnd(expr: Expr): number {
  return Math.max(expr.at.end, expr.with.at(-1)?.at.end ?? 0)
}
