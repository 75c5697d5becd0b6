/** Emits `sprintf` with a format known beforehand: where it only puts strings and small whole numbers in, the text is joined on the spot. */
import type { Span } from '../ast.ts'
import type { Operand, StateId } from '../plan/ir.ts'
import type { Calls } from './calls.ts'
import { type Code, code, join, name } from './code.ts'

interface FormatSite {
  readonly format: string
  readonly items: readonly Operand[]
  readonly state: StateId
  readonly at: Span
}

/** An expression for the text, undefined where `sprintf` is. */
export function emitFormat(calls: Calls, { format, items, state, at }: FormatSite): Code {
  const { pool } = calls
  const operands = items.map((item) => pool.operand(item))
  const s = name('state', state)
  const place = pool.place(at)
  const call = code`${pool.builtin('sprintf')}(${s}, ${place}, ${format}, [${join(operands)}])`
  if (calls.replacedFunctions.has('sprintf')) {
    return code`(${s}.functions?.has('sprintf') ? ${s}.functions.get('sprintf')(${s}, ${format}, [${join(operands)}]) : ${call})`
  }
  const texts = format.split('%v')
  // A percent sign that is left belongs to another verb.
  if (texts.length !== operands.length + 1 || operands.length === 0 || texts.some((text) => text.includes('%')))
    return call
  const parts = texts.flatMap((text, i) => (i === 0 ? [code`${text}`] : [operands[i - 1] as Code, code`${text}`]))
  return code`${join(
    operands.map((operand) => code`isPlainText(${operand})`),
    ' && ',
  )} ? joined(${s}, ${join(parts, ' + ')}) : ${call}`
}
