/**
 * Gatehouse without its decision log, as a process: the same rooms from the same configuration, with entries that note nothing or that
 * pino writes. Only here, to know what the log costs: the product has no such switch. `gatehouse-other-log.ts FILE LOGGER FOLDER`.
 */
import { randomBytes } from 'node:crypto'
import { systemClock as clock } from '../../src/cli/clock.ts'
import { setEngine } from '../../src/cli/engine.ts'
import { makeGeneration, makeMcpParts } from '../../src/cli/generation.ts'
import { diskFiles, loadConfig } from '../../src/config/index.ts'
import { makeFetchDocument } from '../../src/forward/index.ts'
import { makeGateway } from '../../src/gateway.ts'
import { type Fault, type Log, makeIdMaker } from '../../src/model/index.ts'
import { answer, makeReceiver, receive } from '../../src/receive/index.ts'
import { openers } from '../log/loggers.ts'

const [file = '', name = '', folder = ''] = process.argv.slice(2)
const complain: Log['warn'] = (fields, message) => void process.stderr.write(`${message} ${JSON.stringify(fields)}\n`)
const log: Log = { debug() {}, info() {}, warn: complain, error: complain }

if (name !== 'none' && name !== 'pino-sync' && name !== 'pino-async') throw new Error(`\`${name}\` is no other log`)
setEngine()
const logger = await openers[name](folder)
const config = loadConfig(file, { environment: {}, files: diskFiles, developmentIssuer: undefined })
const makeId = makeIdMaker(clock.nowMs, randomBytes)
const fetchDocument = makeFetchDocument({ clock })
const sealKey = randomBytes(32)
const mcp = makeMcpParts({ clock, randomBytes, sealKey: () => sealKey })
const generation = await makeGeneration(
  config,
  { clock, makeId, log, fetchDocument, keysChanged: () => {}, mcp },
  undefined,
)
const rooms = {
  record: logger.open,
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
    .then(() => logger.close())
    .then(() => process.exit(0))
    .catch((cause: unknown) => {
      complain({ cause: String(cause) }, 'the drain failed')
      process.exit(1)
    })
})
