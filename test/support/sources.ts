/**
 * Reads TypeScript sources as text: which files there are and what each one imports. A scanner of our own, because
 * TypeScript 7 has no stable API to ask.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

export interface Import {
  /** Repository-relative path of the importing file. */
  readonly from: string
  readonly line: number
  /** As written: `./json.ts`, `node:fs`, `jose`. */
  readonly specifier: string
  /** Repository-relative path of the imported file; undefined for packages and `node:` modules. */
  readonly to: string | undefined
  readonly typeOnly: boolean
}

export const root = resolve(import.meta.dirname, '../..')

/** Repository-relative paths below `folder` with one of the endings, sorted. */
export function filesBelow(folder: string, endings: readonly string[]): string[] {
  const found: string[] = []
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !endings.some((ending) => entry.name.endsWith(ending))) continue
    const path = relative(root, join(entry.parentPath, entry.name))
    if (!path.split('/').includes('node_modules')) found.push(path)
  }
  return found.sort()
}

export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** `import`/`export ... from` and `import()` with a literal. Strings and comments that only look like one do not count. */
const statement =
  /^[ \t]*(?:import|export)\s+(type\s+)?(?:([\w*\s{},$]+?)\s+from\s+)?(['"])([^'"\n]+)\3|\bimport\(\s*(['"])([^'"\n]+)\5\s*\)/gm

export function importsOf(path: string, text = textOf(path)): Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
  const found: Import[] = []
  for (const match of code.matchAll(statement)) {
    const specifier = match[4] ?? match[6]
    if (specifier === undefined) continue
    const names = match[2]?.match(/^\{([\s\S]*)\}$/)?.[1]?.split(',') ?? []
    const allTypes = names.length > 0 && names.every((name) => name.trim() === '' || /^\s*type\s/.test(name))
    found.push({
      from: path,
      line: code.slice(0, match.index).split('\n').length,
      specifier,
      to: specifier.startsWith('.') ? relative(root, resolve(root, dirname(path), specifier)) : undefined,
      typeOnly: match[1] !== undefined || allTypes,
    })
  }
  return found
}

/** The room of a source file: `src/rego/plan/rule.ts` is in `rego`; files directly in `src` are rooms of their own name. */
export function roomOf(path: string): string | undefined {
  const parts = path.split('/')
  return parts[0] === 'src' ? parts[1] : undefined
}

/** The package a specifier names: `@scope/name/deep` is `@scope/name`; a `node:` module is itself. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/')
  if (specifier.startsWith('node:')) return specifier
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] as string)
}
