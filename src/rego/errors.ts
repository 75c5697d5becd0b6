/**
 * What goes wrong, as a value: the errors of parsing, compiling and evaluating, with OPA's codes. One cause is one
 * error; its message is lower case, without a full stop, and never names something that the compiler made up.
 */

import type { Span } from './ast.ts'

export type RegoErrorCode =
  | 'rego_parse_error'
  | 'rego_compile_error'
  | 'rego_type_error'
  | 'rego_unsafe_var_error'
  | 'rego_recursion_error'
  | 'eval_conflict_error'
  | 'eval_type_error'
  | 'eval_builtin_error'
  | 'eval_with_merge_error'
  | 'eval_cancel_error'
  | 'eval_internal_error'

/**
 * One error. `row` and `col` count from 1; both are 0 where there is no place. `line` is the source line, if known;
 * `details` are further lines about what was found and what was expected.
 */
export interface RegoError {
  readonly code: RegoErrorCode
  readonly message: string
  readonly file: string
  readonly row: number
  readonly col: number
  readonly line?: string
  /** The expression of a query that failed: queries have no file to name. */
  readonly text?: string
  readonly details?: readonly string[]
}

/** As many errors are told of at once when nobody says how many, as by OPA; one more says that there are others. */
export const errorsMax = 10

/** One or more errors; `errors` is never empty. The text shows each with its place, source line and a caret. */
export class RegoErrors extends Error {
  override readonly name = 'RegoErrors'
  readonly errors: readonly RegoError[]

  constructor(errors: readonly RegoError[]) {
    super(errors.map(describe).join('\n'))
    this.errors = errors
  }
}

/** `file:row:col: code: message`, then the source line and a caret below the column where the line is known. */
export function describe(error: RegoError): string {
  const place = error.row === 0 ? error.file : `${error.file}:${error.row}:${error.col}`
  const details = (error.details ?? []).map((line) => `\n    ${line}`).join('')
  const head = `${place === '' ? '' : `${place}: `}${error.code}: ${error.message}${details}`
  if (error.line === undefined || error.line === '' || error.col === 0) return head
  const before = Array.from(error.line).slice(0, error.col - 1)
  return `${head}\n  ${error.line}\n  ${before.map((char) => (char === '\t' ? '\t' : ' ')).join('')}^`
}

/** An error at a span; `source` is the whole text of the file, from which the line is taken. */
export function errorAt(
  code: RegoErrorCode,
  at: Span,
  message: string,
  source?: string,
  details: readonly string[] = [],
): RegoError {
  const bare = { code, message, file: at.file, row: at.row, col: at.col }
  const place = details.length === 0 ? bare : { ...bare, details }
  if (source === undefined) return place
  return { ...place, line: lineAt(source, at.start) }
}

/** Longest part of a source line that an error shows, in UTF-16 units: a generated file may be one line of megabytes. */
const lineCharsMax = 240

function lineAt(source: string, offset: number): string {
  const begin = offset === 0 ? 0 : source.lastIndexOf('\n', offset - 1) + 1
  const newline = source.indexOf('\n', begin)
  const end = newline === -1 ? source.length : newline
  return source.slice(begin, Math.min(end, begin + lineCharsMax)).trimEnd()
}

/** Throws what a stage found. */
export function stage(errors: readonly RegoError[]): void {
  if (errors.length > 0) throw new RegoErrors(errors)
}

/** At most `max` of the errors and a last one that says that there is more; 0 is all of them. */
export function limited(all: RegoErrors, max: number): RegoErrors {
  if (max === 0 || all.errors.length <= max) return all
  const limit: RegoError = { code: 'rego_compile_error', message: 'error limit reached', file: '', row: 0, col: 0 }
  return new RegoErrors([...all.errors.slice(0, max), limit])
}
