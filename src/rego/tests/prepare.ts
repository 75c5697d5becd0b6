/** Compiles modules with their tests once, and gives each test a query of its own into the one program. */
import { BuiltinError } from '../builtins/builtin.ts'
import { compilePattern } from '../builtins/pattern.ts'
import { parseAll } from '../compile.ts'
import { errorAt, type RegoError, RegoErrors } from '../errors.ts'
import { compileModules, linkAll, type ProgramOptions } from '../prepare.ts'
import { formatPath } from '../resolve/terms.ts'
import type { Query } from '../run/query.ts'
import type { Value } from '../value.ts'
import { caseBuiltin, prepareRules, type TestRule } from './rules.ts'

/** A test, ready to run. */
export interface PreparedTest {
  readonly file: string
  readonly row: number
  readonly col: number
  /** `data.app_test`. */
  readonly package: string
  /** `test_something`. */
  readonly name: string
  readonly isTodo: boolean
  readonly hasCases: boolean
  /** One value, of the test's document; absent for what is not run and for what cannot be asked for (`errors`). */
  readonly query?: Query
  /** Why it cannot be asked for. */
  readonly errors?: readonly RegoError[]
}

export interface TestOptions extends ProgramOptions {
  /** Only tests whose full name has a match of this regular expression (RE2). */
  readonly only?: string
  /** Is told the keys of each case that a test comes to. */
  readonly onCase?: (keys: readonly Value[]) => void
}

/** Throws `RegoErrors` where something does not compile, with `rego_parse_error` where `only` is no regular expression. */
export function prepareTests(options: TestOptions): readonly PreparedTest[] {
  const { onCase, only } = options
  const isWanted = matcher(only)
  const { modules, tests } = prepareRules(parseAll(options.modules, options))
  const builtins = {
    ...options.builtins,
    [caseBuiltin]: {
      decl: { args: [{ type: 'array', dynamic: { type: 'any' } }], result: undefined, nondeterministic: true },
      run: (keys: Value): true => {
        onCase?.(keys as Value[])
        return true
      },
    },
  } as const
  const settings = { ...options, builtins }
  const compiled = compileModules(settings, modules)
  const wanted = tests.filter((test) => isWanted(fullName(test)))
  const asked = wanted.map((test) => (test.isTodo ? {} : resolved(() => compiled.query(fullName(test)))))
  const queries = linkAll(
    settings,
    compiled,
    asked.flatMap(({ query }) => (query === undefined ? [] : [query])),
  )
  let next = 0
  return wanted.map((test, i): PreparedTest => {
    const { file, row, col, isTodo, hasCases } = test
    const facts = { file, row, col, package: formatPath(test.package), name: formatPath(test.name), isTodo, hasCases }
    const { query, errors } = asked[i] ?? {}
    if (query !== undefined) return { ...facts, query: queries[next++] as Query }
    return errors === undefined ? facts : { ...facts, errors }
  })
}

type Resolved = ReturnType<ReturnType<typeof compileModules>['query']>

/** A test that is a function can be compiled and not be asked for: that is its own error, not everybody's. */
function resolved(resolve: () => Resolved): { readonly query?: Resolved; readonly errors?: readonly RegoError[] } {
  try {
    return { query: resolve() }
  } catch (cause) {
    if (cause instanceof RegoErrors) return { errors: cause.errors }
    throw cause
  }
}

function fullName({ package: path, name }: TestRule): string {
  return formatPath([...path, ...name])
}

function matcher(pattern: string | undefined): (name: string) => boolean {
  if (pattern === undefined || pattern === '') return () => true
  try {
    const compiled = compilePattern(pattern)
    return (name) => compiled.test(name)
  } catch (cause) {
    if (!(cause instanceof BuiltinError)) throw cause
    const at = { file: '', row: 1, col: 1, start: 0, end: pattern.length }
    throw new RegoErrors([
      errorAt('rego_parse_error', at, `\`${pattern}\` is no regular expression: ${cause.message}`, pattern),
    ])
  }
}
