/** The rule index on sketches: which rules of a group can hold, and which of them the index chooses under every completion. */

import type { Probe, RuleIndex } from '../plan/ir.ts'
import { elementsOf, isCollection } from '../run/collections.ts'
import { keyOf, type Value } from '../value.ts'
import type { Case } from './case.ts'
import { behind, nothing, type Outcome } from './outcomes.ts'
import { get } from './parts.ts'
import { domainOf, settled } from './questions.ts'
import { isKnown, type Sketch, Unknown } from './sketch.ts'
import type { SketchState } from './state.ts'

/** The rules to try in their order, by number; the value says whether compiled code would try it under every completion. */
export type Candidates = ReadonlyMap<number, boolean>

/** The candidates of an index; all of `count` rules where there is none. */
export function candidatesOf(
  at: Case,
  index: RuleIndex | undefined,
  count: number,
  state: SketchState,
  args: readonly Sketch[],
): Candidates {
  if (index === undefined) return new Map(Array.from({ length: count }, (_, rule) => [rule, true]))
  const found = chosen(at, index, state, args)
  return new Map([...found].sort(([a], [b]) => a - b))
}

function chosen(at: Case, index: RuleIndex, state: SketchState, args: readonly Sketch[]): Candidates {
  if (index.kind === 'leaf') return new Map(index.rules.map((rule) => [rule, true]))
  const { value, certain } = probed(at, index.probe, state, args)
  const otherwise = (): Candidates => chosen(at, index.otherwise, state, args)
  if (index.kind === 'equal') {
    const branches = index.branches.filter((branch) => value !== undefined && mayEqual(at, value, branch.value))
    const isSettled = certain && value !== undefined && isKnown(value)
    if (isSettled && branches[0] !== undefined) return chosen(at, branches[0].next, state, args)
    if (branches.length === 0) return otherwise()
    return eitherOf([otherwise(), ...branches.map(({ next }) => chosen(at, next, state, args))])
  }
  const found = new Map(otherwise())
  for (const branch of index.branches) {
    const selected = value === undefined ? 'no' : selects(index.kind, value, certain, branch.value)
    if (selected === 'no') continue
    for (const rule of branch.rules) found.set(rule, selected === 'yes' || found.get(rule) === true)
  }
  return found
}

/** The candidates where one of several lists is chosen: sure are those that stand in all. */
function eitherOf(lists: readonly Candidates[]): Candidates {
  const found = new Map<number, boolean>()
  for (const list of lists) {
    for (const rule of list.keys())
      found.set(
        rule,
        lists.every((each) => each.get(rule) === true),
      )
  }
  return found
}

function mayEqual(at: Case, sketch: Sketch, value: Value): boolean {
  if (sketch instanceof Unknown) return domainOf(at, sketch).admits(value)
  return isKnown(sketch) ? keyOf(sketch) === keyOf(value) : typeof value === 'object' && value !== null
}

function selects(kind: 'prefix' | 'element', sketch: Sketch, certain: boolean, value: Value): 'yes' | 'no' | 'maybe' {
  if (!isKnown(sketch)) return 'maybe'
  const isSelected =
    kind === 'prefix'
      ? typeof sketch === 'string' && typeof value === 'string' && sketch.startsWith(value)
      : isCollection(sketch) && elementsOf(sketch).some((item) => keyOf(item) === keyOf(value))
  if (!isSelected) return 'no'
  return certain ? 'yes' : 'maybe'
}

/** What a probe finds; asks nothing, since the rules ask the same themselves. */
function probed(at: Case, probe: Probe, state: SketchState, args: readonly Sketch[]): Outcome {
  const open = at.open
  let found: Outcome = probe.root === 'input' ? state.input : argument(args, probe.argument)
  for (const key of probe.path) {
    if (found.value === undefined) break
    found = behind(found, get(at, found.value, key))
  }
  at.open = open
  return found.value === undefined ? nothing : { value: settled(at, found.value), certain: found.certain }
}

function argument(args: readonly Sketch[], index: number): Outcome {
  const value = args[index]
  return value === undefined ? nothing : { value, certain: true }
}
