/** Plans bodies: one expression after the other, each inside the solutions of those before it. */
import type { Body, EveryExpr, Expr, PrintExpr, TestExpr, With } from '../program.ts'
import { type Frame, plannedCallee, temp } from './frame.ts'
import type { Override, StateId } from './ir.ts'

export function planBody(frame: Frame, body: Body, done: () => void): void {
  for (const expr of body) {
    frame.watchedExpr(expr, () => {
      const outer = frame.state
      if (expr.with.length > 0) frame.state = planWith(frame, expr.with)
      planExpr(frame, expr)
      frame.state = outer
    })
  }
  done()
}

function planExpr(frame: Frame, expr: Expr): void {
  switch (expr.kind) {
    case 'test':
      planTest(frame, expr)
      return
    case 'unify':
      frame.steps.unify(frame, expr.left, expr.right)
      return
    case 'not':
      frame.add({ op: 'not', body: reached(frame, expr.body) })
      return
    case 'and':
    case 'or':
      frame.add({ op: expr.kind, left: reached(frame, expr.left), right: reached(frame, expr.right) })
      return
    case 'every':
      planEvery(frame, expr)
      return
    case 'print':
      planPrint(frame, expr)
      return
  }
}

/** A body of which only matters whether it holds. */
function reached(frame: Frame, body: Body): ReturnType<Frame['scope']> {
  return frame.scope(() => {
    frame.ordered = false
    frame.steps.body(frame, body, () => frame.add({ op: 'reach' }))
  })
}

function planTest(frame: Frame, { term }: TestExpr): void {
  if (term.kind === 'call' && !(term.callee.kind === 'builtin' && frame.world.isRelation(term.callee.name))) {
    const args = frame.steps.terms(frame, term.args)
    frame.add({ op: 'check', callee: plannedCallee(frame.world, term.callee), args, state: frame.state, at: term.at })
    return
  }
  const operand = frame.steps.term(frame, term)
  if (operand.kind === 'temp') frame.add({ op: 'true', operand })
  else if (operand.value === false) frame.add({ op: 'fail' })
}

function planEvery(frame: Frame, expr: EveryExpr): void {
  const source = frame.steps.term(frame, expr.domain)
  const { state } = frame
  const key = frame.temp()
  const value = frame.temp()
  const body = frame.scope(() => {
    frame.ordered = false
    if (expr.key !== undefined) frame.bind(expr.key, temp(key))
    frame.bind(expr.value, temp(value))
    frame.steps.body(frame, expr.body, () => frame.add({ op: 'reach' }))
  })
  frame.add({ op: 'every', source, key, value, body, state })
}

function planPrint(frame: Frame, expr: PrintExpr): void {
  const args = expr.args.map((hole) => {
    const target = frame.temp()
    const body = frame.scope(() => {
      frame.ordered = true
      frame.steps.body(frame, hole.body, () => {
        frame.add({ op: 'add', to: target, value: frame.steps.term(frame, hole.value) })
      })
    })
    frame.add({ op: 'collect', target, of: 'array', body, at: hole.at })
    return target
  })
  frame.add({ op: 'print', args, at: expr.at, state: frame.state })
}

/** Makes the state of an expression: the values are computed in the state outside, and later targets win over earlier ones. */
function planWith(frame: Frame, clauses: readonly With[]): StateId {
  const { world } = frame
  const overrides = clauses.map(({ target, value }): Override => {
    if (target.kind === 'builtin' || target.kind === 'function') {
      const name = target.kind === 'builtin' ? target.name : ['data', ...target.path].join('.')
      world.replaceFunction(name)
      const replacement = value.kind === 'callee' ? plannedCallee(world, value.callee) : frame.steps.term(frame, value)
      return { kind: 'function', name, value: replacement }
    }
    if (value.kind === 'callee') throw new Error('a document is replaced by a value, not by a function')
    if (target.kind === 'data') world.replaceData(target.path)
    return { kind: target.kind, path: target.path, value: frame.steps.term(frame, value) }
  })
  const state = frame.newState()
  frame.add({ op: 'with', state, from: frame.state, overrides, at: clauses[0]?.at ?? missingPlace() })
  return state
}

function missingPlace(): never {
  throw new Error('a `with` has no clause')
}
