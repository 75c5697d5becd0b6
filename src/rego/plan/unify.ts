/**
 * Plans unification: which side is computed first, and how a pattern of arrays and objects takes a value apart. The order of bodies is safe
 * already; here only the parts of two patterns that meet each other may have to wait for one another.
 */
import type { Term } from '../program.ts'
import { constantOf } from './constant.ts'
import { constant, type Frame } from './frame.ts'
import type { Operand } from './ir.ts'

/** Whether a term has an unbound local in a place where it would take a part of a value. */
export function isOpen(frame: Frame, term: Term): boolean {
  switch (term.kind) {
    case 'local':
      return frame.bound(term.local) === undefined
    case 'array':
      return term.items.some((item) => isOpen(frame, item))
    case 'object':
      return term.entries.some(([, value]) => isOpen(frame, value))
    default:
      return false
  }
}

export function planUnify(frame: Frame, left: Term, right: Term): void {
  let waiting: [Term, Term][] = [[left, right]]
  while (waiting.length > 0) {
    const open = waiting.flatMap(([a, b]) => pairs(frame, a, b))
    const bound = open.findIndex(([a, b]) => !isOpen(frame, a) || !isOpen(frame, b))
    const ready = bound >= 0 ? bound : open.findIndex(([a, b]) => bindsItself(frame, a) || bindsItself(frame, b))
    const next = open[ready]
    if (next === undefined) throw new Error('neither side of a unification is bound')
    waiting = open.filter((_, i) => i !== ready)
    const [left, right] = next
    if (bound >= 0) planPair(frame, left, right)
    else if (bindsItself(frame, left)) planMatch(frame, right, frame.steps.term(frame, left))
    else planMatch(frame, left, frame.steps.term(frame, right))
  }
}

/** The pairs of parts that must be equal for two patterns to be equal; one pair that cannot be taken apart stands for itself. */
function pairs(frame: Frame, a: Term, b: Term): [Term, Term][] {
  if (!isOpen(frame, a) && !isOpen(frame, b)) return [[a, b]]
  if (a.kind === 'array' && b.kind === 'array') {
    if (a.items.length !== b.items.length) return [[impossible(a), impossibleOther(a)]]
    return a.items.flatMap((item, i) => pairs(frame, item, b.items[i] as Term))
  }
  if (a.kind === 'object' && b.kind === 'object') {
    if (a.entries.length !== b.entries.length) return [[impossible(a), impossibleOther(a)]]
    const matched: [Term, Term][] = []
    for (const [key, value] of a.entries) {
      const other = b.entries.find(([otherKey]) => sameLiteral(key, otherKey))
      // Keys that are not literals are compared when their values are known.
      if (other === undefined) return [[a, b]]
      matched.push(...pairs(frame, value, other[1]))
    }
    return matched
  }
  return [[a, b]]
}

const impossible = (near: Term): Term => ({ kind: 'boolean', value: true, at: near.at })
const impossibleOther = (near: Term): Term => ({ kind: 'boolean', value: false, at: near.at })

function sameLiteral(a: Term, b: Term): boolean {
  return (
    (a.kind === 'string' && b.kind === 'string' && a.value === b.value) ||
    (a.kind === 'number' && b.kind === 'number' && a.text === b.text) ||
    (a.kind === 'boolean' && b.kind === 'boolean' && a.value === b.value)
  )
}

function planPair(frame: Frame, left: Term, right: Term): void {
  if (isOpen(frame, left)) {
    planMatch(frame, left, frame.steps.term(frame, right))
  } else {
    // Computing a ref may bind locals, so whether the right side is open is asked again by `planMatch`.
    planMatch(frame, right, frame.steps.term(frame, left))
  }
}

export function planMatch(frame: Frame, pattern: Term, value: Operand): void {
  if (!isOpen(frame, pattern)) {
    const other = frame.steps.term(frame, pattern)
    frame.add({ op: 'equal', left: value, right: other })
    return
  }
  switch (pattern.kind) {
    case 'local':
      frame.bind(pattern.local, value)
      return
    case 'array':
      frame.add({ op: 'shape', operand: value, of: 'array', size: pattern.items.length })
      pattern.items.forEach((item, i) => {
        planPart(frame, item, value, constant(i))
      })
      return
    case 'object':
      frame.add({ op: 'shape', operand: value, of: 'object', size: pattern.entries.length })
      for (const [key, item] of pattern.entries) planPart(frame, item, value, frame.steps.term(frame, key))
      return
    default:
      throw new Error(`a \`${pattern.kind}\` is no pattern`)
  }
}

function planPart(frame: Frame, pattern: Term, source: Operand, key: Operand): void {
  planMatch(
    frame,
    pattern,
    frame.set((target) => ({ op: 'get', target, source, key })),
  )
}

/** Whether a term's own refs bind every local that it lacks, as in `[x, input[x]]`. */
function bindsItself(frame: Frame, term: Term): boolean {
  const lacking = new Set<number>()
  const given = new Set<number>()
  let isStuck = false
  const look = (each: Term): void => {
    switch (each.kind) {
      case 'local':
        if (frame.bound(each.local) === undefined) lacking.add(each.local)
        return
      case 'array':
      case 'set':
        for (const item of each.items) look(item)
        return
      case 'object':
        for (const part of each.entries.flat()) look(part)
        return
      case 'ref':
        isStuck ||= lacks(frame, each)
        for (const part of each.path) if (part.kind === 'local') given.add(part.local)
    }
  }
  look(term)
  return !isStuck && [...lacking].every((local) => given.has(local))
}

/** Plans terms that stand side by side. One may bind a local that another reads, whichever comes first. */
export function planTerms(frame: Frame, terms: readonly Term[]): Operand[] {
  const operands: (Operand | undefined)[] = terms.map(() => undefined)
  const plan = (i: number): void => {
    operands[i] = frame.steps.term(frame, terms[i] as Term)
  }
  let waiting = terms.map((_, i) => i)
  while (waiting.length > 0) {
    const later: number[] = []
    for (const i of waiting) {
      if (lacks(frame, terms[i] as Term)) later.push(i)
      else plan(i)
    }
    // Where each waits for another, planning the first tells which local it lacks.
    if (later.length === waiting.length) plan(later.shift() as number)
    waiting = later
  }
  return operands.filter((operand) => operand !== undefined)
}

/** Whether computing a term would read a local that is not bound. What stands in the path of a ref is bound by it. */
function lacks(frame: Frame, term: Term): boolean {
  const lacking = (each: Term): boolean => lacks(frame, each)
  switch (term.kind) {
    case 'local':
      return frame.bound(term.local) === undefined
    case 'array':
    case 'set':
      return term.items.some(lacking)
    case 'object':
      return term.entries.some(([key, value]) => lacking(key) || lacking(value))
    case 'call':
      return term.args.some(lacking)
    case 'template':
      // What a hole's own body binds is no concern of the terms around it.
      return term.parts.some((part) => typeof part !== 'string' && part.body.length === 0 && lacking(part.value))
    case 'ref': {
      const { root, path } = term
      if (root.kind === 'local' && frame.bound(root.local) === undefined) return true
      if (root.kind === 'term' && lacking(root.term)) return true
      return path.some((part) => (part.kind === 'ref' || part.kind === 'call') && lacking(part))
    }
    default:
      return false
  }
}

/** Whether a term can take a value apart before the body has run: nothing in it must be computed. */
export function isPattern(term: Term): boolean {
  switch (term.kind) {
    case 'local':
      return true
    case 'array':
      return term.items.every(isPattern)
    case 'object':
      return term.entries.every(([key, value]) => constantOf(key) !== undefined && isPattern(value))
    default:
      return constantOf(term) !== undefined
  }
}
