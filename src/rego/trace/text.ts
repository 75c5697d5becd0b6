/** A trace for people, laid out as `opa eval --explain` does: the place, bars for how deep it is, the operation and what it is about. */
import type { TraceEvent } from './tracer.ts'

/** `full` is everything but what terms were found to be, `debug` that too; `notes` and `fails` only these events and what led to them. */
export type TraceView = 'full' | 'debug' | 'notes' | 'fails'

/** Columns between the longest place and the events. */
const placePadding = 4

export function viewOf(events: readonly TraceEvent[], view: TraceView): readonly TraceEvent[] {
  if (view === 'debug') return events
  if (view === 'full') return events.filter(({ op }) => op !== 'Unify')
  return leadingTo(events, view === 'notes' ? 'Note' : 'Fail')
}

/** Each event of a kind behind the rules and bodies that it stands in; of those only what the last such event has not shown. */
function leadingTo(events: readonly TraceEvent[], wanted: TraceEvent['op']): readonly TraceEvent[] {
  const result: TraceEvent[] = []
  let entered = new Map<number, TraceEvent>()
  for (const event of events) {
    if (event.op === wanted) {
      const path: TraceEvent[] = []
      for (let at = entered.get(event.query); at !== undefined; at = entered.get(at.parent)) path.push(at)
      result.push(...path.reverse(), event)
      entered = new Map()
    }
    const isScope = event.node === 'rule' || event.node === 'body'
    if (isScope && (event.op === 'Enter' || event.op === 'Redo')) entered.set(event.query, event)
  }
  return result
}

/** Lines with a break at the end of each; nothing for no events. */
export function traceText(events: readonly TraceEvent[]): string {
  const depths = new Map<number, number>([[0, 0]])
  const rows = events.map((event) => {
    const depth = depths.get(event.query) ?? (depths.get(event.parent) ?? 0) + 1
    depths.set(event.query, depth)
    return { place: placeText(event), line: `${'| '.repeat(barsOf(event, depth))}${eventText(event)}` }
  })
  const width = rows.reduce((most, { place }) => Math.max(most, place.length), 0) + placePadding
  return rows.map(({ place, line }) => `${place.padEnd(width)} ${line}\n`).join('')
}

function barsOf({ op, node }: TraceEvent, depth: number): number {
  return op === 'Enter' || (op === 'Redo' && node !== 'expression') ? depth - 1 : depth
}

function placeText({ at }: TraceEvent): string {
  return `${at.file === '' ? 'query' : at.file}:${at.row}`
}

function eventText({ op, text, message }: TraceEvent): string {
  if (op === 'Note') return `Note ${JSON.stringify(text)}`
  return `${op} ${text}${message === undefined ? '' : ` ${message}`}`
}
