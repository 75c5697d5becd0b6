import { expect, test } from 'vitest'
import { type BuiltinContext, BuiltinError } from '../../../../src/rego/builtins/builtin.ts'
import { builtins } from '../../../../src/rego/builtins/index.ts'
import { termText } from '../../../../src/rego/builtins/term-text.ts'
import { jsonText, type Value } from '../../../../src/rego/value.ts'

/** A context whose clock stands at 2023-11-14T22:13:20Z, whose chance is always 7, and which has no network. */
export function contextOf(changes: Partial<BuiltinContext> = {}): BuiltinContext {
  return {
    nowNs: 1_700_000_000_000_000_000n,
    random: (size) => new Uint8Array(size).fill(7),
    runtime: {},
    ports: {},
    cache: new Map<string, unknown>(),
    session: new Map(),
    wait: () => {
      throw new BuiltinError('this caller cannot wait')
    },
    note: () => {},
    charge: () => {},
    ...changes,
  }
}

/** What a call gives, as JSON text with sets as arrays; `undefined`; or the code and message of its error. */
export function resultOf(name: string, args: readonly Value[], context: BuiltinContext = contextOf()): string {
  const builtin = builtins.get(name)
  if (builtin === undefined) throw new Error(`there is no builtin \`${name}\``)
  try {
    const value = 'run' in builtin ? builtin.run(context, ...args) : [...builtin.each(context, ...args)]
    return value === undefined ? 'undefined' : jsonText(value)
  } catch (error) {
    if (error instanceof BuiltinError) return `${error.code}: ${error.message}`
    throw error
  }
}

/** A call of a builtin with operands, and what `resultOf` says of it. */
export type Call = readonly [name: string, args: Value[], result: string]

/** One test for every call of a table. */
export function testCalls(calls: readonly Call[]): void {
  for (const [name, args, result] of calls) {
    test(`${name}(${args.map(termText).join(', ')}) is ${result}`, () => {
      expect(resultOf(name, args)).toBe(result)
    })
  }
}
