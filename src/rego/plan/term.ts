/** Plans terms: what must be computed, in the order written, so that a value stands in an operand. */
import type { Call, Comprehension, Hole, Template, Term } from '../program.ts'
import { constantOf } from './constant.ts'
import { constant, type Frame, plannedCallee, temp } from './frame.ts'
import type { Operand } from './ir.ts'
import { compareKeys } from './key-order.ts'

export function planTerm(frame: Frame, term: Term): Operand {
  const known = constantOf(term)
  if (known !== undefined) return constant(known)
  switch (term.kind) {
    case 'local': {
      const operand = frame.bound(term.local)
      if (operand === undefined)
        throw new Error(`local \`${frame.locals[term.local]?.name}\` is read before it is bound`)
      return frame.seen(term, () => operand)
    }
    case 'ref':
      return frame.seen(term, () => frame.steps.ref(frame, term))
    case 'call':
      return frame.seen(term, () => planCall(frame, term))
    case 'array': {
      const items = frame.steps.terms(frame, term.items)
      return frame.set((target) => ({ op: 'array', target, items }))
    }
    case 'set': {
      const items = frame.steps.terms(frame, term.items)
      return frame.set((target) => ({ op: 'set', target, items }))
    }
    case 'object': {
      const operands = frame.steps.terms(frame, term.entries.flat())
      const planned = term.entries.map(([key], i) => ({ key, i })).sort((a, b) => compareKeys(a.key, b.key))
      const entries = planned.map(({ i }) => [operands[2 * i], operands[2 * i + 1]] as [Operand, Operand])
      return frame.set((target) => ({ op: 'object', target, entries }))
    }
    case 'comprehension':
      return frame.seen(term, () => planComprehension(frame, term))
    case 'template':
      return frame.seen(term, () => planTemplate(frame, term))
    default:
      throw new Error(`a literal of kind \`${term.kind}\` has no value`)
  }
}

function planCall(frame: Frame, call: Call): Operand {
  const [format, list] = call.args
  if (
    call.callee.kind === 'builtin' &&
    call.callee.name === 'sprintf' &&
    format?.kind === 'string' &&
    list?.kind === 'array'
  ) {
    const items = frame.steps.terms(frame, list.items)
    const { state } = frame
    return frame.set((target) => ({ op: 'format', target, format: format.value, items, state, at: call.at }))
  }
  const args = frame.steps.terms(frame, call.args)
  const { callee, at } = call
  const { state } = frame
  if (callee.kind === 'builtin' && frame.world.isRelation(callee.name)) {
    frame.enterLoop()
    const target = frame.temp()
    frame.loop((body) => ({ op: 'each', target, name: callee.name, args, body, state, at }))
    return temp(target)
  }
  return frame.set((target) => ({ op: 'call', target, callee: plannedCallee(frame.world, callee), args, state, at }))
}

function planComprehension(frame: Frame, term: Comprehension): Operand {
  const target = frame.temp()
  const body = frame.scope(() => {
    // The order of solutions is the order of an array's elements; sets and objects forget it.
    frame.ordered = term.of === 'array'
    frame.steps.body(frame, term.body, () => {
      const made = frame.steps.terms(frame, term.key === undefined ? [term.value] : [term.value, term.key])
      const [value, key] = made as [Operand, Operand?]
      frame.add(key === undefined ? { op: 'add', to: target, value } : { op: 'add', to: target, key, value })
    })
  })
  frame.add({ op: 'collect', target, of: term.of, body, at: term.at })
  return temp(target)
}

function planTemplate(frame: Frame, term: Template): Operand {
  const parts = term.parts.map((part) => (typeof part === 'string' ? constant(part) : planHole(frame, part)))
  return frame.set((target) => ({ op: 'template', target, parts, at: term.at, state: frame.state }))
}

function planHole(frame: Frame, hole: Hole): Operand {
  const target = frame.temp()
  const body = frame.scope(() => {
    frame.steps.body(frame, hole.body, () => {
      const value = frame.steps.term(frame, hole.value)
      frame.add({ op: 'result', value, final: false, at: hole.at })
    })
  })
  frame.add({ op: 'hole', target, body, at: hole.at })
  return temp(target)
}
