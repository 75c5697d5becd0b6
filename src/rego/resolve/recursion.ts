/**
 * Which rules read which, statically and through refs with variables, the order that follows, and the refusal of cycles.
 */

import { errorAt, type RegoError } from '../errors.ts'
import { numberKey, parseNumber } from '../number.ts'
import type { Body, Callee, Rule, RuleNode, Term } from '../program.ts'
import { formatPath } from './terms.ts'
import { closuresOf, termsOf } from './vars.ts'

/** The rules in dependency order, and an error for each rule that reads itself. */
export function orderRules(
  rules: readonly Rule[],
  root: RuleNode,
  sources: readonly string[],
): { rules: Rule[]; errors: RegoError[] } {
  const graph = new Map(rules.map((rule) => [rule, [...dependencies(rule, root)]]))
  const found = components(rules, graph)
  const errors: RegoError[] = []
  for (const component of found) {
    const [first] = component
    if (first === undefined || (component.length === 1 && !graph.get(first)?.includes(first))) continue
    const inside = new Set(component)
    for (const rule of [...component].sort((a, b) => a.module - b.module || a.at.start - b.at.start)) {
      const cycle = cycleFrom(rule, graph, inside)
      const text = cycle.map((each) => ruleName(each, sources)).join(' -> ')
      const message = `rule ${ruleName(rule, sources)} is recursive: ${text}`
      errors.push(errorAt('rego_recursion_error', rule.at, message, sources[rule.module]))
    }
  }
  return { rules: found.flat(), errors }
}

function ruleName(rule: Rule, sources: readonly string[]): string {
  const parts = rule.dynamic.map((part) => `[${sources[rule.module]?.slice(part.at.start, part.at.end) ?? ''}]`)
  return formatPath(['data', ...rule.path]) + parts.join('')
}

/** Every rule that evaluating `rule` may evaluate directly. */
export function dependencies(rule: Rule, root: RuleNode): Set<Rule> {
  const found = new Set<Rule>()
  const add = (term: Term): void => visit(term, found, root)
  for (const term of [...rule.args, ...rule.dynamic]) add(term)
  for (const clause of rule.clauses) {
    addBody(clause.body, found, root)
    add(clause.value)
  }
  return found
}

function addBody(body: Body, found: Set<Rule>, root: RuleNode): void {
  for (const expr of body) {
    for (const term of termsOf(expr)) visit(term, found, root)
    for (const { target, value } of expr.with) {
      if (value.kind === 'callee') addCallee(value.callee, found, root)
      // What is replaced counts as read, too: a rule cannot replace itself.
      if (target.kind === 'data') addNamed(target.path, root, found)
      else if (target.kind === 'function') addCallee(target, found, root)
    }
    if (expr.kind === 'test' || expr.kind === 'unify') continue
    for (const inner of closuresOf(expr).bodies) {
      addBody(inner.body, found, root)
      for (const head of inner.heads) visit(head, found, root)
    }
  }
}

function addCallee(callee: Callee, found: Set<Rule>, root: RuleNode): void {
  if (callee.kind !== 'function') return
  let node: RuleNode | undefined = root
  for (const name of callee.path) node = node?.children.get(name)
  for (const rule of node?.rules ?? []) found.add(rule)
}

/** The rules at and below a path of names. */
function addNamed(path: readonly string[], root: RuleNode, found: Set<Rule>): void {
  let node: RuleNode = root
  for (const name of path) {
    for (const rule of node.rules) if (rule.dynamic.length > 0) found.add(rule)
    const child = node.children.get(name)
    if (child === undefined) return
    node = child
  }
  for (const rule of node.rules) found.add(rule)
  addBelow(node, found)
}

function visit(term: Term, found: Set<Rule>, root: RuleNode): void {
  switch (term.kind) {
    case 'ref':
      if (term.root.kind === 'data') addData(term.path, root, found)
      else if (term.root.kind === 'term') visit(term.root.term, found, root)
      for (const part of term.path) visit(part, found, root)
      return
    case 'call':
      addCallee(term.callee, found, root)
      for (const arg of term.args) visit(arg, found, root)
      return
    case 'array':
    case 'set':
      for (const item of term.items) visit(item, found, root)
      return
    case 'object':
      for (const [key, value] of term.entries) {
        visit(key, found, root)
        visit(value, found, root)
      }
      return
    case 'comprehension':
      addBody(term.body, found, root)
      if (term.key !== undefined) visit(term.key, found, root)
      visit(term.value, found, root)
      return
    case 'template':
      for (const part of term.parts) {
        if (typeof part === 'string') continue
        addBody(part.body, found, root)
        visit(part.value, found, root)
      }
  }
}

/** The rules that a path into `data` may touch; a part that is not a string may be any. */
function addData(path: readonly Term[], node: RuleNode, found: Set<Rule>): void {
  for (const rule of node.rules) if (mayMatch(rule, path)) found.add(rule)
  const [part, ...rest] = path
  if (part === undefined) addBelow(node, found)
  else if (part.kind === 'string') {
    const child = node.children.get(part.value)
    if (child !== undefined) addData(rest, child, found)
  } else if (part.kind === 'local' || part.kind === 'ref' || part.kind === 'call')
    for (const child of node.children.values()) addData(rest, child, found)
}

/** `p[x].q` cannot be read by `p[y].r`; a variable on either side may be anything. */
function mayMatch(rule: Rule, path: readonly Term[]): boolean {
  for (const [i, part] of rule.dynamic.entries()) {
    const wanted = path[i]
    if (wanted === undefined) return true
    const [own, other] = [scalarKey(part), scalarKey(wanted)]
    if (own !== undefined && other !== undefined && own !== other) return false
  }
  return true
}

/** A text that two scalars share when they are the same key; undefined for anything else. */
function scalarKey(term: Term): string | undefined {
  switch (term.kind) {
    case 'string':
    case 'boolean':
      return `${term.kind} ${term.value}`
    case 'null':
      return 'null'
    case 'number': {
      const number = parseNumber(term.text)
      return number === undefined ? undefined : `number ${numberKey(number)}`
    }
    default:
      return undefined
  }
}

function addBelow(node: RuleNode, found: Set<Rule>): void {
  for (const child of node.children.values()) {
    for (const rule of child.rules) if (rule.kind !== 'function') found.add(rule)
    addBelow(child, found)
  }
}

/** Strongly connected components, dependencies first (Tarjan's algorithm, without recursion). */
function components(rules: readonly Rule[], graph: ReadonlyMap<Rule, readonly Rule[]>): Rule[][] {
  const found: Rule[][] = []
  const index = new Map<Rule, number>()
  const low = new Map<Rule, number>()
  const open: Rule[] = []
  const isOpen = new Set<Rule>()
  for (const start of rules) {
    if (index.has(start)) continue
    const work: { rule: Rule; next: number }[] = [{ rule: start, next: 0 }]
    while (work.length > 0) {
      const frame = work.at(-1) as { rule: Rule; next: number }
      const { rule } = frame
      if (frame.next === 0) {
        index.set(rule, index.size)
        low.set(rule, index.size - 1)
        open.push(rule)
        isOpen.add(rule)
      }
      const target = graph.get(rule)?.[frame.next++]
      if (target !== undefined) {
        if (!index.has(target)) work.push({ rule: target, next: 0 })
        else if (isOpen.has(target)) low.set(rule, Math.min(low.get(rule) ?? 0, index.get(target) ?? 0))
        continue
      }
      work.pop()
      const parent = work.at(-1)
      if (parent !== undefined) low.set(parent.rule, Math.min(low.get(parent.rule) ?? 0, low.get(rule) ?? 0))
      if (low.get(rule) !== index.get(rule)) continue
      const component = open.splice(open.indexOf(rule))
      for (const each of component) isOpen.delete(each)
      found.push(component)
    }
  }
  return found
}

/** A shortest way from the rule back to itself, both ends included. */
function cycleFrom(start: Rule, graph: ReadonlyMap<Rule, readonly Rule[]>, inside: ReadonlySet<Rule>): Rule[] {
  const from = new Map<Rule, Rule>()
  const queue = [start]
  for (let rule = queue.shift(); rule !== undefined; rule = queue.shift())
    for (const next of graph.get(rule) ?? []) {
      if (next === start) {
        const path = [start]
        for (let at: Rule | undefined = rule; at !== undefined && at !== start; at = from.get(at)) path.push(at)
        return [start, ...path.slice(1).reverse(), start]
      }
      if (!inside.has(next) || from.has(next)) continue
      from.set(next, rule)
      queue.push(next)
    }
  return [start]
}
