/**
 * What an exchange, its body and its reply need of the connection below them: one request as it was framed, and the way back for
 * its reply. node:http's pair is one carrier, a request of the lane the other; neither knows a limit or a policy.
 */

export interface BodyReader {
  /** Bytes of the body, in order; never empty. */
  take(bytes: Uint8Array): void
  /** The body is over; only told where no length was announced. */
  finish(): void
}

export interface Carrier {
  readonly method: string
  /** The request target as received. */
  readonly rawTarget: string
  /** Name, value, name, value ... as received. */
  readonly rawHeaders: readonly string[]
  /** Whether the agent said that this is its last call on the connection (RFC 9112 section 9.6). */
  readonly saysClose: boolean
  /** Whether the last byte of the request has arrived. */
  readonly received: boolean
  /** Whether a reply can still be written. */
  readonly writable: boolean
  /** Whether the reply has left this carrier's hands: until then the socket belongs to it. */
  readonly replied: boolean

  /** The whole body when it is here already and nobody began to read it; it counts as read then. */
  takeBody(): Uint8Array | undefined
  /** Begins to read the body, once. No bytes are given before the present turn is over. */
  readBody(reader: BodyReader): void
  pauseBody(): void
  resumeBody(): void
  /** Nobody reads the body any more: what is left of it is thrown away when the reply has been written. */
  leaveBody(): void
  /** Writes `100 Continue` (RFC 9110 section 10.1.1). */
  invite(): void

  /**
   * A whole reply. `headers` are name, value, name, value ... with `Content-Length` where the reply has one; `Date` and
   * `Connection` are added. `closing`: the connection ends with it. Throws before anything is written when a status, a name or a
   * value cannot stand in a header.
   */
  reply(status: number, headers: readonly string[], bytes: Uint8Array | undefined, closing: boolean): void
  /** The header of a reply whose body follows: `lengthBytes` of it (named in `headers`), or chunks when that is null. */
  begin(status: number, headers: readonly string[], lengthBytes: number | null, closing: boolean): void
  /** Gives false when the agent takes no more for now; `onDrain` tells when it does again. */
  write(bytes: Uint8Array): boolean
  /** The header goes out, even when nothing follows it for long. */
  flush(): void
  end(): void
  onDrain(listener: () => void): void
  /** How the connection is to be ended behind a reply that closes it; otherwise it ends when the reply is out. */
  endWith(end: () => void): void
}
