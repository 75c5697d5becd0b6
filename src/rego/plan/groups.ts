/**
 * Which rules make which document. A group is the topmost node of the tree of rules that has rules of its own; what stands below it in the
 * tree belongs to it, with the rest of its name as keys.
 */
import type { Program, Rule, RuleNode, Term } from '../program.ts'
import { equal, type Value } from '../value.ts'
import { constantOf } from './constant.ts'
import type { DocumentGroup, Member } from './frame.ts'

export interface FoundGroup extends DocumentGroup {
  readonly path: readonly string[]
  readonly members: readonly Member[]
  readonly defaults: readonly Member[]
  readonly uniform: boolean
}

export interface FoundFunction {
  readonly id: number
  readonly path: readonly string[]
  readonly members: readonly Member[]
  readonly defaults: readonly Member[]
  readonly arity: number
  readonly uniform: boolean
}

/** Finds groups and functions by path, and numbers them in the order in which they are first asked for. */
export class Groups {
  readonly documents: FoundGroup[] = []
  readonly functions: FoundFunction[] = []
  readonly #program: Program
  readonly #byPath = new Map<string, FoundGroup | undefined>()
  readonly #functionsByPath = new Map<string, FoundFunction>()
  readonly #byId: (FoundGroup | FoundFunction)[] = []

  constructor(program: Program) {
    this.#program = program
  }

  /** Whether a document stands at a path: a package, rules that are not functions, or names below it, be they only functions'. */
  hasDocument(path: readonly string[]): boolean {
    const node = this.#node(path)
    return node !== undefined && holdsDocument(node)
  }

  /** The names below a path that lead to documents. */
  childrenOf(path: readonly string[]): string[] {
    const children = [...(this.#node(path)?.children ?? [])]
    return children.filter(([, child]) => holdsDocument(child)).map(([name]) => name)
  }

  #node(path: readonly string[]): RuleNode | undefined {
    let node: RuleNode | undefined = this.#program.root
    for (const part of path) node = node?.children.get(part)
    return node
  }

  /** The group or function with a number that this has given. */
  byId(id: number): FoundGroup | FoundFunction {
    const found = this.#byId[id]
    if (found === undefined) throw new Error(`there is no group ${id}`)
    return found
  }

  /** The group whose rules make the document at exactly this path, or undefined. */
  document(path: readonly string[]): FoundGroup | undefined {
    const key = JSON.stringify(path)
    if (this.#byPath.has(key)) return this.#byPath.get(key)
    const node = this.#node(path)
    const found = node?.rules.some(isDocument) === true ? this.#makeDocument(node) : undefined
    this.#byPath.set(key, found)
    return found
  }

  #makeDocument(node: RuleNode): FoundGroup {
    const all = membersBelow(node, node.path.length)
    const members = all.filter(({ rule }) => !rule.default)
    const kind = kindOf(all)
    // As in OPA: a default below a partial object's name never applies, because every key of that object may have a value.
    const defaults = kind === 'complete' ? all.filter(({ rule }) => rule.default) : []
    const depths = all.map(({ rule, keys }) => keys.length + (rule.kind === 'contains' ? 1 : 0))
    const depthMax = kind === 'complete' ? 0 : Math.max(...depths)
    const uniform = kind === 'complete' && isUniform(members)
    const group = { id: this.#byId.length, path: node.path, kind, depthMax, members, defaults, uniform }
    this.documents.push(group)
    this.#byId.push(group)
    return group
  }

  function(path: readonly string[]): FoundFunction {
    const key = JSON.stringify(path)
    const known = this.#functionsByPath.get(key)
    if (known !== undefined) return known
    const rules = this.#node(path)?.rules.filter((rule) => rule.kind === 'function') ?? []
    const first = rules[0]
    if (first === undefined) throw new Error(`there is no function \`${path.join('.')}\``)
    const all = rules.map((rule): Member => ({ rule, keys: [] }))
    const members = all.filter(({ rule }) => !rule.default)
    const found: FoundFunction = {
      id: this.#byId.length,
      path,
      members,
      defaults: all.filter(({ rule }) => rule.default),
      arity: first.args.length,
      uniform: isUniform(members),
    }
    this.functions.push(found)
    this.#byId.push(found)
    this.#functionsByPath.set(key, found)
    return found
  }
}

function holdsDocument(node: RuleNode): boolean {
  return node.isPackage || node.rules.some(isDocument) || node.children.size > 0
}

function isDocument(rule: Rule): boolean {
  return rule.kind !== 'function'
}

function membersBelow(node: RuleNode, length: number): Member[] {
  const own = node.rules.filter(isDocument).map((rule): Member => {
    const names = rule.path.slice(length).map((value): Term => ({ kind: 'string', value, at: rule.at }))
    return { rule, keys: [...names, ...rule.dynamic] }
  })
  return [...own, ...[...node.children.values()].flatMap((child) => membersBelow(child, length))]
}

function kindOf(members: readonly Member[]): 'complete' | 'set' | 'object' {
  if (members.some(({ keys }) => keys.length > 0)) return 'object'
  return members.some(({ rule }) => rule.kind === 'contains') ? 'set' : 'complete'
}

/** Whether all clauses of all rules give one and the same constant. */
function isUniform(members: readonly Member[]): boolean {
  const values = members.flatMap(({ rule }) => rule.clauses.map((clause) => constantOf(clause.value)))
  const first = values[0]
  return values.every((value) => value !== undefined && first !== undefined && equal(value, first as Value))
}

/**
 * The members that make a set whose name has no variable, and that no other member's variable can reach: these sets are there even when they are
 * empty. As in OPA, `p[1].q contains x` has one, unless there is also `p[k].r := y`.
 */
export function groundSets(members: readonly Member[]): Member[] {
  return members.filter(
    ({ rule, keys }) =>
      rule.kind === 'contains' &&
      keys.every(isConstant) &&
      !members.some((other) => reachesByVariable(other.keys, keys)),
  )
}

/** Whether a name has a variable where another, so far equal, goes on. */
function reachesByVariable(name: readonly Term[], other: readonly Term[]): boolean {
  for (const [i, part] of name.entries()) {
    const key = other[i]
    if (key === undefined) return false
    const value = constantOf(part)
    if (value === undefined) return true
    if (!equal(value, constantOf(key) ?? null)) return false
  }
  return false
}

function isConstant(term: Term): boolean {
  return constantOf(term) !== undefined
}
