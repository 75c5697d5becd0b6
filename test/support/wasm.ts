/**
 * What `opa build -t wasm` makes of sources: a folder with sources in, the bytes of `policy.wasm` out. Modules that were built before are kept in the
 * folder that `GATEHOUSE_TEST_WASM_CACHE` names, where it names one.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** The module, or why OPA makes none. */
export type Built = { readonly module: Uint8Array } | { readonly refusal: string }

export interface BuildOptions {
  readonly opa: string
  /** Sources by file name. */
  readonly modules: Readonly<Record<string, string>>
  readonly entrypoints: readonly string[]
}

/** Part of every cached name: another version builds other modules. */
const opaVersion = '1.20.2'

export async function buildWasm(options: BuildOptions): Promise<Built> {
  const built = await buildBundle(options)
  return 'bundle' in built ? { module: moduleOf(built.bundle) } : built
}

/** The whole bundle, as a `.tar.gz`. */
export async function buildBundle(
  options: BuildOptions,
): Promise<{ readonly bundle: Uint8Array } | { readonly refusal: string }> {
  const cache = process.env.GATEHOUSE_TEST_WASM_CACHE
  if (cache === undefined) return build(options)
  const key = createHash('sha256')
    .update(JSON.stringify([opaVersion, options.modules, options.entrypoints]))
    .digest('hex')
  const file = join(cache, `${key}.tar.gz`)
  const refusal = join(cache, `${key}.refusal`)
  if (existsSync(file)) return { bundle: readFileSync(file) }
  if (existsSync(refusal)) return { refusal: readFileSync(refusal, 'utf8') }
  const built = await build(options)
  mkdirSync(cache, { recursive: true })
  // A run that was broken off must leave no half of a file.
  const draft = join(cache, `${key}.${process.pid}`)
  writeFileSync(draft, 'bundle' in built ? built.bundle : built.refusal)
  renameSync(draft, 'bundle' in built ? file : refusal)
  return built
}

async function build({ opa, modules, entrypoints }: BuildOptions): ReturnType<typeof buildBundle> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-wasm-'))
  try {
    const source = join(folder, 'source')
    for (const [name, text] of Object.entries(modules)) {
      mkdirSync(dirname(join(source, name)), { recursive: true })
      writeFileSync(join(source, name), text)
    }
    const bundle = join(folder, 'bundle.tar.gz')
    const words = ['build', '-t', 'wasm', ...entrypoints.flatMap((each) => ['-e', each]), '-o', bundle, '-b', '.']
    const refusal = await new Promise<string | undefined>((resolve) =>
      execFile(opa, words, { cwd: source }, (error, out, told) =>
        resolve(error === null ? undefined : `${out}${told}` || error.message),
      ),
    )
    return refusal === undefined ? { bundle: readFileSync(bundle) } : { refusal }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The `policy.wasm` of a bundle of OPA: headers of 512 bytes, the size in octal at 124, contents in blocks of 512. */
export function moduleOf(bundle: Uint8Array): Uint8Array {
  const tar = gunzipSync(bundle)
  for (let at = 0; at < tar.length; ) {
    const name = tar.toString('utf8', at, at + 100).replace(/\0.*$/s, '')
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8) || 0
    if (name.endsWith('policy.wasm')) return tar.subarray(at + 512, at + 512 + size)
    at += 512 + Math.ceil(size / 512) * 512
  }
  throw new Error('the bundle has no policy.wasm')
}
