/**
 * A pass over the plan: where a set or object of rules, or a comprehension, is only asked whether it has a member (`count(deny) == 0`,
 * `deny != set()`, `not deny[_]`), it is not made, and the first member answers. A document that another place asks for whole stays as it is:
 * it is made once and remembered.
 */
import type { Value } from '../value.ts'
import { equal, isPlainObject, RegoSet } from '../value.ts'
import type { Block, Existence, Group, Operand, Plan, Procedure, Statement, Temp } from './ir.ts'
import { innerBlocks, proceduresOf, statementsOf, type Uses, usesOf, withBlocks } from './walk.ts'

type Wanted = Existence['wanted']
type Kind = 'array' | 'set' | 'object'
type Document = Extract<Statement, { op: 'document' }>
type Scan = Extract<Statement, { op: 'scan' }>

/** What becomes of a statement; `change` does the same to the blocks inside it. */
type Edit = (change: (block: Block) => Block) => Block

/** A collection of which every use asks whether it has a member. */
interface Question {
  readonly wanted: Wanted
  readonly edits: ReadonlyMap<Statement, Edit>
}

interface Asked {
  readonly statement: Document
  readonly question: Question
}

/**
 * The plan in which such questions are statements of their own (`some`, `holds`). `query`: also what the query itself asks; otherwise its documents
 * are made, so that it is known which rules gave something. Not for plans with marks.
 */
export function askExistence(plan: Plan, query: boolean): Plan {
  const askable = new Map(plan.groups.filter((group) => isAskable(group, plan)).map((group) => [group.id, group]))
  const whole = new Set(plan.trees.flatMap(({ children }) => children.map(({ group }) => group)))
  const edits = new Map<Statement, Edit>()
  const asked: Asked[] = []
  for (const procedure of proceduresOf(plan)) {
    const candidates = procedure.clauses.flatMap((clause) => [...statementsOf(clause)].filter(isCandidate))
    if (candidates.length === 0) continue
    const uses = usesOf(procedure)
    for (const statement of candidates) {
      if (statement.op === 'collect') {
        const question = questionOf(statement.target, statement.of, uses, plan.replacedFunctions)
        if (question !== undefined) addCollectEdits(edits, statement, question)
      } else {
        const kind = askable.get(statement.group)?.kind === 'set' ? 'set' : 'object'
        const free = askable.has(statement.group) && (query || procedure.kind !== 'rows')
        const question = free ? questionOf(statement.target, kind, uses, plan.replacedFunctions) : undefined
        if (question === undefined) whole.add(statement.group)
        else asked.push({ statement, question })
      }
    }
  }
  const existences = new Map<string, { id: number; group: number; wanted: Wanted }>()
  const next = plan.groups.reduce((past, { id }) => Math.max(past, id + 1), 0)
  for (const { statement, question } of asked) {
    const { group, target, state } = statement
    if (whole.has(group)) continue
    const key = `${group} ${question.wanted}`
    const existence = existences.get(key) ?? { id: next + existences.size, group, wanted: question.wanted }
    existences.set(key, existence)
    edits.set(statement, () => [{ op: 'some', target, existence: existence.id, state }])
    for (const [use, edit] of question.edits) edits.set(use, edit)
  }
  return edits.size === 0 ? plan : edited(plan, edits, [...existences.values()])
}

type Candidate = Document | (Extract<Statement, { op: 'collect' }> & { readonly of: 'array' | 'set' })

function isCandidate(statement: Statement): statement is Candidate {
  return statement.op === 'document'
    ? statement.keys.length === 0
    : statement.op === 'collect' && statement.of !== 'object'
}

/** Whether a group's document may be left unmade: nothing replaces it, and no two of its rules can contradict each other. */
function isAskable({ kind, path, variants }: Group, { replacedData }: Plan): boolean {
  const variant = variants.get(0)
  if (variant === undefined || kind === 'complete' || kind === 'function') return false
  if (replacedData.some((replaced) => replaced.every((part, i) => part === path[i] || i >= path.length))) return false
  if (kind === 'set') return true
  if (variant.fallbacks.length > 0) return false
  const inserts = variant.procedures
    .flatMap(({ clauses }) => clauses.flatMap((clause) => [...statementsOf(clause)]))
    .filter((statement) => statement.op === 'insert')
  const first = inserts[0]?.value
  return inserts.every(
    ({ path, member, value }) => path.length === 1 && !member && sameConstant(value, first as Operand),
  )
}

function sameConstant(a: Operand, b: Operand): boolean {
  return a.kind === 'constant' && b.kind === 'constant' && equal(a.value, b.value)
}

/** The question that every use of a collection asks; undefined where one of them needs more, or where two need different members. */
function questionOf(target: Temp, kind: Kind, uses: Uses, replaced: ReadonlySet<string>): Question | undefined {
  const edits = new Map<Statement, Edit>()
  const wanted = new Set<Wanted>()
  for (const use of uses.get(target) ?? []) {
    if (use.op === 'scan') {
      const scan = scanQuestion(use, target, uses)
      if (scan === undefined) return undefined
      wanted.add(scan.wanted)
      edits.set(use, scan.edit)
      continue
    }
    const found = sizeEdits(use, target, uses, replaced) ?? emptyEdits(use, target, kind, replaced)
    if (found === undefined) return undefined
    wanted.add('any')
    for (const [statement, edit] of found) edits.set(statement, edit)
  }
  const [only, ...others] = wanted
  return only === undefined || others.length > 0 ? undefined : { wanted: only, edits }
}

/** `count(x)` whose every use compares it with a number that tells none from some. */
function sizeEdits(
  use: Statement,
  target: Temp,
  uses: Uses,
  replaced: ReadonlySet<string>,
): [Statement, Edit][] | undefined {
  if (use.op !== 'call' || builtinOf(use, replaced) !== 'count') return undefined
  const comparisons = uses.get(use.target) ?? []
  const edits: [Statement, Edit][] = [[use, () => []]]
  for (const comparison of comparisons) {
    const when = whenSome(comparison, use.target, replaced)
    if (when === undefined) return undefined
    edits.push([comparison, () => [compared(comparison, target, when)]])
  }
  return comparisons.length === 0 ? undefined : edits
}

const orders: Readonly<Record<string, (size: number, bound: number) => boolean>> = {
  equal: (size, bound) => size === bound,
  neq: (size, bound) => size !== bound,
  lt: (size, bound) => size < bound,
  lte: (size, bound) => size <= bound,
  gt: (size, bound) => size > bound,
  gte: (size, bound) => size >= bound,
}
const mirrored: Readonly<Record<string, string>> = { lt: 'gt', lte: 'gte', gt: 'lt', gte: 'lte' }

/** Whether a comparison of a size holds for every size but 0 (true) or for 0 alone (false); undefined where it asks more. */
function whenSome(statement: Statement, size: Temp, replaced: ReadonlySet<string>): boolean | undefined {
  const sides = sidesOf(statement, replaced)
  const [left, right] = sides?.operands ?? []
  if (sides === undefined || left === undefined || right === undefined) return undefined
  const first = left.kind === 'temp' && left.id === size
  const bound = first ? right : left
  const order = orders[first ? sides.name : (mirrored[sides.name] ?? sides.name)]
  if (order === undefined || bound.kind !== 'constant' || typeof bound.value !== 'number') return undefined
  const { value } = bound
  // Each order changes at most twice along the sizes: once where it is asked about 1, it says the same of all that are larger.
  return order(0, value) !== order(1, value) && order(1, value) === order(2, value) ? order(1, value) : undefined
}

/** A comparison with an empty collection of the same kind. */
function emptyEdits(
  use: Statement,
  target: Temp,
  kind: Kind,
  replaced: ReadonlySet<string>,
): [Statement, Edit][] | undefined {
  const sides = sidesOf(use, replaced)
  if (sides === undefined || (sides.name !== 'equal' && sides.name !== 'neq')) return undefined
  const other = sides.operands.find((operand) => !(operand.kind === 'temp' && operand.id === target))
  if (other?.kind !== 'constant' || !isEmpty(other.value, kind)) return undefined
  return [[use, () => [compared(use, target, sides.name === 'neq')]]]
}

function isEmpty(value: Value, kind: Kind): boolean {
  if (kind === 'array') return Array.isArray(value) && value.length === 0
  if (kind === 'set') return value instanceof RegoSet && value.size === 0
  return isPlainObject(value) && Object.keys(value).length === 0
}

/** The name and operands of a comparison. */
function sidesOf(
  statement: Statement,
  replaced: ReadonlySet<string>,
): { readonly name: string; readonly operands: readonly Operand[] } | undefined {
  if (statement.op === 'equal') return { name: 'equal', operands: [statement.left, statement.right] }
  if (statement.op !== 'check' && statement.op !== 'call') return undefined
  const name = builtinOf(statement, replaced)
  return name === undefined || statement.args.length !== 2 ? undefined : { name, operands: statement.args }
}

function builtinOf(
  { callee }: Extract<Statement, { op: 'call' | 'check' }>,
  replaced: ReadonlySet<string>,
): string | undefined {
  return callee.kind === 'builtin' && !replaced.has(callee.name) ? callee.name : undefined
}

/** The comparison as one of whether there is a member. */
function compared(statement: Statement, target: Temp, when: boolean): Statement {
  const some: Operand = { kind: 'temp', id: target }
  const right: Operand = { kind: 'constant', value: when }
  if (statement.op === 'check' || statement.op === 'call')
    return { ...statement, callee: { kind: 'builtin', name: 'equal' }, args: [some, right] }
  return { op: 'equal', left: some, right }
}

/** A scan that reads nothing of its elements but whether they are false, and whose body gives nothing more when it is run again. */
function scanQuestion(scan: Scan, target: Temp, uses: Uses): { wanted: Wanted; edit: Edit } | undefined {
  const tests = uses.get(scan.value) ?? []
  if ((uses.get(scan.key) ?? []).length > 0 || !isOnceEnough(scan.body)) return undefined
  if (!tests.every((test) => test.op === 'true' && scan.body.includes(test))) return undefined
  const edit: Edit = (change) => [
    { op: 'true', operand: { kind: 'temp', id: target } },
    ...change(scan.body.filter((statement) => !tests.includes(statement))),
  ]
  return { wanted: tests.length === 0 ? 'any' : 'true', edit }
}

/** Whether running a block a second time, everything being the same, would change nothing. */
function isOnceEnough(block: Block): boolean {
  return block.every((statement) => {
    if (statement.op === 'row' || statement.op === 'add') return false
    if (statement.op === 'scan' || statement.op === 'scanTree' || statement.op === 'each')
      return isOnceEnough(statement.body)
    return !printsIn(statement)
  })
}

function printsIn(statement: Statement): boolean {
  return statement.op === 'print' || innerBlocks(statement).some((block) => block.some(printsIn))
}

function addCollectEdits(
  edits: Map<Statement, Edit>,
  collect: Extract<Statement, { op: 'collect' }>,
  { wanted, edits: uses }: Question,
): void {
  for (const [use, edit] of uses) edits.set(use, edit)
  for (const statement of statementsOf(collect.body)) {
    if (statement.op === 'add' && statement.to === collect.target)
      edits.set(statement, () => reaching(wanted, statement.value))
  }
  const { target } = collect
  edits.set(collect, (change) => [{ op: 'holds', target, body: unordered(change(collect.body)) }])
}

/** The first element found will do, whichever that is. */
function unordered(block: Block): Block {
  return block.map((statement) =>
    statement.op === 'scan' ? { ...statement, ordered: false, body: unordered(statement.body) } : statement,
  )
}

/** What stands in place of giving a member. */
function reaching(wanted: Wanted, value: Operand): Block {
  const test: Block = wanted === 'true' ? [{ op: 'true', operand: value }] : []
  return [...test, { op: 'reach' }]
}

function edited(
  plan: Plan,
  edits: ReadonlyMap<Statement, Edit>,
  asked: readonly { readonly id: number; readonly group: number; readonly wanted: Wanted }[],
): Plan {
  const change = (block: Block): Block =>
    block.flatMap((statement) => edits.get(statement)?.(change) ?? [withBlocks(statement, change)])
  const procedure = (old: Procedure): Procedure => ({ ...old, clauses: old.clauses.map(change) })
  let nextId = proceduresOf(plan).reduce((past, { id }) => Math.max(past, id + 1), 0)
  const groups = plan.groups.map((group): Group => {
    const variants = new Map(
      [...group.variants.values()].map(({ depth, procedures, fallbacks }) => [
        depth,
        { depth, procedures: procedures.map(procedure), fallbacks: fallbacks.map(procedure) },
      ]),
    )
    const own = asked.filter((existence) => existence.group === group.id)
    if (own.length === 0) return { ...group, variants }
    const members = variants.get(0)?.procedures ?? []
    variants.delete(0)
    const existences = own.map(({ id, wanted }) => ({
      id,
      wanted,
      procedures: members.map((member) => someProcedure(member, nextId++, wanted, plan.replacedFunctions)),
    }))
    return { ...group, variants, existences }
  })
  const changed = { ...plan, groups, query: procedure(plan.query), entries: plan.entries.map(procedure) }
  return plan.value === undefined ? changed : { ...changed, value: procedure(plan.value) }
}

/** A rule's members as the question whether it has one. */
function someProcedure(members: Procedure, id: number, wanted: Wanted, replaced: ReadonlySet<string>): Procedure {
  const change = (block: Block): Block =>
    block.flatMap((statement) =>
      statement.op === 'insert' ? reaching(wanted, statement.value) : [withBlocks(statement, change)],
    )
  const procedure = { ...members, id, kind: 'some' as const, clauses: members.clauses.map(change) }
  const uses = usesOf(procedure)
  const prune = (block: Block): Block =>
    block
      .filter((statement) => !(isMakingOnly(statement, replaced) && (uses.get(statement.target) ?? []).length === 0))
      .map((statement) => withBlocks(statement, prune))
  return { ...procedure, clauses: procedure.clauses.map(prune) }
}

/** Whether a statement does nothing but make a value, and always succeeds. */
function isMakingOnly(
  statement: Statement,
  replaced: ReadonlySet<string>,
): statement is Extract<Statement, { op: 'array' | 'set' | 'template' | 'format' }> {
  if (statement.op === 'format') {
    const texts = statement.format.split('%v')
    const isPlain = texts.length === statement.items.length + 1 && !texts.some((text) => text.includes('%'))
    return isPlain && !replaced.has('sprintf')
  }
  return statement.op === 'array' || statement.op === 'set' || statement.op === 'template'
}
