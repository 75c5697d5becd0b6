/**
 * Which rules may change when `with` replaces a document or a function: those that read it, and those that read them.
 * Their types say nothing in the expression that has the `with`.
 */

import type { Body, Callee, Program, Rule, Term } from '../program.ts'
import { dependencies } from '../resolve/recursion.ts'
import { closuresOf, termsOf } from '../resolve/vars.ts'

/** What a rule reads itself: documents by their static beginnings, root first, and functions by name. */
interface Reads {
  readonly documents: readonly (readonly string[])[]
  readonly functions: ReadonlySet<string>
}

export class Dependents {
  private readonly program: Program
  private readonly known = new Map<string, readonly Rule[]>()
  private reads: ReadonlyMap<Rule, Reads> | undefined
  private readers: ReadonlyMap<Rule, readonly Rule[]> | undefined

  constructor(program: Program) {
    this.program = program
  }

  /** The rules that depend on the document at a path, `input` or `data` first. */
  ofDocument(path: readonly string[]): readonly Rule[] {
    return this.all(JSON.stringify(path), ({ documents }) => documents.some((each) => overlap(each, path)))
  }

  /** The rules that depend on a function. */
  ofFunction(callee: Callee): readonly Rule[] {
    const name = functionKey(callee)
    return this.all(name, ({ functions }) => functions.has(name))
  }

  private all(key: string, isDirect: (reads: Reads) => boolean): readonly Rule[] {
    const before = this.known.get(key)
    if (before !== undefined) return before
    this.reads ??= new Map(this.program.rules.map((rule) => [rule, readsOf(rule)]))
    this.readers ??= readersOf(this.program)
    const found = new Set<Rule>()
    for (const [rule, reads] of this.reads) if (isDirect(reads)) found.add(rule)
    // A set may grow while it is walked: every reader of a reader comes in turn.
    for (const rule of found) for (const reader of this.readers.get(rule) ?? []) found.add(reader)
    const result = [...found]
    this.known.set(key, result)
    return result
  }
}

function readersOf({ rules, root }: Program): Map<Rule, Rule[]> {
  const readers = new Map<Rule, Rule[]>()
  for (const rule of rules)
    for (const read of dependencies(rule, root)) {
      const before = readers.get(read)
      if (before === undefined) readers.set(read, [rule])
      else before.push(rule)
    }
  return readers
}

function overlap(a: readonly string[], b: readonly string[]): boolean {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false
  return true
}

function functionKey(callee: Callee): string {
  return callee.kind === 'builtin' ? callee.name : `/${JSON.stringify(callee.path)}`
}

function readsOf(rule: Rule): Reads {
  const documents: (readonly string[])[] = []
  const functions = new Set<string>()
  const visit = (term: Term): void => {
    if (term.kind === 'call') functions.add(functionKey(term.callee))
    if (term.kind === 'ref' && (term.root.kind === 'input' || term.root.kind === 'data'))
      documents.push([term.root.kind, ...staticNames(term.path)])
    for (const part of partsOf(term)) visit(part)
    if (term.kind === 'comprehension') body(term.body)
    if (term.kind === 'template') for (const part of term.parts) if (typeof part !== 'string') body(part.body)
  }
  const body = (exprs: Body): void => {
    for (const expr of exprs) {
      for (const term of termsOf(expr)) visit(term)
      if (expr.kind === 'test' || expr.kind === 'unify') continue
      for (const closure of closuresOf(expr).bodies) {
        body(closure.body)
        for (const head of closure.heads) visit(head)
      }
    }
  }
  for (const term of rule.dynamic) visit(term)
  for (const clause of rule.clauses) {
    body(clause.body)
    visit(clause.value)
  }
  return { documents, functions }
}

function staticNames(path: readonly Term[]): string[] {
  const names: string[] = []
  for (const part of path) {
    if (part.kind !== 'string') break
    names.push(part.value)
  }
  return names
}

function partsOf(term: Term): readonly Term[] {
  switch (term.kind) {
    case 'ref':
      return term.root.kind === 'term' ? [term.root.term, ...term.path] : term.path
    case 'call':
      return term.args
    case 'array':
    case 'set':
      return term.items
    case 'object':
      return term.entries.flat()
    case 'comprehension':
      return term.key === undefined ? [term.value] : [term.key, term.value]
    case 'template':
      return term.parts.flatMap((part) => (typeof part === 'string' ? [] : [part.value]))
    default:
      return []
  }
}
