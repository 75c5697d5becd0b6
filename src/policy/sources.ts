/**
 * The files of a policy: Rego modules by path, modules that OPA built, and one data document, merged by folder as OPA merges a bundle. Read whole or
 * not at all, within bounds, in an order that does not depend on the disk.
 */
import { createHash } from 'node:crypto'
import { type Flaw, Flaws, type Json, type JsonObject, limits, messageOf, type PolicySource } from '../model/index.ts'
import { type Json as RegoJson, shareEqualParts } from '../rego/index.ts'
import { type DataPart, mergeData } from './data.ts'
import { type PolicyFile, readFiles } from './files.ts'
import { type Manifest, readManifest } from './manifest.ts'
import { readYaml } from './yaml.ts'

export interface PolicySources {
  /** Text by absolute path. */
  readonly modules: { readonly [path: string]: string }
  /** By absolute path what a module is called below the policy's folder, with `/`: the same wherever that lies. */
  readonly names: { readonly [path: string]: string }
  /** What `opa build -t wasm` made. */
  readonly wasm: readonly WasmFile[]
  readonly data: JsonObject
  /** From `.manifest` (`{"revision": "..."}`, as OPA's bundles have it), else the first 12 digits of the digest. */
  readonly revision: string
  /** `sha256:` and 64 hex digits over names and bytes of all files; the same wherever the folder lies. */
  readonly digest: string
}

/** A `policy.wasm` with what the manifest beside it says about it. */
export interface WasmFile {
  readonly path: string
  readonly bytes: Uint8Array
  /** As the manifest has them: `gatehouse`, `company/agents`. */
  readonly entrypoints: readonly string[]
  /** Text by absolute path: the Rego that it was made of, without the rules that are in the module alone. */
  readonly rego: { readonly [path: string]: string }
}

export interface PolicyPorts {
  /** Strict JSON; throws an `Error` that names the place. */
  readonly parseJson: (bytes: Uint8Array) => Json
}

/** What the files of one path hold. */
interface Bundle {
  readonly files: readonly PolicyFile[]
  readonly modules: Map<PolicyFile, string>
  readonly data: DataPart[]
  manifest: Manifest | undefined
}

/** Throws `Flaws` for everything that is wrong with the files, all at once. */
export async function readPolicySources({ paths }: PolicySource, ports: PolicyPorts): Promise<PolicySources> {
  const flaws: Flaw[] = []
  const digest = createHash('sha256')
  const bundles: Bundle[] = []
  let bytesTotal = 0
  for (const [index, root] of paths.entries()) {
    const files = await readFiles(root, limits.policyBytesMax - bytesTotal, flaws)
    const bundle: Bundle = { files, modules: new Map(), data: [], manifest: undefined }
    for (const { name, bytes } of bundle.files) {
      bytesTotal += bytes.length
      digest.update(`${index} ${name.length} ${name} ${bytes.length} `).update(bytes)
    }
    readBundle(bundle, ports, flaws)
    bundles.push(bundle)
  }
  const wasm = bundles.flatMap((bundle) => wasmOf(bundle, flaws))
  const modules = bundles.flatMap((bundle) => (hasWasm(bundle) ? [] : [...bundle.modules]))
  if (modules.length === 0 && wasm.length === 0 && flaws.length === 0) flaws.push(nothingIn(paths[0] ?? ''))
  const data = mergeData(
    bundles.flatMap((bundle) => bundle.data),
    flaws,
  )
  if (flaws.length > 0) throw new Flaws(flaws)
  // The data were parsed for this alone: nobody else has them yet.
  shareEqualParts(data as RegoJson)
  const hex = digest.digest('hex')
  return {
    modules: Object.fromEntries(modules.map(([{ path }, text]) => [path, text])),
    names: Object.fromEntries(modules.map(([{ path, name }]) => [path, name])),
    wasm,
    data,
    revision: bundles.find(({ manifest }) => manifest?.revision !== undefined)?.manifest?.revision ?? hex.slice(0, 12),
    digest: `sha256:${hex}`,
  }
}

/** Reads what each file says, by its kind. */
function readBundle(bundle: Bundle, { parseJson }: PolicyPorts, flaws: Flaw[]): void {
  for (const file of bundle.files) {
    const { path, name, kind, bytes } = file
    const at = name.split('/').slice(0, -1)
    try {
      if (kind === 'module') bundle.modules.set(file, textOf(bytes))
      else if (kind === 'manifest') bundle.manifest = readManifest(parseJson(bytes))
      else if (kind === 'json') bundle.data.push({ path, at, value: parseJson(bytes) })
      else if (kind === 'yaml') bundle.data.push({ path, at, value: readYaml(path, textOf(bytes)) })
    } catch (cause) {
      if (cause instanceof Flaws) flaws.push(...cause.flaws)
      else flaws.push({ file: path, place: '', message: messageOf(cause), fix: 'correct the file' })
    }
  }
}

function hasWasm({ files }: Bundle): boolean {
  return files.some(({ kind }) => kind === 'wasm')
}

/** Modules and manifest must say the same: one without entrypoints would never be asked, an entrypoint without a module could not be. */
function wasmOf({ files, modules, manifest }: Bundle, flaws: Flaw[]): readonly WasmFile[] {
  const found = files.filter(({ kind }) => kind === 'wasm')
  const listed = manifest?.wasm ?? []
  const fix = 'put the whole bundle here that `opa build -t wasm -e gatehouse` makes'
  for (const { module } of listed) {
    const file = files.find(({ kind }) => kind === 'manifest')?.path ?? ''
    if (!found.some(({ name }) => name === module))
      flaws.push({ file, place: '', message: `it names the module \`${module}\`, which is not here`, fix })
  }
  const rego = Object.fromEntries([...modules].map(([file, text]) => [file.path, text]))
  return found.map(({ path, name, bytes }) => {
    const entrypoints = listed.filter(({ module }) => module === name).map(({ entrypoint }) => entrypoint)
    if (entrypoints.length === 0)
      flaws.push({ file: path, place: '', message: 'no `.manifest` beside it names an entrypoint of it', fix })
    return { path, bytes, entrypoints, rego }
  })
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new Error('the file is not UTF-8', { cause })
  }
}

function nothingIn(file: string): Flaw {
  const fix = 'add a file that ends with `.rego`, or name the bundle (`.tar.gz`) itself'
  return { file, place: '', message: 'there is no policy here', fix }
}
