/** A value that an agent chose, for the record: on one line, in backticks, short. */

/** Characters shown: enough to recognise an issuer or a key id. */
const charsMax = 120

export function quoted(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, charsMax)).slice(1, -1) : typeof value
  return `\`${text}${typeof value === 'string' && value.length > charsMax ? '...' : ''}\``
}
