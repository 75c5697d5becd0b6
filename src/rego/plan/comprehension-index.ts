/**
 * A pass over the plan: a comprehension that runs again and again and looks for what belongs to a key bound outside of it, as
 * `{r | some r in data.rules; r.owner == user}` does for each `user`, is also given in a form in which all its elements are filed by their keys at once.
 * Which of the two runs is chosen in evaluation (`run/comprehension-index.ts`), by what looking through everything has cost so far.
 */
import type { Block, Operand, Plan, Procedure, StateId, Statement, Temp } from './ir.ts'
import { innerBlocks, statementsOf, tempsRead, withBlocks } from './walk.ts'

type Collect = Extract<Statement, { op: 'collect' }>
type Add = Extract<Statement, { op: 'add' }>

/** What the pass must know of builtins. */
export interface IndexBuiltins {
  isNondeterministic(name: string): boolean
}

/** The plan with such comprehensions as `indexed`. Not for plans with marks. */
export function indexComprehensions(plan: Plan, builtins: IndexBuiltins): Plan {
  const change = (old: Procedure): Procedure => new ProcedurePass(plan, builtins, old).changed()
  const groups = plan.groups.map((group) => {
    const variants = [...group.variants.values()].map((variant) => {
      const { depth, procedures, fallbacks } = variant
      return [depth, { depth, procedures: procedures.map(change), fallbacks: fallbacks.map(change) }] as const
    })
    return { ...group, variants: new Map(variants) }
  })
  const changed = { ...plan, groups, query: change(plan.query), entries: plan.entries.map(change) }
  return plan.value === undefined ? changed : { ...changed, value: change(plan.value) }
}

class ProcedurePass {
  readonly #plan: Plan
  readonly #builtins: IndexBuiltins
  readonly #procedure: Procedure
  /** Temporaries that have one value in a state, with that state: nothing that is different from call to call or element to element is behind them. */
  readonly #fixed = new Map<Temp, StateId | 'any'>()

  constructor(plan: Plan, builtins: IndexBuiltins, procedure: Procedure) {
    this.#plan = plan
    this.#builtins = builtins
    this.#procedure = procedure
  }

  changed(): Procedure {
    const { clauses, params } = this.#procedure
    if (!clauses.some((clause) => clause.some(holdsComprehension))) return this.#procedure
    for (const clause of clauses) for (const statement of statementsOf(clause)) this.#note(statement)
    return { ...this.#procedure, clauses: clauses.map((clause) => this.#block(clause, params.length > 0)) }
  }

  /** Changes a block; `repeats` where it may run more than once in a state. */
  #block(block: Block, repeats: boolean): Block {
    return block.map((statement) => {
      const loops =
        statement.op === 'scan' || statement.op === 'scanTree' || statement.op === 'each' || statement.op === 'every'
      const changed = withBlocks(statement, (inner) => this.#block(inner, repeats || loops))
      return changed.op === 'collect' && repeats ? (this.#indexed(changed) ?? changed) : changed
    })
  }

  #note(statement: Statement): void {
    if (!('target' in statement)) return
    const state = this.#stateOf(statement)
    if (state !== undefined) this.#fixed.set(statement.target, state)
  }

  /** The state in which a statement always sets the same value; undefined where it may set different ones. */
  #stateOf(statement: Statement): StateId | 'any' | undefined {
    switch (statement.op) {
      case 'input':
      case 'base':
      case 'tree':
        return statement.state
      case 'document':
      case 'call':
      case 'format':
      case 'get':
      case 'array':
      case 'set':
      case 'object': {
        const states = new Set(tempsRead(statement).map((temp) => this.#fixed.get(temp)))
        if ('state' in statement) states.add(statement.state)
        states.delete('any')
        const [state, ...others] = states
        if (others.length > 0) return undefined
        return states.size === 0 ? 'any' : state
      }
      case 'select':
      case 'settle':
        return readsOf(statement).every((temp) => this.#isFixed(temp, statement.state)) ? statement.state : undefined
      case 'collect': {
        const state = stateIn(statement.body)
        if (state === undefined) return undefined
        return readsOf(statement).every((temp) => this.#isFixed(temp, state)) ? state : undefined
      }
      default:
        return undefined
    }
  }

  #isFixed(temp: Temp, state: StateId): boolean {
    const fixed = this.#fixed.get(temp)
    return fixed === 'any' || fixed === state
  }

  #indexed(collect: Collect): Statement | undefined {
    const chain = chainOf(collect)
    if (chain === undefined) return undefined
    const state = stateIn(collect.body)
    if (state === undefined) return undefined
    const own = new Set<Temp>()
    const keyed = new Set<Temp>()
    const keys: Block = []
    const by: { readonly element: Operand; readonly key: Operand }[] = []
    const kept: Statement[] = []
    for (const statement of chain.statements) {
      const read = readsOf(statement)
      const ofElement = read.some((temp) => own.has(temp))
      const ofKey = read.some((temp) => keyed.has(temp) || (!own.has(temp) && !this.#isFixed(temp, state)))
      if (!ofKey) {
        if (!this.#mayRunForAll(statement, by.length > 0 || keys.length > 0)) return undefined
        kept.push(statement)
        for (const temp of tempsSet(statement)) own.add(temp)
        continue
      }
      if (!ofElement) {
        if (!isStraight(statement) || !this.#mayRunForAll(statement, true)) return undefined
        keys.push(statement)
        for (const temp of tempsSet(statement)) keyed.add(temp)
        continue
      }
      const sides = this.#equation(statement)
      if (sides === undefined) return undefined
      const [left, right] = sides
      const first = left.kind === 'temp' && own.has(left.id)
      by.push(first ? { element: left, key: right } : { element: right, key: left })
    }
    const given = readsOf(chain.add)
    if (by.length === 0 || given.some((temp) => !own.has(temp) && !this.#isFixed(temp, state))) return undefined
    const { target, of, body, at } = collect
    const { key, value } = chain.add
    const file: Statement = {
      op: 'file',
      by: by.map(({ element }) => element),
      value,
      ...(key !== undefined && { key }),
    }
    const filed = linked([...kept, file])
    return { op: 'indexed', target, of, body, filed, keys, by: by.map((each) => each.key), state, at }
  }

  /** Whether a statement that knows nothing of the key may run for elements of every key, also those that nobody asks for. */
  #mayRunForAll(statement: Statement, behindKey: boolean): boolean {
    const all = [statement, ...innerBlocks(statement).flatMap((block) => [...statementsOf(block)])]
    return all.every((each) => {
      if (each.op === 'print' || each.op === 'with') return false
      if (!behindKey) return true
      // Calls and documents that nobody would have asked for must neither wait for the network nor be recorded.
      if (each.op === 'document' || each.op === 'settle') return false
      if (each.op === 'each') return !this.#builtins.isNondeterministic(each.name)
      if (each.op !== 'call' && each.op !== 'check') return true
      return each.callee.kind === 'builtin' && !this.#builtins.isNondeterministic(each.callee.name)
    })
  }

  /** The sides of a comparison for equality, both computed. */
  #equation(statement: Statement): readonly [Operand, Operand] | undefined {
    if (statement.op === 'equal') return [statement.left, statement.right]
    if (statement.op !== 'check' || statement.callee.kind !== 'builtin') return undefined
    const { callee, args } = statement
    const [left, right] = args
    if (callee.name !== 'equal' || this.#plan.replacedFunctions.has('equal')) return undefined
    return left === undefined || right === undefined ? undefined : [left, right]
  }
}

function holdsComprehension(statement: Statement): boolean {
  return statement.op === 'collect' || innerBlocks(statement).some((block) => block.some(holdsComprehension))
}

/** A comprehension's body as one list, from the outside in, and what it gives at the end; undefined where it has another form. */
function chainOf({
  target,
  body,
}: Collect): { readonly statements: readonly Statement[]; readonly add: Add } | undefined {
  const statements: Statement[] = []
  let block: Block = body
  for (;;) {
    const last = block.at(-1)
    statements.push(...block.slice(0, -1))
    if (last?.op === 'add' && last.to === target) return { statements, add: last }
    if (last === undefined || (last.op !== 'scan' && last.op !== 'each')) return undefined
    statements.push({ ...last, body: [] })
    block = last.body
  }
}

/** A list of statements as blocks: what follows a loop is inside it. */
function linked(statements: readonly Statement[]): Block {
  const end = statements.findIndex(({ op }) => op === 'scan' || op === 'each')
  const loop = statements[end]
  if (loop === undefined || (loop.op !== 'scan' && loop.op !== 'each')) return [...statements]
  return [...statements.slice(0, end), { ...loop, body: linked(statements.slice(end + 1)) }]
}

/** The one state that everything in a block reads; undefined where there are several, or none. */
function stateIn(block: Block): StateId | undefined {
  const states = new Set<StateId>()
  for (const statement of statementsOf(block)) if ('state' in statement) states.add(statement.state)
  const [state, ...others] = states
  return others.length === 0 ? state : undefined
}

/** What a statement reads from outside of it. */
function readsOf(statement: Statement): Temp[] {
  const inner = innerBlocks(statement).flatMap((block) => [...statementsOf(block)])
  const set = new Set(inner.flatMap(tempsSet))
  const read = [statement, ...inner].flatMap((each) =>
    each.op === 'select' || each.op === 'settle' || each.op === 'scanTree'
      ? [each.source, ...tempsRead(each)]
      : tempsRead(each),
  )
  return read.filter((temp) => !set.has(temp))
}

function tempsSet(statement: Statement): Temp[] {
  const target = 'target' in statement ? [statement.target] : []
  return 'body' in statement && 'key' in statement && 'value' in statement
    ? [...target, statement.key, statement.value]
    : target
}

/** Whether a statement only computes or compares, with one result: what may be done for a key before its elements are looked up. */
function isStraight({ op }: Statement): boolean {
  return ['get', 'call', 'check', 'equal', 'true', 'shape', 'array', 'set', 'format'].includes(op)
}
