/** The segments of a log as they stand on disk, packed or not, unpacked by Node's own decoder and not by what is under test. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'

/** In order; one that is there packed and plain comes once. */
export function segmentTexts(directory: string): { readonly name: string; readonly text: string }[] {
  const names = readdirSync(directory)
  const segments = names.filter((name) => /^\d{10}\.jsonl(\.zst)?$/.test(name)).map((name) => name.slice(0, 16))
  return [...new Set(segments)].sort().map((name) => {
    const path = join(directory, name)
    const bytes = names.includes(name) ? readFileSync(path) : zstdDecompressSync(readFileSync(`${path}.zst`))
    return { name, text: bytes.toString() }
  })
}
