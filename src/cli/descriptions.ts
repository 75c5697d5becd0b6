/** Reads the OpenAPI descriptions that routes name, JSON or YAML, as plain JSON values. What they mean is the matter of `route/`. */
import { diskFiles, type Files } from '../config/index.ts'
import { type Config, type Flaw, Flaws, type Json, limits, messageOf } from '../model/index.ts'
import { readYaml } from '../policy/index.ts'

/** By absolute path. Throws `Flaws` that name every file that cannot be read, with the places. */
export function readDescriptions(config: Config, files: Files = diskFiles): ReadonlyMap<string, Json> {
  const paths = new Set(config.routes.flatMap(({ description }) => description ?? []))
  const found = new Map<string, Json>()
  const flaws: Flaw[] = []
  for (const path of paths) {
    const read = readDescription(path, files)
    if ('flaws' in read) flaws.push(...read.flaws)
    else found.set(path, read.document)
  }
  if (flaws.length > 0) throw new Flaws(flaws)
  return found
}

type Read = { readonly document: Json } | { readonly flaws: readonly Flaw[] }

function readDescription(file: string, files: Files): Read {
  const whole = (message: string, fix: string): Read => ({ flaws: [{ file, place: '', message, fix }] })
  let bytes: Uint8Array
  try {
    bytes = files.read(file, limits.descriptionBytesMax)
  } catch (cause) {
    return whole(`the description cannot be read: ${messageOf(cause)}`, 'correct its path or permissions')
  }
  if (bytes.length > limits.descriptionBytesMax)
    return whole(
      `the description has more than ${limits.descriptionBytesMax} bytes`,
      'leave out operations that no agent needs',
    )
  try {
    return { document: readYaml(file, new TextDecoder('utf-8', { fatal: true }).decode(bytes)) }
  } catch (cause) {
    if (cause instanceof Flaws) return { flaws: cause.flaws }
    // Bytes that are no UTF-8, nesting beyond the stack, aliases beyond their bound.
    if (cause instanceof TypeError || cause instanceof RangeError || cause instanceof ReferenceError)
      return whole(`the description cannot be read: ${cause.message}`, 'write it as plain YAML or JSON in UTF-8')
    throw cause
  }
}
