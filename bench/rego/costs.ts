/** What the compiler and the data cost, each measured in fresh processes of its own: compile time, memory of data, memory after many reloads. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rounded } from '../statistics.ts'
import { queryOf } from './engine.ts'
import { makeLines } from './lines.ts'
import type { Case } from './work.ts'

export const costNames = [
  'compile-1000-rules',
  'compile-10000-lines',
  'memory-users',
  'memory-vendors',
  'reload',
] as const

export interface CostRow {
  readonly cost: (typeof costNames)[number]
  /** What the number is, for the table. */
  readonly title: string
  readonly value: number
  readonly unit: 'ms' | 'times the JSON' | 'MiB'
  /** Other numbers of the same measurement, in words. */
  readonly beside: string
}

export interface Repeats {
  /** Processes that compile, each once cold and once more. */
  readonly compile: number
  /** Queries prepared in one process. */
  readonly reloads: number
}

interface Compiled {
  readonly first: { readonly ms: number; readonly cpuMs: number }
  readonly second: { readonly ms: number; readonly cpuMs: number }
}

/** Bytes of the data whose memory is measured, as JSON. */
const dataBytes = 10_000_000
const linesCount = 10_000

export function measureCosts(
  folder: string,
  cases: readonly Case[],
  repeats: Repeats,
  tell: (line: string) => void,
): CostRow[] {
  const file = (name: string, content: unknown): string => {
    const path = join(folder, `${name}.json`)
    writeFileSync(path, JSON.stringify(content))
    return path
  }
  const caseOf = (name: string): Case => {
    const found = cases.find((of) => of.name === name)
    if (found === undefined) throw new Error(`there is no case \`${name}\``)
    return found
  }
  const thousand = caseOf('c-1000')
  const { modules, lines } = makeLines(linesCount)

  tell('compiling')
  const rules = file('rules', { query: queryOf(thousand), modules: { 'c.rego': thousand.policy } })
  const text = file('lines', { query: 'data.teams', modules })
  const compiled = [
    compileRow('compile-1000-rules', '1,000 rules compiled, first time in a process', rules, repeats.compile),
    compileRow('compile-10000-lines', `${lines} lines compiled, first time in a process`, text, repeats.compile),
  ]

  tell('memory of data')
  const memory = [
    memoryRow('memory-users', 'small records (users with two roles)', file('users', usersOf(dataBytes))),
    memoryRow('memory-vendors', 'larger records (vendors with addresses)', file('vendors', vendorsOf(dataBytes))),
  ]

  tell(`${repeats.reloads} reloads`)
  const reloaded = ['a', 'b-300', 'd'].map(caseOf).map((of) => ({
    query: queryOf(of),
    modules: { [`${of.name}.rego`]: of.policy },
    data: of.data,
    input: of.inputs[0],
  }))
  type Held = { readonly heapBytes: number; readonly residentBytes: number }
  const reload = script<{ reloads: number; early: Held; late: Held }>(
    'reload',
    file('reload', reloaded),
    String(repeats.reloads),
  )
  return [
    ...compiled,
    ...memory,
    {
      cost: 'reload',
      title: `heap grown over ${reload.reloads} reloads`,
      value: rounded((reload.late.heapBytes - reload.early.heapBytes) / 2 ** 20, 2),
      unit: 'MiB',
      beside: `heap ${mib(reload.early.heapBytes)} to ${mib(reload.late.heapBytes)} MiB, resident ${mib(reload.early.residentBytes)} to ${mib(reload.late.residentBytes)} MiB`,
    },
  ]
}

/** The best of several processes: what else the machine does can only add. */
function compileRow(cost: CostRow['cost'], title: string, file: string, processes: number): CostRow {
  const samples = Array.from({ length: processes }, () => script<Compiled>('compile', file))
  const least = (pick: (sample: Compiled) => number): number => Math.round(Math.min(...samples.map(pick)))
  return {
    cost,
    title,
    value: least(({ first }) => first.ms),
    unit: 'ms',
    beside: `${least(({ first }) => first.cpuMs)} ms of CPU on all threads; a second time ${least(({ second }) => second.ms)} ms`,
  }
}

function memoryRow(cost: CostRow['cost'], title: string, file: string): CostRow {
  const { bytes, parsedBytes, heldBytes } = script<{ bytes: number; parsedBytes: number; heldBytes: number }>(
    'memory',
    file,
  )
  return {
    cost,
    title: `data in memory, ${title}`,
    value: rounded(heldBytes / bytes, 2),
    unit: 'times the JSON',
    beside: `${mib(heldBytes)} MiB for ${mib(bytes)} MiB of JSON; \`JSON.parse\` alone ${rounded(parsedBytes / bytes, 2)} times`,
  }
}

/** Flags of Node for each script: the young generation grows in steps of its own, which in resident memory would look like what a reload leaves. */
const flags = {
  compile: [],
  memory: ['--expose-gc'],
  reload: ['--expose-gc', '--max-semi-space-size=8'],
} as const

function script<Printed>(name: keyof typeof flags, ...args: string[]): Printed {
  const path = join(import.meta.dirname, 'costs', `${name}.ts`)
  const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit']
  return JSON.parse(execFileSync(process.execPath, [...flags[name], path, ...args], { encoding: 'utf8', stdio }))
}

/** Users in the shape of policy d, as many as make `bytes` of JSON. */
function usersOf(bytes: number): object {
  const one = (index: number): object => ({
    roles: [`role${index % 10}`, `role${(index * 3 + 1) % 10}`],
    dept: `d${index % 20}`,
  })
  return { records: recordsOf(bytes, one) }
}

/** Vendors with what an ERP system knows of them. */
function vendorsOf(bytes: number): object {
  const one = (index: number): object => ({
    name: `Vendor number ${index} of the register, limited`,
    address: { street: `Long street ${index % 997}`, city: `City ${index % 311}`, country: 'DE' },
    contacts: [`orders-${index}@vendor.example.test`, `accounts-${index}@vendor.example.test`],
    active: index % 7 !== 0,
    limit: 1000 + index,
    since: `20${10 + (index % 15)}-03-01`,
  })
  return { records: recordsOf(bytes, one) }
}

function recordsOf(bytes: number, one: (index: number) => object): Record<string, object> {
  const records: Record<string, object> = {}
  for (let index = 0, size = 0; size < bytes; index += 1) {
    const record = one(index)
    records[`record${index}`] = record
    size += `"record${index}":,`.length + JSON.stringify(record).length
  }
  return records
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1)
}
