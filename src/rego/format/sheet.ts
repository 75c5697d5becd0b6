/**
 * The text as it grows, line by line, and the comments that still have to go into it. Comments are known by their rows:
 * whoever writes a node first says which row it stood in, and what stood above comes out before it.
 */

import type { Comment } from '../ast.ts'

/** Two comments want the end of one line, or one stands where a line would be closed up: the author's text is kept there. */
export class CommentClash {}

/** A place in the sheet to go back to. */
export interface Mark {
  readonly length: number
  readonly level: number
  /** How many comments were consumed. */
  readonly comment: number
  readonly inline: boolean
  readonly trailing: Comment | undefined
}

export class Sheet {
  text = ''
  /** In the middle of a line. */
  inline = false
  /** The comment that ends the current line. */
  trailing: Comment | undefined
  /** Comments are lost that were still to come. */
  hasForgotten = false
  private level = 0
  /** The next end of line is not the one that `trailing` waits for. */
  private delayed = false
  private readonly comments: Comment[]
  private next = 0

  /** `comments` in the order of the text. */
  constructor(comments: readonly Comment[]) {
    this.comments = [...comments]
  }

  write(text: string): void {
    this.text += text
  }

  startLine(): void {
    this.inline = true
    this.write('\t'.repeat(this.level))
  }

  /** Starts a line unless one is begun. */
  needLine(): void {
    if (!this.inline) this.startLine()
  }

  endLine(): void {
    this.inline = false
    if (this.trailing !== undefined && !this.delayed) {
      this.write(` ${commentText(this.trailing)}`)
      this.trailing = undefined
    }
    this.delayed = false
    this.write('\n')
  }

  blankLine(): void {
    if (this.inline) this.endLine()
    this.write('\n')
  }

  up(): void {
    this.level++
  }

  down(): void {
    this.level--
  }

  /** Opens an indented block of lines; the comment that waits belongs to a later line than the one that ends here. */
  openLines(): void {
    this.delayed = true
    this.endLine()
    this.up()
    this.startLine()
  }

  mark(): Mark {
    const { level, inline, trailing } = this
    return { length: this.text.length, level, comment: this.next, inline, trailing }
  }

  /** Stands as it stood then. */
  restore(mark: Mark): void {
    this.rewind(mark)
    this.next = mark.comment
    this.inline = mark.inline
    this.trailing = mark.trailing
    this.delayed = false
    this.hasForgotten = false
  }

  /** The comments consumed since, with the one that waited then. */
  consumedSince({ comment, trailing }: Mark): Comment[] {
    const consumed = this.comments.slice(comment, this.next)
    return trailing === undefined ? consumed : [trailing, ...consumed]
  }

  /** Takes back what was written since. The comments that were consumed stay so until `skipThrough`. */
  rewind({ length, level }: Mark): void {
    this.text = this.text.slice(0, length)
    this.level = level
  }

  /** The comments that are still to come, first the nearest. */
  upcoming(): Comment | undefined {
    return this.comments[this.next]
  }

  /** Whether a comment still to come stands between the two rows, both exclusive. */
  hasBetween(above: number, below: number): boolean {
    for (let i = this.next; i < this.comments.length; i++) {
      const { row } = (this.comments[i] as Comment).at
      if (row >= below) return false
      if (row > above) return true
    }
    return false
  }

  /** Takes the comments above a row away from those to come. */
  takeAbove(row: number): Comment[] {
    const taken: Comment[] = []
    for (let each = this.upcoming(); each !== undefined && each.at.row < row; each = this.upcoming()) {
      taken.push(each)
      this.next++
    }
    return taken
  }

  /** Takes the comments that satisfy `wanted` out from among those to come, wherever they stand. */
  takeAll(wanted: (comment: Comment) => boolean): Comment[] {
    const rest = this.comments.splice(this.next)
    this.comments.push(...rest.filter((each) => !wanted(each)))
    return rest.filter(wanted)
  }

  /** Forgets every comment still to come. */
  forget(): void {
    if (this.next < this.comments.length) this.hasForgotten = true
    this.next = this.comments.length
  }

  /** Writes the comments above `row`, and lets the one in it wait for the end of the line. Throws `CommentClash`. */
  reach(row: number): void {
    const above = this.takeAbove(row)
    this.writeComments(above)
    const last = above.at(-1)
    if (last !== undefined && row - last.at.row > 1) this.blankLine()
    let here: Comment | undefined
    for (let each = this.upcoming(); each?.at.row === row; each = this.upcoming()) {
      here = each
      this.next++
    }
    if (here === undefined) return
    const clash = this.trailing !== undefined
    this.trailing = clash ? undefined : here
    if (clash) throw new CommentClash()
  }

  /** Comments on lines of their own, in the groups that they stood in. */
  writeComments(comments: readonly Comment[]): void {
    let inMetadata = false
    for (const [i, comment] of comments.entries()) {
      const previous = comments[i - 1]
      const rows = previous === undefined ? 0 : comment.at.row - previous.at.row
      if (rows > 1) inMetadata = false
      if (rows > 1 || (inMetadata && isMetadata(comment))) this.blankLine()
      if (isMetadata(comment)) inMetadata = true
      this.writeLine(commentText(comment))
    }
  }

  writeLine(text: string): void {
    this.needLine()
    this.write(text)
    this.endLine()
  }

  /** What no node was left to take. */
  writeRest(): void {
    const rest = this.takeAbove(Number.POSITIVE_INFINITY)
    for (const comment of rest) this.writeLine(commentText(comment))
  }

  /**
   * After the author's text up to `row` was written: comments to come since `from` that stood in it are in it. Gives the
   * one in the last row where `takesLast`; the caller writes it.
   */
  skipThrough(from: Mark, row: number, takesLast: boolean): Comment | undefined {
    this.next = from.comment
    this.hasForgotten = false
    this.takeAbove(row)
    const last = this.upcoming()
    if (!takesLast || last?.at.row !== row) return undefined
    this.next++
    return last
  }
}

/** White space as Go's `unicode.IsSpace` has it. */
const spaceAtEnd = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/u

export function commentText({ text }: Comment): string {
  return `#${text.replace(spaceAtEnd, '')}`
}

function isMetadata({ at, text }: Comment): boolean {
  return at.col === 1 && text.trim().startsWith('METADATA')
}
