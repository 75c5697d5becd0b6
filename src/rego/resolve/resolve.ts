/**
 * Modules to a program: names, order, safety, conflicts and recursion, stage by stage. A stage runs only where those
 * before it found nothing wrong, so that one mistake is not reported as several.
 */

import type { Body, Import, Module } from '../ast.ts'
import type { BuiltinDecl } from '../builtins/type-decl.ts'
import { errorAt, type RegoError, stage } from '../errors.ts'
import type { Program, Query } from '../program.ts'
import { ruleConflicts } from './conflicts.ts'
import type { Place, ResolveSettings } from './context.ts'
import { type Global, globalsOf, unusedImports } from './globals.ts'
import { AnnotationIndex } from './metadata.ts'
import { orderRules } from './recursion.ts'
import { QueryResolver, RuleResolver } from './rules.ts'
import { formatPath } from './terms.ts'
import { type Declared, declareRules, type Node } from './tree.ts'

export interface ResolveOptions {
  /** Builtins that may be called, by name. */
  readonly builtins: ReadonlyMap<string, BuiltinDecl>
  /** Refuse what `opa check --strict` refuses. Default false. */
  readonly strict?: boolean
  /** Keep `print` calls. Default false: they are erased. */
  readonly print?: boolean
}

/** A program with what resolving a query on it needs. */
export interface Resolved {
  readonly program: Program
  readonly root: Node
  /** Calls of deprecated builtins, which are refused when nothing else is wrong. */
  readonly deprecated: readonly RegoError[]
}

/** Resolves modules. Throws `RegoErrors` with at most `errorsMax` errors of the first stage that found any. */
export function resolveModules(modules: readonly Module[], options: ResolveOptions): Resolved {
  const settings: ResolveSettings = {
    builtins: options.builtins,
    strict: options.strict ?? false,
    print: options.print ?? false,
  }
  const root = declareRules(modules)
  const { globals, errors } = allGlobals(modules, root)
  const annotations = new AnnotationIndex(modules, root)
  const drafts = modules.flatMap((module, moduleIndex) => {
    const place: Place = {
      source: module.source,
      package: module.package,
      globals: globals[moduleIndex] ?? new Map(),
      module,
    }
    const declared = declaredIn(root, module)
    return declared.map((each) => ({
      declared: each,
      resolver: new RuleResolver(settings, root, place, each, () => annotations.metadata(each)),
    }))
  })
  for (const { resolver } of drafts) resolver.resolve()
  if (settings.strict) stage(modules.flatMap((module, i) => unusedImports(module, globals[i] ?? new Map())))
  stage(errors)
  stage(overrides(modules))
  const found = drafts.flatMap(({ resolver }) => resolver.errors)
  stage(found.filter(({ code }) => code !== 'rego_type_error'))
  const conflicts = ruleConflicts(root)
  const suffixes = modules.map(sharedRows)
  const rules = drafts.map(({ declared, resolver }) => {
    const suffix = suffixes[declared.moduleIndex]?.has(declared.rule.at.row)
      ? ` in rule ${formatPath(declared.path.slice(declared.module.package.length))}`
      : ''
    const rule = resolver.finish(annotations.chain(declared), suffix)
    root.find(declared.path)?.rules.push(rule)
    return rule
  })
  // Variables of `print` and templates first, then those of heads, then those of bodies.
  const before = new Set(found)
  const unsafe = drafts.flatMap(({ resolver }) => resolver.errors).filter((each) => !before.has(each))
  stage(unsafe.filter(({ code }) => code === 'rego_compile_error'))
  stage(annotations.errors)
  stage(conflicts)
  // Functions that do not exist are looked for after conflicts, which may be why.
  stage(found)
  stage(drafts.flatMap(({ resolver }) => resolver.headErrors))
  stage(unsafe)
  const ordered = orderRules(
    rules,
    root,
    modules.map(({ source }) => source),
  )
  stage(ordered.errors)
  return {
    program: { files: modules.map(({ file, source }) => ({ file, source })), root, rules: ordered.rules },
    root,
    deprecated: drafts.flatMap(({ resolver }) => resolver.deprecated),
  }
}

/** Where a query stands, and what is wanted of it. */
export interface QueryPlace {
  /** Its package, whose rules it may name; without one it names no rule. */
  readonly package?: readonly string[]
  readonly imports?: readonly Import[]
  /** Keep the value of each expression. Default false. */
  readonly capture?: boolean
}

/** Resolves a query against a program. Throws `RegoErrors`. */
export function resolveQuery(
  resolved: Resolved,
  source: string,
  body: Body,
  options: ResolveOptions,
  place: QueryPlace = {},
): Query {
  const settings: ResolveSettings = { builtins: options.builtins, strict: false, print: options.print ?? false }
  const { globals, errors } = queryGlobals(resolved, place)
  stage(errors)
  const resolver = new QueryResolver(settings, resolved.root, { source, package: place.package ?? [], globals })
  const query = resolver.resolve(source, body, place.capture)
  stage(resolver.errors)
  return query
}

function queryGlobals(
  { root }: Resolved,
  { package: path, imports = [] }: QueryPlace,
): { globals: Map<string, Global>; errors: RegoError[] } {
  if (path === undefined && imports.length === 0) return { globals: new Map(), errors: [] }
  // Without a package there are no rules to be named: no module can have this one.
  return globalsOf({ package: path ?? [''], imports, source: '' }, root)
}

function allGlobals(modules: readonly Module[], root: Node): { globals: Map<string, Global>[]; errors: RegoError[] } {
  const all = modules.map((module) => globalsOf(module, root))
  return { globals: all.map(({ globals }) => globals), errors: all.flatMap(({ errors }) => errors) }
}

/** Rules called `input` or `data`. */
function overrides(modules: readonly Module[]): RegoError[] {
  return modules.flatMap((module) =>
    module.rules.flatMap((rule) => {
      const { ref } = rule.head
      const head = ref.kind === 'var' ? ref : ref.head
      if (head.kind !== 'var' || (head.name !== 'input' && head.name !== 'data')) return []
      const message = `rules must not shadow ${head.name} (use a different rule name)`
      return [errorAt('rego_compile_error', rule.at, message, module.source)]
    }),
  )
}

/** The module's rules in the order of its text. */
function declaredIn(root: Node, module: Module): Declared[] {
  const byRule = new Map<unknown, Declared>()
  const visit = (node: Node): void => {
    for (const each of node.declared) if (each.module === module) byRule.set(each.rule, each)
    for (const child of node.children.values()) visit(child)
  }
  const start = root.find(module.package)
  if (start !== undefined) visit(start)
  return module.rules.flatMap((rule) => byRule.get(rule) ?? [])
}

/** Rows at which rules of different names begin: there a message must say which rule it means. */
function sharedRows(module: Module): Set<number> {
  const names = new Map<number, string>()
  const shared = new Set<number>()
  for (const { head, at } of module.rules) {
    const name = module.source.slice(head.ref.at.start, head.ref.at.end)
    const before = names.get(at.row)
    if (before !== undefined && before !== name) shared.add(at.row)
    names.set(at.row, name)
  }
  return shared
}
