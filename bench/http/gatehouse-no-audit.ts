/**
 * Gatehouse without its decision log, as a process: the same rooms from the same configuration, with entries that note
 * nothing. Only here, to know what the log costs: the product has no such switch. `gatehouse-no-audit.ts FILE`.
 */
import { randomBytes } from 'node:crypto'
import { systemClock as clock } from '../../src/cli/clock.ts'
import { makeGeneration } from '../../src/cli/generation.ts'
import { diskFiles, loadConfig } from '../../src/config/index.ts'
import { makeFetchDocument } from '../../src/forward/index.ts'
import { makeGateway } from '../../src/gateway.ts'
import { type Fault, type Log, makeIdMaker } from '../../src/model/index.ts'
import { answer, makeReceiver, receive } from '../../src/receive/index.ts'
import type { Entry, OpenEntry } from '../../src/record/index.ts'

const [file = ''] = process.argv.slice(2)
const complain: Log['warn'] = (fields, message) => void process.stderr.write(`${message} ${JSON.stringify(fields)}\n`)
const log: Log = { debug() {}, info() {}, warn: complain, error: complain }

const config = loadConfig(file, { environment: {}, files: diskFiles, developmentIssuer: undefined })
const makeId = makeIdMaker(clock.nowMs, randomBytes)
const fetchDocument = makeFetchDocument({ clock })
const generation = await makeGeneration(config, { clock, makeId, log, fetchDocument, keysChanged: () => {} }, undefined)
const rooms = {
  record: openNothing(),
  receive,
  identify: generation.identifier.identify,
  route: generation.router.route,
  decide: generation.decide,
  forward: generation.forwarding.forward,
  answer,
  reportBug: (fault: Fault) => complain({ cause: fault.detail }, 'a call met a mistake of the program'),
}
const { timing } = config
const { host, port, connectionsMax, callsMax } = config.agentsListener
const receiver = makeReceiver(
  { host, port, connectionsMax, callsMax, timing },
  {
    clock,
    makeId,
    randomBytes,
    log,
    handle: makeGateway(() => rooms),
    onRefusedBytes: (code, detail) => complain({ code, detail }, 'bytes were refused'),
    onFlood: (flood) => complain({ ...flood }, 'connections were closed unread'),
  },
)
await receiver.listen()
process.once('SIGTERM', () => {
  receiver
    .drain(timing.drainMsMax)
    .then(() => process.exit(0))
    .catch((cause: unknown) => {
      complain({ cause: String(cause) }, 'the drain failed')
      process.exit(1)
    })
})

/** Entries that give back what they get. */
function openNothing(): OpenEntry {
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
