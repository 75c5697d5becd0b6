/**
 * The generation in force, and how another takes its place: it is built whole, recorded, then swapped; or the change is
 * refused, with a reason that everybody can see, and what was in force goes on. One reload at a time.
 */
import type { Rooms } from '../gateway.ts'
import { type Config, type Log, messageOf } from '../model/index.ts'
import type { DecisionLog } from '../record/index.ts'
import type { Generation } from './generation.ts'

/** Characters of a refused change's reason in its record: the first errors tell enough, the program's log has them all. */
const reasonCharsMax = 8_000

export interface InForceOptions {
  readonly first: Generation
  /** Reads the configuration anew. Throws what is wrong with it. */
  readonly load: () => Promise<Config>
  /** Throws what is wrong with what the configuration names. */
  readonly generate: (config: Config, previous: Generation) => Promise<Generation>
  readonly roomsOf: (generation: Generation) => Rooms
  /** Told of a generation that has just been recorded and is about to be in force. */
  readonly swapping: (next: Generation) => void
  readonly decisions: Pick<DecisionLog, 'admin' | 'change'>
  readonly log: Log
}

export interface InForce {
  readonly generation: Generation
  /** What a call that arrives now uses, to its end. */
  readonly rooms: Rooms
  /** Why the last change was refused, and what goes on; undefined when it was taken in. */
  readonly refusal: string | undefined
  /** Takes in what changed, whole or not at all; resolves with `refusal`. Never rejects. A second one waits for the first. */
  reload(): Promise<string | undefined>
  /** From now on every reload is refused; resolves when the one that runs has ended. */
  close(): Promise<void>
}

export function makeInForce({ first, load, generate, roomsOf, swapping, decisions, log }: InForceOptions): InForce {
  let generation = first
  let rooms = roomsOf(first)
  let refusal: string | undefined
  let turn: Promise<unknown> = Promise.resolve()
  let closed = false

  async function takeIn(): Promise<string | undefined> {
    if (closed) return 'the gateway is shutting down: the change is not taken in'
    try {
      await swap(await load())
      refusal = undefined
    } catch (cause) {
      const reason = generation.redact(messageOf(cause))
      refusal = `the last change was refused, what was in force before goes on: ${reason}`
      log.error({ cause: reason }, 'a change of the configuration was refused')
      await decisions
        .admin('reload_refused', { reason: reason.slice(0, reasonCharsMax) })
        .catch((unwritten: unknown) =>
          log.error({ cause: messageOf(unwritten) }, 'the refused change is not recorded yet'),
        )
    }
    return refusal
  }

  async function swap(config: Config): Promise<void> {
    const fixed = needsRestart(first.config, config)
    if (fixed !== undefined) throw new Error(fixed)
    const last = generation
    const next = await generate(config, last)
    // Said before it is so: what cannot be recorded does not come into force.
    const { revision, digest } = next.policy
    const changed = changesOf(last, next)
    const keys = next.identifier.keyNames()
    await decisions.change('reload', { configuration: config.file, revision, digest, changed, keys })
    swapping(next)
    generation = next
    rooms = roomsOf(next)
    log.info({ revision, digest }, 'the configuration was read again and is in force')
    last.forwarding
      .close()
      .catch((cause: unknown) => log.warn({ cause: messageOf(cause) }, 'old connections were not closed'))
  }

  return {
    get generation() {
      return generation
    },
    get rooms() {
      return rooms
    },
    get refusal() {
      return refusal
    },
    reload() {
      const result = turn.then(takeIn)
      turn = result
      return result
    },
    async close() {
      closed = true
      await turn
    },
  }
}

/** What a reload changes of what is allowed, by name. */
function changesOf(before: Generation, after: Generation): string[] {
  const changes: string[] = []
  if (before.policy.digest !== after.policy.digest) changes.push('policy')
  if (!alike(before.config, after.config)) changes.push('configuration')
  if (!alike(before.identifier.keyNames(), after.identifier.keyNames())) changes.push('keys')
  if (!alike(before.certificate, after.certificate)) changes.push('certificate')
  return changes
}

/** What cannot change while calls are under way, said with what to do; undefined when all can. */
function needsRestart(running: Config, wanted: Config): string | undefined {
  const fixed: [name: string, before: unknown, after: unknown][] = [
    ['mode', running.mode, wanted.mode],
    ['data', running.dataDirectory, wanted.dataDirectory],
    ['log', running.log, wanted.log],
    ['audit', running.audit, wanted.audit],
    ['timing', { ...running.timing, drainMsMax: 0 }, { ...wanted.timing, drainMsMax: 0 }],
    ['listeners.agents', { ...running.agentsListener, publicUrl: '' }, { ...wanted.agentsListener, publicUrl: '' }],
    ['listeners.operators', running.operatorsListener, wanted.operatorsListener],
  ]
  const changed = fixed.filter(([, before, after]) => !alike(before, after)).map(([name]) => `\`${name}\``)
  if (changed.length === 0) return undefined
  return `${changed.join(', ')} cannot change while the gateway runs: restart it, or take the change back`
}

/** Both come from the same conversion of the same schema, so equal values have equal texts. */
function alike(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
