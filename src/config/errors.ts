/** What is wrong with a configuration: every error at once, each with its place and what to write instead. */

export interface ConfigError {
  /** Path of the file as it was given. */
  readonly file: string
  /** From 1; 1 when the error is about the whole file. */
  readonly line: number
  /** From 1. */
  readonly column: number
  /** The setting, as one would write it down: `routes[0].path`; empty for the whole file. */
  readonly path: string
  /** What is wrong: lower case, no full stop, the offending value in backticks, never a secret. */
  readonly message: string
  /** What to write or do instead; lower case, no full stop. */
  readonly fix: string
}

/** Thrown by `loadConfig`. `errors` is never empty and is in the order of the file. */
export class ConfigErrors extends Error {
  override readonly name = 'ConfigErrors'
  readonly errors: readonly ConfigError[]

  constructor(errors: readonly ConfigError[]) {
    const ordered = errors.toSorted((one, other) => one.line - other.line || one.column - other.column)
    super(ordered.map(formatConfigError).join('\n'))
    this.errors = ordered
  }
}

/** One line: `gatehouse.yaml:12:5: routes[0].upstream: there is no upstream `erq`; did you mean `erp`?`. */
export function formatConfigError(error: ConfigError): string {
  const where = `${error.file}:${error.line}:${error.column}: `
  return `${where}${error.path === '' ? '' : `${error.path}: `}${error.message}; ${error.fix}`
}

export type Path = readonly (string | number)[]

/** `['routes', 0, 'path']` is `routes[0].path`. A key that is not a plain word is quoted. */
export function formatPath(path: Path): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (/^[$\w-]+$/.test(part)) text += text === '' ? part : `.${part}`
    else text += `[${JSON.stringify(part.slice(0, 40))}]`
  }
  return text
}

/** What is wrong at a path, before its place in the file is known. `at: 'key'` points at the key instead of its value. */
export interface Finding {
  readonly path: Path
  readonly at?: 'key' | 'value'
  readonly message: string
  readonly fix: string
}
