/** The clock and the source of chance for callers that bring none: the only place of the compiler that touches the system. */

/** Nanoseconds since 1970, in steps of a millisecond. */
export const systemNow = (): bigint => BigInt(Date.now()) * 1_000_000n

/** `size` cryptographically random bytes. */
export const systemRandom = (size: number): Uint8Array => crypto.getRandomValues(new Uint8Array(size))
