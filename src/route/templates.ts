/**
 * Path templates of a description as a tree: literal segments before parameters, as OpenAPI 3.1 section 4.8.8.2 matches
 * them. The search visits at most the templates of the call's own length.
 */

export interface TemplateTree<T> {
  /** What stands at the path, counted from segment `from`, for the method; undefined when no template fits. */
  find(method: string, segments: readonly string[], from: number): T | OtherMethods | undefined
}

/** The path is there, but not with the method that was asked for: those that it takes, ascending. */
export class OtherMethods {
  readonly methods: readonly string[]

  constructor(methods: Iterable<string>) {
    this.methods = [...methods].sort()
  }
}

interface Node<T> {
  readonly literals: Map<string, Node<T>>
  parameter: Node<T> | undefined
  methods: Map<string, T> | undefined
}

export function isParameter(segment: string): boolean {
  return segment.startsWith('{') && segment.endsWith('}')
}

/** Entries must not be ambiguous: `clashOf` says which are. */
export function makeTemplateTree<T>(
  entries: readonly { readonly template: readonly string[]; readonly method: string; readonly value: T }[],
): TemplateTree<T> {
  const top = makeNode<T>()
  for (const { template, method, value } of entries) {
    let node = top
    for (const segment of template) node = next(node, segment)
    node.methods ??= new Map()
    node.methods.set(method, value)
  }
  function search(
    node: Node<T>,
    method: string,
    segments: readonly string[],
    at: number,
  ): T | OtherMethods | undefined {
    const segment = segments[at]
    if (segment === undefined)
      return node.methods === undefined
        ? undefined
        : (node.methods.get(method) ?? new OtherMethods(node.methods.keys()))
    const literal = node.literals.get(segment)
    const found = literal === undefined ? undefined : search(literal, method, segments, at + 1)
    // The more special path decides alone, also when it does not take the method.
    if (found !== undefined) return found
    // A parameter is never empty: `/orders/` is not `/orders/{id}`.
    return node.parameter === undefined || segment === '' ? undefined : search(node.parameter, method, segments, at + 1)
  }
  return {
    find: (method, segments, from) => {
      // `/erp` and `/erp/` both end where the description begins: its path `/`.
      if (segments.length === from + 1 && segments[from] === '') return search(top, method, segments, from + 1)
      return search(top, method, segments, from)
    },
  }
}

/** Whether some path fits both templates while neither is the more special one: which is meant would be a guess. */
export function clashes(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false
  let oneIsMoreSpecial = false
  let otherIsMoreSpecial = false
  for (const [index, segment] of one.entries()) {
    const against = other[index] as string
    const open = isParameter(segment)
    const againstOpen = isParameter(against)
    if (!open && !againstOpen && segment !== against) return false
    if (open && !againstOpen) otherIsMoreSpecial = true
    if (!open && againstOpen) oneIsMoreSpecial = true
  }
  return oneIsMoreSpecial === otherIsMoreSpecial
}

function makeNode<T>(): Node<T> {
  return { literals: new Map(), parameter: undefined, methods: undefined }
}

function next<T>(node: Node<T>, segment: string): Node<T> {
  if (isParameter(segment)) {
    node.parameter ??= makeNode()
    return node.parameter
  }
  const known = node.literals.get(segment)
  if (known !== undefined) return known
  const made = makeNode<T>()
  node.literals.set(segment, made)
  return made
}
