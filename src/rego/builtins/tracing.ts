/**
 * `trace` and what the compiler makes of `print`, test cases and string templates.
 */
import { RegoSet, typeName, type Value } from '../value.ts'
import { type Builtin, type BuiltinContext, BuiltinError } from './builtin.ts'
import { arrayOperand, limitError, stringOperand } from './operands.ts'
import { plainText } from './term-text.ts'

/** Lines that one `print` may come to: it prints every combination of its operands' values. */
const linesMax = 10_000

/** What an operand of `print` or of a template stands for: itself, or a set of the values it has, none being undefined. */
function textsOf(operand: Value): readonly string[] {
  if (operand instanceof RegoSet) return operand.size === 0 ? ['<undefined>'] : operand.sorted().map(plainText)
  if (Array.isArray(operand) || (typeof operand === 'object' && operand !== null && typeName(operand) === 'object')) {
    throw new BuiltinError(`illegal argument type: ${typeName(operand)}`, { halts: true })
  }
  return [plainText(operand)]
}

function combinations(operands: Value): string[][] {
  return arrayOperand(operands, 1).reduce<string[][]>(
    (lines, operand) => {
      const texts = textsOf(operand)
      if (lines.length * texts.length > linesMax) throw limitError('the combinations of print', `${linesMax} lines`)
      return lines.flatMap((line) => texts.map((text) => [...line, text]))
    },
    [[]],
  )
}

function print(context: BuiltinContext, operands: Value): true {
  for (const line of combinations(operands)) context.note('print', line.join(' '))
  return true
}

function template(operands: Value): string {
  const lines = combinations(operands)
  if (lines.length > 1) throw new BuiltinError('template-strings must not produce multiple outputs', { halts: true })
  return (lines[0] ?? []).join('')
}

function trace(context: BuiltinContext, note: Value): true {
  context.note('trace', stringOperand(note, 1))
  return true
}

export const tracing: Record<string, Builtin> = {
  trace: { run: (context, note) => trace(context, note) },
  'internal.print': { run: (context, operands) => print(context, operands) },
  'internal.template_string': { run: (_, operands) => template(operands) },
  'internal.test_case': { run: () => true },
}
