/** Times as text, in records and in the policy input: RFC 3339, UTC, always six digits of fraction, so that the text sorts as the time does. */

/**
 * Makes a formatter of milliseconds since 1970. It keeps the text of the last second: within one, only the fraction is
 * made anew.
 */
export function makeTimestamps(): (nowMs: number) => string {
  let lastSecond = Number.NaN
  let prefix = ''
  return (nowMs) => {
    const micros = Math.floor(nowMs * 1_000)
    const second = Math.floor(micros / 1_000_000)
    if (second !== lastSecond) {
      lastSecond = second
      prefix = new Date(second * 1_000).toISOString().slice(0, 20)
    }
    return `${prefix}${String(1_000_000 + micros - second * 1_000_000).slice(1)}Z`
  }
}
