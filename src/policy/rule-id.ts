/**
 * What a rule is called in records: package and name, then `#` and the id that its author gave it (`custom.id` of its annotation), else `@` and the
 * place of the rule: `gatehouse.deny#orders.amount`, `gatehouse.allow@main.rego:14`. An id stays the same when lines move.
 */
import type { RuleRef } from '../rego/index.ts'

/** `names` are those of files by the paths under which they were compiled; a file that it lacks has its path. */
export function ruleId({ name, file, row, id }: RuleRef, names: { readonly [path: string]: string }): string {
  return id === undefined ? `${name}@${names[file] ?? file}:${row}` : `${name}#${id}`
}
