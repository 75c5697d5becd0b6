/**
 * Which rules may change when `with` replaces rules: those themselves, and those that read them, however far away. OPA
 * keeps the types of rules that only depend on a replaced part of `input` or of the base document, and so do we.
 */

import type { Program, Rule } from '../program.ts'
import { dependencies } from '../resolve/recursion.ts'

export class Dependents {
  private readonly program: Program
  private readonly known = new Map<string, readonly Rule[]>()
  private readers: ReadonlyMap<Rule, readonly Rule[]> | undefined

  constructor(program: Program) {
    this.program = program
  }

  /** The rules at, above or below a path without `data`, and all that depend on them. */
  of(path: readonly string[]): readonly Rule[] {
    const key = JSON.stringify(path)
    const before = this.known.get(key)
    if (before !== undefined) return before
    this.readers ??= readersOf(this.program)
    const found = new Set(this.program.rules.filter((rule) => overlap(rule.path, path)))
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
