/** Lines of the log with what is encrypted in them shown to those who hold the keys, and what was erased named so. */
import { isJsonObject, type Json, type JsonObject, textOf } from '../model/index.ts'
import type { Vault } from '../vault/index.ts'
import { parseJson } from '../wire/index.ts'

/** The same line where nothing in it is encrypted. */
export function revealed(line: string, vault: Pick<Vault, 'reveal'>): string {
  if (!line.includes('"encrypted"')) return line
  const record = parseJson(Buffer.from(line))
  return textOf(shown(record, vault))
}

function shown(value: Json, vault: Pick<Vault, 'reveal'>): Json {
  if (Array.isArray(value)) return value.map((one) => shown(one, vault))
  if (!isJsonObject(value)) return value
  const found = vault.reveal(value)
  if (found === 'erased') return '[erased]'
  if (found !== undefined) return parseJson(Buffer.from(found.text))
  const fields = Object.entries(value).map(([name, field]) => [name, field === undefined ? field : shown(field, vault)])
  return Object.fromEntries(fields) as JsonObject
}
