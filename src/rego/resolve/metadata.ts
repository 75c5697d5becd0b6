/**
 * Annotations as a program sees them: the chain from a rule to the packages around it, as `rego.metadata.chain()` and
 * `rego.metadata.rule()` give it.
 */

import type { Annotations, Module, Plain, Span } from '../ast.ts'
import { errorAt, type RegoError } from '../errors.ts'
import type { Term } from '../program.ts'
import type { Declared, Node } from './tree.ts'

/** The annotations of all modules by what they are about. */
export class AnnotationIndex {
  readonly errors: RegoError[] = []
  private readonly packages = new Map<string, Annotations>()
  private readonly subpackages = new Map<string, Annotations>()
  private readonly documents = new Map<string, Annotations>()

  constructor(modules: readonly Module[], root: Node) {
    for (const module of modules)
      for (const each of module.annotations)
        this.put(each.scope === 'package' ? this.packages : this.subpackages, module.package, each, module)
    this.addDocuments(root)
  }

  private addDocuments(node: Node): void {
    for (const { rule, path, module } of node.declared)
      for (const each of rule.annotations) if (each.scope === 'document') this.put(this.documents, path, each, module)
    for (const child of node.children.values()) this.addDocuments(child)
  }

  private put(map: Map<string, Annotations>, path: readonly string[], found: Annotations, module: Module): void {
    const key = JSON.stringify(path)
    const before = map.get(key)
    if (before === undefined) map.set(key, found)
    else {
      const place = `${before.at.file}:${before.at.row}`
      this.errors.push(
        errorAt('rego_type_error', found.at, `${found.scope} annotation redeclared: ${place}`, module.source),
      )
    }
  }

  /** The annotations that apply to a rule, nearest first: its own, the document's, the package's, those of packages around. */
  chain(declared: Declared): readonly Annotations[] {
    const own = declared.rule.annotations.filter((each) => each.scope === 'rule')
    const document = this.documents.get(JSON.stringify(declared.path))
    const around: Annotations[] = []
    const { package: path } = declared.module
    const ofPackage = this.packages.get(JSON.stringify(path))
    for (let length = path.length; length >= 0; length--) {
      const found = this.subpackages.get(JSON.stringify(path.slice(0, length)))
      if (found !== undefined) around.push(found)
    }
    return [...own, ...(document ? [document] : []), ...(ofPackage ? [ofPackage] : []), ...around]
  }

  /** What the metadata builtins give in a rule. */
  metadata(declared: Declared): { readonly chain: Plain; readonly rule: Plain } {
    const chain = this.chain(declared)
    const rulePath = declared.path
    const packagePath = declared.module.package
    const entries: Plain[] = chain.map((each) => {
      const path = each.scope === 'rule' || each.scope === 'document' ? rulePath : (this.pathOf(each) ?? packagePath)
      return { annotations: annotationsObject(each), path }
    })
    if (chain[0]?.scope !== 'rule') entries.unshift({ path: rulePath })
    const own = chain.find((each) => each.scope === 'rule')
    return { chain: entries, rule: own === undefined ? {} : annotationsObject(own) }
  }

  private pathOf(found: Annotations): readonly string[] | undefined {
    for (const map of [this.packages, this.subpackages])
      for (const [key, each] of map) if (each === found) return JSON.parse(key) as string[]
    return undefined
  }
}

/** Annotations as the object that policies and `parse` show. */
export function annotationsObject(found: Annotations): { readonly [key: string]: Plain } {
  return {
    scope: found.scope,
    ...(found.title === undefined ? {} : { title: found.title }),
    ...(found.description === undefined ? {} : { description: found.description }),
    ...(found.entrypoint ? { entrypoint: true } : {}),
    ...(found.organizations === undefined ? {} : { organizations: found.organizations }),
    ...(found.relatedResources === undefined
      ? {}
      : {
          related_resources: found.relatedResources.map(({ ref, description }) => ({
            ref,
            ...(description ? { description } : {}),
          })),
        }),
    ...(found.authors === undefined
      ? {}
      : {
          authors: found.authors.map(({ name, email }) => ({ ...(name ? { name } : {}), ...(email ? { email } : {}) })),
        }),
    ...(found.schemas === undefined
      ? {}
      : {
          schemas: found.schemas.map(({ path, ref, definition }) => ({
            path,
            ...(ref === undefined ? {} : { schema: ref }),
            ...(definition === undefined ? {} : { definition }),
          })),
        }),
    ...(found.custom === undefined ? {} : { custom: found.custom }),
    ...(found.labels === undefined ? {} : { labels: found.labels }),
    ...(found.compile === undefined
      ? {}
      : {
          compile: {
            ...(found.compile.unknowns ? { unknowns: found.compile.unknowns } : {}),
            ...(found.compile.maskRule ? { mask_rule: found.compile.maskRule } : {}),
          },
        }),
  }
}

/** A plain value as a constant term at a place. */
export function constantTerm(value: Plain, at: Span): Term {
  if (value === null) return { kind: 'null', at }
  if (typeof value === 'boolean') return { kind: 'boolean', value, at }
  if (typeof value === 'string') return { kind: 'string', value, at }
  if (typeof value === 'number' || typeof value === 'bigint') return { kind: 'number', text: String(value), at }
  if (Array.isArray(value)) return { kind: 'array', items: value.map((item: Plain) => constantTerm(item, at)), at }
  const entries = Object.entries(value).map(
    ([key, each]) => [constantTerm(key, at), constantTerm(each as Plain, at)] as const,
  )
  return { kind: 'object', entries, at }
}
