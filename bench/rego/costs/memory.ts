/**
 * What data costs while a query holds it: `node --expose-gc memory.ts FILE`, where the file is the data as JSON, read by the parser of the gateway.
 * Prints the bytes of the file and the bytes of heap and buffers that are left when the query has been prepared and asked.
 */
import { readFileSync } from 'node:fs'
import { type Json, prepare, type Query } from '../../../src/rego/index.ts'
import { parseJson } from '../../../src/wire/index.ts'

const policy = `package d

allow if {
	some role in data.users[input.user].roles
	input.action in data.permissions[role]
}
`

function held(): number {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** In a function of its own, so that nothing but the query keeps the data. */
function load(file: string): { query: Query; bytes: number } {
  const text = readFileSync(file)
  const data = parseJson(text) as Json
  return { query: prepare({ query: 'data.d.allow', modules: { 'd.rego': policy }, data }), bytes: text.length }
}

// The compiler itself is there before, as in a gateway that reloads.
prepare({ query: 'data.d.allow', modules: { 'd.rego': policy }, data: {} }).value({})
const before = held()
const { query, bytes } = load(process.argv[2] ?? '')
let allowed = 0
for (let user = 0; user < 100_000; user += 1)
  if (query.value({ user: `user${user}`, action: 'read' }) === true) allowed += 1
if (allowed === 0) throw new Error('no user was found in the data')
process.stdout.write(JSON.stringify({ bytes, heldBytes: held() - before, allowed }))
// The query is used after the measurement: until then nothing may collect it.
query.value({})
