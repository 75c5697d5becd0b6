/**
 * `rego.*`: modules as syntax trees, and annotations. The compiler puts the annotations of the calling rule in the place of `rego.metadata.*`, so that these run
 * only where there is no rule.
 */
import type { Value } from '../value.ts'
import { type Builtin, type BuiltinContext, BuiltinError } from './builtin.ts'
import { stringOperand } from './operands.ts'

function parseModule(context: BuiltinContext, file: Value, text: Value): Value {
  const name = stringOperand(file, 1)
  const source = stringOperand(text, 1)
  if (context.parseModule === undefined) throw new BuiltinError('this evaluation was given no parser')
  return context.parseModule(name, source)
}

const outsideRule = (name: string): Builtin => ({
  run: () => {
    throw new BuiltinError(`the ${name} function must only be called within the scope of a rule`)
  },
})

export const rego: Record<string, Builtin> = {
  'rego.parse_module': { run: (context, file, text) => parseModule(context, file, text) },
  'rego.metadata.chain': outsideRule('rego.metadata.chain'),
  'rego.metadata.rule': outsideRule('rego.metadata.rule'),
}
