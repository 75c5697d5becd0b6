/** Loads bundles, folders and archives, as OPA's tools do for `--bundle`: only what a bundle is made of, each within the roots of its manifest. */
import { lstatSync, readdirSync } from 'node:fs'
import { basename, join, relative, resolve, sep } from 'node:path'
import { printJson, RegoErrors } from '../rego/index.ts'
import { readArchive } from './archive.ts'
import { type Bundle, contains, type Manifest, readBundle } from './bundle.ts'
import {
  depthMax,
  entriesMax,
  isIgnored,
  LoadErrors,
  type Loaded,
  type LoadOptions,
  plainPath,
  problemsOf,
  readBounded,
  statAt,
} from './loading.ts'
import { mergeObjects, without } from './merge.ts'
import { matchesName } from './name-pattern.ts'

/** Loads bundles, each a folder or a `.tar.gz`; what `base` holds below their roots gives way to them. Throws `LoadErrors`. */
export function loadBundles(
  paths: readonly string[],
  options: LoadOptions,
  base: Loaded = { modules: {}, data: {} },
): Loaded {
  const bundles = paths.map((path) => ({ path, bundle: guarded(() => loadBundle(path, options)) }))
  checkOverlap(bundles)
  let { modules, data } = base
  for (const { bundle } of bundles)
    for (const root of bundle.manifest.roots) data = without(data, root === '' ? [] : root.split('/'))
  for (const { bundle } of bundles) {
    modules = { ...modules, ...bundle.modules }
    // Where roots do not overlap there is nothing to contradict, but an empty object above them may be in both.
    data = mergeObjects(data, bundle.data, () => undefined)
  }
  return { modules, data }
}

function guarded<Result>(load: () => Result): Result {
  try {
    return load()
  } catch (cause) {
    const problems = problemsOf(cause)
    throw new LoadErrors(
      problems.map((problem) => ('code' in problem ? problem : { message: `loading error: ${problem.message}` })),
    )
  }
}

function loadBundle(asked: string, options: LoadOptions): Bundle {
  const path = plainPath(asked)
  const file = resolve(options.directory, path)
  const isFolder = isFolderAt(path, options)
  return bundled(path, () =>
    isFolder ? bundleOfFolder(path, file, options) : bundleOfArchive(readBounded(file), options),
  )
}

function isFolderAt(path: string, options: LoadOptions): boolean {
  try {
    return statAt(path, options).isDirectory()
  } catch (cause) {
    throw new Error(`error reading ${printJson(path)}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}

/** Links in a bundle's folder are not followed, as OPA does not. */
function bundleOfFolder(name: string, root: string, options: LoadOptions): Bundle {
  const files: { path: string; name: string; bytes: Uint8Array }[] = []
  let entries = 0
  const visit = (folder: string, depth: number): void => {
    if (depth > depthMax) throw new Error(`${folder}: folders lie more than ${depthMax} deep in one another`)
    for (const entry of readdirSync(folder).sort()) {
      if (++entries > entriesMax) throw new Error(`there are more than ${entriesMax} files`)
      const file = join(folder, entry)
      const about = lstatSync(file)
      if (isIgnored(entry, 1, options)) continue
      if (about.isDirectory()) visit(file, depth + 1)
      else if (about.isFile()) {
        const path = relative(root, file).split(sep).join('/')
        if (isPartOfBundle(path)) files.push({ path, name: join(name, path), bytes: readBounded(file) })
      }
    }
  }
  visit(root, 0)
  return readBundle(files)
}

export function bundleOfArchive(packed: Uint8Array, options?: LoadOptions): Bundle {
  const ignore = options?.ignore ?? []
  const files = readArchive(packed).filter(
    ({ path }) => !path.split('/').some((part) => ignore.some((pattern) => matchesName(pattern, part))),
  )
  return readBundle(files.map(({ path, bytes }) => ({ path, name: path.replace(/^(?:\.?\/)+/, ''), bytes })))
}

/** What is not part of a bundle is not read: a folder may hold anything. */
function isPartOfBundle(path: string): boolean {
  const base = basename(path)
  return (
    path.endsWith('.rego') ||
    path.endsWith('.manifest') ||
    base === 'patch.json' ||
    base === 'data.json' ||
    base === 'data.yaml' ||
    base === 'data.yml'
  )
}

/** Errors of a bundle begin with its name; those of the parser have their own places. */
export function bundled<Result>(name: string, read: () => Result): Result {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof Error) || cause instanceof RegoErrors) throw cause
    throw new Error(`bundle ${name}: ${cause.message}`, { cause })
  }
}

function checkOverlap(
  bundles: readonly { readonly path: string; readonly bundle: { readonly manifest: Manifest } }[],
): void {
  const clashing = new Set<string>()
  const empty = new Set<string>()
  const roots = new Set<string>()
  for (const [i, one] of bundles.entries())
    for (const other of bundles.slice(i + 1))
      for (const left of one.bundle.manifest.roots)
        for (const right of other.bundle.manifest.roots)
          if (contains(left, right) || contains(right, left)) {
            clashing.add(one.path).add(other.path)
            roots.add(left).add(right)
            if (left === '') empty.add(one.path)
            if (right === '') empty.add(other.path)
          }
  if (clashing.size === 0) return
  const list = (names: ReadonlySet<string>): string => [...names].sort().join(', ')
  const message =
    empty.size > 0
      ? `bundles [${list(clashing)}] have overlapping roots and cannot be activated simultaneously because bundle(s) [${list(empty)}] specify empty root paths ('') which overlap with any other bundle root`
      : `detected overlapping roots in manifests for these bundles: [${list(clashing)}] (${list(roots)})`
  throw new LoadErrors([{ message: `bundle activation failed: ${message}` }])
}
