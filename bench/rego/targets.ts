/** What the numbers must show, each target as a row: what was measured, what is wanted, and whether it was met. */
import type { CostRow } from './costs.ts'
import type { EngineName } from './engines.ts'
import type { Row } from './measure.ts'
import type { CaseName } from './work.ts'

export interface Target {
  readonly title: string
  /** Null where a rival was not there. */
  readonly measured: number | null
  readonly wanted: { readonly least: number } | { readonly most: number }
  readonly met: boolean | null
}

/** So many times faster than a rival, or at most so many times what it costs. Medians of one run are compared. */
interface Ratio {
  readonly title: string
  readonly over: readonly [EngineName, CaseName]
  readonly under: readonly [EngineName, CaseName]
  readonly wanted: Target['wanted']
}

const small: readonly CaseName[] = ['a', 'b-300', 'd']
const large: readonly CaseName[] = ['c-1000', 'b-64k']
const everything: readonly CaseName[] = ['a', 'b-300', 'b-4k', 'b-64k', 'c-1000', 'd']
const orders: readonly CaseName[] = ['b-300', 'b-4k', 'b-64k']

const faster = (rival: EngineName, least: number, cases: readonly CaseName[]): Ratio[] =>
  cases.map((name) => ({
    title: `${name}: times faster than \`${rival}\``,
    over: [rival, name],
    under: ['gatehouse', name],
    wanted: { least },
  }))

const ratios: readonly Ratio[] = [
  ...faster('opa-wasm', 20, small),
  ...faster('opa-wasm', 500, large),
  ...faster('opa-go', 150, everything),
  ...[...small, 'b-4k' as const, 'b-64k' as const].map(
    (name): Ratio => ({
      title: `${name}: times the cost of \`by-hand\``,
      over: ['gatehouse', name],
      under: ['by-hand', name],
      wanted: { most: 4 },
    }),
  ),
  {
    title: 'b at 64 KB, same fields read: times the cost at 300 B',
    over: ['gatehouse', 'b-64k-unread'],
    under: ['gatehouse', 'b-300'],
    wanted: { most: 1.2 },
  },
  {
    title: 'c, 1,000 rules: times the cost of ten',
    over: ['gatehouse', 'c-1000'],
    under: ['gatehouse', 'c-10'],
    wanted: { most: 2 },
  },
  ...orders.map(
    (name): Ratio => ({
      title: `${name}, from bytes: times the cost of the strict parse`,
      over: ['gatehouse-bytes', name],
      under: ['wire-json', name],
      wanted: { most: 1.2 },
    }),
  ),
  ...orders.map(
    (name): Ratio => ({
      title: `${name}, the strict parse: times the cost of \`JSON.parse\``,
      over: ['wire-json', name],
      under: ['json-parse', name],
      wanted: { most: 2.5 },
    }),
  ),
]

/** The most of each cost. Over thousands of reloads a heap moves by a little for reasons of its own; a leak of 400 bytes a reload is more than this. */
const costsMost: Record<CostRow['cost'], number> = {
  'compile-1000-rules': 300,
  'compile-10000-lines': 2_000,
  'memory-users': 3,
  'memory-vendors': 3,
  reload: 1,
}

export function judge(rows: readonly Row[], costs: readonly CostRow[]): Target[] {
  const median = ([engine, name]: readonly [EngineName, CaseName]): number | null =>
    rows.find((row) => row.engine === engine && row.case === name)?.median_us ?? null
  return [
    ...ratios.map(({ title, over, under, wanted }) => {
      const [one, other] = [median(over), median(under)]
      return targetOf(title, one === null || other === null ? null : one / other, wanted)
    }),
    ...costs.map(({ cost, title, value, unit }) => targetOf(`${title}, ${unit}`, value, { most: costsMost[cost] })),
  ]
}

function targetOf(title: string, measured: number | null, wanted: Target['wanted']): Target {
  if (measured === null) return { title, measured, wanted, met: null }
  const met = 'least' in wanted ? measured >= wanted.least : measured <= wanted.most
  return { title, measured: Number(measured.toPrecision(3)), wanted, met }
}
