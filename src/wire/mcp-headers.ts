/**
 * The header fields of MCP over streamable HTTP (2026-07-28, "Request Metadata"; 2025-11-25, "Session Management"): their names, and
 * values that are encoded where a field could not carry them as they are.
 */
import { isUtf8 } from 'node:buffer'
import { isRawNumber, type Json, type JsonObject, property } from '../model/index.ts'

/** Lower case. */
export const mcpHeaders = {
  revision: 'mcp-protocol-version',
  method: 'mcp-method',
  name: 'mcp-name',
  session: 'mcp-session-id',
  lastEvent: 'last-event-id',
  paramPrefix: 'mcp-param-',
} as const

/** Members of `params._meta` that every request of the modern era has. */
export const metaKeys = {
  revision: 'io.modelcontextprotocol/protocolVersion',
  capabilities: 'io.modelcontextprotocol/clientCapabilities',
  subscription: 'io.modelcontextprotocol/subscriptionId',
} as const

/**
 * In `params._meta` of `tools/list`, with true: the gateway writes into `_meta` of each tool, under the same key, its server (the id of
 * the upstream) and the name that it has there.
 */
export const originKey = 'gatehouse/origin'

const opening = '=?base64?'
const closing = '?='
const plainValue = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The value of a field for `text`: itself where it is safe, else `=?base64?...?=`. */
export function headerValueOf(text: string): string {
  const looksEncoded = text.startsWith(opening) && text.endsWith(closing)
  return plainValue.test(text) && !looksEncoded ? text : `${opening}${Buffer.from(text).toString('base64')}${closing}`
}

/** The text that a field's value stands for; undefined where its encoding is broken. */
export function textOfHeader(value: string): string | undefined {
  if (!value.startsWith(opening) || !value.endsWith(closing))
    return plainValue.test(value) || value === '' ? value : undefined
  const coded = value.slice(opening.length, -closing.length)
  if (!base64.test(coded)) return undefined
  const bytes = Buffer.from(coded, 'base64')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

/** An argument as its `Mcp-Param-*` field has it, before encoding; undefined where it has none (absent, null, no scalar). */
export function mirroredText(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  return typeof value === 'number' || isRawNumber(value) ? JSON.stringify(value) : undefined
}

/** Whether the field says what the argument is: numbers are compared as numbers ("Server Validation"). */
export function mirrors(text: string, value: Json): boolean {
  if (typeof value === 'number') return text.trim() !== '' && Number(text) === value
  return mirroredText(value) === text
}

/** An argument of `Mcp-Param-*`: reached from the root through `properties` alone. */
export interface Mirror {
  readonly header: string
  readonly path: readonly string[]
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/
const mirroredTypes: ReadonlySet<Json> = new Set(['string', 'integer', 'boolean'])
/** Levels of properties that are looked at: a schema may be as deep as its JSON, arguments with a header are not. */
const mirrorDepthMax = 16

/**
 * The arguments of a tool that are mirrored into fields, or what is wrong with the definition: then the tool must not be used over
 * HTTP ("Schema Extension").
 */
export function mirrorsOf(inputSchema: Json | undefined): readonly Mirror[] | { readonly problem: string } {
  const found: Mirror[] = []
  const places = new Set<JsonObject>()
  const walk = (schema: Json | undefined, path: readonly string[]): void => {
    const properties = property(schema, 'properties')
    if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) return
    if (path.length >= mirrorDepthMax) return
    for (const name of Object.keys(properties)) {
      const one = property(properties, name)
      const header = property(one, 'x-mcp-header')
      const at = [...path, name]
      if (header !== undefined) {
        places.add(one as JsonObject)
        found.push({ header: typeof header === 'string' ? header : '', path: at })
        if (!mirroredTypes.has(property(one, 'type') ?? null)) found.push({ header: '', path: at })
      }
      walk(one, at)
    }
  }
  walk(inputSchema, [])
  const seen = new Set<string>()
  for (const { header, path } of found) {
    const lower = header.toLowerCase()
    if (!token.test(header))
      return { problem: `\`x-mcp-header\` of \`${path.join('.')}\` is no name for a string, integer or boolean` }
    if (seen.has(lower)) return { problem: `\`x-mcp-header: ${header}\` comes twice` }
    seen.add(lower)
  }
  if (countOf(inputSchema) !== places.size)
    return { problem: '`x-mcp-header` stands where no header can be made of it' }
  return found.map(({ header, path }) => ({ header: header.toLowerCase(), path }))
}

/** Schemas anywhere below with the annotation; `default`, `const`, `enum` and `examples` hold values, not schemas. */
function countOf(schema: Json | undefined): number {
  if (typeof schema !== 'object' || schema === null) return 0
  if (Array.isArray(schema)) return schema.reduce<number>((sum, one) => sum + countOf(one as Json), 0)
  let count = 0
  for (const [key, value] of Object.entries(schema as JsonObject)) {
    if (key === 'default' || key === 'const' || key === 'enum' || key === 'examples') continue
    if (key === 'properties' && typeof value === 'object' && value !== null && !Array.isArray(value))
      for (const one of Object.values(value as JsonObject)) count += countOf(one)
    else if (key === 'x-mcp-header') count++
    else count += countOf(value)
  }
  return count
}
