/**
 * Syslog messages: RFC 5424, with what an analyst filters by as structured data, around a record in any format, and their framing
 * by octet counting (RFC 6587 section 3.4.1, RFC 5425 section 4.3). No connection is made here.
 */
import type { LogRecord } from '../../model/index.ts'
import { keywordsOf } from './keywords.ts'
import type { Line } from './line.ts'
import { type Severity, severityOf } from './summary.ts'

export interface SyslogOptions {
  /** RFC 5424 table 1, 0 to 23. 13 is log audit, 10 security. */
  readonly facility: number
  /** Names of this sender; characters that RFC 5424 does not allow become `?`, an empty one is `-`. */
  readonly hostname: string
  readonly application: string
  readonly process: string
  /** IANA private enterprise number in the name of the structured data, `gatehouse@NUMBER`. 32473 is the one for examples (RFC 5612). */
  readonly enterprise: number
}

/** RFC 5424 table 2: notice is normal but significant. */
const severities: { readonly [S in Severity]: number } = { informational: 6, low: 5, medium: 4 }

/** Lengths of RFC 5424 section 6, in characters. */
const hostnameCharsMax = 255
const applicationCharsMax = 48
const processCharsMax = 128
const messageIdCharsMax = 32
/** `sequenceId` of RFC 5424 section 7.3.1 goes up to this and begins again at 1. */
const sequenceIdMax = 2_147_483_647

/** Makes the message of a line with `body`, the record in some format, as its text. UTF-8 without a byte order mark. */
export function makeSyslogMessage(options: SyslogOptions): (line: Pick<Line, 'record'>, body: string) => string {
  const { facility, enterprise } = options
  const names = [
    printable(options.hostname, hostnameCharsMax),
    printable(options.application, applicationCharsMax),
    printable(options.process, processCharsMax),
  ].join(' ')
  return ({ record }, body) => {
    const priority = facility * 8 + severities[severityOf(record)]
    const id = printable(record.type, messageIdCharsMax)
    return `<${priority}>1 ${record.timestamp} ${names} ${id} ${structuredData(record, enterprise)} ${body}`
  }
}

/** One message as a frame: its length in bytes, a space, the message. */
export function octetCounted(message: string): Buffer {
  const bytes = Buffer.from(message)
  return Buffer.concat([Buffer.from(`${bytes.length} `), bytes])
}

function structuredData(record: LogRecord, enterprise: number): string {
  const parameters = keywordsOf(record)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join('')
  const sequenceId = (record.seq % sequenceIdMax) + 1
  return `[meta sequenceId="${sequenceId}"][gatehouse@${enterprise} seq="${record.seq}"${parameters}]`
}

/** Printable ASCII in which nothing is escaped: what most values are. */
const simple = /^[\x20\x21\x23-\x5b\x5e-\x7e]*$/

/** RFC 5424 section 6.3.3: `"`, `\` and `]` are escaped; other characters are UTF-8. Controls, which receivers may take for the end, become U+FFFD. */
function escaped(value: string): string {
  if (simple.test(value)) return value
  return value
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '\ufffd')
    .replaceAll(/["\\\]]/g, '\\$&')
}

function printable(text: string, charsMax: number): string {
  return text.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, charsMax) || '-'
}
