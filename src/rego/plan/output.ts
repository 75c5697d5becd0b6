/**
 * A pass over the plan: the value of a query is made as the JSON that leaves the evaluation, where the plan shows that nobody else sees it. What the query,
 * or the one rule that it asks for, puts together at the end need not be made first and copied then.
 */
import { compareStrings } from '../value.ts'
import type { Block, Operand, Plan, Procedure, Statement, Temp } from './ir.ts'
import { proceduresOf, statementsOf, tempsRead, type Uses, usesOf } from './walk.ts'

type Document = Extract<Statement, { op: 'document' }>
type Result = Extract<Statement, { op: 'result' }>

/** The plan whose `value` gives JSON (`givesJson`), or the same plan where it cannot. Not for plans with marks; the last of the passes. */
export function giveJson(plan: Plan): Plan {
  if (plan.value === undefined || !isStraight(plan.value)) return plan
  const asked = soleDocument(plan, plan.value)
  const group = plan.groups.find(({ id }) => id === asked?.group)
  const variant = group?.variants.get(0)
  if (group === undefined || variant === undefined) return { ...plan, value: asJson(plan.value), givesJson: true }
  const variants = new Map(group.variants)
  variants.set(0, {
    depth: 0,
    procedures: variant.procedures.map(asJson),
    fallbacks: variant.fallbacks.map(asJson),
  })
  const groups = plan.groups.map((each) => (each === group ? { ...group, variants } : each))
  return { ...plan, groups, givesJson: true }
}

/** Whether a procedure gives each value once, so that no two are compared. */
function isStraight(procedure: Procedure): boolean {
  return resultsOf(procedure).every(({ final }) => final)
}

/** The document that is all of the query's value and that only the query asks for, made by one rule. */
function soleDocument(plan: Plan, value: Procedure): Document | undefined {
  const result = resultsOf(value)[0]?.value
  const statement = value.clauses.flat().find((each) => 'target' in each && isTemp(result, each.target))
  if (statement?.op !== 'document' || statement.keys.length > 0) return undefined
  const group = plan.groups.find(({ id }) => id === statement.group)
  const [rule, ...others] = group?.variants.get(0)?.procedures ?? []
  if (group?.kind !== 'complete' || others.length > 0 || (rule !== undefined && !isStraight(rule))) return undefined
  if (plan.replacedData.length > 0) return undefined
  if (plan.trees.some(({ children }) => children.some((child) => child.group === group.id))) return undefined
  const procedures = proceduresOf(plan)
  const isSole = procedures.every((procedure) => {
    const uses = usesOf(procedure)
    return procedure.clauses.every((clause) =>
      [...statementsOf(clause)].every((each) => {
        if (each.op !== 'document' || each.group !== group.id) return true
        const read = uses.get(each.target) ?? []
        if (procedure === value) return read.every(({ op }) => op === 'result')
        return procedure === plan.query && read.every(({ op }) => op === 'true' || op === 'row')
      }),
    )
  })
  return isSole ? statement : undefined
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

function isTemp(operand: Operand | undefined, temp: Temp): boolean {
  return operand?.kind === 'temp' && operand.id === temp
}

/** The procedure with its results as JSON. */
function asJson(procedure: Procedure): Procedure {
  return new JsonPass(procedure).changed()
}

class JsonPass {
  readonly #procedure: Procedure
  readonly #uses: Uses
  readonly #made = new Map<Temp, Statement>()
  /** What becomes of a statement that makes a part of the result. */
  readonly #edits = new Map<Statement, Block>()
  #temps: number

  constructor(procedure: Procedure) {
    this.#procedure = procedure
    this.#uses = usesOf(procedure)
    this.#temps = procedure.temps
    for (const clause of procedure.clauses)
      for (const statement of statementsOf(clause))
        if ('target' in statement) this.#made.set(statement.target, statement)
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

  #block(block: Block): Block {
    return block.flatMap((statement) => {
      const edited = this.#edits.get(statement)
      if (edited !== undefined) return edited
      return [loops(statement) ? { ...statement, body: this.#block(statement.body) } : statement]
    })
  }

  /** The operand as JSON; statements that make it so are put into `before` or around the statement that makes the value. */
  #json(operand: Operand, before: Block): Operand {
    if (operand.kind === 'constant' && (typeof operand.value !== 'object' || operand.value === null)) return operand
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
    const target = this.#temps++
    before.push({ op: 'json', target, source: operand, own: made?.op === 'collect' && made.of === 'array' })
    return { kind: 'temp', id: target }
  }

  /** The statement that makes a value which one other statement reads, once. */
  #ownStatement(temp: Temp): Statement | undefined {
    const [user, ...others] = this.#uses.get(temp) ?? []
    if (user === undefined || others.length > 0 || tempsRead(user).filter((read) => read === temp).length > 1)
      return undefined
    return this.#made.get(temp)
  }
}

function hasLiteralKeys({ entries }: Extract<Statement, { op: 'object' }>): boolean {
  const keys = entries.map(([key]) => (key.kind === 'constant' ? key.value : undefined))
  return keys.every((key) => typeof key === 'string') && new Set(keys).size === keys.length
}

function textOf(key: Operand): string {
  return key.kind === 'constant' && typeof key.value === 'string' ? key.value : ''
}
