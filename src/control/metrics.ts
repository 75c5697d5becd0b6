/** What operators measure: every call as it ends, what other rooms show when they are asked, and the process. */
import { collectDefaultMetrics, Registry } from 'prom-client'
import { type CallSummary, faults, type ObserveCall, steps } from '../model/index.ts'
import { Counter, escaped, Family, Histogram, header, line } from './series.ts'

/** Combinations of route, upstream, decision, code and statuses that are remembered; others are looked up part by part. */
const combinationsMax = 4_096
/** Codes of policies that are counted each by its own; a policy may make them out of what agents send. */
const policyCodesMax = 256

/** A figure that is read when it is scraped. */
export interface Figure {
  /** `gatehouse_` and lower-case words; counters end with `_total`, units are the last word before it. */
  readonly name: string
  readonly help: string
  readonly type: 'gauge' | 'counter'
  /** Undefined when it cannot be told now. One number, or one for each value of a label. */
  readonly read: () => number | undefined | Labelled
}

export interface Labelled {
  /** Name of the label. */
  readonly by: string
  readonly values: readonly (readonly [labelled: string, value: number])[]
}

export interface Metrics {
  /** Costs well under 1 us. */
  readonly observe: ObserveCall
  /** Adds figures of other rooms. Throws when a name comes twice. */
  show(figures: readonly Figure[]): void
  /** Prometheus text, format 0.0.4. */
  text(): Promise<string>
  readonly contentType: string
}

/** Where a call is counted: the cells of its combination, found once. */
interface Cells {
  readonly calls: Counter
  readonly decisions: Counter
  readonly duration: Histogram
  readonly replies: Counter | undefined
  readonly upstream: Histogram | undefined
}

const counter = (): Counter => new Counter()
const histogram = (): Histogram => new Histogram()
const forwardStep = steps.indexOf('forward')

export function makeMetrics(): Metrics {
  const calls = new Family('gatehouse_calls_total', 'Calls that have ended', ['route', 'decision', 'status'], counter)
  const decisions = new Family(
    'gatehouse_decisions_total',
    'Decisions by result and by the code of the first reason or the fault; ok when there was none',
    ['decision', 'code'],
    counter,
  )
  const durations = new Family(
    'gatehouse_call_duration_seconds',
    'From arrival to the end of the reply',
    ['route'],
    histogram,
  )
  const stepTimes = new Family(
    'gatehouse_step_duration_seconds',
    'Time spent in each step of a call',
    ['step'],
    histogram,
  )
  const replies = new Family(
    'gatehouse_upstream_replies_total',
    'Replies of upstreams',
    ['upstream', 'status'],
    counter,
  )
  const upstreams = new Family(
    'gatehouse_upstream_duration_seconds',
    'From handing a call to its upstream to the header of the reply',
    ['upstream'],
    histogram,
  )
  const families = [calls, decisions, durations, stepTimes, replies, upstreams]
  const stepCells = steps.map((step) => stepTimes.cell(step))
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const figures = new Map<string, Figure>()
  const combinations = new Map<string, Cells>()

  const policyCodes = new Set<string>()
  const labelOf = (code: string): string => {
    if (code === 'ok' || Object.hasOwn(faults, code) || policyCodes.has(code)) return code
    if (policyCodes.size >= policyCodesMax) return 'other'
    policyCodes.add(code)
    return code
  }

  const cellsOf = (summary: CallSummary): Cells => {
    const { route, upstream, decision, status, upstreamStatus } = summary
    const code = labelOf(summary.code)
    const key = `${route} ${upstream} ${decision} ${code} ${status} ${upstreamStatus}`
    const found = combinations.get(key)
    if (found !== undefined) return found
    const cells = {
      calls: calls.cell(route, decision, String(status)),
      decisions: decisions.cell(decision, code),
      duration: durations.cell(route),
      replies: upstreamStatus === undefined ? undefined : replies.cell(upstream, String(upstreamStatus)),
      upstream: upstreamStatus === undefined ? undefined : upstreams.cell(upstream),
    }
    if (combinations.size < combinationsMax) combinations.set(key, cells)
    return cells
  }

  return {
    observe(summary) {
      const cells = cellsOf(summary)
      cells.calls.value++
      cells.decisions.value++
      cells.duration.observe(summary.totalMs)
      if (cells.replies !== undefined) cells.replies.value++
      cells.upstream?.observe(summary.stepMs[forwardStep] ?? 0)
      for (let index = 0; index < stepCells.length; index++) {
        const ms = summary.stepMs[index] as number
        // 0 is a step that was not reached.
        if (ms > 0) (stepCells[index] as Histogram).observe(ms)
      }
    },
    show(added) {
      for (const figure of added) {
        if (figures.has(figure.name)) throw new TypeError(`the figure ${figure.name} comes twice`)
        figures.set(figure.name, figure)
      }
    },
    async text() {
      const own = families.map((family) => family.text())
      return [...own, ...[...figures.values()].map(figureText), await registry.metrics()].join('')
    },
    contentType: registry.contentType,
  }
}

function figureText({ name, help, type, read }: Figure): string {
  const value = read()
  if (value === undefined) return ''
  if (typeof value === 'number') return `${header(name, help, type)}${line(name, '', value)}`
  const lines = value.values.map(([labelled, one]) => line(name, `${value.by}="${escaped(labelled)}"`, one))
  return lines.length === 0 ? '' : `${header(name, help, type)}${lines.join('')}`
}
