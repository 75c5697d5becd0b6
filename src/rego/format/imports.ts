/** Imports: which are written, in which groups, sorted how. */

import type { Expr, Import, Module, Scalar, Span } from '../ast.ts'
import { compareTerms } from '../parse/compare-terms.ts'
import { lex } from '../parse/lex.ts'

/** A part of a path, and whether it was written in quotes. */
export interface Step {
  readonly text: string
  readonly wasQuoted: boolean
}

/** The parts of a path as it stands in the source after `skip` names (`package` is one). */
export function stepsOf(path: readonly string[], source: string, at: Span, skip = 0): Step[] {
  const { tokens } = lex(source.slice(at.start, at.end), '')
  const parts = tokens.filter(({ kind }) => kind === 'name' || kind === 'string').slice(skip)
  return path.map((text, i) => ({ text, wasQuoted: parts[i]?.kind === 'string' }))
}

/**
 * With `rego.v1` the imports of keywords are superfluous, but for those that are not in Rego v1 and are used: they come
 * after `rego.v1`. Without it all imports stay.
 */
export function importsOf(module: Module): readonly Import[] {
  const v1 = module.imports.filter(isV1).at(-1)
  if (v1 === undefined) return module.imports
  const kept = module.imports.filter(({ path }) => path[0] !== 'future')
  const added = [...wordsUsed(module)].sort().map((word, i): Import => {
    const at = { ...v1.at, row: v1.at.row + 1 + i, col: 1 }
    return { path: ['future', 'keywords', word], at, pathAt: at }
  })
  return [...kept, ...added]
}

function isV1({ path }: Import): boolean {
  return path.length === 2 && path[0] === 'rego' && path[1] === 'v1'
}

/** The keywords beyond Rego v1 that the rules use. */
function wordsUsed(module: Module): Set<string> {
  const words = new Set<string>()
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if ('kind' in node && 'with' in node) {
      const expr = node as Expr
      if (expr.kind === 'and' || expr.kind === 'or') words.add(expr.kind)
      if (expr.kind === 'not' && expr.scoped) words.add('not')
    }
    for (const child of Object.values(node)) visit(child)
  }
  visit(module.rules)
  return words
}

/** Imports that stood right below each other belong together: sorted, with the row of the first that was written. */
export function groupsOf(imports: readonly Import[]): { readonly row: number; readonly group: Import[] }[] {
  const groups: Import[][] = []
  for (const each of imports) {
    const last = groups.at(-1)?.at(-1)
    if (last === undefined || each.at.row - last.at.row > 1) groups.push([])
    groups.at(-1)?.push(each)
  }
  return groups.map((group) => ({ row: group[0]?.at.row ?? 0, group: group.sort(compareImports) }))
}

function compareImports(a: Import, b: Import): number {
  const words = ({ path, alias, at }: Import): Scalar[] =>
    [...path, alias ?? ''].map((value) => ({ kind: 'string', value, at }))
  const [left, right] = [words(a), words(b)]
  for (let i = 0; i < Math.min(a.path.length, b.path.length); i++) {
    const order = compareTerms(left[i] as Scalar, right[i] as Scalar)
    if (order !== 0) return order
  }
  return a.path.length - b.path.length || compareTerms(left.at(-1) as Scalar, right.at(-1) as Scalar)
}
