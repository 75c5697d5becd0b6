/** The engines of the comparison by the names that readers of the numbers rely on: how each is started, or why it cannot be. */
import { type Json, prepare } from '../../src/rego/index.ts'
import { parseJson } from '../../src/wire/index.ts'
import { policyA, policyB, policyC, policyD } from './by-hand.ts'
import { type Engine, engineHere, queryOf, type Setting } from './engine.ts'
import { startGoLibrary } from './go-library.ts'
import { startOpaServer } from './opa-server.ts'
import { opaWasm } from './opa-wasm.ts'
import type { Case } from './work.ts'

export const engineNames = [
  'gatehouse',
  'gatehouse-bytes',
  'by-hand',
  'by-hand-bytes',
  'opa-wasm',
  'opa-wasm-bytes',
  'opa-go',
  'opa-go-parsed',
  'opa-server',
  'wire-json',
  'json-parse',
] as const
export type EngineName = (typeof engineNames)[number]

/** Starts each engine. A maker throws `Missing` where its rival is not installed. */
export const makers: Record<EngineName, (setting: Setting) => Promise<Engine>> = {
  gatehouse: async () => engineHere((of) => ({ decide: compiled(of), inputs: of.inputs })),
  'gatehouse-bytes': async () =>
    engineHere((of) => {
      const decide = compiled(of)
      return { decide: (bytes: Buffer) => decide(parseJson(bytes) as Json), inputs: of.bytes }
    }),
  'by-hand': async () => engineHere((of) => ({ decide: byHand(of), inputs: of.inputs })),
  'by-hand-bytes': async () =>
    engineHere((of) => {
      const decide = byHand(of)
      return { decide: (bytes: Buffer) => decide(JSON.parse(bytes.toString('utf8'))), inputs: of.bytes }
    }),
  'opa-wasm': (setting) => opaWasm(setting, 'values'),
  'opa-wasm-bytes': (setting) => opaWasm(setting, 'bytes'),
  'opa-go': (setting) => startGoLibrary(setting, 'values'),
  'opa-go-parsed': (setting) => startGoLibrary(setting, 'parsed'),
  'opa-server': startOpaServer,
  'wire-json': async () =>
    engineHere((of) => ({ decide: (bytes: Buffer) => parseJson(bytes), inputs: of.bytes }), true),
  'json-parse': async () =>
    engineHere((of) => ({ decide: (bytes: Buffer) => JSON.parse(bytes.toString('utf8')), inputs: of.bytes }), true),
}

function compiled(of: Case): (input: Json) => unknown {
  const query = prepare({ query: queryOf(of), modules: { [`${of.name}.rego`]: of.policy }, data: of.data })
  return (input) => query.value(input)
}

/** The case's policy by hand. The shapes of data and inputs are those of the reference work. */
function byHand({ name, data }: Case): (input: unknown) => unknown {
  const made = {
    a: () => policyA(data as never),
    b: () => policyB(data as never),
    c: () => policyC(name === 'c-10' ? 10 : 1000),
    d: () => policyD(data as never),
  }[name[0] as 'a' | 'b' | 'c' | 'd']()
  return made as (input: unknown) => unknown
}
