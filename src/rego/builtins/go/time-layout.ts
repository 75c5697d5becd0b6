/**
 * Go's way to write and read times: the layout is the reference time `Mon Jan 2 15:04:05 MST 2006` written as the time in question shall look.
 */
import { type DateTime, daysFromDate, type Offset, secondsFromDate, weekday } from './calendar.ts'
import { quote } from './quote.ts'

/** The layouts that have a name. */
export const namedLayouts: Readonly<Record<string, string>> = {
  ANSIC: 'Mon Jan _2 15:04:05 2006',
  UnixDate: 'Mon Jan _2 15:04:05 MST 2006',
  RubyDate: 'Mon Jan 02 15:04:05 -0700 2006',
  RFC822: '02 Jan 06 15:04 MST',
  RFC822Z: '02 Jan 06 15:04 -0700',
  RFC850: 'Monday, 02-Jan-06 15:04:05 MST',
  RFC1123: 'Mon, 02 Jan 2006 15:04:05 MST',
  RFC1123Z: 'Mon, 02 Jan 2006 15:04:05 -0700',
  RFC3339: '2006-01-02T15:04:05Z07:00',
  RFC3339Nano: '2006-01-02T15:04:05.999999999Z07:00',
}

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
export const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** A text that does not follow its layout, or says what no calendar has. */
export class TimeError extends Error {}

/** A piece of a layout: text, or an element of the reference time as it is written there. */
interface Chunk {
  readonly element: boolean
  readonly text: string
}

/** Longest first where one begins with another; a month or weekday of three letters must not be the beginning of a lower-case word. */
const elements =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|0[1-6]|002|15|1|2006|__2|_2006|_2|2|3|4|5|PM|pm|-070000|-07:00:00|-0700|-07:00|-07|Z070000|Z07:00:00|Z0700|Z07:00|Z07|[.,](?:0+|9+)(?!\d)/g

function chunksOf(layout: string): Chunk[] {
  const chunks: Chunk[] = []
  let at = 0
  for (const found of layout.matchAll(elements)) {
    // `_2006` is an underscore and the year.
    const underscored = found[0] === '_2006'
    const start = found.index + (underscored ? 1 : 0)
    if (start > at) chunks.push({ element: false, text: layout.slice(at, start) })
    chunks.push({ element: true, text: underscored ? '2006' : found[0] })
    at = found.index + found[0].length
  }
  if (at < layout.length) chunks.push({ element: false, text: layout.slice(at) })
  return chunks
}

function padded(value: number, width: number): string {
  return (value < 0 ? '-' : '') + String(Math.abs(value)).padStart(width, '0')
}

/** The time as `layout` shows it. */
export function formatTime(date: DateTime, seconds: number, offset: Offset, layout: string): string {
  return chunksOf(layout)
    .map(({ element, text }) => (element ? formatElement(text, date, seconds, offset) : text))
    .join('')
}

function formatElement(element: string, date: DateTime, seconds: number, offset: Offset): string {
  const hour12 = date.hour % 12 === 0 ? 12 : date.hour % 12
  const yearDay = daysFromDate(date.year, date.month, date.day) - daysFromDate(date.year, 1, 1) + 1
  const month = months[date.month - 1] as string
  const dayName = weekdays[weekday(seconds, offset.seconds)] as string
  switch (element) {
    case 'January':
      return month
    case 'Jan':
      return month.slice(0, 3)
    case '1':
      return String(date.month)
    case '01':
      return padded(date.month, 2)
    case 'Monday':
      return dayName
    case 'Mon':
      return dayName.slice(0, 3)
    case '2':
      return String(date.day)
    case '_2':
      return String(date.day).padStart(2)
    case '02':
      return padded(date.day, 2)
    case '__2':
      return String(yearDay).padStart(3)
    case '002':
      return padded(yearDay, 3)
    case '15':
      return padded(date.hour, 2)
    case '3':
      return String(hour12)
    case '03':
      return padded(hour12, 2)
    case '4':
      return String(date.minute)
    case '04':
      return padded(date.minute, 2)
    case '5':
      return String(date.second)
    case '05':
      return padded(date.second, 2)
    case '2006':
      return padded(date.year, 4)
    case '06':
      return padded(Math.abs(date.year) % 100, 2)
    case 'PM':
      return date.hour >= 12 ? 'PM' : 'AM'
    case 'pm':
      return date.hour >= 12 ? 'pm' : 'am'
    case 'MST':
      return offset.name === '' ? formatOffset('-0700', offset.seconds) : offset.name
    default:
      return '.,'.includes(element[0] as string)
        ? formatFraction(element, date.nanosecond)
        : formatOffset(element, offset.seconds)
  }
}

function formatFraction(element: string, nanosecond: number): string {
  const digits = padded(nanosecond, 9)
    .slice(0, element.length - 1)
    .padEnd(Math.min(element.length - 1, 9), '0')
  if (element[1] === '0') return element[0] + digits
  const trimmed = nanosecond === 0 ? '' : digits.replace(/0+$/, '')
  return trimmed === '' ? '' : element[0] + trimmed
}

/** `element` is one of `-07`, `-0700`, `-07:00`, with seconds, or the same with `Z`, which shows UTC as `Z`. */
function formatOffset(element: string, seconds: number): string {
  if (element[0] === 'Z' && seconds === 0) return 'Z'
  const size = Math.abs(seconds)
  const minutes = Math.floor(size / 60)
  const parts = [padded(Math.floor(minutes / 60), 2), padded(minutes % 60, 2), padded(size % 60, 2)]
  const digits = element.replace(/\D/g, '').length / 2
  // An offset of less than a minute has no sign of its own.
  return (Math.trunc(seconds / 60) < 0 ? '-' : '+') + parts.slice(0, digits).join(element.includes(':') ? ':' : '')
}

/** What reading collects; -1 is "not given". */
interface Fields {
  year: number
  month: number
  day: number
  yearDay: number
  hour: number
  minute: number
  second: number
  nanosecond: number
  half: '' | 'am' | 'pm'
  /** Seconds east of UTC. */
  offset: number | undefined
}

/** A reader of one element: the rest of the text, or what is wrong: `bad`, or the name of what is out of range. */
type Reading = { readonly rest: string } | { readonly problem: string; readonly rest: string }

const bad = (rest: string): Reading => ({ problem: 'bad', rest })

/** Nanoseconds of the instant that a text names. Texts without a zone are UTC; zone names other than UTC count as UTC, as where OPA runs. Throws `TimeError`. */
export function parseTime(layout: string, value: string): bigint {
  const fields: Fields = {
    year: 0,
    month: -1,
    day: -1,
    yearDay: -1,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0,
    half: '',
    offset: undefined,
  }
  const chunks = chunksOf(layout)
  let rest = value
  const fail = (element: string, at: string) =>
    new TimeError(`parsing time ${quote(value)} as ${quote(layout)}: cannot parse ${quote(at)} as ${quote(element)}`)
  for (const [i, chunk] of chunks.entries()) {
    if (!chunk.element) {
      const after = skip(rest, chunk.text)
      if (after.problem) throw fail(chunk.text, after.rest)
      rest = after.rest
      continue
    }
    const fractionFollows = chunks[i + 1]?.element === true && '.,'.includes(chunks[i + 1]?.text[0] as string)
    const reading = readElement(chunk.text, rest, fields, fractionFollows)
    if ('problem' in reading) {
      if (reading.problem === 'bad') throw fail(chunk.text, rest)
      throw new TimeError(`parsing time ${quote(value)}: ${reading.problem} out of range`)
    }
    rest = reading.rest
  }
  if (rest !== '') throw new TimeError(`parsing time ${quote(value)}: extra text: ${quote(rest)}`)
  return instant(fields, value)
}

/** Literal text of a layout; one or more spaces there stand for any number of them. */
function skip(value: string, text: string): { rest: string; problem: boolean } {
  let rest = value
  for (let i = 0; i < text.length; i++) {
    if (text[i] === ' ') {
      if (rest !== '' && rest[0] !== ' ') return { rest, problem: true }
      while (text[i + 1] === ' ') i += 1
      rest = rest.replace(/^ +/, '')
    } else {
      if (rest[0] !== text[i]) return { rest, problem: true }
      rest = rest.slice(1)
    }
  }
  return { rest, problem: false }
}

function readElement(element: string, value: string, fields: Fields, fractionFollows: boolean): Reading {
  switch (element) {
    case '06': {
      const digits = /^(?:\d\d|[+-]\d)/.exec(value)?.[0]
      if (digits === undefined) return bad(value)
      const year = Number(digits)
      fields.year = year >= 69 ? year + 1900 : year + 2000
      return { rest: value.slice(2) }
    }
    case '2006': {
      if (!/^\d{4}/.test(value)) return bad(value)
      fields.year = Number(value.slice(0, 4))
      return { rest: value.slice(4) }
    }
    case 'Jan':
    case 'January': {
      const names = element === 'Jan' ? months.map((name) => name.slice(0, 3)) : months
      const index = names.findIndex((name) => startsWith(value, name))
      if (index < 0) return bad(value)
      fields.month = index + 1
      return { rest: value.slice((names[index] as string).length) }
    }
    case 'Mon':
    case 'Monday': {
      const names = element === 'Mon' ? weekdays.map((name) => name.slice(0, 3)) : weekdays
      const name = names.find((known) => startsWith(value, known))
      return name === undefined ? bad(value) : { rest: value.slice(name.length) }
    }
    case '1':
    case '01':
      return readNumber(value, element === '01', 1, 12, 'month', (month) => (fields.month = month))
    case '2':
    case '_2':
    case '02': {
      const text = element === '_2' && value[0] === ' ' ? value.slice(1) : value
      return readNumber(text, element === '02', 0, 99, 'day', (day) => (fields.day = day))
    }
    case '__2':
    case '002': {
      const text = element === '__2' ? value.replace(/^ {1,2}/, '') : value
      const digits = (element === '002' ? /^\d{3}/ : /^\d{1,3}/).exec(text)?.[0]
      if (digits === undefined) return bad(value)
      fields.yearDay = Number(digits)
      return { rest: text.slice(digits.length) }
    }
    case '15':
      return readNumber(value, false, 0, 23, 'hour', (hour) => (fields.hour = hour))
    case '3':
    case '03':
      return readNumber(value, element === '03', 0, 12, 'hour', (hour) => (fields.hour = hour))
    case '4':
    case '04':
      return readNumber(value, element === '04', 0, 59, 'minute', (minute) => (fields.minute = minute))
    case '5':
    case '05': {
      const reading = readNumber(value, element === '05', 0, 59, 'second', (second) => (fields.second = second))
      // A fraction is read here although the layout has none, unless its own element comes next.
      if ('problem' in reading || fractionFollows) return reading
      return readFraction(reading.rest, fields)
    }
    case 'PM':
    case 'pm': {
      const half = value.slice(0, 2)
      if (half !== element && half !== (element === 'PM' ? 'AM' : 'am')) return bad(value)
      fields.half = half.toLowerCase() as 'am' | 'pm'
      return { rest: value.slice(2) }
    }
    case 'MST':
      return readZoneName(value, fields)
    default:
      if (element[0] !== '.' && element[0] !== ',') return readOffset(element, value, fields)
      return element[1] === '9' ? readFraction(value, fields) : readExactFraction(element, value, fields)
  }
}

/** A name in any case. */
function startsWith(value: string, name: string): boolean {
  return value.slice(0, name.length).toLowerCase() === name.toLowerCase()
}

function readNumber(
  value: string,
  twoDigits: boolean,
  low: number,
  high: number,
  name: string,
  keep: (value: number) => void,
): Reading {
  const digits = (twoDigits ? /^\d\d/ : /^\d{1,2}/).exec(value)?.[0]
  if (digits === undefined) return bad(value)
  const number = Number(digits)
  const rest = value.slice(digits.length)
  if (number < low || number > high) return { problem: name, rest }
  keep(number)
  return { rest }
}

/** Any number of digits after a point or comma; none is no fraction. */
function readFraction(value: string, fields: Fields): Reading {
  const digits = /^[.,](\d+)/.exec(value)?.[1]
  if (digits === undefined) return { rest: value }
  fields.nanosecond = Number(digits.slice(0, 9).padEnd(9, '0'))
  return { rest: value.slice(digits.length + 1) }
}

function readExactFraction(element: string, value: string, fields: Fields): Reading {
  const digits = value.slice(1, element.length)
  if (!/^[.,]/.test(value) || digits.length !== element.length - 1 || !/^\d+$/.test(digits)) return bad(value)
  fields.nanosecond = Number(digits.slice(0, 9).padEnd(9, '0'))
  return { rest: value.slice(element.length) }
}

function readOffset(element: string, value: string, fields: Fields): Reading {
  if (element[0] === 'Z' && value[0] === 'Z') {
    fields.offset = 0
    return { rest: value.slice(1) }
  }
  const text = value.slice(0, element.length)
  const shape = new RegExp(`^[+-]${element.slice(1).replace(/\d/g, '\\d')}$`)
  if (!shape.test(text)) return bad(value)
  const digits = text.replace(/\D/g, '').padEnd(6, '0')
  const [hours = 0, minutes = 0, seconds = 0] = [0, 2, 4].map((at) => Number(digits.slice(at, at + 2)))
  const rest = value.slice(element.length)
  if (hours > 24) return { problem: 'time zone offset hour', rest }
  if (minutes > 60) return { problem: 'time zone offset minute', rest }
  if (seconds > 60) return { problem: 'time zone offset second', rest }
  const size = (hours * 60 + minutes) * 60 + seconds
  fields.offset = text[0] === '-' ? -size : size
  return { rest }
}

function readZoneName(value: string, fields: Fields): Reading {
  if (value.startsWith('UTC')) {
    fields.offset = 0
    return { rest: value.slice(3) }
  }
  if (value.startsWith('GMT')) {
    // Go reads the hours of `GMT+3` but does not move the instant by them.
    const hours = readSignedHours(value.slice(3))
    return { rest: value.slice(3 + hours.length) }
  }
  if (/^[+-]/.test(value)) {
    const hours = readSignedHours(value)
    return hours === '' ? bad(value) : { rest: value.slice(hours.length) }
  }
  const name = /^(?:ChST|MeST)/.exec(value)?.[0] ?? /^[A-Z]{0,6}/.exec(value)?.[0] ?? ''
  const known =
    name === 'ChST' ||
    name === 'MeST' ||
    name.length === 3 ||
    (name.length === 4 && (name[3] === 'T' || name === 'WITA')) ||
    (name.length === 5 && name[4] === 'T')
  return known ? { rest: value.slice(name.length) } : bad(value)
}

/** `+3` or `-11`, up to 23 hours; empty when there is none. */
function readSignedHours(value: string): string {
  const text = /^[+-]\d+/.exec(value)?.[0] ?? ''
  return Math.abs(Number(text)) <= 23 ? text : ''
}

function instant(fields: Fields, value: string): bigint {
  const outOfRange = (what: string) => new TimeError(`parsing time ${quote(value)}: ${what}`)
  const { year } = fields
  let { hour, month, day } = fields
  if (fields.half === 'pm' && hour < 12) hour += 12
  else if (fields.half === 'am' && hour === 12) hour = 0
  if (fields.yearDay >= 0) {
    const newYear = daysFromDate(year, 1, 1)
    if (fields.yearDay < 1 || newYear + fields.yearDay > daysFromDate(year + 1, 1, 1))
      throw outOfRange('day-of-year out of range')
    const found = monthOfDay(year, fields.yearDay)
    if (month >= 0 && month !== found.month) throw outOfRange('day-of-year does not match month')
    if (day >= 0 && day !== found.day) throw outOfRange('day-of-year does not match day')
    month = found.month
    day = found.day
  }
  month = month < 0 ? 1 : month
  day = day < 0 ? 1 : day
  if (day < 1 || day > daysFromDate(year, month + 1, 1) - daysFromDate(year, month, 1))
    throw outOfRange('day out of range')
  const { minute, second, nanosecond } = fields
  const seconds = secondsFromDate({ year, month, day, hour, minute, second, nanosecond })
  return BigInt(seconds - (fields.offset ?? 0)) * 1_000_000_000n + BigInt(nanosecond)
}

function monthOfDay(year: number, yearDay: number): { month: number; day: number } {
  let month = 1
  const newYear = daysFromDate(year, 1, 1)
  while (daysFromDate(year, month + 1, 1) - newYear < yearDay) month += 1
  return { month, day: yearDay - (daysFromDate(year, month, 1) - newYear) }
}
