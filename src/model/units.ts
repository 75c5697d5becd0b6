/**
 * The one way to write a length of time or a size: a whole number directly followed by its unit, such as `30s` or
 * `64MiB`. Used by the configuration and by the flags of the command line, so that nobody learns two grammars.
 */

const msPerUnit: { readonly [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const bytesPerUnit: { readonly [unit: string]: number } = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** At most 15 digits, so that the number itself is exact. */
export const durationPattern = /^(0|[1-9]\d{0,14})(ms|s|m|h|d)$/
export const sizePattern = /^(0|[1-9]\d{0,14})(B|KiB|MiB|GiB)$/

/** Milliseconds of `30s`, `15m`, `2h`, `7d` or `250ms`; undefined when `text` is not of that form or too large to be exact. */
export function parseDuration(text: string): number | undefined {
  return scaled(durationPattern.exec(text), msPerUnit)
}

/** Bytes of `64MiB`, `16KiB`, `1GiB` or `512B`; undefined when `text` is not of that form or too large to be exact. */
export function parseSize(text: string): number | undefined {
  return scaled(sizePattern.exec(text), bytesPerUnit)
}

function scaled(match: RegExpExecArray | null, units: { readonly [unit: string]: number }): number | undefined {
  const factor = units[match?.[2] ?? '']
  if (match === null || factor === undefined) return undefined
  const total = Number(match[1]) * factor
  return Number.isSafeInteger(total) ? total : undefined
}

/** The shortest text that `parseDuration` reads as `ms`. */
export function formatDuration(ms: number): string {
  return shortest(ms, msPerUnit)
}

/** The shortest text that `parseSize` reads as `bytes`. */
export function formatSize(bytes: number): string {
  return shortest(bytes, bytesPerUnit)
}

function shortest(total: number, units: { readonly [unit: string]: number }): string {
  const fitting = Object.entries(units).filter(([, factor]) => total >= factor && total % factor === 0)
  const [unit, factor] = fitting.at(-1) ?? [Object.keys(units)[0], 1]
  return `${total / factor}${unit}`
}
