/** From sources to a prepared query, in the order of the stages: parse, resolve, plan, emit, link. */
import type { Module } from './ast.ts'
import type { Builtin, BuiltinPorts, BuiltinTable } from './builtins/builtin.ts'
import { type BuiltinDecl, declarations } from './builtins/declarations.ts'
import { builtins as library } from './builtins/index.ts'
import { namesOf } from './emit/code.ts'
import { load } from './emit/link.ts'
import { emitPlan } from './emit/program.ts'
import { errorAt, type RegoError, RegoErrors } from './errors.ts'
import { parseModule, parseQuery } from './parse/module.ts'
import { planProgram } from './plan/plan.ts'
import { readsOf } from './plan/reads.ts'
import { type Resolved, resolveModules, resolveQuery } from './resolve/resolve.ts'
import { builtinCall, relationCall } from './run/builtin-call.ts'
import { makeBuiltinCache } from './run/cache.ts'
import type { EvaluationError } from './run/failure.ts'
import { defaultLimits, type EvaluationLimits } from './run/limits.ts'
import { makeQuery, type Query } from './run/query.ts'
import { runtime } from './run/runtime.ts'
import type { Environment } from './run/state.ts'
import { systemNow, systemRandom } from './system.ts'
import type { Json, Value } from './value.ts'

/** A builtin of the caller's own. `run` gets values and gives a value, or undefined where the call is undefined; what it throws is a `BuiltinError` or a bug. */
export interface OwnBuiltin {
  readonly decl: BuiltinDecl
  run(...args: Value[]): Value | undefined
}

export interface PrepareOptions {
  /** Any Rego query: `data.gatehouse.allow`, `data.test.p = x`. */
  readonly query: string
  /** Source by file name. */
  readonly modules: Readonly<Record<string, string>>
  /** The base document: read in place and never changed; it must not change while the query is used. Default `{}`. */
  readonly data?: Json
  /** Ends evaluation at the first builtin error, where otherwise the call is undefined. Default false. */
  readonly strictBuiltinErrors?: boolean
  /** Refuses what `opa check --strict` refuses. Default false. */
  readonly strict?: boolean
  /** Functions added to the builtins, or in place of one of the same name. */
  readonly builtins?: Readonly<Record<string, OwnBuiltin>>
  /** The bounds of each evaluation; those left out have their defaults. */
  readonly limits?: Partial<EvaluationLimits>
  /** The environment variables that `opa.runtime` shows. Default none. */
  readonly env?: Readonly<Record<string, string>>
  /** Nanoseconds since 1970. Default: the system's clock, in steps of a millisecond. */
  readonly now?: () => bigint
  /** As many random bytes as it is asked for. Default: the system's cryptographic source. */
  readonly random?: (size: number) => Uint8Array
  /** How `http.send` and name look-ups reach the network. Default: not at all. */
  readonly ports?: BuiltinPorts
  /** Takes each line that `print` makes. Where it is absent, `print` calls are erased and their operands not evaluated. */
  readonly print?: (line: string) => void
}

/** Compiles a query. Throws `RegoErrors` with codes, rows and columns as OPA gives them. */
export function prepare(options: PrepareOptions): Query {
  const modules = Object.entries(options.modules).map(([file, source]) => parseModule(source, file))
  const { table, declared } = withOwn(options.builtins ?? {})
  const settings = { builtins: declared, strict: options.strict ?? false, print: options.print !== undefined }
  const resolved = resolveModules(modules, settings)
  const query = resolveQuery(resolved, options.query, parseQuery(options.query), settings)
  const plan = planProgram(resolved.program, query, { isRelation: (name) => declared.get(name)?.relation === true })
  const linked = load(emitPlan(plan, namesOf(runtime))).link((options.data ?? {}) as Value, (name) =>
    callOf(table, name),
  )
  return makeQuery({
    linked,
    environment: environmentOf(options),
    vars: query.vars.map(({ name }) => name),
    reads: readsOf(plan),
    describe: (error) => describeError(resolved, options.query, error),
  })
}

/** The errors that preparing a query on these modules would throw before any query is known; an empty array when there are none. */
export function check(options: Pick<PrepareOptions, 'modules' | 'strict' | 'builtins'>): readonly RegoError[] {
  const modules: Module[] = []
  const errors: RegoError[] = []
  for (const [file, source] of Object.entries(options.modules)) {
    try {
      modules.push(parseModule(source, file))
    } catch (error) {
      errors.push(...errorsOf(error))
    }
  }
  if (errors.length > 0) return errors
  try {
    resolveModules(modules, { builtins: withOwn(options.builtins ?? {}).declared, strict: options.strict ?? false })
    return []
  } catch (error) {
    return errorsOf(error)
  }
}

function errorsOf(error: unknown): readonly RegoError[] {
  if (error instanceof RegoErrors) return error.errors
  throw error
}

/** The builtins of the library with the caller's own over them. */
function withOwn(own: Readonly<Record<string, OwnBuiltin>>): {
  table: BuiltinTable
  declared: ReadonlyMap<string, BuiltinDecl>
} {
  const table = new Map<string, Builtin>(library)
  const declared = new Map(Object.entries(declarations))
  for (const [name, { decl, run }] of Object.entries(own)) {
    table.set(name, { run: (_context, ...args) => run(...args), nondeterministic: decl.nondeterministic === true })
    declared.set(name, decl)
  }
  return { table, declared }
}

function callOf(table: BuiltinTable, name: string): ReturnType<typeof builtinCall> | ReturnType<typeof relationCall> {
  const builtin = table.get(name)
  if (builtin === undefined) {
    throw new RegoErrors([
      {
        code: 'rego_compile_error',
        message: `builtin \`${name}\` is declared but has no implementation`,
        file: '',
        row: 0,
        col: 0,
      },
    ])
  }
  return 'each' in builtin ? relationCall(name, builtin) : builtinCall(name, builtin)
}

function environmentOf(options: PrepareOptions): Environment {
  const { print } = options
  return {
    limits: { ...defaultLimits, ...options.limits },
    now: options.now ?? systemNow,
    random: options.random ?? systemRandom,
    runtime: { env: { ...options.env } },
    ports: options.ports ?? {},
    cache: makeBuiltinCache(),
    strictBuiltinErrors: options.strictBuiltinErrors ?? false,
    note: (kind, text) => {
      if (kind === 'print') print?.(text)
    },
  }
}

/** An error of an evaluation with its place and source line. */
function describeError({ program }: Resolved, query: string, error: EvaluationError): RegoError {
  const { code, message, at } = error
  if (at === undefined) return { code, message, file: '', row: 0, col: 0 }
  const source = at.file === '' ? query : program.files.find(({ file }) => file === at.file)?.source
  return errorAt(code, at, message, source)
}
