/**
 * Rules that cannot stand together: of different kinds, of different arity, inside of each other, or named like a package.
 */

import type { Module, Span, Term } from '../ast.ts'
import { errorAt, type RegoError } from '../errors.ts'
import { formatPath } from './terms.ts'
import type { Declared, Node } from './tree.ts'

/** How many of the rules in conflict a message names. */
const namedMax = 5

/**
 * Rules by the constant beginning of their names, where a number or `true` is a name like any other: `h[1].x` and `h[1].y` are two documents,
 * though the tree of rules has both at `h`.
 */
interface Place {
  readonly declared: Declared[]
  readonly children: Map<string, Place>
}

export function ruleConflicts(root: Node): RegoError[] {
  const errors: RegoError[] = []
  visit(placesBelow(root), errors)
  visitPackages(root, errors)
  return errors
}

function emptyPlace(): Place {
  return { declared: [], children: new Map() }
}

function placesBelow(root: Node): Place {
  const top = emptyPlace()
  const add = (node: Node, place: Place): void => {
    for (const declared of node.declared) placeOf(declared, place).declared.push(declared)
    for (const [name, child] of node.children) add(child, below(place, `string ${name}`))
  }
  add(root, top)
  return top
}

function placeOf({ dynamic }: Declared, start: Place): Place {
  let place = start
  for (const part of dynamic) {
    const name = scalarName(part)
    if (name === undefined) break
    place = below(place, name)
  }
  return place
}

function below(place: Place, name: string): Place {
  const child = place.children.get(name) ?? emptyPlace()
  place.children.set(name, child)
  return child
}

/** A scalar as OPA tells it apart in names: `1` and `1.0` are two. */
function scalarName(part: Term): string | undefined {
  switch (part.kind) {
    case 'null':
      return 'null'
    case 'boolean':
      return `boolean ${part.value}`
    case 'number':
      return `number ${part.text}`
    case 'string':
      return `string ${part.value}`
    default:
      return undefined
  }
}

function isGround({ dynamic }: Declared): boolean {
  return dynamic.every((part) => scalarName(part) !== undefined)
}

function visit(place: Place, errors: RegoError[]): void {
  const found = conflictAt(place)
  if (found !== undefined) errors.push(found)
  // What is below a rule that is in conflict is part of the same cause.
  else for (const child of place.children.values()) visit(child, errors)
}

function visitPackages(node: Node, errors: RegoError[]): void {
  packageConflicts(node, errors)
  for (const child of node.children.values()) visitPackages(child, errors)
}

function error(at: Span, message: string, module: Module): RegoError {
  return errorAt('rego_type_error', at, message, module.source)
}

function conflictAt(node: Place): RegoError | undefined {
  const [first] = node.declared
  if (first === undefined) return undefined
  const name = nameOf(node.declared.at(-1) ?? first)
  const inside = extentConflicts(node)
  if (inside.length > 0) return error(first.rule.at, `rule ${name} conflicts with:${listed(inside)}`, first.module)
  if (isMixed(node.declared)) return error(first.rule.at, `conflicting rules ${name} found`, first.module)
  const defaults = node.declared.filter(({ rule }) => rule.default)
  const [firstDefault] = defaults
  if (firstDefault === undefined || defaults.length < 2) return undefined
  const places = defaults.map(({ rule }) => `${rule.at.file}:${rule.at.row}`).join(', ')
  return error(firstDefault.module.packageAt, `multiple default rules ${name} found at ${places}`, firstDefault.module)
}

function nameOf(declared: Declared): string {
  const { module, path, dynamic } = declared
  const written = dynamic.map((part) => {
    if (part.kind === 'string') return formatPath(['', part.value])
    return `[${module.source.slice(part.at.start, part.at.end)}]`
  })
  return formatPath(['data', ...path]) + written.join('')
}

/** A rule without variables in its name owns everything below it; functions own it in any case. */
function extentConflicts(node: Place): Declared[] {
  const below = node.children.size === 0 ? [] : [...descendants(node)]
  if (below.length === 0) return []
  if (node.declared.some(isGround)) return below
  return below.filter(({ rule }) => rule.head.args !== undefined)
}

function* descendants(node: Place): Generator<Declared> {
  for (const child of node.children.values()) {
    yield* child.declared
    yield* descendants(child)
  }
}

function listed(found: readonly Declared[]): string {
  const shown = found
    .slice(0, namedMax)
    .map((each) => `\n  rule ${nameOf(each)} at ${each.rule.at.file}:${each.rule.at.row}`)
  return shown.join('') + (found.length > namedMax ? `\n  and ${found.length - namedMax} more` : '')
}

function isMixed(declared: readonly Declared[]): boolean {
  const contains = new Set(declared.map(({ rule }) => rule.head.contains))
  const arities = new Set(declared.map(({ rule }) => rule.head.args?.length ?? 0))
  const functions = new Set(declared.map(({ rule }) => rule.head.args !== undefined))
  const ground = new Set(declared.map(isGround))
  return contains.size > 1 || arities.size > 1 || functions.size > 1 || ground.size > 1
}

function packageConflicts(node: Node, errors: RegoError[]): void {
  if (!node.isPackage) return
  const ground = node.declared.find(({ dynamic }) => dynamic.length === 0)
  if (ground === undefined) return
  const { rule } = ground
  const message = `package ${node.path.join('.')} conflicts with rule ${nameInPackage(ground)} defined at ${rule.at.file}:${rule.at.row}`
  errors.push(error(ground.module.packageAt, message, ground.module))
}

function nameInPackage({ path, module }: Declared): string {
  return formatPath(path.slice(module.package.length))
}

/** Rules whose path the base document has, too: what a ref to it means would depend on the data. */
export function pathConflicts(root: Node, data: unknown): RegoError[] {
  const errors: RegoError[] = []
  addPathConflicts(root, data, errors)
  return errors
}

function addPathConflicts(node: Node, data: unknown, errors: RegoError[]): void {
  const [first] = node.declared
  if (first !== undefined) {
    errors.push(
      errorAt(
        'rego_compile_error',
        first.rule.at,
        `conflicting rule for data path ${node.path.join('/')} found`,
        first.module.source,
      ),
    )
    return
  }
  if (typeof data !== 'object' || data === null) return
  for (const [name, child] of node.children)
    if (Object.hasOwn(data, name)) addPathConflicts(child, (data as Record<string, unknown>)[name], errors)
}
