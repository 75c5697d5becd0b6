/**
 * The program's own log: JSON lines on standard error. Secrets are taken out by value, wherever they turn up in a line, and
 * so is whatever has the form of a token or stands under a name that holds one.
 */
import { pino } from 'pino'
import type { Log } from '../model/index.ts'
import { makeRedactor } from '../wire/index.ts'
import type { Io } from './io.ts'

/** Fields whose value is never written, at the top and one level below. */
const secretFields = ['authorization', 'cookie', 'credential', 'token', 'secret', 'password', 'key', 'assertion']

/** A signed token (RFC 7515 section 3.1): `{"` in base64url, a dot, and two more parts. */
const tokenForm = /\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g

/** `secrets` gives the secrets of the configuration in force: a reload brings new ones. Lines go out in order. */
export function makeLog({ err, clock }: Pick<Io, 'err' | 'clock'>, secrets: () => readonly string[]): Log {
  const clean = makeCleaner(secrets)
  const logger = pino(
    {
      level: 'info',
      base: { name: 'gatehouse' },
      timestamp: () => `,"time":"${new Date(clock.nowMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
    },
    {
      // A log that cannot be written must not end the gateway; readiness and records do not depend on it.
      write: (line: string) => void err.write(clean(line)).catch(() => undefined),
    },
  )
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
  }
}

function makeCleaner(secrets: () => readonly string[]): (line: string) => string {
  let known: readonly string[] = []
  let redact = makeRedactor(known)
  return (line) => {
    const current = secrets()
    if (current !== known) {
      known = current
      // In a line of JSON a secret with a quote or a backslash is written with its escapes.
      redact = makeRedactor([...known, ...known.map((secret) => JSON.stringify(secret).slice(1, -1))])
    }
    return redact(line).replace(tokenForm, '[redacted token]')
  }
}
