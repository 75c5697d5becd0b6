/** The files of a bundle as modules and one document, held to the roots of its manifest, as OPA reads bundles. */
import { posix } from 'node:path'
import type { Json, JsonObject } from '../model/index.ts'
import { DocumentError, parseModule, readJson, readYaml } from '../rego/index.ts'
import { isDocumentObject, mergeObjects, nestedBelow } from './merge.ts'

/** A file of a bundle: its path from the bundle's root, and what errors call it. */
export interface BundleFile {
  readonly path: string
  readonly name: string
  readonly bytes: Uint8Array
}

export interface Bundle {
  /** Source by the name that errors call it. */
  readonly modules: Readonly<Record<string, string>>
  readonly data: JsonObject
  readonly manifest: Manifest
}

export interface Manifest {
  readonly revision: string
  /** Paths with `/`, none at either end; `''` is everything. */
  readonly roots: readonly string[]
}

/** Throws `RegoErrors` for modules that cannot be parsed where roots have to be compared, an `Error` for all else that is wrong. */
export function readBundle(files: readonly BundleFile[]): Bundle {
  const modules: Record<string, string> = {}
  let data: JsonObject = {}
  let manifest: { readonly name: string; readonly value: Manifest } | undefined
  for (const { path, name, bytes } of files) {
    const base = posix.basename(path)
    if (base === 'patch.json')
      throw new Error(`\`${name}\` makes this a delta bundle, which changes another; evaluate a whole bundle`)
    if (path.endsWith('.rego')) modules[name] = textOf(bytes, name)
    else if (base === 'data.json' || base === 'data.yaml' || base === 'data.yml') {
      const nested = nestedBelow(folderOf(path), documentOf(base, bytes, name))
      if (!isDocumentObject(nested)) throw new Error(`bundle load failed on ${name}: root value must be object`)
      data = mergeObjects(data, nested, (at) => {
        throw new Error(`bundle load failed on ${name}: \`data.${at.join('.')}\` is also in another data file`)
      })
    } else if (path.endsWith('.manifest')) {
      if (manifest !== undefined)
        throw new Error(`bundle contains multiple manifest files: "${manifest.name}" and "${name}"`)
      manifest = { name, value: manifestOf(bytes) }
    }
  }
  const { value } = manifest ?? { value: { revision: '', roots: [''] } }
  checkRoots({ modules, data, manifest: value })
  return { modules, data, manifest: value }
}

function textOf(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Error(`\`${name}\` is not UTF-8; save it as UTF-8`)
  }
}

function documentOf(base: string, bytes: Uint8Array, name: string): Json {
  try {
    const text = textOf(bytes, name)
    return (base === 'data.json' ? readJson(text) : readYaml(text)) as Json
  } catch (cause) {
    if (cause instanceof DocumentError) throw new Error(`bundle load failed on ${name}: ${cause.message}`, { cause })
    throw cause
  }
}

/** Folders above a file; what an archive puts before them (`/`, `./`) is not among them. */
function folderOf(path: string): readonly string[] {
  const folder = posix.dirname(path).replace(/^[/.]+/, '')
  return folder === '' ? [] : folder.split('/')
}

function manifestOf(bytes: Uint8Array): Manifest {
  const wrong = (problem: string): Error => new Error(`bundle load failed on manifest decode: ${problem}`)
  let value: Json
  try {
    value = readJson(textOf(bytes, '.manifest')) as Json
  } catch (cause) {
    throw wrong(cause instanceof Error ? cause.message : String(cause))
  }
  if (!isDocumentObject(value)) throw wrong('a manifest is an object')
  const { revision = '', roots = [''], rego_version = 1 } = value
  if (typeof revision !== 'string') throw wrong('`revision` is a string')
  if (!Array.isArray(roots) || !roots.every((root) => typeof root === 'string'))
    throw wrong('`roots` is a list of strings')
  if (rego_version !== 1) throw wrong(`\`rego_version\` is 1 here, not \`${JSON.stringify(rego_version)}\``)
  return { revision, roots: (roots as string[]).map((root) => root.replace(/^\/+|\/+$/g, '')) }
}

function checkRoots({ modules, data, manifest: { roots } }: Bundle): void {
  for (const [i, one] of roots.entries())
    for (const other of roots.slice(i + 1))
      if (contains(one, other) || contains(other, one))
        throw new Error(`manifest has overlapped roots: '${one}' and '${other}'`)
  if (roots.includes('')) return
  for (const [name, source] of Object.entries(modules)) {
    const path = parseModule(source, name).package
    if (!roots.some((root) => contains(root, path.join('/'))))
      throw new Error(
        `manifest roots [${roots.join(' ')}] do not permit 'package ${path.join('.')}' in module '${name}'`,
      )
  }
  checkData(data, [], roots)
}

function checkData(value: Json, path: readonly string[], roots: readonly string[]): void {
  const place = path.join('/')
  if (roots.some((root) => contains(root, place))) return
  const leadsToRoot = roots.some((root) => contains(place, root))
  if (!isDocumentObject(value) || !leadsToRoot)
    throw new Error(
      `manifest roots [${roots.join(' ')}] do not permit data at path '/${place}' (hint: check bundle directory structure)`,
    )
  for (const [key, child] of Object.entries(value)) checkData(child, [...path, key], roots)
}

/** Whether `path` is `root` or lies below it. */
export function contains(root: string, path: string): boolean {
  return root === '' || path === root || path.startsWith(`${root}/`)
}
