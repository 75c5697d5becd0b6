/**
 * Programs on which this compiler once differed from OPA 1.20.2, with the value that OPA gives to `data.test.p`. What was found wrong in the reading or
 * checking of modules stands in `diagnostics.json` instead.
 */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Json, prepare } from '../../src/rego/index.ts'

interface Row {
  readonly note: string
  readonly source: string
  readonly input?: Json
  /** Absent: undefined. */
  readonly value?: Json
}

const table = new URL('../cases/rego/evaluation.json', import.meta.url)
const rows: readonly Row[] = JSON.parse(readFileSync(table, 'utf8'))

test.each(rows)('$note', ({ source, input, value }) => {
  const query = prepare({ query: 'data.test.p = x', modules: { 't.rego': `package test\n\n${source}\n` } })
  const wanted = value === undefined ? [] : [{ x: value }]
  expect(input === undefined ? query.evaluate() : query.evaluate(input)).toEqual(wanted)
})
