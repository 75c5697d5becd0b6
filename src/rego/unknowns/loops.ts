/** Goes through collections of sketches: each element that is there, and once for all those that nobody knows. */

import type { Block, Statement } from '../plan/ir.ts'
import { isCollection as isCollectionValue, keysOf, elementsOf as valuesOf } from '../run/collections.ts'
import { RegoSet, type Value } from '../value.ts'
import type { Case } from './case.ts'
import type { Ends, SketchFrame } from './frame.ts'
import { anything } from './outcomes.ts'
import type { Program } from './program.ts'
import { isCollection, settled } from './questions.ts'
import { type Entry, isKnown, Outline, outlineOf, type Sketch, Unknown } from './sketch.ts'
import { below } from './tree.ts'
import type { Truth } from './truth.ts'

type Of<Op extends Statement['op']> = Extract<Statement, { op: Op }>

/** What a loop needs of the evaluation around it. */
export interface Rounds {
  readonly program: Program
  readonly frame: SketchFrame
  run(block: Block, sure: boolean, ends: Ends): boolean
  reaches(block: Block): Truth
}

/** Whether a body reaches its end for each element. */
export function every({ program, frame, reaches }: Rounds, { source, key, value, body }: Of<'every'>): Truth {
  const domain = elementsOf(program.at, frame.operand(source))
  if (domain.is === 'no') return 'no'
  let answer: Truth = domain.is
  for (const entry of domain.entries) {
    program.at.step()
    frame.set(key, entry.key)
    frame.set(value, entry.value)
    const there = presence(program.at, entry)
    const one = program.at.attempt(answer !== 'yes' || there !== 'yes', () => reaches(body), 'maybe')
    if (one === 'no' && there === 'yes') return 'no'
    if (one !== 'yes' && there !== 'no') answer = 'maybe'
  }
  if (!domain.open) return answer
  frame.ofMany(() => {
    frame.set(key, new Unknown())
    frame.set(value, new Unknown())
    const one = program.at.attempt(true, () => reaches(body), 'maybe')
    if (one !== 'yes' && answer === 'yes') answer = 'maybe'
  })
  return answer
}

function presence(at: Case, { certain, fact }: Entry): Truth {
  if (certain) return 'yes'
  return fact === undefined ? 'maybe' : at.fact(fact)
}

/** The elements of a collection; `is` says whether it is one, `open` whether there may be others. */
function elementsOf(
  at: Case,
  source: Sketch,
): { readonly is: Truth; readonly entries: readonly Entry[]; readonly open: boolean } {
  const value = settled(at, source)
  if (value instanceof Unknown) {
    const is = isCollection(at, value)
    return { is, entries: [], open: is !== 'no' }
  }
  const outline = value instanceof Outline ? value : wholeOutline(value)
  if (outline === undefined) return { is: 'no', entries: [], open: false }
  return { is: 'yes', entries: outline.entries, open: !outline.isClosed }
}

export function scan(
  { program, frame, run }: Rounds,
  { source, key, value, body }: Of<'scan'>,
  sure: boolean,
  ends: Ends,
): boolean {
  const { entries, open } = elementsOf(program.at, frame.operand(source))
  for (const entry of entries) {
    program.at.step()
    const there = presence(program.at, entry)
    if (there === 'no') continue
    frame.set(key, entry.key)
    frame.set(value, entry.value)
    if (run(body, sure && there === 'yes', ends)) return true
  }
  if (open) {
    frame.ofMany(() => {
      frame.set(key, new Unknown())
      frame.set(value, new Unknown())
      run(body, false, ends)
    })
  }
  return false
}

export function scanTree(
  { program, frame, run }: Rounds,
  { source, key, value, body, state }: Of<'scanTree'>,
  sure: boolean,
  ends: Ends,
): boolean {
  const { found, open } = below(program, frame.state(state), frame.cursor(source))
  for (const [name, cursor] of found) {
    program.at.step()
    frame.set(key, name)
    frame.setCursor(value, cursor)
    const certain = cursor.kind !== 'value' || cursor.outcome.certain
    if (run(body, sure && certain, ends)) return true
  }
  if (open) {
    frame.ofMany(() => {
      program.at.mayFail = true
      frame.set(key, new Unknown())
      frame.setCursor(value, { kind: 'value', outcome: anything() })
      run(body, false, ends)
    })
  }
  return false
}

export function each(
  { program, frame, run }: Rounds,
  { target, name, args, body, at }: Of<'each'>,
  sure: boolean,
  ends: Ends,
): boolean {
  const operands = frame.operands(args).map((arg) => settled(program.at, arg))
  if (operands.every(isKnown)) {
    for (const value of program.relation(name, operands, at)) {
      program.at.step()
      frame.set(target, value)
      if (run(body, sure, ends)) return true
    }
    return false
  }
  if (program.at.evaluation.environment.strictBuiltinErrors) program.at.mayFail = true
  frame.ofMany(() => {
    frame.set(target, new Unknown())
    run(body, false, ends)
  })
  return false
}

/** All entries of a known collection, however many: a loop goes through each. */
function wholeOutline(value: Value): Outline | undefined {
  if (!isCollectionValue(value)) return undefined
  const small = outlineOf(value)
  if (small !== undefined) return small
  const keys = keysOf(value)
  const entries = valuesOf(value).map((item, i): Entry => ({ key: keys[i] as Value, value: item, certain: true }))
  return new Outline(Array.isArray(value) ? 'array' : value instanceof RegoSet ? 'set' : 'object', entries)
}
