/** `.manifest` of a bundle, as OPA has it: what matters here is the revision and which module answers for which entrypoint. */
import { isJsonObject, type Json, property } from '../model/index.ts'

export interface Manifest {
  /** What its makers call it; at most 256 characters. */
  readonly revision?: string
  /** `module` is a name in the bundle, without a slash at its beginning. */
  readonly wasm: readonly { readonly entrypoint: string; readonly module: string }[]
}

/** Characters of a revision that are kept: it is copied into every record. */
const revisionCharsMax = 256

/** Throws an `Error` that says what is wrong. */
export function readManifest(manifest: Json): Manifest {
  if (!isJsonObject(manifest)) throw new Error('the manifest is not an object')
  const revision = property(manifest, 'revision')
  const listed = property(manifest, 'wasm') ?? []
  if (!Array.isArray(listed)) throw new Error('`wasm` of the manifest is not a list')
  const wasm = listed.map((item) => {
    const entrypoint = isJsonObject(item) ? property(item, 'entrypoint') : undefined
    const module = isJsonObject(item) ? property(item, 'module') : undefined
    if (typeof entrypoint !== 'string' || typeof module !== 'string')
      throw new Error('`wasm` of the manifest has something without `entrypoint` and `module`')
    return { entrypoint, module: module.replace(/^\//, '') }
  })
  return typeof revision === 'string' && revision !== ''
    ? { revision: revision.slice(0, revisionCharsMax), wasm }
    : { wasm }
}
