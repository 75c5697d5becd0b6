/** JSON Schemas for checking policies: one file that describes the input, or a folder whose files are named by `schema.FOLDER.NAME`. */
import { readdirSync } from 'node:fs'
import { basename, extname, join, relative, resolve, sep } from 'node:path'
import type { Json } from '../model/index.ts'
import { DocumentError, readJson, readYaml, schemaName } from '../rego/index.ts'
import {
  depthMax,
  entriesMax,
  LoadErrors,
  type LoadOptions,
  plainPath,
  problemsOf,
  readBounded,
  statAt,
  textOf,
} from './loading.ts'

/** By name: `schema` for one file, `schema.request` and so on for a folder. Throws `LoadErrors`. */
export function loadSchemas(asked: string, options: LoadOptions): Readonly<Record<string, Json>> {
  try {
    const path = plainPath(asked)
    if (!statAt(path, options).isDirectory()) return { schema: readSchema(path, options) }
    return Object.fromEntries(
      filesBelow(path, options).map((file) => {
        const below = relative(path, file)
        const folders = below.split(sep).slice(0, -1)
        return [schemaName([...folders, basename(file, extname(file))]), readSchema(file, options)]
      }),
    )
  } catch (cause) {
    throw new LoadErrors(problemsOf(cause))
  }
}

function readSchema(name: string, options: LoadOptions): Json {
  const text = textOf(readBounded(resolve(options.directory, name)), name)
  try {
    return readDocument(text) as Json
  } catch (cause) {
    if (cause instanceof DocumentError) throw new Error(`${name}: ${cause.message}`, { cause })
    throw cause
  }
}

/** The value of a text that is JSON or YAML: JSON first, as OPA's tools try. Throws `DocumentError`. */
export function readDocument(text: string): ReturnType<typeof readJson> {
  try {
    return readJson(text)
  } catch (cause) {
    if (!(cause instanceof DocumentError)) throw cause
    return readYaml(text)
  }
}

function filesBelow(folder: string, options: LoadOptions): readonly string[] {
  const files: string[] = []
  const visit = (name: string, depth: number): void => {
    if (depth > depthMax || files.length > entriesMax)
      throw new Error(`${folder}: there are more than ${entriesMax} schemas, or folders more than ${depthMax} deep`)
    for (const entry of readdirSync(resolve(options.directory, name), { withFileTypes: true })) {
      const path = join(name, entry.name)
      if (entry.isDirectory()) visit(path, depth + 1)
      else files.push(path)
    }
  }
  visit(folder, 0)
  return files.sort()
}
