/** Elements between brackets: those that stood in one line stay in one line, and a list over several lines ends with a comma. */

import type { Expr, Module, Term } from '../ast.ts'
import { errorAt, type RegoError, type RegoErrorCode } from '../errors.ts'
import { type Place, Places } from './places.ts'
import { CommentClash, Sheet } from './sheet.ts'

/** An element of a list: where it begins, and how it is written. */
export interface Item {
  readonly place: Place
  /** Undefined for the entry of an object. */
  readonly node?: Term | Expr
  write(): void
}

/** Variables whose names begin so are a compiler's: OPA takes no list with one of them apart into rows. */
const madePrefix = '__local'

export abstract class Lists {
  protected readonly module: Module
  protected readonly sheet: Sheet
  protected readonly places: Places
  protected readonly errors: RegoError[] = []
  /** Comments have clashed since this was last set to false. */
  protected hasClashed = false
  /** Every rule is read again, and kept as it was where it no longer says the same. */
  isCareful = false
  private readonly mayBeMade: boolean

  constructor(module: Module) {
    this.module = module
    this.sheet = new Sheet(module.comments)
    this.places = new Places(module.source)
    this.mayBeMade = module.source.includes(madePrefix)
  }

  protected refuse(
    code: RegoErrorCode,
    at: Parameters<typeof errorAt>[1],
    message: string,
    details: string[] = [],
  ): void {
    this.errors.push(errorAt(code, at, message, this.module.source, details))
  }

  /** Runs `write`; where comments clash in it, those still to come are lost to it, as they are to OPA. */
  protected losing(write: () => void): void {
    try {
      write()
    } catch (cause) {
      if (cause instanceof CommentClash) this.sheet.forget()
      throw cause
    }
  }

  /** Runs `write`; a clash of comments ends it, and is over with that. Gives whether there was one. */
  protected yielding(write: () => void): boolean {
    try {
      write()
      return false
    } catch (cause) {
      if (!(cause instanceof CommentClash)) throw cause
      this.hasClashed = true
      return true
    }
  }

  /** Groups of what stood in one row, counted from the row of `from`. */
  protected rowsOf<T extends Omit<Item, 'write'>>(items: readonly T[], from: Place): T[][] {
    if (this.mayBeMade && items.some(({ node }) => namesMade(node))) return [[...items]]
    const sorted = [...items].sort((a, b) => a.place.row - b.place.row || a.place.col - b.place.col)
    const groups: T[][] = [[]]
    let { row } = from
    for (const [i, item] of sorted.entries()) {
      if (item.place.row > row && i > 0) groups.push([])
      row = item.place.row
      groups.at(-1)?.push(item)
    }
    return groups
  }

  /**
   * The elements of a list that stood at `place` and was closed in `closing`. Throws `CommentClash` where a comment stands
   * inside a list that would become one line.
   */
  protected list(items: readonly Item[], place: Place, closing: number): void {
    const rows = this.rowsOf(items, place)
    if (rows.length === 1 && this.sheet.hasBetween(place.row, closing)) throw new CommentClash()
    this.losing(() => {
      const first = rows[0]?.[0]
      const isOpen = rows.length > 1 || (first !== undefined && this.places.breaksBefore(place, first.place))
      if (isOpen) this.sheet.openLines()
      for (const [i, row] of rows.entries()) {
        if (i > 0) {
          this.sheet.write(',')
          this.sheet.endLine()
          this.sheet.startLine()
        }
        for (const [j, item] of row.entries()) {
          if (j > 0) this.sheet.write(', ')
          item.write()
        }
      }
      if (isOpen) this.closeLines(closing)
    })
  }

  private closeLines(closing: number): void {
    this.sheet.write(',')
    this.sheet.endLine()
    this.sheet.reach(closing)
    this.sheet.down()
    this.sheet.startLine()
  }
}

function namesMade(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false
  if ('kind' in node && node.kind === 'var' && 'name' in node && String(node.name).startsWith(madePrefix)) return true
  return Object.values(node).some(namesMade)
}
