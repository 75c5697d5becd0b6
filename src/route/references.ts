/**
 * A parsed description with the place of each part (JSON pointer, RFC 6901), and `$ref` within it. References to other
 * files or hosts are refused: what governs calls must be in the one file that the operator reviewed.
 */
import { Flaws, isJsonObject, type Json, type JsonObject, property } from '../model/index.ts'

export interface Located {
  readonly value: Json
  /** JSON pointer; empty for the whole document. */
  readonly pointer: string
}

export interface Document {
  readonly file: string
  readonly root: Json
  /** OpenAPI 3.0 has a dialect of its own for schemas; 3.1 uses JSON Schema 2020-12. */
  readonly version: '3.0' | '3.1'
}

/** References that lead to references: honest ones are one or two long. */
const hopsMax = 32

export function member({ value, pointer }: Located, name: string): Located | undefined {
  const found = property(value, name)
  return found === undefined ? undefined : { value: found, pointer: `${pointer}/${escaped(name)}` }
}

export function element({ value, pointer }: Located, index: number): Located {
  return { value: (value as readonly Json[])[index] as Json, pointer: `${pointer}/${index}` }
}

export function elements(list: Located): readonly Located[] {
  return Array.isArray(list.value) ? list.value.map((_, index) => element(list, index)) : []
}

/** Own members of an object in their order; none for anything else. */
export function members(object: Located): readonly (readonly [name: string, value: Located])[] {
  if (!isJsonObject(object.value)) return []
  return Object.keys(object.value).map((name) => [name, member(object, name) as Located])
}

/** The part itself, or what its `$ref` leads to. Throws `Flaws` when that is nowhere, elsewhere or a circle. */
export function resolve(document: Document, part: Located): Located {
  let at = part
  for (let hop = 0; hop < hopsMax; hop++) {
    const reference = property(at.value, '$ref')
    if (reference === undefined) return at
    at = target(document, at, reference)
  }
  throw flawed(document, part, 'the references lead in a circle', 'let one of them hold the definition')
}

/** Where one `$ref` leads. Throws `Flaws`. */
export function target(document: Document, from: Located, reference: Json): Located {
  if (typeof reference !== 'string' || !(reference === '#' || reference.startsWith('#/')))
    throw flawed(
      document,
      from,
      `the reference ${JSON.stringify(reference)} leads out of this file`,
      'copy the part into `components` and write `#/components/...`',
    )
  let at: Located = { value: document.root, pointer: '' }
  for (const name of reference
    .slice(2)
    .split('/')
    .slice(0, reference === '#' ? 0 : undefined)
    .map(unescaped)) {
    const next = Array.isArray(at.value) ? elements(at)[Number(name)] : member(at, name)
    if (next === undefined)
      throw flawed(
        document,
        from,
        `the reference \`${reference}\` leads nowhere: there is no \`${name}\``,
        'correct it',
      )
    at = next
  }
  return at
}

/** An error of one flaw at a part of a description. */
export function flawed(document: Document, at: Located, message: string, fix: string): Flaws {
  return new Flaws([{ file: document.file, place: at.pointer, message, fix }])
}

export function textMember(object: Located, name: string): string | undefined {
  const value = property(object.value, name)
  return typeof value === 'string' ? value : undefined
}

export function isTrue(object: Located, name: string): boolean {
  return property(object.value, name) === true
}

export function asObject(document: Document, at: Located): JsonObject {
  if (isJsonObject(at.value)) return at.value
  throw flawed(document, at, 'this is not an object', 'see https://spec.openapis.org/oas/v3.1')
}

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** A reference is a URI fragment: percent-encoded outside, pointer escapes inside. */
function unescaped(part: string): string {
  let text = part
  try {
    text = decodeURIComponent(part)
  } catch {
    // Not an escape after all: taken as it is written, and found or not.
  }
  return text.replaceAll('~1', '/').replaceAll('~0', '~')
}
