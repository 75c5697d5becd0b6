/**
 * Which locals resolved terms and expressions mention: directly, or inside closures.
 */

import type { Body, Expr, Hole, Ref, Term } from '../program.ts'
import type { Marks } from './context.ts'

/** What to leave out when locals of a term are collected. */
export interface Leave {
  readonly refRoots?: boolean
  readonly objectKeys?: boolean
}

/** Adds the locals of a term to `found`, without those inside comprehensions and holes. */
export function addVars(term: Term, found: Set<number>, leave: Leave = {}): void {
  switch (term.kind) {
    case 'local':
      found.add(term.local)
      return
    case 'ref':
      if (leave.refRoots !== true) addRootVars(term, found, leave)
      for (const part of term.path) addVars(part, found, leave)
      return
    case 'call':
      for (const arg of term.args) addVars(arg, found, leave)
      return
    case 'array':
    case 'set':
      for (const item of term.items) addVars(item, found, leave)
      return
    case 'object':
      for (const [key, value] of term.entries) {
        if (leave.objectKeys !== true) addVars(key, found, leave)
        addVars(value, found, leave)
      }
      return
    case 'template':
      for (const part of term.parts) if (isPlainHole(part)) addVars(part.value, found, leave)
  }
}

export function addRootVars({ root }: Ref, found: Set<number>, leave: Leave = {}): void {
  if (root.kind === 'local') found.add(root.local)
  else if (root.kind === 'term') addVars(root.term, found, leave)
}

/** A hole that is only a variable needs no closure. */
function isPlainHole(part: string | Hole): part is Hole {
  return typeof part !== 'string' && part.body.length === 0
}

/** The terms that stand directly in an expression. */
export function termsOf(expr: Expr): Term[] {
  const terms: Term[] = []
  for (const { value } of expr.with) if (value.kind !== 'callee') terms.push(value)
  switch (expr.kind) {
    case 'test':
      terms.push(expr.term)
      break
    case 'unify':
      terms.push(expr.left, expr.right)
      break
    case 'every':
      terms.push(expr.domain)
  }
  return terms
}

/** The locals that must be bound, or be bound by it, for an expression to be evaluated. */
export function directVars(expr: Expr, marks: Marks): Set<number> {
  const found = new Set<number>()
  for (const term of termsOf(expr)) addVars(term, found)
  const operands =
    expr.kind === 'not' ? [expr.body] : expr.kind === 'and' || expr.kind === 'or' ? [expr.left, expr.right] : []
  for (const body of operands) if (marks.implicitBodies.has(body)) addImplicitVars(body, marks, found)
  return found
}

/** Everything that an operand without braces mentions but its own lifted calls. */
function addImplicitVars(body: Body, marks: Marks, found: Set<number>): void {
  const lifted = new Set<number>()
  for (const expr of body) {
    const target = liftedLocal(expr)
    if (target !== undefined) lifted.add(target)
    for (const local of directVars(expr, marks)) if (!lifted.has(local)) found.add(local)
  }
}

export function liftedLocal(expr: Expr): number | undefined {
  return expr.kind === 'unify' && expr.from === 'lifted' && expr.left.kind === 'local' ? expr.left.local : undefined
}

/** The closures that stand directly in an expression. */
export interface Closures {
  /** Each with the locals that it brings itself, and the terms that are evaluated after its body. */
  readonly bodies: { readonly body: Body; readonly own: readonly number[]; readonly heads: readonly Term[] }[]
  /** Those of them that are holes. */
  readonly holes: Hole[]
}

export function closuresOf(expr: Expr): Closures {
  const found: Closures = { bodies: [], holes: [] }
  for (const term of termsOf(expr)) addClosures(term, found)
  switch (expr.kind) {
    case 'every':
      found.bodies.push({
        body: expr.body,
        own: expr.key === undefined ? [expr.value] : [expr.key, expr.value],
        heads: [],
      })
      break
    case 'not':
      found.bodies.push({ body: expr.body, own: [], heads: [] })
      break
    case 'and':
    case 'or':
      found.bodies.push({ body: expr.left, own: [], heads: [] }, { body: expr.right, own: [], heads: [] })
      break
    case 'print':
      for (const hole of expr.args) addHole(hole, found)
  }
  return found
}

function addHole(hole: Hole, found: Closures): void {
  found.bodies.push({ body: hole.body, own: [], heads: [hole.value] })
  found.holes.push(hole)
}

function addClosures(term: Term, found: Closures): void {
  switch (term.kind) {
    case 'comprehension':
      found.bodies.push({
        body: term.body,
        own: [],
        heads: term.key === undefined ? [term.value] : [term.key, term.value],
      })
      return
    case 'template':
      for (const part of term.parts) if (typeof part !== 'string' && !isPlainHole(part)) addHole(part, found)
      return
    case 'ref':
      if (term.root.kind === 'term') addClosures(term.root.term, found)
      for (const part of term.path) addClosures(part, found)
      return
    case 'call':
      for (const arg of term.args) addClosures(arg, found)
      return
    case 'array':
    case 'set':
      for (const item of term.items) addClosures(item, found)
      return
    case 'object':
      for (const [key, value] of term.entries) {
        addClosures(key, found)
        addClosures(value, found)
      }
  }
}

/** Every local that the closures of an expression mention, at any depth. */
export function capturedVars(closures: Closures): Set<number> {
  const found = new Set<number>()
  for (const { body, heads } of closures.bodies) addAll(body, heads, found)
  return found
}

function addAll(body: Body, heads: readonly Term[], found: Set<number>): void {
  for (const head of heads) addVars(head, found)
  for (const expr of body) {
    for (const term of termsOf(expr)) addVars(term, found)
    for (const inner of closuresOf(expr).bodies) addAll(inner.body, inner.heads, found)
  }
}
