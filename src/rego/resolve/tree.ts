/**
 * The rules of all modules by their paths, before and after their bodies are resolved.
 */

import type { Module, RuleDecl, Term } from '../ast.ts'
import type { Rule, RuleNode } from '../program.ts'

/** A rule with the module that it stands in and its name cut where it stops being static. */
export interface Declared {
  readonly rule: RuleDecl
  readonly module: Module
  readonly moduleIndex: number
  /** Package and leading strings of the name. */
  readonly path: readonly string[]
  readonly dynamic: readonly Term[]
}

export class Node implements RuleNode {
  readonly path: readonly string[]
  readonly children = new Map<string, Node>()
  readonly declared: Declared[] = []
  readonly rules: Rule[] = []
  readonly modules: Module[] = []

  constructor(path: readonly string[]) {
    this.path = path
  }

  get isPackage(): boolean {
    return this.modules.length > 0
  }

  ensure(path: readonly string[]): Node {
    let node: Node = this
    for (const name of path) {
      let child = node.children.get(name)
      if (child === undefined) {
        child = new Node([...node.path, name])
        node.children.set(name, child)
      }
      node = child
    }
    return node
  }

  find(path: readonly string[]): Node | undefined {
    let node: Node | undefined = this
    for (const name of path) {
      node = node?.children.get(name)
      if (node === undefined) return undefined
    }
    return node
  }

  /** The function with exactly this path: how many arguments it takes. */
  arity(path: readonly string[]): number | undefined {
    const first = this.find(path)?.declared.find(({ rule }) => rule.head.args !== undefined)
    return first?.rule.head.args?.length
  }
}

export function declaredPath(module: Module, rule: RuleDecl): Pick<Declared, 'path' | 'dynamic'> {
  const { ref } = rule.head
  if (ref.kind === 'var') return { path: [...module.package, ref.name], dynamic: [] }
  const head = ref.head.kind === 'var' ? ref.head.name : ''
  const firstDynamic = ref.path.findIndex((part) => part.kind !== 'string')
  const cut = firstDynamic === -1 ? ref.path.length : firstDynamic
  const names = ref.path.slice(0, cut).map((part) => (part.kind === 'string' ? part.value : ''))
  return { path: [...module.package, head, ...names], dynamic: ref.path.slice(cut) }
}

/** The tree of the declared rules of all modules. */
export function declareRules(modules: readonly Module[]): Node {
  const root = new Node([])
  for (const [moduleIndex, module] of modules.entries()) {
    root.ensure(module.package).modules.push(module)
    for (const rule of module.rules) {
      const at = declaredPath(module, rule)
      root.ensure(at.path).declared.push({ rule, module, moduleIndex, ...at })
    }
  }
  return root
}
