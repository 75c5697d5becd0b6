/**
 * Loads files and folders as OPA's tools do for `--data`: `.rego`, `.json`, `.yaml`, `.yml` and `.tar.gz`, documents placed by folder. Nothing is
 * compiled here.
 */
import { readdirSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import type { Json, JsonObject } from '../model/index.ts'
import { DocumentError, parseModule, RegoErrors, readJson, readYaml } from '../rego/index.ts'
import { bundled, bundleOfArchive } from './load-bundles.ts'
import {
  depthMax,
  entriesMax,
  isIgnored,
  LoadErrors,
  type Loaded,
  type LoadOptions,
  type LoadProblem,
  plainPath,
  problemsOf,
  readBounded,
  statAt,
  textOf,
} from './loading.ts'
import { isDocumentObject, mergeObjects, nestedBelow } from './merge.ts'

/** Loads `paths`: files, folders, `file://` URLs, each as `prefix.of.data:PATH` where its documents belong below `data.prefix.of.data`. Throws `LoadErrors`. */
export function loadFiles(paths: readonly string[], options: LoadOptions): Loaded {
  const files = new FileLoader(options)
  for (const path of paths) {
    const { prefix, name } = splitPrefix(path)
    files.add(name, prefix)
  }
  return files.finish()
}

class FileLoader {
  readonly #options: LoadOptions
  readonly #problems: { readonly after: number; readonly problem: LoadProblem }[] = []
  readonly #modules: Record<string, string> = {}
  #data: JsonObject = {}
  #entries = 0

  constructor(options: LoadOptions) {
    this.#options = options
  }

  add(path: string, prefix: readonly string[]): void {
    this.#try(() => this.#visit(plainPath(path), prefix, []))
  }

  finish(): Loaded {
    if (this.#problems.length > 0) throw new LoadErrors(this.#allProblems())
    return { modules: this.#modules, data: this.#data }
  }

  /** Where something is wrong anyway, modules that cannot be parsed are told of too, all in the order in which files were visited. */
  #allProblems(): LoadProblem[] {
    const found = this.#problems.map(({ after, problem }) => ({ after, problem }))
    for (const [i, [name, source]] of Object.entries(this.#modules).entries()) {
      try {
        parseModule(source, name)
      } catch (cause) {
        found.push(...problemsOf(cause).map((problem) => ({ after: i + 0.5, problem })))
      }
    }
    return found.sort((a, b) => a.after - b.after).map(({ problem }) => problem)
  }

  /** `above` are the folders that led here: a link to one of them would lead round for ever. */
  #visit(name: string, place: readonly string[], above: readonly string[]): void {
    this.#entries++
    if (this.#entries > entriesMax) {
      if (this.#entries === entriesMax + 1) throw new Error(`there are more than ${entriesMax} files and folders`)
      return
    }
    const depth = above.length
    if (depth > depthMax) throw new Error(`${name}: folders lie more than ${depthMax} deep in one another`)
    const about = statAt(name, this.#options)
    if (isIgnored(basename(name), depth, this.#options)) return
    if (!about.isDirectory()) {
      if (this.#options.onlyRego !== true || extensionOf(name) === '.rego') this.#file(name, place, depth)
      return
    }
    const self = `${about.dev} ${about.ino}`
    if (above.includes(self)) throw new Error(`${name}: the link leads round in a circle`)
    const inner = depth > 0 ? [...place, basename(name)] : place
    for (const entry of readdirSync(this.#at(name)).sort())
      this.#try(() => this.#visit(join(name, entry), inner, [...above, self]))
  }

  #file(name: string, place: readonly string[], depth: number): void {
    const kind = kindOf(name)
    if (kind === undefined && depth > 0) return
    const bytes = readBounded(this.#at(name))
    if (kind === 'archive') this.#archive(name, place, bytes)
    else if (kind === 'module') this.#module(name, textOf(bytes, name))
    else if (kind !== undefined) this.#document(name, place, readDocument(kind, textOf(bytes, name), name))
    else this.#anything(name, place, textOf(bytes, name))
  }

  /** A file that was asked for by name and says nothing of its kind. */
  #anything(name: string, place: readonly string[], text: string): void {
    if (isModule(text)) {
      this.#module(name, text)
      return
    }
    for (const kind of ['json', 'yaml'] as const) {
      try {
        this.#document(name, place, readDocument(kind, text, name))
        return
      } catch (cause) {
        if (!(cause instanceof NotDocument)) throw cause
      }
    }
    throw new Error(`${name}: can't recognize file type`)
  }

  #archive(name: string, place: readonly string[], bytes: Uint8Array): void {
    const { modules, data } = bundled(name, () => bundleOfArchive(bytes))
    for (const [path, source] of Object.entries(modules)) this.#module(path, source)
    this.#document(name, place, data)
  }

  #module(name: string, source: string): void {
    this.#modules[name] = source
  }

  #document(name: string, place: readonly string[], document: Json): void {
    const nested = nestedBelow(place, document)
    if (!isDocumentObject(nested)) throw new Error(`${name}: document must be of type object`)
    let isConflicting = false
    const merged = mergeObjects(this.#data, nested, () => {
      isConflicting = true
    })
    if (isConflicting) throw new Error(`${name}: merge error`)
    this.#data = merged
  }

  #try(run: () => void): void {
    try {
      run()
    } catch (cause) {
      const after = Object.keys(this.#modules).length
      this.#problems.push(...problemsOf(cause).map((problem) => ({ after, problem })))
    }
  }

  #at(name: string): string {
    return resolve(this.#options.directory, name)
  }
}

/** `foo.bar:path` is a path with a place; a URL is none. */
function splitPrefix(path: string): { readonly prefix: readonly string[]; readonly name: string } {
  const colon = path.indexOf(':')
  if (colon <= 0 || path.indexOf('://') === colon) return { prefix: [], name: path }
  return { prefix: path.slice(0, colon).split('.'), name: path.slice(colon + 1) }
}

type Kind = 'module' | 'json' | 'yaml' | 'archive'

function kindOf(name: string): Kind | undefined {
  if (name.endsWith('.tar.gz')) return 'archive'
  const kinds: Readonly<Record<string, Kind>> = { '.rego': 'module', '.json': 'json', '.yaml': 'yaml', '.yml': 'yaml' }
  const extension = extensionOf(name)
  return Object.hasOwn(kinds, extension) ? kinds[extension] : undefined
}

/** From the last point on, also where the name begins with it. */
function extensionOf(name: string): string {
  const base = basename(name)
  const point = base.lastIndexOf('.')
  return point === -1 ? '' : base.slice(point)
}

function isModule(text: string): boolean {
  try {
    parseModule(text, '')
    return true
  } catch (cause) {
    if (cause instanceof RegoErrors) return false
    throw cause
  }
}

/** The text is no document of its kind. */
class NotDocument extends Error {}

function readDocument(kind: 'json' | 'yaml', text: string, name: string): Json {
  try {
    return (kind === 'json' ? readJson(text) : readYaml(text)) as Json
  } catch (cause) {
    if (cause instanceof DocumentError) throw new NotDocument(`${name}: ${cause.message}`, { cause })
    throw cause
  }
}
