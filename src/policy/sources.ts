/**
 * The files of a policy: Rego modules by path and one data document, merged by folder as OPA merges a bundle. Tests are left
 * out, hidden entries too. Read whole or not at all, within bounds, in an order that does not depend on the disk.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import {
  type Flaw,
  Flaws,
  isJsonObject,
  type Json,
  type JsonObject,
  limits,
  messageOf,
  type PolicySource,
} from '../model/index.ts'
import { isDocumentObject, mergeObjects, nestedBelow } from './merge.ts'
import { readYaml } from './yaml.ts'

export interface PolicySources {
  /** Text by absolute path. */
  readonly modules: { readonly [path: string]: string }
  /** By absolute path what a module is called below the policy's folder, with `/`: the same wherever that lies. */
  readonly names: { readonly [path: string]: string }
  readonly data: JsonObject
  /** From `.manifest` (`{"revision": "..."}`, as OPA's bundles have it), else the first 12 digits of the digest. */
  readonly revision: string
  /** `sha256:` and 64 hex digits over names and bytes of all files; the same wherever the folder lies. */
  readonly digest: string
}

export interface PolicyPorts {
  /** Strict JSON; throws an `Error` that names the place. */
  readonly parseJson: (bytes: Uint8Array) => Json
}

type Kind = 'module' | 'json' | 'yaml' | 'manifest'

interface Found {
  readonly path: string
  /** Relative to the path of the configuration that led here, with `/`. */
  readonly name: string
  readonly kind: Kind
}

interface DataPart {
  readonly path: string
  /** Keys from the top of `data` to where the document belongs. */
  readonly at: readonly string[]
  readonly value: Json
}

/** Throws `Flaws` for everything that is wrong with the files, all at once. */
export async function readPolicySources({ paths }: PolicySource, { parseJson }: PolicyPorts): Promise<PolicySources> {
  const flaws: Flaw[] = []
  const modules: { [path: string]: string } = {}
  const names: { [path: string]: string } = {}
  const data: DataPart[] = []
  const digest = createHash('sha256')
  let revision: string | undefined
  let bytesTotal = 0
  for (const [index, root] of paths.entries()) {
    for (const found of await findFiles(root, flaws)) {
      const bytes = await readBounded(found, flaws)
      if (bytes === undefined) continue
      bytesTotal += bytes.length
      if (bytesTotal > limits.policyBytesMax)
        throw flawed(
          root,
          `the policy has more than ${limits.policyBytesMax} bytes`,
          'move data that no rule reads elsewhere',
        )
      digest.update(`${index} ${found.name.length} ${found.name} ${bytes.length} `).update(bytes)
      try {
        if (found.kind === 'module') {
          modules[found.path] = textOf(bytes)
          names[found.path] = found.name
        } else if (found.kind === 'manifest') revision ??= revisionOf(parseJson(bytes))
        else {
          const value = found.kind === 'json' ? parseJson(bytes) : readYaml(found.path, textOf(bytes))
          data.push({ path: found.path, at: found.name.split('/').slice(0, -1), value })
        }
      } catch (cause) {
        if (cause instanceof Flaws) flaws.push(...cause.flaws)
        else flaws.push({ file: found.path, place: '', message: messageOf(cause), fix: 'correct the file' })
      }
    }
  }
  if (Object.keys(modules).length === 0 && flaws.length === 0)
    flaws.push({
      file: paths[0] ?? '',
      place: '',
      message: 'there is no policy here',
      fix: 'add a file that ends with `.rego`',
    })
  const merged = mergeData(data, flaws)
  if (flaws.length > 0) throw new Flaws(flaws)
  const hex = digest.digest('hex')
  return { modules, names, data: merged, revision: revision ?? hex.slice(0, 12), digest: `sha256:${hex}` }
}

/** Files in ascending order of their names. Links are followed: mounted configuration consists of them. */
async function findFiles(root: string, flaws: Flaw[]): Promise<readonly Found[]> {
  const found: Found[] = []
  let entries = 0
  const visit = async (path: string, depth: number): Promise<void> => {
    if (++entries > limits.policyEntriesMax || depth > limits.policyDepthMax)
      throw flawed(
        root,
        `there are more than ${limits.policyEntriesMax} files, or more than ${limits.policyDepthMax} folders in one another`,
        'name the folder of the policy itself',
      )
    const about = await stat(path)
    const name = path === root ? basename(root) : relative(root, path).split(sep).join('/')
    if (about.isDirectory()) {
      for (const entry of (await readdir(path)).sort())
        if (!entry.startsWith('.') || (entry === '.manifest' && path === root))
          await visit(join(path, entry), depth + 1)
    } else if (about.isFile()) {
      const kind = kindOf(basename(path))
      if (kind !== undefined) found.push({ path, name, kind })
    }
  }
  try {
    await visit(root, 0)
  } catch (cause) {
    if (cause instanceof Flaws) throw cause
    flaws.push({
      file: root,
      place: '',
      message: `the policy cannot be read: ${messageOf(cause)}`,
      fix: 'correct its path or permissions',
    })
  }
  return found
}

function kindOf(name: string): Kind | undefined {
  if (name.endsWith('_test.rego')) return undefined
  if (name.endsWith('.rego')) return 'module'
  if (name === 'data.json') return 'json'
  if (name === 'data.yaml' || name === 'data.yml') return 'yaml'
  return name === '.manifest' ? 'manifest' : undefined
}

async function readBounded({ path, kind }: Found, flaws: Flaw[]): Promise<Uint8Array | undefined> {
  const bytesMax = kind === 'json' || kind === 'yaml' ? limits.policyDataBytesMax : limits.policyFileBytesMax
  try {
    const size = (await stat(path)).size
    const bytes = size > bytesMax ? undefined : await readFile(path)
    if (bytes !== undefined && bytes.length <= bytesMax) return bytes
    flaws.push({ file: path, place: '', message: `the file has more than ${bytesMax} bytes`, fix: 'divide it' })
  } catch (cause) {
    const message = `the file cannot be read: ${messageOf(cause)}`
    flaws.push({ file: path, place: '', message, fix: 'change its permissions, or remove it' })
  }
  return undefined
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new Error('the file is not UTF-8', { cause })
  }
}

function revisionOf(manifest: Json): string | undefined {
  const revision = isJsonObject(manifest) && Object.hasOwn(manifest, 'revision') ? manifest.revision : undefined
  return typeof revision === 'string' && revision !== '' ? revision.slice(0, 256) : undefined
}

/** Objects are merged; anything else that two files say about one place is a contradiction, even when both say the same. */
function mergeData(parts: readonly DataPart[], flaws: Flaw[]): JsonObject {
  let merged: JsonObject = {}
  for (const { path, at, value } of parts) {
    const nested = nestedBelow(at, value)
    if (!isDocumentObject(nested)) {
      flaws.push({ file: path, place: '', message: 'the data at the top is not an object', fix: 'write an object' })
      continue
    }
    merged = mergeObjects(merged, nested, (place) => {
      const message = `\`data.${place.join('.')}\` is also in another data file`
      flaws.push({ file: path, place: '', message, fix: 'keep one of them' })
    })
  }
  return merged
}

function flawed(file: string, message: string, fix: string): Flaws {
  return new Flaws([{ file, place: '', message, fix }])
}
