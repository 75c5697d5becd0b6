/**
 * `graph.*` and `walk`: what can be reached in a graph given as an object of neighbours, and every value inside a value.
 */
import { entriesOf, isObject, lookup, RegoSet, typeName, type Value } from '../value.ts'
import { type Builtin, type BuiltinContext, operandTypeError } from './builtin.ts'
import { checkElements } from './limits.ts'
import { objectOperand } from './operands.ts'

function startNodes(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value
  if (value instanceof RegoSet) return value.sorted()
  throw operandTypeError(2, typeName(value), ['{array, set}'])
}

/** The neighbours that a node's entry lists; an entry that is no list has none. */
function neighbours(edges: Value): readonly Value[] {
  if (Array.isArray(edges)) return edges
  return edges instanceof RegoSet ? edges.sorted() : []
}

function reachable(context: BuiltinContext, graph: Value, initial: Value): RegoSet {
  const edges = objectOperand(graph, 1)
  const queue = [...startNodes(initial)]
  const reached = new RegoSet()
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    const out = lookup(edges, node)
    if (out === undefined || !reached.add(node)) continue
    const next = neighbours(out)
    context.charge(next.length)
    for (const neighbour of next) if (!reached.has(neighbour)) queue.push(neighbour)
  }
  return reached
}

/** Every path that ends where the graph ends or where it would come back to a node of its own. */
function reachablePaths(context: BuiltinContext, graph: Value, initial: Value): RegoSet {
  const edges = objectOperand(graph, 1)
  const found = new RegoSet()
  const keep = (path: readonly Value[]) => {
    checkElements(found.size + 1)
    context.charge(path.length)
    found.add([...path])
  }
  const extend = (node: Value, path: Value[], reached: readonly Value[]) => {
    const out = lookup(edges, node)
    if (out === undefined) return keep(path)
    const next = neighbours(out)
    const longer = [...path, node]
    if (next.length === 0) return keep(longer)
    const seen = RegoSet.from([...reached, node])
    for (const neighbour of next) {
      if (seen.has(neighbour)) keep(longer)
      else extend(neighbour, longer, [...reached, node])
    }
  }
  for (const node of startNodes(initial)) {
    const out = lookup(edges, node)
    if (out === undefined) continue
    const next = neighbours(out)
    if (next.length === 0) keep([node])
    for (const neighbour of next) extend(neighbour, [node], [node])
  }
  return found
}

/** `[path, value]` for the value itself and everything inside it, parents first, keys ascending. */
function* walk(context: BuiltinContext, value: Value, path: readonly Value[]): Generator<Value> {
  // Each level passes on what those below it find.
  context.charge(path.length)
  yield [[...path], value]
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) yield* walk(context, value[i] as Value, [...path, i])
  } else if (value instanceof RegoSet) {
    for (const member of value.sorted()) yield* walk(context, member, [...path, member])
  } else if (isObject(value)) {
    for (const [key, item] of entriesOf(value)) yield* walk(context, item, [...path, key])
  }
}

export const graph: Record<string, Builtin> = {
  'graph.reachable': { run: (context, edges, initial) => reachable(context, edges, initial) },
  'graph.reachable_paths': { run: (context, edges, initial) => reachablePaths(context, edges, initial) },
  walk: { each: (context, value) => walk(context, value, []) },
}
