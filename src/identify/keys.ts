/**
 * The keys of one issuer over time. A file is read once: a change of it is a new configuration. A URL is fetched ahead of
 * expiry while the keys at hand go on working, again for a key id that is not known (not oftener than a flood of made-up
 * ids should cost), and the last keys are kept while the issuer is down.
 *
 *     age of the keys:   0 ---- keysFreshMs ---- keysExpiryMs ---------------- keysStaleMsMax
 *                         use    use, fetch in    wait for a fetch;              keys_unavailable
 *                                the background   when it fails: use
 */
import { hash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import {
  type Clock,
  Fault,
  type FetchDocument,
  Flaws,
  type Issuer,
  type Log,
  limits,
  messageOf,
} from '../model/index.ts'
import { readKeySet, type VerificationKey } from './key-set.ts'
import { quoted } from './quoted.ts'
import type { ParseJson, Token } from './token.ts'

/** Keys to try, and the version of the set that they were found in. */
export interface KeyChoice {
  readonly keys: readonly VerificationKey[]
  readonly version: number
}

export interface IssuerKeys {
  /** Where they come from: the same place under a new configuration keeps what was fetched. */
  readonly place: string
  /**
   * Keys that may have signed a token, at most `limits.keysTriedMax`, never none. Faults: `token_signature` when the issuer
   * has no such key, `keys_unavailable` (also as a rejection) when it cannot be asked.
   */
  find(token: Token): KeyChoice | Promise<KeyChoice>
  /**
   * For tokens that were verified before: false when the keys are too old to trust what they once verified. Begins a fetch
   * in the background when one is due. `nowMs` is monotonic.
   */
  keep(nowMs: number): boolean
  /** Fetches what is not there yet. Never rejects: `readiness` tells. */
  load(): Promise<void>
  readiness(): string | undefined
  /** Names of the keys in use: the key id, where there is one, and the beginning of the key's SHA-256. */
  names(): readonly string[]
  /** Rises when the keys change: what was verified or refused under a lower number is looked at again. */
  version(): number
}

/** The keys of an issuer were replaced while they are in use: what was allowed before may not be any more. */
export interface KeyChange {
  readonly issuer: string
  readonly place: string
  /** Names of the keys from now on, of those that came and of those that went. */
  readonly keys: readonly string[]
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

export interface KeyPorts {
  readonly keysChanged: (change: KeyChange) => void
  readonly clock: Clock
  readonly log: Log
  readonly fetchDocument: FetchDocument
  readonly parseJson: ParseJson
}

export function placeOf({ keys }: Issuer): string {
  return 'file' in keys ? keys.file : keys.url
}

/** Throws `Flaws` when a key set in a file cannot be read. */
export function openIssuerKeys(issuer: Issuer, ports: KeyPorts): IssuerKeys {
  return 'file' in issuer.keys
    ? keysOfFile(issuer.keys.file, ports.parseJson)
    : keysOfUrl(issuer, issuer.keys.url, ports)
}

/** The keys of a JWK set in a file that can verify tokens. Throws `Flaws` when it cannot be read as one. */
export function readKeyFile(file: string, parseJson: ParseJson): readonly VerificationKey[] {
  try {
    const about = statSync(file)
    // A pipe or a device has no size and perhaps no end.
    if (!about.isFile()) throw new Error('it is no regular file')
    if (about.size > limits.keysBytesMax) throw new Error(`it is larger than ${limits.keysBytesMax} bytes`)
    return readKeySet(readFileSync(file), parseJson)
  } catch (cause) {
    const message = `the keys cannot be read: ${messageOf(cause)}`
    throw new Flaws([{ file, place: '', message, fix: 'name a file that holds a JWK set (RFC 7517)' }], { cause })
  }
}

function keysOfFile(file: string, parseJson: ParseJson): IssuerKeys {
  const keys = readKeyFile(file, parseJson)
  return {
    place: file,
    find: (token) => {
      const found = fitting(keys, token)
      if (found.length === 0) throw noKey(token)
      return { keys: found, version: 0 }
    },
    keep: () => true,
    load: async () => {},
    names: () => keys.map(nameOf),
    readiness: () => (keys.length === 0 ? `no key in \`${file}\` can verify a token: add one` : undefined),
    version: () => 0,
  }
}

function keysOfUrl(issuer: Issuer, url: string, ports: KeyPorts): IssuerKeys {
  const { clock, log, fetchDocument, parseJson } = ports
  let keys: readonly VerificationKey[] | undefined
  let version = 0
  let fetchedMs = 0
  let retryAtMs = Number.NEGATIVE_INFINITY
  let unknownAtMs = Number.NEGATIVE_INFINITY
  let running: Promise<void> | undefined
  let failure: string | undefined
  /** Before that the keys are part of a configuration that is not in force yet. */
  let loaded = false

  async function fetchKeys(): Promise<void> {
    try {
      const reply = await fetchDocument({
        url,
        headers: { accept: 'application/jwk-set+json, application/json' },
        bytesMax: limits.keysBytesMax,
        msMax: limits.keysMsMax,
      })
      if (reply.status !== 200) throw new Error(`the answer has status \`${reply.status}\``)
      take(readKeySet(reply.bytes, parseJson))
    } catch (cause) {
      failure = messageOf(cause)
      retryAtMs = clock.monotonicMs() + limits.keysRetryMs
      log.warn({ issuer: issuer.issuer, url, error: failure }, 'the keys of an issuer could not be fetched')
    } finally {
      running = undefined
    }
  }

  function take(next: readonly VerificationKey[]): void {
    const before = keys
    const changed = before?.map(fingerprint).join() !== next.map(fingerprint).join()
    keys = next
    fetchedMs = clock.monotonicMs()
    failure = undefined
    if (!changed) return
    version++
    const names = next.map(nameOf)
    log.info({ issuer: issuer.issuer, keys: names }, 'keys of an issuer taken')
    if (!loaded) return
    const old = before?.map(nameOf) ?? []
    ports.keysChanged({
      issuer: issuer.issuer,
      place: url,
      keys: names,
      added: names.filter((name) => !old.includes(name)),
      removed: old.filter((name) => !names.includes(name)),
    })
  }

  /** The fetch under way, or a new one; undefined when the last one failed just now. */
  function refresh(nowMs: number): Promise<void> | undefined {
    if (running === undefined && nowMs >= retryAtMs) running = fetchKeys()
    return running
  }

  /** Keys that may be used now, whatever the issuer's state; undefined when there are none. */
  function usable(nowMs: number): readonly VerificationKey[] | undefined {
    return nowMs - fetchedMs <= limits.keysStaleMsMax ? keys : undefined
  }

  function unavailable(): Fault {
    return new Fault('keys_unavailable', `the keys at \`${url}\` cannot be had: ${failure ?? 'not fetched yet'}`)
  }

  async function findLater(token: Token): Promise<KeyChoice> {
    const startMs = clock.monotonicMs()
    const due = usable(startMs) === undefined || startMs - fetchedMs > limits.keysExpiryMs
    if (due) await refresh(startMs)
    let known = usable(clock.monotonicMs())
    if (known === undefined) throw unavailable()
    let found = fitting(known, token)
    if (found.length > 0) return { keys: found, version }
    // The issuer may have rotated. An agent chooses the key id, so the asking is rationed; an issuer that is down has
    // ration enough in `keysRetryMs`, and the first answer after an outage must not be missed.
    const askMs = clock.monotonicMs()
    const rationed = failure === undefined && askMs - unknownAtMs < limits.keysCooldownMs
    if (running === undefined && !due && !rationed) {
      unknownAtMs = askMs
      await refresh(askMs)
    } else await running
    known = usable(clock.monotonicMs())
    found = known === undefined ? [] : fitting(known, token)
    if (found.length > 0) return { keys: found, version }
    // Without an answer from the issuer nobody can say that the key does not exist: an outage is not the agent's fault.
    throw failure === undefined ? noKey(token) : unavailable()
  }

  function keep(nowMs: number): boolean {
    // What is awaited by nobody cannot reject: `fetchKeys` never does.
    if (nowMs - fetchedMs > limits.keysFreshMs) void refresh(nowMs)
    return nowMs - fetchedMs <= limits.keysStaleMsMax
  }

  return {
    place: url,
    find: (token) => {
      const nowMs = clock.monotonicMs()
      if (keys !== undefined && nowMs - fetchedMs <= limits.keysExpiryMs) {
        keep(nowMs)
        const found = fitting(keys, token)
        if (found.length > 0) return { keys: found, version }
      }
      return findLater(token)
    },
    keep,
    load: async () => {
      if (keys === undefined) await refresh(clock.monotonicMs())
      loaded = true
    },
    names: () => keys?.map(nameOf) ?? [],
    readiness: () =>
      usable(clock.monotonicMs()) === undefined
        ? `the keys of issuer \`${issuer.issuer}\` are not there (${failure ?? 'not fetched yet'}): check \`${url}\``
        : undefined,
    version: () => version,
  }
}

/** Keys with the token's key id and algorithm; without a key id all of the algorithm, as far as trying them is affordable. */
function fitting(keys: readonly VerificationKey[], { algorithm, keyId }: Token): readonly VerificationKey[] {
  const found = keys.filter((key) => key.algorithms.includes(algorithm) && (keyId === undefined || key.keyId === keyId))
  if (found.length > limits.keysTriedMax)
    throw new Fault(
      'token_signature',
      `${found.length} keys fit the token, more than ${limits.keysTriedMax} are not tried`,
    )
  return found
}

function noKey({ keyId, algorithm }: Token): Fault {
  return new Fault('token_signature', `the issuer has no key with \`kid\` ${quoted(keyId)} for ${quoted(algorithm)}`)
}

/** Hexadecimal digits that tell two keys apart which have one key id. */
const digestChars = 16

/** `k1 sha256:9f86d081884c7d65`: an issuer may put another key under the same id. */
function nameOf(key: VerificationKey): string {
  const digest = `sha256:${hash('sha256', fingerprint(key)).slice(0, digestChars)}`
  return key.keyId === undefined ? digest : `${key.keyId} ${digest}`
}

function fingerprint({ keyId, algorithms, jwk }: VerificationKey): string {
  return JSON.stringify([keyId, algorithms, jwk])
}
