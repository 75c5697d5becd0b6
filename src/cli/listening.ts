/** Opening a listener, and saying where it is. */

/** A listener that cannot have its address. */
export class ListenFailed extends Error {
  override readonly name = 'ListenFailed'

  constructor(what: string, { host, port }: Address, flag: string, cause: unknown) {
    const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
    const why = isTaken
      ? `port ${port} is taken by another process`
      : cause instanceof Error
        ? cause.message
        : String(cause)
    super(`${what} cannot listen on \`${host}:${port}\`: ${why}; choose another one with \`${flag} PORT\``, { cause })
  }
}

export interface Address {
  readonly host: string
  readonly port: number
}

/** Rejects with `ListenFailed`, which names the listener and the flag that moves it. */
export async function listening(what: string, at: Address, flag: string, listen: () => Promise<void>): Promise<void> {
  try {
    await listen()
  } catch (cause) {
    throw new ListenFailed(what, at, flag, cause)
  }
}

/** `host:port` as a URL has it: IPv6 in brackets (RFC 3986 section 3.2.2). */
export function authority({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
