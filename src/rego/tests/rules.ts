/**
 * Which rules of a module are tests, and what is changed in them before they are compiled, as `opa test` does: a name that comes again gets a
 * number (`test_x#01`), and a rule with a key (`test_x[name]`) tells as early as it can which of its cases it has come to.
 */
import type { Body, Call, Expr, Head, Module, Ref, RuleDecl, Span, Term, Var } from '../ast.ts'
import { formatPath } from '../resolve/terms.ts'

const testPrefix = 'test_'
const todoPrefix = 'todo_test_'

/** The builtin that a rule calls with the keys of a case. */
export const caseBuiltin = 'internal.test_case'

/** A rule that is a test. */
export interface TestRule {
  readonly file: string
  readonly row: number
  readonly col: number
  /** `data` and the path of the package. */
  readonly package: readonly string[]
  /** The parts of its name up to the one that makes it a test, numbered where it came before. */
  readonly name: readonly string[]
  /** Marked as something to be done: it is not run. */
  readonly isTodo: boolean
  /** It gives an object, whose keys are cases; a case that it has come to and gives nothing for has failed. */
  readonly hasCases: boolean
}

export interface TestModules {
  readonly modules: readonly Module[]
  /** In the order of modules and rules. */
  readonly tests: readonly TestRule[]
}

/** Finds the tests of modules and prepares their rules. */
export function prepareRules(modules: readonly Module[]): TestModules {
  const counts = new Map<string, number>()
  const tests: TestRule[] = []
  const changed = modules.map((module) => ({
    ...module,
    rules: module.rules.map((rule) => {
      const name = testName(rule.head)
      if (name === undefined) return rule
      const numbered = name.isTodo ? name.parts : numberedName(module, name.parts, counts)
      const hasCases = name.keys.length > 0 && !rule.head.contains
      const { file, row, col } = rule.at
      const facts = {
        file,
        row,
        col,
        package: ['data', ...module.package],
        name: numbered,
        isTodo: name.isTodo,
        hasCases,
      }
      tests.push(facts)
      if (name.isTodo) return rule
      const renamed = { ...rule, head: withName(rule.head, numbered) }
      return name.keys.length === 0 ? renamed : withCase(renamed, name.keys)
    }),
  }))
  return { modules: changed, tests }
}

interface TestName {
  readonly parts: readonly string[]
  /** What follows the name: the keys of a case. */
  readonly keys: readonly Term[]
  readonly isTodo: boolean
}

/** The name up to the first part that says that this is a test; undefined where none of the ground parts does. */
function testName({ ref }: Head): TestName | undefined {
  const parts: string[] = []
  for (const [i, part] of partsOf(ref).entries()) {
    const text = groundPart(part, i)
    if (text === undefined) return undefined
    parts.push(text)
    const isTodo = text.startsWith(todoPrefix)
    if (isTodo || text.startsWith(testPrefix)) return { parts, keys: partsOf(ref).slice(i + 1), isTodo }
  }
  return undefined
}

function partsOf(ref: Head['ref']): readonly Term[] {
  return ref.kind === 'var' ? [ref] : [ref.head, ...ref.path]
}

function groundPart(part: Term, index: number): string | undefined {
  if (part.kind === 'string') return part.value
  return index === 0 && part.kind === 'var' ? part.name : undefined
}

function numberedName(module: Module, parts: readonly string[], counts: Map<string, number>): readonly string[] {
  const key = formatPath(['data', ...module.package, ...parts])
  const count = counts.get(key) ?? 0
  counts.set(key, count + 1)
  if (count === 0) return parts
  return [...parts.slice(0, -1), `${parts.at(-1)}#${String(count).padStart(2, '0')}`]
}

function withName(head: Head, name: readonly string[]): Head {
  const { ref } = head
  const last = name.at(-1) ?? ''
  if (ref.kind === 'var') return { ...head, ref: { ...ref, name: last } }
  if (name.length === 1) return { ...head, ref: { ...ref, head: { ...ref.head, name: last } as Var } }
  const path = ref.path.map((part, i) =>
    i === name.length - 2 && part.kind === 'string' ? { ...part, value: last } : part,
  )
  return { ...head, ref: { ...ref, path } }
}

/** The rule with a call that tells its keys, after the first expression of its body in which the last of their variables appears. */
function withCase(rule: RuleDecl, keys: readonly Term[]): RuleDecl {
  const body = rule.body ?? []
  if (mentions(body, (call) => callName(call) === caseBuiltin)) return rule
  const names = new Set(keys.flatMap((key) => [...varsOf(key)]))
  const first = [...names].map((name) => body.findIndex((expr) => varsOf(expr).has(name)))
  const at = Math.max(-1, ...first) + 1
  return { ...rule, body: [...body.slice(0, at), caseCall(keys, rule.at), ...body.slice(at)] }
}

function caseCall(keys: readonly Term[], at: Span): Expr {
  const [root = '', name = ''] = caseBuiltin.split('.')
  const head: Var = { kind: 'var', name: root, wildcard: false, at }
  const operator: Ref = { kind: 'ref', head, path: [{ kind: 'string', value: name, at }], at }
  const term: Call = { kind: 'call', operator, args: [{ kind: 'array', items: keys, at }], at }
  return { kind: 'term', term, with: [], at }
}

function callName({ operator }: Call): string {
  if (operator.kind === 'var') return operator.name
  const rest = operator.path.map((part) => (part.kind === 'string' ? part.value : '?'))
  return [operator.head.kind === 'var' ? operator.head.name : '?', ...rest].join('.')
}

/** Names of all variables in a part of the tree, at any depth. */
function varsOf(node: unknown): ReadonlySet<string> {
  const names = new Set<string>()
  visit(node, (found) => {
    if (isKind(found, 'var')) names.add(found.name)
  })
  return names
}

function mentions(body: Body, wanted: (call: Call) => boolean): boolean {
  let isThere = false
  visit(body, (found) => {
    if (isKind(found, 'call') && wanted(found)) isThere = true
  })
  return isThere
}

function isKind<Kind extends Term['kind']>(node: object, kind: Kind): node is Extract<Term, { kind: Kind }> {
  return 'kind' in node && node.kind === kind
}

/** Every object of a tree; the tree is as deep as the parser lets it be. */
function visit(node: unknown, see: (found: object) => void): void {
  if (typeof node !== 'object' || node === null) return
  if (!Array.isArray(node)) see(node)
  for (const child of Object.values(node)) visit(child, see)
}
