/**
 * `npm run sinks`: every sink against its real server, as a table of what was kept. Prints a line a sink, with counts in each cell, and
 * ends with status 1 when a cell is empty or a promise was not kept. `npm run sinks -- KIND...` runs some of them.
 */
import { styleText } from 'node:util'
import { sinkKinds } from '../../src/sinks/kinds.ts'
import { receivers } from './receivers/index.ts'
import type { ReceiverKind } from './receivers/receiver.ts'
import { loadRow } from './sink-load.ts'
import { openWorld, type Scenario, scenarios } from './sink-scenarios.ts'

const standardRecords = 2_000
/** Tries of a whole scenario: none is given a second one. */
const columns = [...scenarios.map(({ name }) => name), 'load']

interface Cell {
  readonly text: string
  readonly wrong: readonly string[]
}

function notFor(kind: ReceiverKind, { needsServer, needsPoison }: Scenario): string | undefined {
  if (needsServer && kind.serverless !== undefined) return kind.serverless
  return needsPoison === true && 'none' in kind.poison ? kind.poison.none : undefined
}

async function cellOf(kind: ReceiverKind, installed: string, scenario: Scenario): Promise<Cell> {
  const why = notFor(kind, scenario)
  if (why !== undefined) return { text: `(${why})`, wrong: [] }
  try {
    await using world = await openWorld(kind, installed)
    const { records, duplicates, wrong } = await scenario.run(world, kind.records ?? standardRecords, kind)
    return { text: `${records}${duplicates === 0 ? '' : ` +${duplicates} twice`}`, wrong }
  } catch (cause) {
    return { text: '', wrong: [cause instanceof Error ? cause.message : String(cause)] }
  }
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !receivers.some(({ kind }) => kind === name))
if (unknown.length > 0) throw new Error(`there is no sink ${unknown.join(', ')}`)
const wrong: string[] = []
for (const { kind } of sinkKinds)
  if (!receivers.some((receiver) => receiver.kind === kind)) wrong.push(`${kind}: no receiver is written for it`)

console.log(['sink', ...columns].join(' | '))
console.log(['sink', ...columns].map(() => '---').join(' | '))
for (const kind of receivers) {
  if (asked.length > 0 && !asked.includes(kind.kind)) continue
  const installed = kind.installed === undefined ? '' : process.env[kind.installed]
  if (installed === undefined) {
    wrong.push(`${kind.kind}: its server is not installed: ${kind.installed} names no folder (.ci/servers installs it)`)
    continue
  }
  const cells: string[] = []
  for (const scenario of scenarios) {
    const cell = await cellOf(kind, installed, scenario)
    cells.push(cell.wrong.length === 0 ? cell.text : styleText('red', cell.text === '' ? 'FAILED' : cell.text))
    if (cell.text === '' && cell.wrong.length === 0) wrong.push(`${kind.kind}, ${scenario.name}: the cell is empty`)
    wrong.push(...cell.wrong.map((what) => `${kind.kind}, ${scenario.name}: ${what}`))
  }
  const load = await loadRow(kind, installed)
  cells.push(load.text)
  wrong.push(...load.wrong.map((what) => `${kind.kind}, load: ${what}`))
  console.log([kind.kind, ...cells].join(' | '))
}
for (const what of wrong) console.log(`not kept: ${what}`)
console.log(wrong.length === 0 ? 'every promise was kept' : `${wrong.length} promises were not kept`)
process.exitCode = wrong.length === 0 ? 0 : 1
