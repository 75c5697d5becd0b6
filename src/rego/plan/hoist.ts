/**
 * What a clause needs from input and base documents, read before the rest of its body. A clause whose input is not there gives nothing; when
 * it is found out first, rules further on in the body are not evaluated and cannot end the evaluation with an error. OPA's rule index does
 * the same. Where nothing in the body can fail so, reads stay in the order written.
 */
import type { Body, Expr, Ref, Term } from '../program.ts'
import { constantOf } from './constant.ts'
import { constant, type Frame } from './frame.ts'

/** Plans the reads of a body that stand behind something that may end the evaluation. */
export function planNeeds(frame: Frame, body: Body): void {
  const first = body.findIndex((expr) => termsOf(expr).some((term) => mayFail(frame, term)))
  if (first === -1 && !frame.world.needsFirst) return
  for (const expr of body) {
    if (expr.with.length > 0) continue
    // OPA's index does not look at a reference that stands alone.
    if (first === -1 && expr.kind === 'test' && expr.term.kind === 'ref') continue
    const plan = (): void => {
      for (const term of termsOf(expr)) for (const ref of groundRefs(frame, term)) frame.steps.term(frame, ref)
      planCondition(frame, expr)
    }
    frame.watchedExpr(expr, plan, true)
  }
}

/** Plans a condition on one such place, so that it is known to hold before anything else is evaluated. */
function planCondition(frame: Frame, expr: Expr): void {
  if (expr.kind === 'test' && expr.term.kind === 'ref' && isGround(frame, expr.term)) {
    frame.add({ op: 'true', operand: frame.steps.term(frame, expr.term) })
    return
  }
  const [left, right] = sidesOf(expr)
  for (const [place, value] of [
    [left, right],
    [right, left],
  ]) {
    if (place?.kind !== 'ref' || value === undefined || !isGround(frame, place)) continue
    const known = constantOf(value)
    if (known === undefined) continue
    frame.add({ op: 'equal', left: frame.steps.term(frame, place), right: constant(known) })
    return
  }
}

/** The sides of a comparison for equality. */
function sidesOf(expr: Expr): readonly Term[] {
  if (expr.kind === 'unify') return [expr.left, expr.right]
  if (expr.kind !== 'test' || expr.term.kind !== 'call') return []
  const { callee, args } = expr.term
  return callee.kind === 'builtin' && callee.name === 'equal' ? args : []
}

/** The terms of an expression that are evaluated with the body itself. */
function termsOf(expr: Expr): readonly Term[] {
  switch (expr.kind) {
    case 'test':
      return [expr.term]
    case 'unify':
      return [expr.left, expr.right]
    case 'every':
      return [expr.domain]
    default:
      return []
  }
}

/** Whether evaluating a term may reach other rules. */
function mayFail(frame: Frame, term: Term): boolean {
  switch (term.kind) {
    case 'ref':
      if (term.root.kind === 'data' && reachesRules(frame, term)) return true
      return (
        (term.root.kind === 'term' && mayFail(frame, term.root.term)) || term.path.some((part) => mayFail(frame, part))
      )
    case 'call':
      return term.callee.kind === 'function' || term.args.some((arg) => mayFail(frame, arg))
    case 'array':
    case 'set':
      return term.items.some((item) => mayFail(frame, item))
    case 'object':
      return term.entries.some(([key, value]) => mayFail(frame, key) || mayFail(frame, value))
    case 'comprehension':
      return true
    default:
      return false
  }
}

function reachesRules({ world }: Frame, { path }: Ref): boolean {
  const place: string[] = []
  for (const part of path) {
    const key = constantOf(part)
    if (key === undefined) return true
    // Rules stand at names only: any other literal leaves their tree.
    if (typeof key !== 'string') return false
    place.push(key)
    if (!world.hasNode(place)) return false
    if (world.documentGroup(place) !== undefined) return true
  }
  return true
}

/** The refs in a term that read the input or a base document at a place known beforehand. */
function groundRefs(frame: Frame, term: Term): readonly Ref[] {
  switch (term.kind) {
    case 'ref': {
      if (isGround(frame, term)) return [term]
      const inner = term.root.kind === 'term' ? groundRefs(frame, term.root.term) : []
      return [...inner, ...term.path.flatMap((part) => groundRefs(frame, part))]
    }
    case 'call':
      return term.args.flatMap((arg) => groundRefs(frame, arg))
    case 'array':
    case 'set':
      return term.items.flatMap((item) => groundRefs(frame, item))
    case 'object':
      return term.entries.flatMap((entry) => entry.flatMap((part) => groundRefs(frame, part)))
    default:
      return []
  }
}

/** Whether a ref reads the input or a base document at a place known beforehand. */
function isGround(frame: Frame, ref: Ref): boolean {
  const { root, path } = ref
  const keys = path.map(constantOf)
  if (keys.some((key) => key === undefined || (typeof key === 'object' && key !== null))) return false
  if (root.kind === 'input') return path.length > 0
  return root.kind === 'data' && path.length > 0 && !reachesRules(frame, ref)
}
