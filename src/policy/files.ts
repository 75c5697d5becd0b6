/**
 * The files of one path of a policy: a folder with all that is below it, one file, or a bundle as `opa build` packs it (`.tar.gz`). Which files matter
 * goes by their names, as in OPA; tests and hidden entries are left out. What cannot be read is told, and the others are read all the same.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { type Flaw, Flaws, limits, messageOf } from '../model/index.ts'
import { type ArchivedFile, readArchive } from './archive.ts'

export type FileKind = 'module' | 'json' | 'yaml' | 'manifest' | 'wasm'

export interface PolicyFile {
  /** What errors call it; of a file in an archive, its name there after the path of the archive. */
  readonly path: string
  /** Relative to the path of the configuration that led here, with `/`. */
  readonly name: string
  readonly kind: FileKind
  readonly bytes: Uint8Array
}

/**
 * Files in ascending order of their names, `bytesMax` bytes of them at most. Throws `Flaws` for more than a policy may have; puts into `flaws` what
 * cannot be read.
 */
export async function readFiles(root: string, bytesMax: number, flaws: Flaw[]): Promise<readonly PolicyFile[]> {
  let bytesLeft = bytesMax
  const take: Take = (file) => {
    bytesLeft -= file.bytes.length
    if (bytesLeft < 0) throw tooLarge(root)
    return file
  }
  try {
    return isArchive(root) ? await readPacked(root, take, flaws) : await readUnpacked(root, take, flaws)
  } catch (cause) {
    if (cause instanceof Flaws) throw cause
    const message = `the policy cannot be read: ${messageOf(cause)}`
    flaws.push({ file: root, place: '', message, fix: 'correct its path or permissions' })
    return []
  }
}

type Take = (file: PolicyFile) => PolicyFile

/** Links are followed: mounted configuration consists of them. */
async function readUnpacked(root: string, take: Take, flaws: Flaw[]): Promise<readonly PolicyFile[]> {
  const files: PolicyFile[] = []
  let entries = 0
  const visit = async (path: string, depth: number): Promise<void> => {
    if (++entries > limits.policyEntriesMax || depth > limits.policyDepthMax) throw tooMany(root)
    const about = await stat(path)
    const name = path === root ? basename(root) : relative(root, path).split(sep).join('/')
    if (about.isDirectory()) {
      for (const entry of (await readdir(path)).sort())
        if (!entry.startsWith('.') || (entry === '.manifest' && path === root))
          await visit(join(path, entry), depth + 1)
    } else if (about.isFile()) {
      const kind = kindOf(basename(path))
      const bytes = kind === undefined ? undefined : await readBounded(path, kind, flaws)
      if (kind !== undefined && bytes !== undefined) files.push(take({ path, name, kind, bytes }))
    }
  }
  await visit(root, 0)
  return files
}

function isArchive(path: string): boolean {
  return path.endsWith('.tar.gz') || path.endsWith('.tgz')
}

async function readPacked(root: string, take: Take, flaws: Flaw[]): Promise<readonly PolicyFile[]> {
  const flaw = (message: string): void =>
    void flaws.push({ file: root, place: '', message, fix: 'make it with `opa build`' })
  if ((await stat(root)).size > limits.policyBytesMax) throw tooLarge(root)
  const packed = await readFile(root)
  let archived: readonly ArchivedFile[]
  try {
    // Headers may take as much again: empty files have nothing else.
    const bytesMax = 2 * limits.policyBytesMax
    const passed = (name: string): void => flaw(`it has \`${name}\`, which is neither a file nor a folder`)
    archived = readArchive(packed, { bytesMax, passed })
  } catch (cause) {
    flaw(messageOf(cause))
    return []
  }
  if (archived.length > limits.policyEntriesMax) throw tooMany(root)
  const files = new Map<string, PolicyFile>()
  for (const { path, bytes } of archived) {
    const name = path.replace(/^(\.?\/)+/, '')
    const parts = name.split('/')
    if (parts.length > limits.policyDepthMax) throw tooMany(root)
    if (parts.some((part) => part === '..' || part === '.' || part === ''))
      flaw(`it has a file with the name \`${path}\``)
    const kind = parts.some((part) => part.startsWith('.')) && name !== '.manifest' ? undefined : kindOf(basename(name))
    if (kind === undefined) continue
    if (files.has(name)) flaw(`it has the file \`${name}\` twice`)
    if (bytes.length > bytesMaxOf(kind)) flaws.push(fileTooLarge(`${root}/${name}`, kind))
    else files.set(name, take({ path: `${root}/${name}`, name, kind, bytes }))
  }
  return [...files.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
}

function kindOf(name: string): FileKind | undefined {
  if (name.endsWith('_test.rego')) return undefined
  if (name.endsWith('.rego')) return 'module'
  if (name === 'data.json') return 'json'
  if (name === 'data.yaml' || name === 'data.yml') return 'yaml'
  if (name === 'policy.wasm') return 'wasm'
  return name === '.manifest' ? 'manifest' : undefined
}

function bytesMaxOf(kind: FileKind): number {
  if (kind === 'wasm') return limits.policyWasmBytesMax
  return kind === 'json' || kind === 'yaml' ? limits.policyDataBytesMax : limits.policyFileBytesMax
}

async function readBounded(path: string, kind: FileKind, flaws: Flaw[]): Promise<Uint8Array | undefined> {
  try {
    const size = (await stat(path)).size
    const bytes = size > bytesMaxOf(kind) ? undefined : await readFile(path)
    if (bytes !== undefined && bytes.length <= bytesMaxOf(kind)) return bytes
    flaws.push(fileTooLarge(path, kind))
  } catch (cause) {
    const message = `the file cannot be read: ${messageOf(cause)}`
    flaws.push({ file: path, place: '', message, fix: 'change its permissions, or remove it' })
  }
  return undefined
}

function fileTooLarge(file: string, kind: FileKind): Flaw {
  return { file, place: '', message: `the file has more than ${bytesMaxOf(kind)} bytes`, fix: 'divide it' }
}

function tooLarge(file: string): Flaws {
  const message = `the policy has more than ${limits.policyBytesMax} bytes`
  return new Flaws([{ file, place: '', message, fix: 'move data that no rule reads elsewhere' }])
}

function tooMany(file: string): Flaws {
  const message = `there are more than ${limits.policyEntriesMax} files, or more than ${limits.policyDepthMax} folders in one another`
  return new Flaws([{ file, place: '', message, fix: 'name the folder of the policy itself' }])
}
