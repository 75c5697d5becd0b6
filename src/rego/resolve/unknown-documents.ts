/**
 * Paths below `data` that nothing declares although something near it is declared. They are no errors, because data may come with them
 * later, and are most often a slip of the pen: the policy reads nothing there, for ever.
 */

import type { Module, Span } from '../ast.ts'
import { errorAt, type RegoError } from '../errors.ts'
import type { Body, Expr, Program, Ref, Term } from '../program.ts'
import { isPlainObject, type Value } from '../value.ts'
import { likelyPath } from './likely.ts'
import { formatPath } from './terms.ts'
import type { Node } from './tree.ts'
import { termsOf } from './vars.ts'

/** A place and what may be meant there, as errors have them. */
export type Hint = Omit<RegoError, 'code'>

/** One hint for each path and module, in the order of the text. `data` is the base document, if it is known. */
export function unknownDocuments(
  program: Program,
  root: Node,
  modules: readonly Module[],
  data: unknown,
): readonly Hint[] {
  return modules.flatMap((module, i) => {
    const found = new Map<
      string,
      { readonly at: Span; readonly path: readonly string[]; readonly meant: readonly string[] }
    >()
    const note = (path: readonly string[], at: Span): void => {
      // One name alone is as likely a base document: `data.user` beside a package `users`.
      const meant = path.length > 1 ? likelyPath(root, path) : undefined
      if (meant === undefined || exists(data, path) || root.find(path) !== undefined) return
      // What is read below a path that is told of already has the same cause.
      if ([...found.values()].some((other) => other.path.every((name, at) => name === path[at]))) return
      found.set(path.join('\0'), { at, path, meant })
    }
    for (const { path, pathAt } of module.imports) if (path[0] === 'data') note(path.slice(1), pathAt)
    for (const rule of program.rules) {
      if (rule.module !== i) continue
      for (const { body, value } of rule.clauses) for (const { path, at } of refsOf(body, value)) note(path, at)
    }
    return [...found.values()]
      .sort((a, b) => a.at.start - b.at.start)
      .map(({ at, path, meant }) => {
        const message = `nothing declares \`${formatPath(['data', ...path])}\``
        const details = [`did you mean \`${formatPath(['data', ...meant])}\`?`]
        const { code: _, ...hint } = errorAt('rego_compile_error', at, message, module.source, details)
        return hint
      })
  })
}

function exists(data: unknown, path: readonly string[]): boolean {
  let value = data
  for (const name of path) {
    if (!isPlainObject(value as Value) || !Object.hasOwn(value as object, name)) return false
    value = (value as Readonly<Record<string, unknown>>)[name]
  }
  return true
}

interface Read {
  readonly path: readonly string[]
  readonly at: Span
}

/** The paths below `data` that a body and the terms of its head read, as far as they are written out. */
function refsOf(body: Body, ...heads: readonly Term[]): Read[] {
  const found: Read[] = []
  for (const head of heads) addRefs(head, found)
  for (const expr of body) {
    for (const term of termsOf(expr)) addRefs(term, found)
    for (const inner of bodiesOf(expr)) found.push(...refsOf(inner))
    if (expr.kind === 'print') for (const hole of expr.args) found.push(...refsOf(hole.body, hole.value))
  }
  return found
}

/** The bodies of an expression that are no part of a term. */
function bodiesOf(expr: Expr): readonly Body[] {
  if (expr.kind === 'not' || expr.kind === 'every') return [expr.body]
  return expr.kind === 'and' || expr.kind === 'or' ? [expr.left, expr.right] : []
}

function addRefs(term: Term, found: Read[]): void {
  switch (term.kind) {
    case 'ref':
      if (term.root.kind === 'data') found.push({ path: staticPath(term), at: term.at })
      else if (term.root.kind === 'term') addRefs(term.root.term, found)
      for (const part of term.path) addRefs(part, found)
      return
    case 'call':
      for (const arg of term.args) addRefs(arg, found)
      return
    case 'array':
    case 'set':
      for (const item of term.items) addRefs(item, found)
      return
    case 'object':
      for (const each of term.entries.flat()) addRefs(each, found)
      return
    case 'template':
      for (const part of term.parts) if (typeof part !== 'string') found.push(...refsOf(part.body, part.value))
      return
    case 'comprehension':
      found.push(...refsOf(term.body, ...(term.key === undefined ? [term.value] : [term.key, term.value])))
  }
}

function staticPath({ path }: Ref): string[] {
  const names: string[] = []
  for (const part of path) {
    if (part.kind !== 'string') break
    names.push(part.value)
  }
  return names
}
