/**
 * What data costs while a query holds it: `node --expose-gc memory.ts FILE`, where the file holds `records` by their names, read as
 * the gateway reads its data. Prints the bytes of the file, the bytes of heap and buffers that `JSON.parse` leaves for it, and those that a query leaves.
 */
import { readFileSync } from 'node:fs'
import { type Json, prepare, type Query, shareEqualParts } from '../../../src/rego/index.ts'
import { parseJson } from '../../../src/wire/index.ts'

const file = process.argv[2] ?? ''
const options = {
  query: 'data.memory.known',
  modules: { 'memory.rego': 'package memory\n\nknown if data.records[input.name]\n' },
}

function held(): number {
  // Buffers are given back by the second collection.
  for (let time = 0; time < 2; time += 1) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** In functions of their own, so that nothing but what they give keeps the text. */
function parse(): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}

function load(): Query {
  const data = parseJson(readFileSync(file)) as Json
  shareEqualParts(data)
  return prepare({ ...options, data })
}

/** Asks a hundred thousand times, so that whatever the engine makes at its first use is there; gives how often the record was found. */
function ask(query: Query): number {
  let known = 0
  for (let index = 0; index < 100_000; index += 1) if (query.value({ name: `record${index}` }) === true) known += 1
  return known
}

// The compiler itself is there before, as in a gateway that reloads.
ask(prepare({ ...options, data: {} }))
const before = held()
let parsed: unknown = parse()
const parsedBytes = held() - before
if (parsed === undefined) throw new Error('nothing was parsed')
parsed = undefined
const empty = held()
const query = load()
if (ask(query) === 0) throw new Error('no record was found')
const bytes = readFileSync(file).length
process.stdout.write(JSON.stringify({ bytes, parsedBytes, heldBytes: held() - empty }))
// The query is used after the measurement: until then nothing may collect it.
query.value({})
