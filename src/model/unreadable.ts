/** Why a file could not be read, for a person: the same words wherever one is named, in a configuration or on a command line. */

/** The reason, with the path, and what would help; `cause` is what `node:fs` threw. */
export function unreadable(path: string, cause: unknown): { readonly message: string; readonly fix: string } {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  const reasons: { readonly [code: string]: readonly [reason: string, fix: string] } = {
    ENOENT: ['does not exist', 'create it or correct the path'],
    ENOTDIR: ['does not exist', 'create it or correct the path'],
    EACCES: ['may not be read by this user', 'change its permissions'],
    EPERM: ['may not be read by this user', 'change its permissions'],
    EISDIR: ['is a folder', 'name a file'],
    ESPIPE: ['is a pipe, which cannot be read again at a reload', 'name a file'],
  }
  const [reason, fix] = reasons[code] ?? [`cannot be read (${code})`, 'make it readable or name another file']
  return { message: `the file \`${path}\` ${reason}`, fix }
}
