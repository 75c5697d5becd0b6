/**
 * The rules of the configuration as a tree of hosts and path segments: a look-up costs one step a segment, however many
 * rules there are. The most specific place decides alone: an exact host before `*`, then the longest path, then its methods.
 */
import type { RouteRule } from '../model/index.ts'

/** A place in the tree where rules stand; `any` takes every method that no other rule there takes. */
export interface Place<T> {
  readonly methods: ReadonlyMap<string, T>
  readonly any: T | undefined
}

export interface RuleTree<T> {
  /** The place that decides for this host (with its port, if it has one: rules name none) and path, or undefined. */
  find(host: string, segments: readonly string[]): Place<T> | undefined
}

interface Node<T> {
  readonly children: Map<string, Node<T>>
  readonly methods: Map<string, T>
  any: T | undefined
  /** First rule that stands here, for the message when another one wants the same. */
  taken: RouteRule | undefined
}

/** `/erp/a%20b` is `['erp', 'a b']`; `/` is `[]`. The path is normalised and percent-encoded as a configuration writes it. */
export function pathSegments(path: string): readonly string[] {
  return path
    .split('/')
    .filter((segment) => segment !== '')
    .map(decodeURIComponent)
}

/** Throws an `Error` when two rules would take the same call: which one is meant must not depend on their order. */
export function makeRuleTree<T>(entries: readonly { readonly rule: RouteRule; readonly value: T }[]): RuleTree<T> {
  const hosts = new Map<string, Node<T>>()
  for (const { rule, value } of entries) {
    let node = childOf(hosts, rule.host)
    for (const segment of pathSegments(rule.path)) node = childOf(node.children, segment)
    const clash =
      rule.methods.length === 0
        ? node.any !== undefined || node.methods.size > 0
        : node.any !== undefined || rule.methods.some((method) => node.methods.has(method))
    if (clash && node.taken !== undefined)
      throw new Error(
        `the routes \`${node.taken.route.id}\` and \`${rule.route.id}\` both take host \`${rule.host}\` and path \`${rule.path}\`: give them different methods, paths or hosts`,
      )
    node.taken ??= rule
    if (rule.methods.length === 0) node.any = value
    for (const method of rule.methods) node.methods.set(method, value)
  }
  const star = hosts.get('*')
  return {
    find: (host, segments) => deepest(hosts.get(withoutPort(host)), segments) ?? deepest(star, segments),
  }
}

function withoutPort(host: string): string {
  const colon = host.lastIndexOf(':')
  return colon === -1 || host.endsWith(']') ? host : host.slice(0, colon)
}

function deepest<T>(top: Node<T> | undefined, segments: readonly string[]): Place<T> | undefined {
  let node = top
  let found: Node<T> | undefined
  for (let depth = 0; node !== undefined; depth++) {
    if (node.taken !== undefined) found = node
    const segment = segments[depth]
    if (segment === undefined) break
    node = node.children.get(segment)
  }
  return found
}

function childOf<T>(children: Map<string, Node<T>>, key: string): Node<T> {
  const known = children.get(key)
  if (known !== undefined) return known
  const made: Node<T> = { children: new Map(), methods: new Map(), any: undefined, taken: undefined }
  children.set(key, made)
  return made
}
