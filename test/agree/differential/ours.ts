/** Our compiler's answer to a program. */
import { type Json, type OwnBuiltin, prepare, RegoErrors, type Value } from '../../../src/rego/index.ts'
import { type Answer, exactJson } from './answer.ts'
import type { Program } from './program.ts'

/** What is no `RegoErrors` is a bug of the compiler and comes back as an error of code `crash`. */
export function ourAnswer(program: Program): Answer {
  try {
    const { modules, query, strict, functions = {} } = program
    const prepared = prepare({
      query,
      modules,
      data: exactJson(program.data),
      strictBuiltinErrors: strict,
      builtins: Object.fromEntries(Object.entries(functions).map(([name, arity]) => [name, added(arity)])),
    })
    const rows: readonly Record<string, Json>[] =
      program.input === undefined ? prepared.evaluate() : prepared.evaluate(exactJson(program.input))
    return { kind: 'rows', rows }
  } catch (cause) {
    if (cause instanceof RegoErrors) return { kind: 'errors', errors: cause.errors }
    const message = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
    return { kind: 'errors', errors: [{ code: 'crash', message, file: '', row: 0, col: 0 }] }
  }
}

function added(arity: number): OwnBuiltin {
  const any = { type: 'any' } as const
  return {
    decl: { args: Array.from({ length: arity }, () => any), result: any },
    run: (first): Value => ({ msg: first ?? null }),
  }
}
