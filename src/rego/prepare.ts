/** From sources to a prepared query, in the order of the stages: parse, resolve, plan, emit, link. */
import type { Module, Plain, Span } from './ast.ts'
import { type Builtin, BuiltinError, type BuiltinPorts, type BuiltinTable } from './builtins/builtin.ts'
import type { BuiltinDecl } from './builtins/declarations.ts'
import { builtins as library } from './builtins/index.ts'
import type { Capabilities } from './capabilities.ts'
import { type Compiled, compile } from './compile.ts'
import { Coverage } from './cover/coverage.ts'
import { covered } from './cover/covered.ts'
import { namesOf } from './emit/code.ts'
import { noting, plain } from './emit/instrument.ts'
import { load } from './emit/link.ts'
import { emitPlan } from './emit/program.ts'
import { errorAt, type RegoError, RegoErrors } from './errors.ts'
import type { Making } from './making.ts'
import { parse } from './parse-tree.ts'
import { indexComprehensions } from './plan/comprehension-index.ts'
import { directRules, type RuleRef } from './plan/direct.ts'
import { askExistence } from './plan/existence.ts'
import type { Plan } from './plan/ir.ts'
import { giveJson } from './plan/output.ts'
import { planProgram } from './plan/plan.ts'
import { readsOf } from './plan/reads.ts'
import { type Profile, profiling } from './profile/profile.ts'
import type { Program, Query as ResolvedQuery } from './program.ts'
import { builtinCall, relationCall } from './run/builtin-call.ts'
import { makeBuiltinCache } from './run/cache.ts'
import { EvaluationError } from './run/failure.ts'
import { defaultLimits, type EvaluationLimits } from './run/limits.ts'
import { makeQuery, type Query } from './run/query.ts'
import { runtime } from './run/runtime.ts'
import type { Environment, State } from './run/state.ts'
import { systemNow, systemRandom } from './system.ts'
import { type TraceEvent, tracing } from './trace/tracer.ts'
import { knownBuiltins } from './unknowns/builtins.ts'
import { Findings } from './unknowns/findings.ts'
import { couldHold, type HoldsParts, holds } from './unknowns/holds.ts'
import { placesOf } from './unknowns/places.ts'
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
  /**
   * Places of the input and of base documents, such as `input.call.arguments`, of which `holds` takes nothing for granted: they may hold
   * anything or be absent. Only `holds` heeds them. Default none.
   */
  readonly unknowns?: readonly string[]
  /** Takes each line that `print` makes. Where it is absent, `print` calls are erased and their operands not evaluated. */
  readonly print?: (line: string) => void
  /**
   * What each of the rules that the query asks by itself is called; evaluations then tell which of them gave a part of the result
   * (`EvaluateOptions.rules`). Called while the query is prepared. Default: nothing is told.
   */
  readonly rules?: (rule: RuleRef) => string
  /**
   * Collects what evaluations reach of the modules: into a `Coverage` that several queries share, or with `true` into the query's own
   * (`Query.coverage`). Each evaluation is then made three times. Default false.
   */
  readonly coverage?: boolean | Coverage
  /** Takes each event of evaluations as it happens (`traceText`). Not together with `coverage`. Default: nothing is traced. */
  readonly trace?: (event: TraceEvent) => void
  /** Counts and times what evaluations come to, by row. Not together with `coverage` or `trace`. Default: nothing is counted. */
  readonly profile?: Profile
  /** Takes each error of a builtin that made a call undefined, as it happens. */
  readonly builtinError?: (error: RegoError) => void
  /** Runs each piece of an evaluation; it may break it off by throwing `EvaluationInterrupted`, which becomes `eval_cancel_error`. */
  readonly guard?: <Result>(run: () => Result) => Result
  /** Refuses rules that stand where `data` has something, as `opa` does. Default false. */
  readonly refuseConflicts?: boolean
  /** How many errors are told of at once, 1 and up; 0 is all. Default 10. */
  readonly errorsMax?: number
}

/** What several queries can have in common. */
export type ProgramOptions = Omit<PrepareOptions, 'query'>

/** Compiles a query. Throws `RegoErrors` with codes, rows and columns as OPA gives them. */
export function prepare(options: PrepareOptions): Query {
  const compiled = compileModules(options)
  return link(options, compiled, compiled.query(options.query))
}

/** As `prepare`, with an emission of one's own. */
export function prepareAs(options: PrepareOptions, making: Making): Query {
  const compiled = compileModules(options)
  return linkAs(options, compiled, compiled.query(options.query), making)
}

/** The stages up to the program. */
export function compileModules(options: ProgramOptions, parsed?: readonly Module[]): Compiled {
  const { modules, data, strict, capabilities, schemas, builtins = {}, print, refuseConflicts, errorsMax } = options
  const settings = {
    modules,
    print: print !== undefined,
    builtins: Object.fromEntries(Object.entries(builtins).map(([name, { decl }]) => [name, decl])),
    ...(strict === undefined ? {} : { strict }),
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(schemas === undefined ? {} : { schemas }),
    ...(refuseConflicts === true ? { data } : {}),
    ...(errorsMax === undefined ? {} : { errorsMax }),
  }
  return parsed === undefined ? compile(settings) : compile(settings, parsed)
}

/** The stages from a resolved query to what evaluates it. */
export function link(options: ProgramOptions, compiled: Compiled, query: ResolvedQuery): Query {
  return inWays(options, query.source, (each, making) => [linkAs(each, compiled, query, making)])[0] as Query
}

/** Links as the options ask for: in the one way that evaluates fastest, or in those that coverage needs. */
function inWays(
  options: ProgramOptions,
  queryText: string,
  linked: (options: ProgramOptions, making: Making) => readonly Query[],
): readonly Query[] {
  const { coverage, trace, profile } = options
  const isCovered = coverage !== undefined && coverage !== false
  if ([isCovered, trace !== undefined, profile !== undefined].filter(Boolean).length > 1)
    throw new TypeError('a query has one of `coverage`, `trace` and `profile`')
  if (trace !== undefined) return linked(options, tracing(trace, queryText))
  if (profile !== undefined) {
    profile.add(options.modules, queryText)
    return linked(options, profiling(profile))
  }
  if (!isCovered) return linked(options, evaluating(options))
  const collected = coverage === true ? new Coverage() : coverage
  collected.add(options.modules)
  // Only the first way is the evaluation that was asked for: the others tell nobody of what they print and meet.
  const quiet = { ...options, print: () => {}, builtinError: () => {} }
  return covered(collected, (making, isFirst) => linked(isFirst ? options : quiet, making))
}

/** As `link`, with an emission of one's own. */
export function linkAs(
  options: ProgramOptions,
  compiled: Compiled,
  query: ResolvedQuery,
  { marks, emission }: Making,
): Query {
  const isRelation = (name: string): boolean => compiled.builtins.get(name)?.relation === true
  const isNondeterministic = (name: string): boolean => compiled.builtins.get(name)?.nondeterministic === true
  const planned = planProgram(compiled.program, query, { isRelation }, { marks })
  const asked =
    marks === undefined
      ? askExistence(indexComprehensions(planned, { isNondeterministic }), options.rules === undefined)
      : planned
  const plan = marks === undefined ? giveJson(asked) : asked
  return made(options, compiled, { plan, asked, emission }, [query])[0] as Query
}

/** As `link`, for queries of one term each, all into the same code. They have values, and no results. */
export function linkAll(
  options: ProgramOptions,
  compiled: Compiled,
  queries: readonly ResolvedQuery[],
): readonly Query[] {
  const isRelation = (name: string): boolean => compiled.builtins.get(name)?.relation === true
  const nothing = compiled.query('false')
  return inWays(options, '', (each, { marks, emission }) => {
    const plan = planProgram(compiled.program, nothing, { isRelation }, { marks, entries: queries })
    return made(each, compiled, { plan, asked: plan, emission }, [nothing, ...queries]).slice(1)
  })
}

interface Made extends Pick<Making, 'emission'> {
  /** What is emitted. */
  readonly plan: Plan
  /** The same before values became JSON, for evaluations that know only a part of their documents. */
  readonly asked: Plan
}

/** The query of a plan and its entries, in the order of `queries`. */
function made(
  options: ProgramOptions,
  compiled: Compiled,
  { plan, asked, emission }: Made,
  queries: readonly ResolvedQuery[],
): Query[] {
  const { instrument, rules, watch } = emission(plan, compiled.program)
  const { builtinError, builtins = {}, data = {} } = options
  const environment = environmentOf(options)
  const table = withOwn(builtins)
  const emitted = emitPlan(plan, namesOf(runtime), instrument)
  const linked = load(emitted).link(data as Value, (name) => callOf(table, name))
  const known = knownBuiltins(
    compiled.builtins,
    (name) => callOf(table, name),
    (name) => !Object.hasOwn(builtins, name),
  )
  const unknowns = placesOf(options.unknowns ?? [], compiled.program)
  const planOf = (i: number): Plan => {
    const value = i === 0 ? asked.value : plan.entries[i - 1]
    return value === undefined ? asked : { ...asked, value }
  }
  const reads = readsOf(plan)
  return queries.map((query, i) => {
    const describe = (error: EvaluationError): RegoError => describeError(compiled.program, query.source, error)
    const holdsParts = (): HoldsParts => ({
      plan: planOf(i),
      builtins: known,
      environment,
      data: data as Value,
      unknowns,
    })
    const findings = new Findings()
    return makeQuery({
      linked: i === 0 ? linked : { ...linked, value: linked.entries[i - 1], givesJson: false },
      environment:
        builtinError === undefined
          ? environment
          : { ...environment, builtinError: (error) => builtinError(describe(error)) },
      holds: (input) => holds(holdsParts(), input),
      couldHold: (input) => couldHold(holdsParts(), findings, input),
      vars: query.vars.map(({ name }) => name),
      reads,
      ...(rules === undefined ? {} : { rules }),
      ...(watch === undefined ? {} : { watch }),
      describe,
    })
  })
}

/** The fastest plan, and code that tells nothing but the rules that are asked for. */
function evaluating({ rules }: ProgramOptions): Making {
  if (rules === undefined) return { emission: () => ({ instrument: plain }) }
  return {
    emission: (plan, program) => {
      const direct = directRules(plan, program)
      return { instrument: noting(direct.numberOf), rules: direct.rules.map(rules) }
    },
  }
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
  // Capabilities may declare functions of another program: as long as `with` replaces each call, tests of its policies can run.
  if (builtin === undefined)
    return (_state: State, at: Span): never => {
      throw new EvaluationError('eval_internal_error', `\`${name}\` is declared but has no implementation here`, at)
    }
  return 'each' in builtin ? relationCall(name, builtin) : builtinCall(name, builtin)
}

/** What the evaluations of one query share, with the defaults for what is left out. */
export function environmentOf(
  options: Pick<
    PrepareOptions,
    'limits' | 'env' | 'now' | 'random' | 'ports' | 'print' | 'strictBuiltinErrors' | 'guard'
  >,
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
    ...(options.guard === undefined ? {} : { guard: options.guard }),
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
  if (at.file === '') return { ...errorAt(code, at, message, query), text: query.slice(at.start, at.end) }
  return errorAt(code, at, message, program.files.find(({ file }) => file === at.file)?.source)
}
