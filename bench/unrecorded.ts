/** Entries that give back what they get and record nothing: only to know what the log costs, the product has no such switch. */
import type { MakeId } from '../src/model/index.ts'
import type { Entry, OpenEntry } from '../src/record/index.ts'

export function openUnrecorded(makeId: MakeId): OpenEntry {
  class UnrecordedEntry implements Entry {
    private id: string | undefined

    get decisionId(): string {
      this.id ??= makeId()
      return this.id
    }

    received: Entry['received'] = (call) => call
    identified: Entry['identified'] = (principal) => principal
    routed: Entry['routed'] = (target) => target

    decided: Entry['decided'] = (decision) => {
      this.id = decision.id
      return Promise.resolve(decision)
    }

    refused: Entry['refused'] = (reply) => Promise.resolve(reply)

    followed: Entry['followed'] = ({ upstream: _times, obligationsDone: _done, ...reply }) =>
      Promise.resolve({ ...reply, decisionId: this.decisionId })

    failed: Entry['failed'] = (fault, answerFault) => Promise.resolve(answerFault(fault, this.decisionId))
  }
  return () => new UnrecordedEntry()
}
