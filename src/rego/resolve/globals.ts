/**
 * What the names of a module mean outside of its rules: imports and the rules of its package.
 */

import type { Import, Module } from '../ast.ts'
import { errorAt, type RegoError } from '../errors.ts'
import type { Node } from './tree.ts'

/** A name's full path, `data` or `input` first, and the import that gave it. */
export interface Global {
  readonly path: readonly string[]
  readonly import?: Import
  used: boolean
}

export function importName(found: Import): string {
  return found.alias ?? found.path.at(-1) ?? ''
}

function isData(found: Import): boolean {
  return found.path[0] === 'data' || found.path[0] === 'input'
}

/** The globals of a module, and errors for imports of the same name. */
export function globalsOf(
  module: Pick<Module, 'package' | 'imports' | 'source'>,
  root: Node,
): { globals: Map<string, Global>; errors: RegoError[] } {
  const globals = new Map<string, Global>()
  const errors: RegoError[] = []
  const packageNode = root.find(module.package)
  for (const [name, node] of packageNode?.children ?? [])
    if (hasRules(node, module.package.length + 1))
      globals.set(name, { path: ['data', ...module.package, name], used: false })
  const imported = new Map<string, Import>()
  for (const each of module.imports) {
    const name = importName(each)
    const before = imported.get(name)
    if (before !== undefined) {
      const text = `import ${before.path.join('.')}${before.alias === undefined ? '' : ` as ${before.alias}`}`
      errors.push(errorAt('rego_compile_error', each.at, `import must not shadow ${text}`, module.source))
    }
    imported.set(name, each)
    if (isData(each)) globals.set(name, { path: each.path, import: each, used: false })
  }
  return { globals, errors }
}

/** Some rule that this package's modules declare begins with the node's name: packages below do not count. */
function hasRules(node: Node, depth: number): boolean {
  if (node.declared.some(({ module }) => module.package.length < depth)) return true
  for (const child of node.children.values()) if (hasRules(child, depth)) return true
  return false
}

/** In strict mode: imports that nothing uses. */
export function unusedImports(module: Module, globals: ReadonlyMap<string, Global>): RegoError[] {
  const errors: RegoError[] = []
  for (const each of module.imports) {
    if (!isData(each) || globals.get(importName(each))?.used !== false) continue
    const text = `import ${each.path.join('.')}${each.alias === undefined ? '' : ` as ${each.alias}`} unused`
    errors.push(errorAt('rego_compile_error', each.at, text, module.source))
  }
  return errors
}
