/** Emits a plan as the text of one function, which is given what the pool holds and gives back the query's procedures. */
import type { Block, Group, Plan, Procedure } from '../plan/ir.ts'
import { proceduresOf } from '../plan/walk.ts'
import { type Code, code, join, name } from './code.ts'
import { emitGroup, type GroupContext } from './group.ts'
import { type Instrument, plain } from './instrument.ts'
import { Pool } from './pool.ts'
import { emitProcedure } from './procedure.ts'

/** Compiled code before it is linked. */
export interface Emitted {
  /** The body of a function of the arguments `runtime`, `constants`, `places`, `bases`, `calls`. */
  readonly text: string
  readonly pool: Pool
}

/** `runtimeNames` are the properties of the runtime that compiled code may name; `instrument` says what is emitted beyond evaluation. */
export function emitPlan(plan: Plan, runtimeNames: readonly Code[], instrument: Instrument = plain): Emitted {
  const pool = new Pool()
  const slots = new Map([...sharedGroups(plan)].map((group, i) => [group, i]))
  const context = makeContext(plan, pool, instrument, slots)
  const body: Code[] = slots.size === 0 ? [] : [emitMakeMemo(slots.size)]
  for (const group of plan.groups) body.push(emitGroup(context, group))
  for (const procedure of proceduresOf(plan)) body.push(emitProcedure(context, procedure))
  body.push(...plan.trees.map((tree) => emitTree(context, plan, tree)))
  const value = plan.value === undefined ? code`undefined` : name('procedure', plan.value.id)
  const entries = join(plan.entries.map(({ id }) => name('procedure', id)))
  const rows = name('procedure', plan.query.id)
  body.push(
    code`return { rows: ${rows}, value: ${value}, givesJson: ${plan.givesJson === true}, entries: [${entries}] };`,
  )
  const text = join(
    [code`"use strict";`, code`const {${join(runtimeNames)}} = runtime;`, ...linked(pool), ...body],
    '\n',
  ).text
  return { text, pool }
}

/** Places that a memo has from the start, so that it need not grow; more than these are seldom all used. */
const memoPlacesMax = 16

/** The function that makes the memo of a state, when a document of it is first asked for. */
function emitMakeMemo(places: number): Code {
  const empty = Array.from({ length: places > memoPlacesMax ? 0 : places }, () => code`undefined`)
  return code`function makeMemo() { return [${join(empty)}]; }`
}

function linked(pool: Pool): Code[] {
  const list = (kind: 'constant' | 'place' | 'base' | 'builtin', from: Code, size: number): Code[] =>
    Array.from({ length: size }, (_, i) => code`const ${name(kind, i)} = ${from}[${i}];`)
  return [
    ...list('constant', code`constants`, pool.constants.length),
    ...list('place', code`places`, pool.places.length),
    ...list('base', code`bases`, pool.bases.length),
    ...list('builtin', code`calls`, pool.builtins.length),
    ...pool.directories.map((i) => code`const ${name('directory', i)} = directoryOf(${name('base', i)});`),
  ]
}

function makeContext(plan: Plan, pool: Pool, instrument: Instrument, slots: ReadonlyMap<number, number>): GroupContext {
  let memories = 0
  const names = new Map(plan.groups.map(({ id, path }) => [id, ['data', ...path].join('.')]))
  const trees = new Map(plan.trees.map(({ path }, i) => [JSON.stringify(path), i]))
  return {
    pool,
    instrument,
    replacedFunctions: plan.replacedFunctions,
    functionName: (group) => names.get(group) ?? '',
    isReplaceable: (path) => plan.replacedData.some((replaced) => overlaps(replaced, path)),
    treeNode: (path) => name('node', trees.get(JSON.stringify(path)) ?? -1),
    memoSlot: (group) => slots.get(group),
    nextSlot: () => memories++,
  }
}

function overlaps(a: readonly string[], b: readonly string[]): boolean {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return false
  return true
}

function emitTree(context: GroupContext, plan: Plan, tree: Plan['trees'][number]): Code {
  const children = tree.children.map(({ name: child, group }) => {
    const below = group === undefined ? context.treeNode([...tree.path, child]) : emitLeaf(plan.groups, group)
    return code`[${child}, ${below}]`
  })
  const path = context.pool.constant([...tree.path])
  const node = context.treeNode(tree.path)
  return code`const ${node} = new TreeNode(${path}, new Map([${join(children)}]), ${context.pool.base(tree.path)});`
}

function emitLeaf(groups: readonly Group[], id: number): Code {
  const depths = [...(groups.find((group) => group.id === id)?.variants.keys() ?? [])].sort((a, b) => a - b)
  return code`new Leaf([${join(depths.map((depth) => name('group', id, depth)))}])`
}

/**
 * Groups whose whole document is worth remembering: more than one place asks for it, or one that can run more than once in a state: inside a
 * loop, in a function, in the part of a document below given keys, or from a tree.
 */
function sharedGroups(plan: Plan): ReadonlySet<number> {
  const asked = new Map<number, number>()
  const visit = (block: Block, weight: number): void => {
    for (const statement of block) {
      if (statement.op === 'document' && statement.keys.length === 0) {
        asked.set(statement.group, (asked.get(statement.group) ?? 0) + weight)
      }
      if (statement.op === 'some') asked.set(statement.existence, (asked.get(statement.existence) ?? 0) + weight)
      const repeats =
        statement.op === 'scan' || statement.op === 'scanTree' || statement.op === 'each' || statement.op === 'every'
      if ('body' in statement) visit(statement.body, repeats ? 2 : weight)
      if ('left' in statement && Array.isArray(statement.left)) visit(statement.left, weight)
      if ('right' in statement && Array.isArray(statement.right)) visit(statement.right, weight)
    }
  }
  const visitAll = (procedures: readonly Procedure[], weight: number): void => {
    for (const { clauses } of procedures) for (const clause of clauses) visit(clause, weight)
  }
  for (const { kind, variants, existences } of plan.groups) {
    for (const { procedures } of existences) visitAll(procedures, 1)
    for (const { depth, procedures, fallbacks } of variants.values()) {
      visitAll([...procedures, ...fallbacks], kind === 'function' || depth > 0 ? 2 : 1)
    }
  }
  visitAll([plan.query], 1)
  for (const { children } of plan.trees) for (const { group } of children) if (group !== undefined) asked.set(group, 2)
  return new Set([...asked].filter(([, count]) => count > 1).map(([group]) => group))
}
