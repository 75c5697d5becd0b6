/** What is wrong with a file that an operator wrote: a policy, a description, a key set. Told all at once, each with its place. */

export interface Flaw {
  /** Path of the file as it was given; empty when the finding is about several files or none. */
  readonly file: string
  /** Where in the file: `12:3` (row and column from 1), a JSON pointer (RFC 6901), or empty for the whole file. */
  readonly place: string
  /** What is wrong: lower case, no full stop, the offending value in backticks, never a secret. */
  readonly message: string
  /** What to write or do instead; lower case, no full stop; empty when the message says it all. */
  readonly fix: string
  /** The line of the file and a caret below the place, for a terminal; absent where there is none to show. */
  readonly excerpt?: string
}

/** Thrown by whatever loads such files. `flaws` is never empty. */
export class Flaws extends Error {
  override readonly name = 'Flaws'
  readonly flaws: readonly Flaw[]

  constructor(flaws: readonly Flaw[], options: { cause?: unknown } = {}) {
    super(flaws.map(formatFlaw).join('\n'), options.cause === undefined ? undefined : { cause: options.cause })
    this.flaws = flaws
  }
}

/** One line: ``policies/main.rego:12:3: var `x` is unsafe; bind it first``. */
export function formatFlaw({ file, place, message, fix }: Flaw): string {
  const where = [file, place].filter((part) => part !== '').join(place.startsWith('/') ? '#' : ':')
  return `${where === '' ? '' : `${where}: `}${message}${fix === '' ? '' : `; ${fix}`}`
}
