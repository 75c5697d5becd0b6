/** What is wrong with files that an operator wrote, in one form for people and one for programs, whatever kind of file it is. */
import { type ConfigErrors, formatConfigError } from '../config/index.ts'
import { type Flaws, formatFlaw } from '../model/index.ts'

/** One thing that is wrong. */
export interface Wrong {
  readonly file: string
  /** `12:3`, a JSON pointer, or empty. */
  readonly place: string
  /** The setting of the configuration; empty in other files. */
  readonly path: string
  readonly message: string
  /** Empty when the message says it all. */
  readonly fix: string
}

/** Everything that `cause` tells, as the fields that programs read. */
export function wrongsOf(cause: ConfigErrors | Flaws): readonly Wrong[] {
  if ('errors' in cause)
    return cause.errors.map(({ file, line, column, path, message, fix }) => ({
      file,
      place: `${line}:${column}`,
      path,
      message,
      fix,
    }))
  return cause.flaws.map(({ file, place, message, fix }) => ({ file, place, path: '', message, fix }))
}

/** The same as lines for a terminal; below a flaw stands the line that it is about, with a caret. */
export function wrongText(cause: ConfigErrors | Flaws): string {
  if ('errors' in cause) return cause.errors.map(formatConfigError).join('\n')
  return cause.flaws
    .map((flaw) => (flaw.excerpt === undefined ? formatFlaw(flaw) : `${formatFlaw(flaw)}\n${printable(flaw.excerpt)}`))
    .join('\n')
}

/** `one thing is wrong`. */
export function countText(count: number): string {
  return count === 1 ? 'one thing is wrong' : `${count} things are wrong`
}

/** A file may hold what a terminal would obey. One sign for one, so that the caret stays where it is. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => (char === '\n' || char === '\t' ? char : '?'))
}
