/**
 * Plans a program for one query: the query first, then every group of rules that it can reach, at every depth at which something asks for it.
 * What no query reaches is never planned.
 */
import type { Span } from '../ast.ts'
import type { Program, Query } from '../program.ts'
import type { DocumentGroup, World } from './frame.ts'
import { type FoundFunction, type FoundGroup, Groups, groundSets } from './groups.ts'
import type { Group, Plan, Point, Procedure, Tree, Variant } from './ir.ts'
import { planEmptySet, planPartRule, planQueryValue, planRows, planValueRule } from './rule.ts'
import { buildRuleIndex } from './rule-index.ts'

/** What planning needs to know about builtins. */
export interface PlannerBuiltins {
  /** Whether a builtin has many results. */
  isRelation(name: string): boolean
}

/** For whom a plan is made who wants to know where in the source evaluation is. */
export interface Marks {
  /** Every clause looks at what it needs before its body, as OPA's rule index does, also where no error could be avoided by it. */
  readonly needsFirst: boolean
}

export interface PlanSettings {
  /** With them the plan has marks; they change no result. */
  readonly marks?: Marks | undefined
  /** Further queries, of one term each, that share the plan. */
  readonly entries?: readonly Query[]
}

export function planProgram(
  program: Program,
  query: Query,
  builtins: PlannerBuiltins,
  { marks, entries = [] }: PlanSettings = {},
): Plan {
  const world = new PlanWorld(program, builtins, marks)
  const at: Span = { file: '', row: 1, col: 1, start: 0, end: query.source.length }
  const rows = planRows(world, world.nextProcedure(), query, at)
  const value = query.term === undefined ? undefined : planQueryValue(world, world.nextProcedure(), query, query.term)
  const planned = entries.flatMap((entry) =>
    entry.term === undefined ? [] : [planQueryValue(world, world.nextProcedure(), entry, entry.term)],
  )
  const groups = world.finish()
  const plan = {
    groups,
    entries: planned,
    query: rows,
    trees: world.trees,
    replacedData: world.replacedData,
    replacedFunctions: world.replacedFunctions,
    points: world.points,
  }
  return value === undefined ? plan : { ...plan, value }
}

class PlanWorld implements World {
  readonly replacedData: (readonly string[])[] = []
  readonly replacedFunctions = new Set<string>()
  readonly trees: Tree[] = []
  readonly points: Point[] = []
  readonly #marks: Marks | undefined
  readonly #groups: Groups
  readonly #builtins: PlannerBuiltins
  readonly #variants = new Map<number, Map<number, Variant>>()
  readonly #wanted: { id: number; depth: number }[] = []
  readonly #asked = new Set<string>()
  #procedures = 0

  constructor(program: Program, builtins: PlannerBuiltins, marks: Marks | undefined) {
    this.#groups = new Groups(program)
    this.#builtins = builtins
    this.#marks = marks
  }

  point(point: Point): number | undefined {
    return this.#marks === undefined ? undefined : this.points.push(point) - 1
  }

  get needsFirst(): boolean {
    return this.#marks?.needsFirst === true
  }

  nextProcedure(): number {
    return this.#procedures++
  }

  documentGroup(path: readonly string[]): DocumentGroup | undefined {
    return this.#groups.document(path)
  }

  functionGroup(path: readonly string[]): number {
    const { id } = this.#groups.function(path)
    this.demandVariant(id, 0)
    return id
  }

  hasNode(path: readonly string[]): boolean {
    return this.#groups.hasDocument(path)
  }

  isRelation(name: string): boolean {
    return this.#builtins.isRelation(name)
  }

  demandTree(path: readonly string[]): void {
    const key = `tree ${JSON.stringify(path)}`
    if (this.#asked.has(key)) return
    this.#asked.add(key)
    const group = this.#groups.document(path)
    if (group !== undefined) {
      for (let depth = 0; depth <= group.depthMax; depth++) this.demandVariant(group.id, depth)
      return
    }
    const children = this.#groups.childrenOf(path).map((name) => {
      const place = [...path, name]
      this.demandTree(place)
      return { name, group: this.#groups.document(place)?.id }
    })
    this.trees.push({ path: [...path], children })
  }

  demandVariant(id: number, depth: number): void {
    const key = `${id} ${depth}`
    if (this.#asked.has(key)) return
    this.#asked.add(key)
    this.#wanted.push({ id, depth })
  }

  replaceData(path: readonly string[]): void {
    this.replacedData.push(path)
  }

  replaceFunction(name: string): void {
    this.replacedFunctions.add(name)
  }

  /** Plans everything that is wanted, and what that wants in turn. */
  finish(): Group[] {
    for (let next = this.#wanted.shift(); next !== undefined; next = this.#wanted.shift()) {
      const variants = this.#variants.get(next.id) ?? new Map<number, Variant>()
      this.#variants.set(next.id, variants)
      variants.set(next.depth, this.#planVariant(next.id, next.depth))
    }
    const documents = this.#groups.documents.map((found) => this.#documentGroup(found))
    const functions = this.#groups.functions.map((found) => this.#functionGroup(found))
    return [...documents, ...functions].filter(({ variants }) => variants.size > 0).sort((a, b) => a.id - b.id)
  }

  #planVariant(id: number, depth: number): Variant {
    const found = this.#groups.byId(id)
    const plan = (member: FoundGroup['members'][number]): Procedure => {
      const procedure = this.nextProcedure()
      const whole = !('kind' in found) || found.kind === 'complete'
      return whole ? planValueRule(this, procedure, member) : planPartRule(this, procedure, member, depth)
    }
    const procedures = found.members.map(plan)
    if (!('kind' in found) || found.kind !== 'object') return { depth, procedures, fallbacks: found.defaults.map(plan) }
    const sets = groundSets(found.members).filter(({ keys }) => keys.length >= depth)
    return {
      depth,
      procedures,
      fallbacks: sets.map((member) => planEmptySet(this, this.nextProcedure(), member, depth)),
    }
  }

  #documentGroup(found: FoundGroup): Group {
    const { id, path, kind, uniform, members } = found
    return {
      id,
      path,
      kind,
      arity: 0,
      uniform,
      variants: this.#variantsOf(id),
      existences: [],
      index: this.#index(members),
      at: place(found),
    }
  }

  #functionGroup(found: FoundFunction): Group {
    const { id, path, arity, uniform, members } = found
    const index = this.#index(members)
    const variants = this.#variantsOf(id)
    return { id, path, kind: 'function', arity, uniform, variants, existences: [], index, at: place(found) }
  }

  #variantsOf(id: number): ReadonlyMap<number, Variant> {
    return this.#variants.get(id) ?? new Map()
  }

  #index(members: FoundGroup['members']): Group['index'] {
    return buildRuleIndex(
      members.map(({ rule }) => rule),
      this.replacedFunctions,
      ...(this.needsFirst ? [1] : []),
    )
  }
}

function place({ members, defaults }: FoundGroup | FoundFunction): Span {
  const at = (members[0] ?? defaults[0])?.rule.at
  if (at === undefined) throw new Error('a group has no rules')
  return at
}
