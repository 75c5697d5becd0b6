/**
 * The place where one procedure is planned: its current block, what its locals are bound to, and the state that its statements read. The
 * parts of the planner (terms, refs, unification, bodies) call each other through `Steps`, so that none has to import another.
 */
import type { Body, Expr, Local, Ref, Rule, Term } from '../program.ts'
import type { Value } from '../value.ts'
import type { Block, Operand, PlannedCallee, Point, StateId, Statement, Temp } from './ir.ts'

/** The planner's parts, as they see each other. */
export interface Steps {
  /** Plans the value of a term; what follows happens once for each value that it has. */
  term(frame: Frame, term: Term): Operand
  /** Plans the values of terms that stand side by side: the arguments of a call, the items of a collection. */
  terms(frame: Frame, terms: readonly Term[]): Operand[]
  ref(frame: Frame, ref: Ref): Operand
  unify(frame: Frame, left: Term, right: Term): void
  /** Binds what is unbound in a pattern to the parts of a value, and compares the rest. */
  match(frame: Frame, pattern: Term, value: Operand): void
  /** Plans a body, then `done` at the place where it has held. */
  body(frame: Frame, body: Body, done: () => void): void
}

/** What the procedures of one plan share. */
export interface World {
  /** Whether rules make the document at a node, and which group they are. */
  documentGroup(path: readonly string[]): DocumentGroup | undefined
  functionGroup(path: readonly string[]): number
  /** Whether the tree of rules goes on below a path. */
  hasNode(path: readonly string[]): boolean
  /** Asks for everything below a node of the tree of rules, whole and at any depth. */
  demandTree(path: readonly string[]): void
  demandVariant(group: number, depth: number): void
  replaceData(path: readonly string[]): void
  replaceFunction(name: string): void
  isRelation(builtin: string): boolean
  /** The number of a point that marks can name; undefined where nobody will watch. */
  point(point: Point): number | undefined
  /** Whether every clause looks at what it needs before its body. */
  readonly needsFirst: boolean
}

export interface DocumentGroup {
  readonly id: number
  readonly kind: 'complete' | 'set' | 'object'
  /** How many keys below the group its rules can be asked for at once. */
  readonly depthMax: number
}

export class Frame {
  readonly steps: Steps
  readonly world: World
  readonly locals: readonly Local[]
  block: Block = []
  state: StateId = 0
  /** Whether somebody can observe the order of solutions. */
  ordered = false
  #bound = new Map<number, Operand>()
  /** Reads that have been done already on the way here, by state and text of the path. */
  #known = new Map<string, Operand>()
  #temps = 0
  #states = 1
  /** How many scans are open around the current block, and around each temporary when it was set. */
  #loops = 0
  readonly #loopsAt: number[] = []

  constructor(steps: Steps, world: World, locals: readonly Local[]) {
    this.steps = steps
    this.world = world
    this.locals = locals
  }

  get temps(): number {
    return this.#temps
  }

  temp(): Temp {
    this.#loopsAt.push(this.#loops)
    return this.#temps++
  }

  newState(): StateId {
    return this.#states++
  }

  add(statement: Statement): void {
    this.block.push(statement)
  }

  /** Adds a statement that sets a temporary of its own, and gives that. */
  set(make: (target: Temp) => Statement): Operand {
    const target = this.temp()
    this.add(make(target))
    return temp(target)
  }

  /** Adds a statement that sets a temporary, or gives the one that an equal read on the way here has set. */
  read(key: string, make: (target: Temp) => Statement): Operand {
    const place = `${this.state}:${key}`
    const known = this.#known.get(place)
    if (known !== undefined) return known
    const operand = this.set(make)
    this.#known.set(place, operand)
    return operand
  }

  /** Plans an expression of a body between its marks; `early`: only what it needs. */
  watchedExpr(expr: Expr, plan: () => void, early = false): void {
    const lifted = expr.kind === 'unify' && expr.from === 'lifted'
    this.watched({ kind: 'expression', at: expr.at, lifted }, plan, early)
  }

  /** Plans an expression, or what a clause gives, between its marks. */
  watched<Planned>(point: Point, plan: () => Planned, early = false): Planned {
    const number = this.world.point(point)
    if (number !== undefined) this.add({ op: 'begin', point: number, early })
    const planned = plan()
    if (number !== undefined) this.add({ op: 'held', point: number, early })
    return planned
  }

  /** Plans a term between its marks, and gives its value. */
  seen({ kind, at }: Term, plan: () => Operand): Operand {
    const point = this.world.point({ kind: kind === 'local' ? kind : 'term', at, lifted: false })
    if (point !== undefined) this.add({ op: 'look', point })
    const value = plan()
    if (point !== undefined) this.add({ op: 'see', point, value })
    return value
  }

  /** Makes the current block end in a loop; everything planned from now on is inside. */
  loop(make: (body: Block) => Statement): void {
    const body: Block = []
    this.add(make(body))
    this.block = body
  }

  enterLoop(): void {
    this.#loops++
  }

  bound(local: number): Operand | undefined {
    return this.#bound.get(local)
  }

  bind(local: number, operand: Operand): void {
    this.#bound.set(local, operand)
  }

  /** Whether an operand is the same for every solution of the procedure's clause. */
  isFixed(operand: Operand): boolean {
    return operand.kind === 'constant' || this.#loopsAt[operand.id] === 0
  }

  /** Plans into a block of its own; what is bound inside is forgotten outside. */
  scope(plan: () => void): Block {
    const outer = {
      block: this.block,
      bound: this.#bound,
      known: this.#known,
      loops: this.#loops,
      ordered: this.ordered,
    }
    const block: Block = []
    this.block = block
    this.#bound = new Map(outer.bound)
    this.#known = new Map(outer.known)
    plan()
    this.block = outer.block
    this.#bound = outer.bound
    this.#known = outer.known
    this.#loops = outer.loops
    this.ordered = outer.ordered
    return block
  }
}

export function temp(id: Temp): Operand {
  return { kind: 'temp', id }
}

export function constant(value: Value): Operand {
  return { kind: 'constant', value }
}

/** What a callee of the resolved program is in the plan. */
export function plannedCallee(
  world: World,
  callee:
    | { readonly kind: 'builtin'; readonly name: string }
    | { readonly kind: 'function'; readonly path: readonly string[] },
): PlannedCallee {
  return callee.kind === 'builtin' ? callee : { kind: 'function', group: world.functionGroup(callee.path) }
}

/** A rule seen from the group that it belongs to: `keys` are the parts of its name below the group's path. */
export interface Member {
  readonly rule: Rule
  readonly keys: readonly Term[]
}
