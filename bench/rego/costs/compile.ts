/**
 * What it costs to prepare a query in a process that has not prepared any before, as at a start: `node compile.ts FILE`, where the file holds
 * `query` and `modules`. Prints milliseconds by the clock and of CPU time, and those of a second time, as at a reload.
 */
import { readFileSync } from 'node:fs'
import { prepare } from '../../../src/rego/index.ts'

const options = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))

function once(): { ms: number; cpuMs: number } {
  const before = process.cpuUsage()
  const began = performance.now()
  prepare(options)
  const ms = performance.now() - began
  const { user, system } = process.cpuUsage(before)
  return { ms, cpuMs: (user + system) / 1000 }
}

const first = once()
const second = once()
process.stdout.write(JSON.stringify({ first, second }))
