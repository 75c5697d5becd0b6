/** A module's syntax tree as JSON, for tools that read OPA's. */
import { parseModule } from './parse/module.ts'
import { moduleToJson } from './parse/to-json.ts'
import type { Json } from './value.ts'

/**
 * The syntax tree of a module in OPA's JSON: what `opa parse --format json` prints. Numbers keep the text that was
 * written. Throws `RegoErrors` with `rego_parse_error`. `file` stands in errors and in the places of comments.
 */
export function parse(text: string, file = ''): Json {
  return moduleToJson(parseModule(text, file)) as Json
}
