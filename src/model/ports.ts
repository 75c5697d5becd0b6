/** The effects a room may need, handed in so that tests choose them: time, ids, the program's own log, the network. */

export interface Clock {
  /** Milliseconds since 1970, wall clock, with fractions. */
  nowMs(): number
  /** Milliseconds from an arbitrary start, never going back. */
  monotonicMs(): number
  /** Calls `run` once after `ms`; gives the function that takes it back. Never keeps the process alive by itself. */
  after(ms: number, run: () => void): () => void
  /** Calls `run` every `ms` until taken back. */
  every(ms: number, run: () => void): () => void
}

/** Makes a UUID version 7 (RFC 9562 section 5.7), ordered by time. */
export type MakeId = () => string

/** `count` bytes that nobody can guess. */
export type RandomBytes = (count: number) => Uint8Array

/** The program's own log. Fields must hold no secrets; what slips through is redacted (`cli/log.ts`). */
export interface Log {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}
export type LogFields = { readonly [name: string]: unknown }

/** Fetches a small document (keys, bundles), or hands one over, through the guarded egress: no redirects, bounded, deadline. */
export type FetchDocument = (request: {
  readonly url: string
  /** Default: `GET`. */
  readonly method?: 'GET' | 'POST' | 'PUT'
  readonly body?: Uint8Array
  readonly headers?: { readonly [name: string]: string }
  readonly bytesMax: number
  readonly msMax: number
  /** Ends it before its time. */
  readonly signal?: AbortSignal
}) => Promise<{ readonly status: number; readonly headers: ReadonlyMap<string, string>; readonly bytes: Uint8Array }>

/** Objects of a bucket elsewhere, none of which is ever replaced. Each rejects with what went wrong, and says nothing of credentials. */
export interface ObjectStore {
  /** For messages: where it is. */
  readonly place: string
  /** `there`: an object of that name is there already. Names may have any characters, and at most 700 bytes. */
  put(name: string, content: Uint8Array, contentType: string, signal?: AbortSignal): Promise<'made' | 'there'>
  /** Undefined when there is none of that name. At most 64 KiB. */
  get(name: string): Promise<Uint8Array | undefined>
  /** Of the names that begin with `folder`, which ends with `/`, the first in the order of their bytes; what stands behind its last `/`. */
  first(folder: string): Promise<string | undefined>
}

/** A condition of readiness: undefined when all is well, else a sentence that says what is wrong and what to do. */
export type Readiness = () => string | undefined
