/**
 * Secrets by value: known secrets are taken out of text and bytes wherever they turn up. In bytes they are overwritten in
 * place with as many asterisks, so that lengths and framing stay as they are, also across the pieces of a stream.
 */
import { limits } from '../model/index.ts'

const asterisk = 0x2a

/**
 * The part of a credential that must not be seen: what stands after the scheme (`Bearer x`, `Basic x`, RFC 9110 section 11.4),
 * or all of it. Undefined when that is shorter than `limits.secretCharsMin`.
 */
export function secretOf(credential: string): string | undefined {
  const secret = credential.replace(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+ +/, '')
  const kept = secret.length >= limits.secretCharsMin ? secret : credential
  return kept.length >= limits.secretCharsMin ? kept : undefined
}

/**
 * Makes what replaces every secret in a text by `[redacted]`; where two begin at one place, the longer one. Made once for a list
 * of secrets, because faults are redacted as they come and agents can bring them about for free.
 */
export function makeRedactor(secrets: readonly string[]): (text: string) => string {
  const known = secrets.filter(({ length }) => length >= limits.secretCharsMin).sort((a, b) => b.length - a.length)
  if (known.length === 0) return (text) => text
  const pattern = new RegExp(known.map((secret) => RegExp.escape(secret)).join('|'), 'g')
  return (text) => text.replace(pattern, '[redacted]')
}

/** Overwrites every occurrence of `secret` in `bytes`; tells whether there was one. */
export function redactBytes(bytes: Buffer, secret: Buffer): boolean {
  let at = bytes.indexOf(secret)
  if (at === -1) return false
  while (at !== -1) {
    bytes.fill(asterisk, at, at + secret.length)
    at = bytes.indexOf(secret, at + secret.length)
  }
  return true
}

/**
 * Redacts a stream piece by piece. Only bytes at the end of a piece that may begin the secret are kept back, at most one less
 * than its length: an event stream is not delayed otherwise.
 */
export class StreamRedactor {
  readonly #secret: Buffer
  #kept: Buffer | undefined = undefined

  constructor(secret: Buffer) {
    this.#secret = secret
  }

  /** What may go on now; possibly nothing. `piece` is overwritten where it holds the secret. */
  take(piece: Buffer): Buffer {
    const bytes = this.#kept === undefined ? piece : Buffer.concat([this.#kept, piece])
    this.#kept = undefined
    redactBytes(bytes, this.#secret)
    const from = beginningAt(bytes, this.#secret)
    if (from === bytes.length) return bytes
    this.#kept = Buffer.from(bytes.subarray(from))
    return bytes.subarray(0, from)
  }

  /** What was kept back: the stream is over, so it was not the secret. */
  end(): Buffer | undefined {
    const kept = this.#kept
    this.#kept = undefined
    return kept
  }
}

/** The smallest index from which `bytes` ends with a proper beginning of `secret`; its length when there is none. */
function beginningAt(bytes: Buffer, secret: Buffer): number {
  const first = secret[0] as number
  const start = Math.max(0, bytes.length - secret.length + 1)
  for (let at = bytes.indexOf(first, start); at !== -1; at = bytes.indexOf(first, at + 1))
    if (bytes.compare(secret, 0, bytes.length - at, at) === 0) return at
  return bytes.length
}
