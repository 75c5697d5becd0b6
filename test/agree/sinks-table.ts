/**
 * `npm run sinks`: every sink against its real server, as a table of what was kept. Prints a line a sink, with counts in each cell, and
 * ends with status 1 when a cell is empty or a promise was not kept. `npm run sinks -- KIND...` runs some of them.
 */
import { sinkKinds } from '../../src/sinks/kinds.ts'
import { receivers } from './receivers/index.ts'
import type { ReceiverKind } from './receivers/receiver.ts'
import { loadRow } from './sink-load.ts'
import { openWorld, type Scenario, scenarios } from './sink-scenarios.ts'

const standardRecords = 2_000
/** Sinks whose scenarios run at once. */
const sideBySide = 3
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

const chosen = receivers.filter(({ kind }) => asked.length === 0 || asked.includes(kind))
const rows = new Map<ReceiverKind, string[]>(chosen.map((kind) => [kind, []]))
const started = performance.now()

function installedFolder(kind: ReceiverKind): string | undefined {
  return kind.installed === undefined ? '' : process.env[kind.installed]
}

/** Scenarios mostly wait, so some sinks go side by side; what is measured goes alone, afterwards. */
const queue = [...chosen]
async function keepPromises(): Promise<void> {
  for (let kind = queue.shift(); kind !== undefined; kind = queue.shift()) {
    const installed = installedFolder(kind)
    if (installed === undefined) {
      wrong.push(
        `${kind.kind}: its server is not installed: ${kind.installed} names no folder (.ci/servers installs it)`,
      )
      continue
    }
    for (const scenario of scenarios) {
      const cell = await cellOf(kind, installed, scenario)
      rows.get(kind)?.push(cell.text === '' ? 'FAILED' : cell.text)
      wrong.push(...cell.wrong.map((what) => `${kind.kind}, ${scenario.name}: ${what}`))
    }
    console.error(
      `${kind.kind}: its promises were looked at after ${((performance.now() - started) / 1_000).toFixed(0)} s`,
    )
  }
}
await Promise.all(Array.from({ length: sideBySide }, keepPromises))
for (const [kind, cells] of rows) {
  const installed = installedFolder(kind)
  if (installed === undefined) continue
  const load = await loadRow(kind, installed)
  cells.push(load.text)
  wrong.push(...load.wrong.map((what) => `${kind.kind}, load: ${what}`))
}

console.log(['sink', ...columns].join(' | '))
console.log(['sink', ...columns].map(() => '---').join(' | '))
for (const [{ kind }, cells] of rows) {
  if (columns.some((_, index) => (cells[index] ?? '') === '')) wrong.push(`${kind}: a cell is empty`)
  console.log([kind, ...cells].join(' | '))
}
for (const what of wrong) console.log(`not kept: ${what}`)
console.log(wrong.length === 0 ? 'every promise was kept' : `${wrong.length} promises were not kept`)
process.exitCode = wrong.length === 0 ? 0 : 1
