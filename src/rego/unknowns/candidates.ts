/** The rule index on sketches: which rules of a group can hold, and which of them the index chooses under every completion. */

import type { Probe, RuleIndex } from '../plan/ir.ts'
import { elementsOf, isCollection } from '../run/collections.ts'
import { keyOf, type Value } from '../value.ts'
import type { Case } from './case.ts'
import { behind, nothing, type Outcome } from './outcomes.ts'
import { get } from './parts.ts'
import { domainOf, isTerm, resolved } from './questions.ts'
import { Seen } from './seen.ts'
import { Outline, type Sketch, Unknown } from './sketch.ts'
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
    const branches = branchesOf(at, index, value)
    const isSettled = certain && value !== undefined && isTerm(value)
    if (isSettled && branches[0] !== undefined) return chosen(at, branches[0].next, state, args)
    if (branches.length === 0) return otherwise()
    return eitherOf([otherwise(), ...branches.map(({ next }) => chosen(at, next, state, args))])
  }
  const found = new Map(otherwise())
  for (const [branch, isSure] of selectedOf(at, index, value)) {
    for (const rule of branch.rules) found.set(rule, (isSure && certain) || found.get(rule) === true)
  }
  return found
}

type Equal = Extract<RuleIndex, { kind: 'equal' }>
type Selecting = Extract<RuleIndex, { kind: 'prefix' | 'element' }>

/** The branches that a value may take. */
function branchesOf(at: Case, index: Equal, value: Sketch | undefined): Equal['branches'] {
  if (value === undefined) return []
  if (value instanceof Unknown) {
    const domain = domainOf(at, value)
    return index.branches.filter((branch) => domain.admits(branch.value))
  }
  if (value instanceof Outline)
    return index.branches.filter((branch) => typeof branch.value === 'object' && branch.value !== null)
  const places = placesOf(index)
  const place =
    value instanceof Seen
      ? value.find(`branch ${at.names.numberOf(index)} of`, (each) => places.get(keyOf(each)))
      : places.get(keyOf(value))
  const branch = place === undefined ? undefined : index.branches[place as number]
  return branch === undefined ? [] : [branch]
}

const places = new WeakMap<Equal, ReadonlyMap<unknown, number>>()

/** Where the branch for a value is: a group may have one for each of a thousand tools. */
function placesOf(index: Equal): ReadonlyMap<unknown, number> {
  let known = places.get(index)
  if (known === undefined) {
    known = new Map(index.branches.map(({ value }, i) => [keyOf(value), i]))
    places.set(index, known)
  }
  return known
}

/** The branches that a value may select, and whether it does so for sure. */
function selectedOf(at: Case, index: Selecting, value: Sketch | undefined): [Selecting['branches'][number], boolean][] {
  if (value === undefined) return []
  if (!isTerm(value)) return index.branches.map((branch) => [branch, false])
  const select = (each: Value): number[] =>
    index.branches.flatMap((branch, i) => (selects(index.kind, each, branch.value) ? [i] : []))
  const chosen = value instanceof Seen ? undefined : select(value)
  const text =
    value instanceof Seen ? value.find(`branches ${at.names.numberOf(index)} of`, (each) => select(each).join()) : ''
  const numbers = chosen ?? (text === '' ? [] : String(text).split(',').map(Number))
  return numbers.flatMap((i) => {
    const branch = index.branches[i]
    return branch === undefined ? [] : [[branch, true]]
  })
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

function selects(kind: 'prefix' | 'element', value: Value, wanted: Value): boolean {
  return kind === 'prefix'
    ? typeof value === 'string' && typeof wanted === 'string' && value.startsWith(wanted)
    : isCollection(value) && elementsOf(value).some((item) => keyOf(item) === keyOf(wanted))
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
  return found.value === undefined ? nothing : { value: resolved(at, found.value), certain: found.certain }
}

function argument(args: readonly Sketch[], index: number): Outcome {
  const value = args[index]
  return value === undefined ? nothing : { value, certain: true }
}
