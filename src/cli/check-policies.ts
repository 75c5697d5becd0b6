/** Checks policies without a configuration: whether they can be read and compiled, with the flags and in the forms of `opa check`. */
import { LoadErrors, type Loaded, loadBundles, loadFiles } from '../policy/index.ts'
import { check, type Hint, hints, type RegoError } from '../rego/index.ts'
import type { Options, RunCommand } from './command.ts'
import { CommandError, exitStatus, type Io } from './io.ts'
import { readCompiling } from './policy-work.ts'
import { type Problems, problemsDocument, problemsText } from './rego-problems.ts'

export const checkPolicies: RunCommand = async (options, io) => {
  const found = problemsOf(options, io)
  const isJson = options.text('format') === 'json'
  if (found.problems.length === 0) {
    // What is right may still be a slip: said to people, and no failure.
    if (!isJson) for (const hint of found.hints) await io.err.write(`${hintText(hint)}\n`)
    return exitStatus.done
  }
  await io.err.write(
    isJson
      ? problemsDocument(found.problems)
      : `${problemsText(found.problems, found.isLoading ? ' during loading' : '')}\n`,
  )
  return exitStatus.finding
}

function hintText({ file, row, message, details = [] }: Hint): string {
  return [`${file}:${row}: ${message}`, ...details].join('\n\t')
}

interface Found {
  readonly problems: Problems
  /** What is allowed and probably a mistake; none where there are problems. */
  readonly hints: readonly Hint[]
  /** They were met before anything was compiled. */
  readonly isLoading: boolean
}

function problemsOf(options: Options, io: Io): Found {
  try {
    const loaded = load(options, io)
    const errorsMax = options.count('max-errors')
    const compiling = {
      modules: loaded.modules,
      ...readCompiling(options, io, exitStatus.usage),
      strict: options.is('strict'),
      print: true,
      ...(errorsMax === undefined ? {} : { errorsMax }),
      // Documents are loaded for bundles only: of folders only modules are checked.
      ...(options.is('bundle') ? { data: loaded.data } : {}),
    }
    const errors = check(compiling)
    return {
      problems: errors,
      hints: errors.length > 0 ? [] : hints(compiling),
      isLoading: errors.some(isSyntaxError) && !options.is('bundle'),
    }
  } catch (cause) {
    if (!(cause instanceof LoadErrors)) throw cause
    return { problems: cause.problems, hints: [], isLoading: true }
  }
}

function load(options: Options, { directory }: Io): Loaded {
  const how = { directory, ignore: options.list('ignore') }
  const loaded = options.is('bundle')
    ? loadBundles(options.operands, how)
    : loadFiles(options.operands, { ...how, onlyRego: true })
  // `opa check` says nothing of it; a build that checks the wrong folder would pass for ever.
  if (Object.keys(loaded.modules).length === 0)
    throw new CommandError(
      `there is no policy in \`${options.operands.join('`, `')}\`; name a file or folder with \`.rego\` files`,
      exitStatus.finding,
    )
  return loaded
}

function isSyntaxError({ code }: RegoError): boolean {
  return code === 'rego_parse_error'
}
