/** A length of time as Go prints it: `85.067µs`, `4.01ms`, `1m2.5s`. */

/** `ns` are whole nanoseconds, 0 and up. */
export function goDuration(ns: number): string {
  if (ns === 0) return '0s'
  if (ns < 1e3) return `${ns}ns`
  if (ns < 1e6) return `${decimal(ns, 3)}µs`
  if (ns < 1e9) return `${decimal(ns, 6)}ms`
  const seconds = Math.floor(ns / 1e9)
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  const rest = `${decimal((seconds % 60) * 1e9 + (ns % 1e9), 9)}s`
  if (hours > 0) return `${hours}h${minutes}m${rest}`
  return minutes > 0 ? `${minutes}m${rest}` : rest
}

/** `whole / 10^digits` without zeros at the end. */
function decimal(whole: number, digits: number): string {
  const text = String(Math.round(whole)).padStart(digits + 1, '0')
  const fraction = text.slice(-digits).replace(/0+$/, '')
  return fraction === '' ? text.slice(0, -digits) : `${text.slice(0, -digits)}.${fraction}`
}
