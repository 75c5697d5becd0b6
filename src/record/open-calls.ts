/** Decisions whose outcome is still to come: an outcome is shown and judged with what its decision said. */
import { type LogRecord, limits } from '../model/index.ts'
import { type CallFacts, type Filters, factsOf } from './filter.ts'

/** Calls whose decision was read and whose outcome was not: about as many as can be under way. */
const openCallsMax = 2 * limits.callsMax

/** Records before a place in the log at which somebody must begin who asks about calls, so that outcomes find their decisions. */
export const callLeadRecords = 2 * limits.callsMax

export class OpenCalls {
  private readonly facts = new Map<string, CallFacts>()
  private readonly filters: Filters

  constructor(filters: Filters) {
    this.filters = filters
  }

  open(decisionId: string, facts: CallFacts): void {
    this.facts.set(decisionId, facts)
    if (this.facts.size > openCallsMax) this.facts.delete(this.facts.keys().next().value ?? '')
  }

  factsFor(record: LogRecord): CallFacts | undefined {
    if (record.type === 'decision') {
      const facts = factsOf(record, this.filters)
      this.open(record.decision_id, facts)
      return facts
    }
    if (record.type !== 'outcome') return undefined
    const facts = this.facts.get(record.decision_id)
    this.facts.delete(record.decision_id)
    return facts
  }
}
