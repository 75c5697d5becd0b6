/** From sources to a prepared query, in the order of the stages: parse, resolve, plan, emit, link. */
import type { Plain } from './ast.ts'
import { type Builtin, BuiltinError, type BuiltinPorts, type BuiltinTable } from './builtins/builtin.ts'
import type { BuiltinDecl } from './builtins/declarations.ts'
import { builtins as library } from './builtins/index.ts'
import type { Capabilities } from './capabilities.ts'
import { compile } from './compile.ts'
import { namesOf } from './emit/code.ts'
import { type Instrument, noting, plain } from './emit/instrument.ts'
import { load } from './emit/link.ts'
import { emitPlan } from './emit/program.ts'
import { errorAt, type RegoError, RegoErrors } from './errors.ts'
import { parse } from './parse-tree.ts'
import { indexComprehensions } from './plan/comprehension-index.ts'
import { directRules, type RuleRef } from './plan/direct.ts'
import { askExistence } from './plan/existence.ts'
import type { Plan } from './plan/ir.ts'
import { giveJson } from './plan/output.ts'
import { planProgram } from './plan/plan.ts'
import { readsOf } from './plan/reads.ts'
import type { Program } from './program.ts'
import { builtinCall, relationCall } from './run/builtin-call.ts'
import { makeBuiltinCache } from './run/cache.ts'
import type { EvaluationError } from './run/failure.ts'
import { defaultLimits, type EvaluationLimits } from './run/limits.ts'
import { makeQuery, type Query } from './run/query.ts'
import { runtime } from './run/runtime.ts'
import type { Environment } from './run/state.ts'
import type { Watch } from './run/watch.ts'
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
  /** Limits what policies may use, as OPA's capabilities files do. Default: everything of OPA 1.20.2. */
  readonly capabilities?: Capabilities
  /** JSON Schemas by ref: `schema` types `input` everywhere, others (`schema.request`) are named by annotations. */
  readonly schemas?: Readonly<Record<string, Plain>>
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
  /**
   * What each of the rules that the query asks by itself is called; evaluations then tell which of them gave a part of the result
   * (`EvaluateOptions.rules`). Called while the query is prepared. Default: nothing is told.
   */
  readonly rules?: (rule: RuleRef) => string
}

/** How a plan is emitted, beyond evaluation: what is written into the code, and what the code then tells. */
export interface Emission {
  readonly instrument: Instrument
  /** The names of the rules that the code notes, by number. */
  readonly rules?: readonly string[]
  /** Makes the watch of one evaluation, for code that must have one. */
  readonly watch?: () => Watch
}

/** Compiles a query. Throws `RegoErrors` with codes, rows and columns as OPA gives them. */
export function prepare(options: PrepareOptions): Query {
  const { rules } = options
  if (rules === undefined) return prepareAs(options, false, () => ({ instrument: plain }))
  return prepareAs(options, false, (plan, program) => {
    const direct = directRules(plan, program)
    return { instrument: noting(direct.numberOf), rules: direct.rules.map(rules) }
  })
}

/** As `prepare`, with an emission of one's own. `watched`: the plan has marks, and nothing in it is only for speed. */
export function prepareAs(
  options: PrepareOptions,
  watched: boolean,
  emission: (plan: Plan, program: Program) => Emission,
): Query {
  const { query: text, modules, data, strict, capabilities, schemas, builtins: own = {}, print } = options
  const compiled = compile({
    modules,
    print: print !== undefined,
    builtins: Object.fromEntries(Object.entries(own).map(([name, { decl }]) => [name, decl])),
    ...(strict === undefined ? {} : { strict }),
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(schemas === undefined ? {} : { schemas }),
  })
  const query = compiled.query(text)
  const isRelation = (name: string): boolean => compiled.builtins.get(name)?.relation === true
  const isNondeterministic = (name: string): boolean => compiled.builtins.get(name)?.nondeterministic === true
  const planned = planProgram(compiled.program, query, { isRelation }, watched)
  const faster = (slow: Plan): Plan =>
    giveJson(askExistence(indexComprehensions(slow, { isNondeterministic }), options.rules === undefined))
  const plan = watched ? planned : faster(planned)
  const table = withOwn(own)
  const { instrument, rules, watch } = emission(plan, compiled.program)
  const emitted = emitPlan(plan, namesOf(runtime), instrument)
  const linked = load(emitted).link((data ?? {}) as Value, (name) => callOf(table, name))
  return makeQuery({
    linked,
    environment: environmentOf(options),
    vars: query.vars.map(({ name }) => name),
    reads: readsOf(plan),
    ...(rules === undefined ? {} : { rules }),
    ...(watch === undefined ? {} : { watch }),
    describe: (error) => describeError(compiled.program, text, error),
  })
}

/** The builtins of the library with the caller's own over them. */
export function withOwn(own: Readonly<Record<string, OwnBuiltin>>): BuiltinTable {
  const table = new Map<string, Builtin>(library)
  for (const [name, { decl, run }] of Object.entries(own)) {
    table.set(name, { run: (_context, ...args) => run(...args), nondeterministic: decl.nondeterministic === true })
  }
  return table
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

/** What the evaluations of one query share, with the defaults for what is left out. */
export function environmentOf(
  options: Pick<PrepareOptions, 'limits' | 'env' | 'now' | 'random' | 'ports' | 'print' | 'strictBuiltinErrors'>,
): Environment {
  const { print } = options
  return {
    limits: { ...defaultLimits, ...options.limits },
    now: options.now ?? systemNow,
    random: options.random ?? systemRandom,
    runtime: options.env === undefined ? {} : { env: { ...options.env } },
    ports: options.ports ?? {},
    cache: makeBuiltinCache(),
    strictBuiltinErrors: options.strictBuiltinErrors ?? false,
    note: (kind, text) => {
      if (kind === 'print') print?.(text)
    },
    parseModule: syntaxTree,
  }
}

/** What `rego.parse_module` gives. */
function syntaxTree(file: string, text: string): Value {
  try {
    return parse(text, file) as Value
  } catch (error) {
    if (!(error instanceof RegoErrors)) throw error
    throw new BuiltinError(error.message, { cause: error })
  }
}

/** An error of an evaluation with its place and source line. */
function describeError(program: Program, query: string, error: EvaluationError): RegoError {
  const { code, message, at } = error
  if (at === undefined) return { code, message, file: '', row: 0, col: 0 }
  const source = at.file === '' ? query : program.files.find(({ file }) => file === at.file)?.source
  return errorAt(code, at, message, source)
}
