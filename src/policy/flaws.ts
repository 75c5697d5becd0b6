/** Errors of the compiler as flaws: what an operator reads about a file, with its place and the line that is wrong. */
import { type Flaw, Flaws } from '../model/index.ts'
import { type RegoError, RegoErrors } from '../rego/index.ts'

/** Runs a stage of the compiler; its errors become flaws with their places. */
export function withFlaws<T>(run: () => T): T {
  try {
    return run()
  } catch (cause) {
    if (!(cause instanceof RegoErrors)) throw cause
    throw new Flaws(flawsOf(cause), { cause })
  }
}

export function flawsOf({ errors }: RegoErrors): readonly Flaw[] {
  return errors.map(flawOf)
}

function flawOf(error: RegoError): Flaw {
  const { code, message, details = [], file, row, col, line } = error
  const flaw = {
    file,
    place: row === 0 ? '' : `${row}:${col}`,
    message: `${code}: ${message}`,
    fix: details.map((detail) => detail.trim()).join('; '),
  }
  if (line === undefined || line.trim() === '' || col === 0) return flaw
  // The text of an error ends with the line and the caret.
  return { ...flaw, excerpt: new RegoErrors([error]).message.split('\n').slice(-2).join('\n') }
}
