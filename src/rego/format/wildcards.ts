/**
 * Wildcards that OPA's formatter gives a name: those of a head that stands for more than one rule (`else`, further bodies),
 * because each of the rules has them.
 */

import type { Module, RuleDecl, Term } from '../ast.ts'

/** Their names in the tree. */
export function manyWildcards(module: Module): ReadonlySet<string> {
  const seen = new Set<string>()
  const many = new Set<string>()
  for (const rule of module.rules)
    for (const terms of headsOf(rule))
      for (const name of wildcardsIn(terms)) {
        if (seen.has(name)) many.add(name)
        seen.add(name)
      }
  return many
}

function headsOf({ head, else: chain }: RuleDecl): (readonly Term[])[] {
  const { args = [], value } = head
  const first = value === undefined ? args : [...args, value]
  return [first, ...chain.map((each) => each.args ?? args)]
}

/** All wildcards in a tree, whatever its nodes are. */
function* wildcardsIn(node: unknown): Generator<string> {
  if (typeof node !== 'object' || node === null) return
  if ('kind' in node && node.kind === 'var' && 'wildcard' in node && node.wildcard === true && 'name' in node) {
    yield String(node.name)
    return
  }
  for (const child of Object.values(node)) yield* wildcardsIn(child)
}
