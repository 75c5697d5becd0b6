/** A configuration as it may be shown: every secret masked wherever it stands, and the list of them left out. */
import type { Config } from '../model/index.ts'

const maskText = '[redacted]'

/** Plain JSON data. Masked by value, so that a secret cannot slip through a setting that is not known to hold one. */
export function maskedConfig(config: Config): { readonly [name: string]: unknown } {
  const { secrets, ...shown } = config
  return masked(shown, secrets) as { readonly [name: string]: unknown }
}

function masked(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return secrets.reduce((text, secret) => text.replaceAll(secret, maskText), value)
  if (Array.isArray(value)) return value.map((one) => masked(one, secrets))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, masked(one, secrets)]))
}
