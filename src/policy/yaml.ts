/** YAML as JSON, for data and descriptions: strict YAML 1.2, one document, keys that are text and come once, whole numbers exact. */
import { LineCounter, parseDocument } from 'yaml'
import { type Flaw, Flaws, isJsonObject, type Json } from '../model/index.ts'

/** Aliases that a file may use: more is an attempt to grow. */
const aliasesMax = 1_000
/** Flaws told of one file: what comes after is mostly their consequence. */
const flawsMax = 20

/** Throws `Flaws` with row and column, an `Error` for aliases beyond the bound. */
export function readYaml(file: string, text: string): Json {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    stringKeys: true,
    intAsBigInt: true,
    // Not `silent`: that would take the first of two documents without a word.
    logLevel: 'error',
  })
  const flaws: Flaw[] = document.errors.slice(0, flawsMax).map((error) => {
    const { line, col } = lines.linePos(error.pos[0])
    return { file, place: `${line}:${col}`, message: `this is not YAML: ${error.message}`, fix: 'correct the line' }
  })
  if (flaws.length > 0) throw new Flaws(flaws)
  return exact(document.toJS({ maxAliasCount: aliasesMax }) as unknown, file)
}

/** Whole numbers were read as bigint: those that a double holds become plain (model/json.ts). */
function exact(value: unknown, file: string): Json {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (Array.isArray(value)) return value.map((item) => exact(item, file))
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (typeof value === 'object' && isJsonObject(value as Json))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, exact(item, file)]))
  throw new Flaws([
    { file, place: '', message: `\`${String(value)}\` has no form in JSON`, fix: 'write a number or a text' },
  ])
}
