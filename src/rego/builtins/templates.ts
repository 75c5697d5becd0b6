/**
 * `strings.render_template`: Go templates filled with values.
 */
import { entriesOf, isObject, type PlainObject, RegoSet, toJson, type Value } from '../value.ts'
import { type Builtin, BuiltinError } from './builtin.ts'
import { renderTemplate, TemplateError } from './go/template.ts'
import { checkPattern } from './limits.ts'
import { objectOperand, stringOperand } from './operands.ts'

function render(template: Value, vars: Value): string {
  const source = stringOperand(template, 1)
  checkPattern(source)
  const values = objectOperand(vars, 2)
  if (!isJson(values)) throw new BuiltinError('a template takes JSON: no sets, and only strings as keys')
  const data = toJson(values) as PlainObject
  try {
    return renderTemplate(source, data).replaceAll('<no value>', '<undefined>')
  } catch (error) {
    if (error instanceof TemplateError) throw new BuiltinError(error.message, { cause: error })
    throw error
  }
}

/** OPA turns the values into Go's maps and lists, which have neither sets nor other keys. */
function isJson(value: Value): boolean {
  if (Array.isArray(value)) return value.every(isJson)
  if (value instanceof RegoSet) return false
  if (!isObject(value)) return true
  return entriesOf(value).every(([key, item]) => typeof key === 'string' && isJson(item))
}

export const templates: Record<string, Builtin> = {
  'strings.render_template': { run: (_, template, vars) => render(template, vars) },
}
