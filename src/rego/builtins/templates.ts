/**
 * `strings.render_template`: Go templates filled with values.
 */
import { type PlainObject, toJson, type Value } from '../value.ts'
import { type Builtin, BuiltinError } from './builtin.ts'
import { renderTemplate, TemplateError } from './go/template.ts'
import { checkPattern } from './limits.ts'
import { objectOperand, stringOperand } from './operands.ts'

function render(template: Value, vars: Value): string {
  const source = stringOperand(template, 1)
  checkPattern(source)
  const data = toJson(objectOperand(vars, 2)) as PlainObject
  try {
    return renderTemplate(source, data).replaceAll('<no value>', '<undefined>')
  } catch (error) {
    if (error instanceof TemplateError) throw new BuiltinError(error.message, { cause: error })
    throw error
  }
}

export const templates: Record<string, Builtin> = {
  'strings.render_template': { run: (_, template, vars) => render(template, vars) },
}
