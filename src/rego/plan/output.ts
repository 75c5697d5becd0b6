/**
 * A pass over the plan: the value of a query is made as the JSON that leaves the evaluation, where the plan shows that nobody else sees it. What the query,
 * or the one rule that it asks for, puts together at the end need not be made first and copied then.
 */
import { compareStrings, isNumber, isPlainObject, RegoObject, RegoSet, sortedKeys, type Value } from '../value.ts'
import type { Block, Operand, Plan, Procedure, Statement, Temp } from './ir.ts'
import { innerBlocks, proceduresOf, statementsOf, tempsRead, type Uses, usesOf } from './walk.ts'

type Result = Extract<Statement, { op: 'result' }>

/** The plan whose `value` gives JSON (`givesJson`), or the same plan where it cannot. Not for plans with marks; the last of the passes. */
export function giveJson(plan: Plan): Plan {
  if (plan.value === undefined || !isStraight(plan.value)) return plan
  const given = givenGroups(plan, plan.value)
  const groups = plan.groups.map((group) => {
    const variant = group.variants.get(0)
    if (!given.has(group.id) || variant === undefined) return group
    const change = (procedure: Procedure): Procedure => new JsonPass(procedure, none).changed()
    const { depth, procedures, fallbacks } = variant
    const changed = { depth, procedures: procedures.map(change), fallbacks: fallbacks.map(change) }
    return { ...group, variants: new Map([...group.variants, [0, changed]]) }
  })
  return { ...plan, groups, value: new JsonPass(plan.value, given).changed(), givesJson: true }
}

const none: ReadonlySet<number> = new Set()

/** Whether a procedure gives each value once, so that no two are compared. */
function isStraight(procedure: Procedure): boolean {
  return resultsOf(procedure).every(({ final }) => final)
}

/**
 * Groups of one rule each whose documents go from the query into its result, and nowhere else: their rules may give JSON themselves. The rows of the query
 * are planned from the same term, which they only look at.
 */
function givenGroups(plan: Plan, value: Procedure): ReadonlySet<number> {
  if (plan.replacedData.length > 0) return none
  const passed = new JsonPass(value, none).documents()
  if (passed.length === 0) return none
  const asked = new Map<number, number>()
  for (const { clauses } of proceduresOf(plan))
    for (const clause of clauses)
      for (const statement of statementsOf(clause))
        if (statement.op === 'document') asked.set(statement.group, (asked.get(statement.group) ?? 0) + 1)
  const inTrees = new Set(plan.trees.flatMap(({ children }) => children.map(({ group }) => group)))
  const given = plan.groups.filter(({ id, kind, variants }) => {
    const procedures = variants.get(0)?.procedures ?? []
    const times = passed.filter((group) => group === id).length
    return (
      kind === 'complete' &&
      procedures.length < 2 &&
      procedures.every(isStraight) &&
      !inTrees.has(id) &&
      times > 0 &&
      asked.get(id) === times + documentsIn(plan.query, id)
    )
  })
  return new Set(given.map(({ id }) => id))
}

function documentsIn({ clauses }: Procedure, group: number): number {
  const statements = clauses.flatMap((clause) => [...statementsOf(clause)])
  return statements.filter((statement) => statement.op === 'document' && statement.group === group).length
}

/** The results of a procedure itself: what a hole of a template gives is none of them. */
function resultsOf({ clauses }: Procedure): Result[] {
  const ofBlock = (block: Block): Result[] =>
    block.flatMap((statement) => {
      if (statement.op === 'result') return [statement]
      return loops(statement) ? ofBlock(statement.body) : []
    })
  return clauses.flatMap(ofBlock)
}

function loops(statement: Statement): statement is Extract<Statement, { op: 'scan' | 'scanTree' | 'each' }> {
  return statement.op === 'scan' || statement.op === 'scanTree' || statement.op === 'each'
}

class JsonPass {
  readonly #procedure: Procedure
  readonly #given: ReadonlySet<number>
  readonly #documents: number[] = []
  readonly #uses: Uses
  readonly #made = new Map<Temp, Statement>()
  /** The body of the innermost loop that a statement stands in. */
  readonly #loopOf = new Map<Statement, Block | undefined>()
  /** What becomes of a statement that makes a part of the result. */
  readonly #edits = new Map<Statement, Block>()
  /** Arrays of the result that are collected for it alone. */
  readonly #lists = new Set<Statement>()
  #temps: number

  /** `given` are the groups whose documents are JSON already. */
  constructor(procedure: Procedure, given: ReadonlySet<number>) {
    this.#procedure = procedure
    this.#given = given
    this.#uses = usesOf(procedure)
    this.#temps = procedure.temps
    for (const clause of procedure.clauses) this.#note(clause, undefined)
  }

  #note(block: Block, loop: Block | undefined): void {
    for (const statement of block) {
      this.#loopOf.set(statement, loop)
      if ('target' in statement) this.#made.set(statement.target, statement)
      for (const inner of innerBlocks(statement)) this.#note(inner, loops(statement) ? inner : loop)
    }
  }

  changed(): Procedure {
    for (const result of resultsOf(this.#procedure)) {
      const before: Block = []
      const value = this.#json(result.value, before)
      this.#edits.set(result, [...before, { ...result, value }])
    }
    const clauses = this.#procedure.clauses.map((clause) => this.#block(clause))
    return { ...this.#procedure, clauses, temps: this.#temps }
  }

  /** The groups whose documents are parts of the result, once for each. */
  documents(): readonly number[] {
    this.changed()
    return this.#documents
  }

  #block(block: Block): Block {
    return block.flatMap((statement) => {
      const edited = this.#edits.get(statement)
      if (edited !== undefined) return edited
      if (this.#lists.has(statement) && 'body' in statement)
        return [{ ...statement, body: this.#block(statement.body) }]
      return [loops(statement) ? { ...statement, body: this.#block(statement.body) } : statement]
    })
  }

  /** The operand as JSON; statements that make it so are put into `before` or around the statement that makes the value. */
  #json(operand: Operand, before: Block): Operand {
    if (operand.kind === 'constant' && !isLarge(operand.value)) return this.#literal(operand.value, before)
    const made = operand.kind === 'temp' ? this.#ownStatement(operand.id) : undefined
    if (made?.op === 'object' && hasLiteralKeys(made)) {
      const own: Block = []
      const entries = made.entries.map(([key, value]) => [key, this.#json(value, own)] as const)
      const sorted = entries.toSorted(([one], [other]) => compareStrings(textOf(one), textOf(other)))
      this.#edits.set(made, [...own, { op: 'count', values: entries.length }, { ...made, entries: sorted }])
      return operand
    }
    if (made?.op === 'array') {
      const own: Block = []
      const items = made.items.map((item) => this.#json(item, own))
      this.#edits.set(made, [...own, { op: 'count', values: items.length }, { ...made, items }])
      return operand
    }
    if (made?.op === 'collect' && made.of === 'array') {
      this.#lists.add(made)
      for (const statement of statementsOf(made.body)) {
        if (statement.op !== 'add' || statement.to !== made.target) continue
        const own: Block = []
        const value = this.#json(statement.value, own)
        this.#edits.set(statement, [...own, { op: 'count', values: 1 }, { ...statement, value }])
      }
      return operand
    }
    if (made?.op === 'document' && made.keys.length === 0) {
      this.#documents.push(made.group)
      if (this.#given.has(made.group)) return operand
    }
    const target = this.#temps++
    before.push({ op: 'json', target, source: operand })
    return { kind: 'temp', id: target }
  }

  /** A constant as statements that make it anew, which costs less than to copy it. */
  #literal(value: Value, before: Block): Operand {
    if (typeof value !== 'object' || value === null) return { kind: 'constant', value }
    const target = this.#temps++
    if (isPlainObject(value)) {
      const entries = sortedKeys(value).map((key): [Operand, Operand] => [
        { kind: 'constant', value: key },
        this.#literal(value[key] as Value, before),
      ])
      before.push({ op: 'count', values: entries.length }, { op: 'object', target, entries })
    } else {
      const items = elementsOf(value).map((item) => this.#literal(item, before))
      before.push({ op: 'count', values: items.length }, { op: 'array', target, items })
    }
    return { kind: 'temp', id: target }
  }

  /** The statement that makes a value which one other statement reads, as often as it is made. */
  #ownStatement(temp: Temp): Statement | undefined {
    const [user, ...others] = this.#uses.get(temp) ?? []
    if (user === undefined || others.length > 0 || tempsRead(user).filter((read) => read === temp).length > 1)
      return undefined
    const made = this.#made.get(temp)
    return made !== undefined && this.#loopOf.get(made) === this.#loopOf.get(user) ? made : undefined
  }
}

/** Elements and fields of a constant that is written out where it is given; larger ones are copied. */
const literalSizeMax = 16

function isLarge(value: Value): boolean {
  if (typeof value !== 'object' || value === null) return false
  let left = literalSizeMax
  const fits = (each: Value): boolean => {
    if (typeof each !== 'object' || each === null) return true
    if (isNumber(each) || each instanceof RegoObject) return false
    const items = isPlainObject(each) ? Object.values(each) : elementsOf(each)
    left -= items.length
    return left >= 0 && items.every(fits)
  }
  return !fits(value)
}

function elementsOf(value: Value): readonly Value[] {
  if (value instanceof RegoSet) return value.sorted()
  return Array.isArray(value) ? value : []
}

function hasLiteralKeys({ entries }: Extract<Statement, { op: 'object' }>): boolean {
  const keys = entries.map(([key]) => (key.kind === 'constant' ? key.value : undefined))
  return keys.every((key) => typeof key === 'string') && new Set(keys).size === keys.length
}

function textOf(key: Operand): string {
  return key.kind === 'constant' && typeof key.value === 'string' ? key.value : ''
}
