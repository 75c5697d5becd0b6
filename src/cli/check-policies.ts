/** Checks policies without a configuration: whether they can be read and compiled, with the flags and in the forms of `opa check`. */
import { LoadErrors, type Loaded, loadBundles, loadFiles } from '../policy/index.ts'
import { check, type RegoError } from '../rego/index.ts'
import type { Options, RunCommand } from './command.ts'
import { CommandError, exitStatus, type Io } from './io.ts'
import { readCompiling } from './policy-work.ts'
import { type Problems, problemsDocument, problemsText } from './rego-problems.ts'

export const checkPolicies: RunCommand = async (options, io) => {
  const found = problemsOf(options, io)
  if (found.problems.length === 0) return exitStatus.done
  const isJson = options.text('format') === 'json'
  await io.err.write(
    isJson
      ? problemsDocument(found.problems)
      : `${problemsText(found.problems, found.isLoading ? ' during loading' : '')}\n`,
  )
  return exitStatus.finding
}

interface Found {
  readonly problems: Problems
  /** They were met before anything was compiled. */
  readonly isLoading: boolean
}

function problemsOf(options: Options, io: Io): Found {
  try {
    const loaded = load(options, io)
    const errorsMax = options.count('max-errors')
    const errors = check({
      modules: loaded.modules,
      ...readCompiling(options, io, exitStatus.usage),
      strict: options.is('strict'),
      print: true,
      ...(errorsMax === undefined ? {} : { errorsMax }),
      // Documents are loaded for bundles only: of folders only modules are checked.
      ...(options.is('bundle') ? { data: loaded.data } : {}),
    })
    return { problems: errors, isLoading: errors.some(isSyntaxError) && !options.is('bundle') }
  } catch (cause) {
    if (!(cause instanceof LoadErrors)) throw cause
    return { problems: cause.problems, isLoading: true }
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
