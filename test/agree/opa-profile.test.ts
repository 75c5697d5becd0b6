/** Profiles beside `opa eval --profile`: the same rows of the policies and their tests, and the same counts but for what is told of in src/rego/README.md. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Profile, prepare } from '../../src/rego/index.ts'
import { opaMissing, runOpa } from '../support/opa.ts'
import { filesBelow, textOf } from '../support/sources.ts'

interface OpaRow {
  readonly num_eval: number
  readonly num_redo: number
  readonly location: { readonly file: string; readonly row: number; readonly col: number }
}

const root = join(import.meta.dirname, '../..')
const modules = Object.fromEntries(filesBelow('policies', ['.rego']).map((path) => [path, textOf(path)]))
const missing = opaMissing()

/** Rows of the query in both, each with its counts. */
function both(query: string): { ours: ReadonlyMap<string, string>; opas: ReadonlyMap<string, string> } {
  const words = ['eval', '-d', 'policies', '--profile', '--profile-limit', '0', query]
  const opas = JSON.parse(runOpa(words, root).out).profile as readonly OpaRow[]
  const profile = new Profile(() => performance.now())
  prepare({ query, modules, data: JSON.parse(textOf('policies/data.json')), profile }).value()
  return {
    ours: new Map(
      profile.rows().map((row) => [`${row.file}:${row.row}`, `${row.col} ${row.evalCount} ${row.redoCount}`]),
    ),
    opas: new Map(
      opas.map((row) => [
        `${row.location.file}:${row.location.row}`,
        `${row.location.col} ${row.num_eval} ${row.num_redo}`,
      ]),
    ),
  }
}

describe.skipIf(missing !== undefined)(`a profile${missing ?? ''}`, () => {
  test.each(['data.orders_test', 'data.main_test', 'data.customers_test'])(
    'of %s has the rows of OPA',
    { timeout: 30_000 },
    (query) => {
      const { ours, opas } = both(query)
      expect(opas.size).toBeGreaterThan(40)
      expect([...ours.keys()].sort()).toEqual([...opas.keys()].sort())
      // An `every` has other counts, and most tests have one.
      const isPlain = (place: string): boolean => {
        const [file = '', row] = place.split(':')
        return !/\bevery\b/.test(modules[file]?.split('\n')[Number(row) - 1] ?? '')
      }
      const plain = [...opas].filter(([place]) => isPlain(place))
      const same = plain.filter(([place, counts]) => ours.get(place) === counts)
      expect(same.length / plain.length).toBeGreaterThan(0.88)
    },
  )
})
