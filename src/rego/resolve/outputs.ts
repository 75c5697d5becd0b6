/**
 * Which locals an expression binds when it is evaluated with some bound already. Refs bind what their paths mention once
 * their roots are known; unification binds one side from the other.
 */

import type { Expr, Ref, Term } from '../program.ts'
import { addRootVars, addVars } from './vars.ts'

/** Whether a local is bound already. */
export type Knows = (local: number) => boolean

/** The locals that `expr` binds, given what is bound. Linear in the size of the expression. */
export function outputsOf(expr: Expr, knows: Knows): Set<number> {
  const outputs = new Set<number>()
  if (expr.kind !== 'test' && expr.kind !== 'unify' && expr.kind !== 'every') return outputs
  for (const { value } of expr.with) if (value.kind !== 'callee' && !isSafe(value, knows)) return outputs
  const own = expr.kind === 'unify' ? [expr.left, expr.right] : [expr.kind === 'test' ? expr.term : expr.domain]
  for (const term of own) addRefOutputs(term, knows, outputs)
  if (expr.kind === 'unify') addUnified(expr, knows, outputs)
  for (const local of outputs) if (knows(local)) outputs.delete(local)
  return outputs
}

function addUnified(expr: Extract<Expr, { kind: 'unify' }>, knows: Knows, outputs: Set<number>): void {
  // What `:=` declares is bound by it and nothing else: it cannot be used to bind its right side.
  const declared = new Set<number>()
  if (expr.from === 'declare') addVars(expr.left, declared)
  const known: Knows = (local) => !declared.has(local) && (knows(local) || outputs.has(local))
  const unified = new Unifier(known).unify(expr.left, expr.right)
  for (const local of unified) outputs.add(local)
}

export function isSafe(term: Term, knows: Knows): boolean {
  const found = new Set<number>()
  addVars(term, found)
  return all(found, knows)
}

function all(some: ReadonlySet<number>, knows: Knows): boolean {
  for (const each of some) if (!knows(each)) return false
  return true
}

function isRefSafe(ref: Ref, knows: Knows): boolean {
  const found = new Set<number>()
  addRootVars(ref, found)
  return all(found, knows)
}

/** What the refs in a term bind by iterating. */
function addRefOutputs(term: Term, knows: Knows, outputs: Set<number>): void {
  switch (term.kind) {
    case 'ref':
      if (!isRefSafe(term, knows)) return
      for (const part of term.path) {
        addVars(part, outputs, { refRoots: true })
        addRefOutputs(part, knows, outputs)
      }
      if (term.root.kind === 'term') addRefOutputs(term.root.term, knows, outputs)
      return
    case 'call':
      for (const arg of term.args) addRefOutputs(arg, knows, outputs)
      return
    case 'array':
    case 'set':
      for (const item of term.items) addRefOutputs(item, knows, outputs)
      return
    case 'object':
      for (const [key, value] of term.entries) {
        addRefOutputs(key, knows, outputs)
        addRefOutputs(value, knows, outputs)
      }
  }
}

/** Follows a unification: what becomes known on either side, through variables that wait for each other. */
class Unifier {
  private readonly known: Knows
  private readonly unified = new Set<number>()
  /** For a variable that is not known: those that it would be known with. */
  private readonly waiting = new Map<number, Set<number>>()

  constructor(known: Knows) {
    this.known = known
  }

  unify(left: Term, right: Term): ReadonlySet<number> {
    this.pair(left, right)
    return this.unified
  }

  private knows(local: number): boolean {
    return this.unified.has(local) || this.known(local)
  }

  private pair(left: Term, right: Term): void {
    if (left.kind === 'local') this.variable(left.local, right)
    else if (right.kind === 'local') this.variable(right.local, left)
    else if (isComposite(left) && isComposite(right)) this.composites(left, right)
    else if (isComposite(left)) this.value(right, left)
    else if (isComposite(right)) this.value(left, right)
  }

  private variable(local: number, other: Term): void {
    if (other.kind === 'local') {
      if (this.knows(other.local)) this.mark(local)
      else if (this.knows(local)) this.mark(other.local)
      else {
        this.wait(local, other.local)
        this.wait(other.local, local)
      }
    } else if (isComposite(other)) {
      if (this.knows(local)) this.markAll(other)
      else this.waitForAll(local, other)
    } else if (this.isValue(other)) this.mark(local)
  }

  /** Something that is not a pattern has a value as soon as its own variables are known. */
  private isValue(term: Term): boolean {
    if (term.kind === 'ref') return isRefSafe(term, this.known)
    if (term.kind === 'call' || term.kind === 'template') return isSafe(term, this.known)
    return true
  }

  private value(term: Term, pattern: Term): void {
    const fits =
      term.kind === 'ref' || term.kind === 'call' || term.kind === 'template'
        ? this.isValue(term)
        : term.kind === 'comprehension' && term.of === pattern.kind
    if (fits) this.markAll(pattern)
  }

  private composites(left: Composite, right: Composite): void {
    if (left.kind === 'array' && right.kind === 'array') {
      if (left.items.length !== right.items.length) return
      for (const [i, item] of left.items.entries()) this.pair(item, right.items[i] as Term)
    } else if (left.kind === 'object' && right.kind === 'object') {
      if (left.entries.length !== right.entries.length) return
      const values = new Map(right.entries.map(([key, value]) => [keyOf(key), value]))
      for (const [key, value] of left.entries) {
        const other = values.get(keyOf(key))
        if (other !== undefined) this.pair(value, other)
      }
    }
  }

  private wait(local: number, other: number): void {
    const others = this.waiting.get(local)
    if (others === undefined) this.waiting.set(local, new Set([other]))
    else others.add(other)
  }

  private waitForAll(local: number, pattern: Term): void {
    const found = patternLocals(pattern)
    const unknown = [...found].filter((each) => !this.knows(each))
    if (unknown.length === 0) this.mark(local)
    else for (const each of unknown) this.wait(local, each)
  }

  private markAll(pattern: Term): void {
    for (const local of patternLocals(pattern)) this.mark(local)
  }

  private mark(local: number): void {
    const todo = [local]
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      this.unified.add(next)
      todo.push(...(this.waiting.get(next) ?? []))
      this.waiting.delete(next)
      for (const [waiter, others] of this.waiting) {
        if (!others.delete(next) || others.size > 0) continue
        this.waiting.delete(waiter)
        todo.push(waiter)
      }
    }
  }
}

type Composite = Extract<Term, { kind: 'array' | 'object' }>

function isComposite(term: Term): term is Composite {
  return term.kind === 'array' || term.kind === 'object'
}

function patternLocals(pattern: Term): Set<number> {
  const found = new Set<number>()
  addVars(pattern, found, { refRoots: true, objectKeys: true })
  return found
}

/** Equal for keys that are the same literal or variable; other keys are equal to none. */
function keyOf(key: Term): unknown {
  switch (key.kind) {
    case 'string':
    case 'boolean':
      return `${key.kind} ${key.value}`
    case 'number':
      return `number ${Number(key.text)}`
    case 'null':
      return 'null'
    case 'local':
      return `local ${key.local}`
    default:
      return key
  }
}
