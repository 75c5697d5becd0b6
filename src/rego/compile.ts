/**
 * The front end as one step: sources to a resolved and checked program, and queries against it. Each stage runs only
 * where those before it found nothing wrong.
 */

import type { Annotations, Module, Plain } from './ast.ts'
import type { BuiltinDecl } from './builtins/declarations.ts'
import { schemaProblem } from './builtins/json-schema.ts'
import { builtinsOf, type Capabilities } from './capabilities.ts'
import { errorAt, errorsMax, limited, type RegoError, RegoErrors, stage } from './errors.ts'
import { type ParseOptions, parseImports, parseModule, parsePackage, parseQuery } from './parse/module.ts'
import type { Program, Query, Rule } from './program.ts'
import { pathConflicts } from './resolve/conflicts.ts'
import { type Resolved, type ResolveOptions, resolveModules, resolveQuery } from './resolve/resolve.ts'
import { formatPath } from './resolve/terms.ts'
import type { Node } from './resolve/tree.ts'
import { type Hint, unknownDocuments } from './resolve/unknown-documents.ts'
import { type CheckedTypes, type CheckOptions, checkProgram, checkQuery, type Typed } from './types/check.ts'
import { overlay } from './types/overlay.ts'
import { SchemaFault, typeOfSchema } from './types/schema.ts'
import type { Type } from './types/type.ts'
import type { Value } from './value.ts'

export interface CompileOptions {
  /** Source by file name. */
  readonly modules: Readonly<Record<string, string>>
  /** Refuse what `opa check --strict` refuses. Default false. */
  readonly strict?: boolean
  /** Keep `print` calls. Default false. */
  readonly print?: boolean
  /** Limits what may be used. Default: everything of OPA 1.20.2. */
  readonly capabilities?: Capabilities
  /**
   * JSON Schemas by ref. `schema` is what `input` is everywhere; others, such as `schema.request`, are what annotations
   * name. Without it annotations that name a schema say nothing.
   */
  readonly schemas?: Readonly<Record<string, Plain>>
  /** Declarations of functions added to the builtins, or in place of one of the same name. */
  readonly builtins?: Readonly<Record<string, BuiltinDecl>>
  /** A base document that rules must not stand in the way of. Default: not checked. */
  readonly data?: unknown
  /** How many errors are told of at once, 1 and up; 0 is all. Default 10, as `opa` has it. */
  readonly errorsMax?: number
}

/** A program that passed every check. */
export interface Compiled {
  readonly program: Program
  /** The rules by their paths, as they were declared. */
  readonly root: Node
  readonly builtins: ReadonlyMap<string, BuiltinDecl>
  /** Resolves and checks a query against the program. Throws `RegoErrors`. */
  query(text: string, context?: QueryContext): Query
}

/** Where a query stands, as its texts. */
export interface QueryContext {
  /** As written after `package`: the query may name the rules of that package. */
  readonly package?: string
  /** As written after `import`. */
  readonly imports?: readonly string[]
  /** Keep the value of each expression. Default false. */
  readonly capture?: boolean
}

/** Compiles modules, parsed already or not. Throws `RegoErrors`: of every file that cannot be parsed, or of the first stage that found something. */
export function compile(
  options: CompileOptions,
  modules: readonly Module[] = parseAll(options.modules, options),
): Compiled {
  try {
    return compileParsed(modules, options)
  } catch (cause) {
    throw cause instanceof RegoErrors ? limited(cause, options.errorsMax ?? errorsMax) : cause
  }
}

/** The stages after parsing. Throws `RegoErrors` with everything that the first stage that found something found. */
function compileParsed(modules: readonly Module[], options: CompileOptions): Compiled {
  const parsing = parseOptions(options)
  const builtins = builtinsOf(options.capabilities, options.builtins)
  const settings: ResolveOptions = { builtins, strict: options.strict ?? false, print: options.print ?? false }
  const resolved = resolveModules(modules, settings)
  if (options.data !== undefined) stage(pathConflicts(resolved.root, options.data))
  const checking = checkOptions(options, resolved, builtins)
  const types = checkProgram(resolved.program, checking)
  stage(types.errors)
  stage(resolved.deprecated)
  return {
    program: resolved.program,
    root: resolved.root,
    builtins,
    query: (text, context = {}) => compileQuery(text, context, { resolved, types, settings, checking, parsing }),
  }
}

/** The errors that `compile` would throw; none where the modules compile. `print` calls are kept, so that they are checked. */
export function check(options: CompileOptions): readonly RegoError[] {
  try {
    compile({ print: true, ...options })
    return []
  } catch (cause) {
    if (cause instanceof RegoErrors) return cause.errors
    throw cause
  }
}

/**
 * What is allowed and probably a mistake: paths below `data` that no module declares and `data` does not have, where a name that is
 * declared is near. None where the modules do not compile.
 */
export function hints(options: CompileOptions): readonly Hint[] {
  try {
    const modules = parseAll(options.modules, options)
    const { program, root } = compileParsed(modules, { print: true, ...options })
    return unknownDocuments(program, root, modules, options.data)
  } catch (cause) {
    if (cause instanceof RegoErrors) return []
    throw cause
  }
}

/** What annotations call the schema in a file: `schema.folder.name`. */
export function schemaName(path: readonly string[]): string {
  return formatPath(['schema', ...path])
}

interface Stages {
  readonly resolved: Resolved
  readonly types: CheckedTypes
  readonly settings: ResolveOptions
  readonly checking: CheckOptions
  readonly parsing: ParseOptions
}

function compileQuery(text: string, context: QueryContext, stages: Stages): Query {
  const { parsing } = stages
  const imports = parseImports(context.imports ?? [], parsing)
  const place = {
    imports,
    ...(context.package === undefined ? {} : { package: parsePackage(context.package, parsing) }),
    ...(context.capture === undefined ? {} : { capture: context.capture }),
  }
  const body = parseQuery(text, parsing, imports)
  const query = resolveQuery(stages.resolved, text, body, stages.settings, place)
  stage(checkQuery(query, stages.types, stages.checking))
  return query
}

function parseOptions({ capabilities }: CompileOptions): ParseOptions {
  return {
    ...(capabilities?.features === undefined ? {} : { features: capabilities.features }),
    ...(capabilities?.future_keywords === undefined ? {} : { futureKeywords: capabilities.future_keywords }),
  }
}

/** Parses modules. Throws `RegoErrors` with what is wrong in each of them. */
export function parseAll(
  sources: Readonly<Record<string, string>>,
  { capabilities }: Pick<CompileOptions, 'capabilities'>,
): Module[] {
  const options = parseOptions({ modules: {}, ...(capabilities === undefined ? {} : { capabilities }) })
  const errors: RegoError[] = []
  const modules: Module[] = []
  for (const [file, source] of Object.entries(sources)) {
    try {
      modules.push(parseModule(source, file, options))
    } catch (cause) {
      if (!(cause instanceof RegoErrors)) throw cause
      errors.push(...cause.errors)
    }
  }
  stage(errors)
  return modules
}

function checkOptions(
  options: CompileOptions,
  resolved: Resolved,
  builtins: ReadonlyMap<string, BuiltinDecl>,
): CheckOptions {
  const { schemas } = options
  const cache = new Map<string, Type>()
  const input = schemas?.schema === undefined ? undefined : schemaType(schemas.schema, undefined)
  const typed = (rule: Rule): readonly Typed[] => {
    const said = outermostFirst(rule.annotations).flatMap((each) => each.schemas ?? [])
    const source = resolved.program.files[rule.module]?.source
    const fail = (message: string): never => {
      throw new RegoErrors([errorAt('rego_type_error', rule.at, message, source)])
    }
    const found = said.flatMap(({ path, ref, definition }): Typed[] => {
      if (ref === undefined) return [{ path, type: schemaType(definition ?? true, fail) }]
      if (schemas === undefined) return []
      const name = formatPath(ref)
      const schema = Object.hasOwn(schemas, name) ? schemas[name] : fail(`undefined schema: ${name}`)
      const type = cache.get(name) ?? schemaType(schema ?? true, fail)
      cache.set(name, type)
      return [{ path, type }]
    })
    return overlay(found, input)
  }
  return { builtins, schemasOf: typed, ...(input === undefined ? {} : { input }) }
}

function outermostFirst(annotations: readonly Annotations[]): Annotations[] {
  const rank = { subpackages: 0, package: 1, document: 2, rule: 3 }
  return [...annotations].reverse().sort((a, b) => rank[a.scope] - rank[b.scope])
}

function schemaType(schema: Plain, fail: ((message: string) => never) | undefined): Type {
  try {
    const problem = typeof schema === 'boolean' ? undefined : schemaProblem(schema as Value)
    if (problem !== undefined) throw new SchemaFault(`unable to compile the schema: ${problem}`)
    return typeOfSchema(schema)
  } catch (cause) {
    if (!(cause instanceof SchemaFault)) throw cause
    if (fail !== undefined) return fail(cause.message)
    throw new RegoErrors([{ code: 'rego_type_error', message: cause.message, file: '', row: 0, col: 0 }])
  }
}
