/**
 * `time.*`. Instants are nanoseconds since 1970 that fit 64 bits (1677 to 2262), alone or with the name of a zone.
 */
import type { NumberValue } from '../number.ts'
import { isNumber, typeName, type Value } from '../value.ts'
import { type Builtin, BuiltinError, operandTypeError } from './builtin.ts'
import {
  type DateTime,
  dateFromSeconds,
  daysFromDate,
  findZone,
  type Offset,
  secondsInZone,
  splitNanos,
  utc,
  weekday,
  type Zone,
} from './go/calendar.ts'
import { DurationError, parseExtendedDuration } from './go/duration.ts'
import { formatTime, namedLayouts, parseTime, TimeError, weekdays } from './go/time-layout.ts'
import { fromBigInt, toBigInt } from './integers.ts'
import { memo } from './memo.ts'
import { intOperand, stringOperand } from './operands.ts'

/** An instant seen in a zone. */
interface Moment {
  readonly seconds: number
  readonly zone: Zone
  readonly offset: Offset
  readonly date: DateTime
  readonly layout: string
}

const zones: (name: string) => Zone = memo((name) => {
  const zone = findZone(name)
  if (zone === undefined) throw new BuiltinError(`unknown time zone ${name}`)
  return zone
})

function inZone(ns: bigint, zone: Zone, layout: string): Moment {
  const { seconds, nanosecond } = splitNanos(ns)
  const offset = zone.offsetAt(seconds)
  return { seconds, zone, offset, layout, date: dateFromSeconds(seconds, nanosecond, offset.seconds) }
}

/** `ns`, `[ns, zone]` or `[ns, zone, layout]`. */
function moment(value: Value): Moment {
  if (isNumber(value)) return inZone(instant(value), utc, '')
  if (!Array.isArray(value) || value.length === 0) {
    throw operandTypeError(1, typeName(value), ['either number (ns) or [number (ns), string (tz)]'])
  }
  const [ns = null, zone = 'UTC', layout = ''] = value
  if (!isNumber(ns)) throw operandTypeError(1, typeName(ns), ['number'])
  const place = zones(stringOperand(zone, 1))
  const shown = stringOperand(layout, 1)
  return inZone(instant(ns), place, shown)
}

function instant(value: NumberValue): bigint {
  const ns = toBigInt(value)
  if (ns === undefined || BigInt.asIntN(64, ns) !== ns) throw new BuiltinError('timestamp too big')
  return ns
}

function nanoseconds(ns: bigint): NumberValue {
  if (BigInt.asIntN(64, ns) !== ns) throw new BuiltinError('time outside of valid range')
  return fromBigInt(ns)
}

function parse(layout: string, value: string): NumberValue {
  try {
    return nanoseconds(parseTime(layout, value))
  } catch (error) {
    if (error instanceof TimeError) throw new BuiltinError(error.message, { cause: error })
    throw error
  }
}

function named(layout: string): string {
  return Object.hasOwn(namedLayouts, layout) ? (namedLayouts[layout] as string) : layout
}

function parseDuration(text: string): NumberValue {
  try {
    return fromBigInt(parseExtendedDuration(text))
  } catch (error) {
    if (error instanceof DurationError) throw new BuiltinError(error.message, { cause: error })
    throw error
  }
}

function format(value: Value): string {
  const { date, seconds, offset, layout } = moment(value)
  return formatTime(date, seconds, offset, named(layout === '' ? 'RFC3339Nano' : layout))
}

function addDate(value: Value, years: Value, months: Value, days: Value): NumberValue {
  const { date, zone } = moment(value)
  const year = date.year + intOperand(years, 2)
  const month = date.month + intOperand(months, 3)
  const day = date.day + intOperand(days, 4)
  // No instant of 64 bits is further away; far beyond it days would no longer be whole numbers.
  if (Math.abs(year) > 1e6 || Math.abs(month) > 1e7 || Math.abs(day) > 1e9)
    throw new BuiltinError('time outside of valid range')
  const moved = secondsInZone({ ...date, year, month, day }, zone)
  return nanoseconds(BigInt(moved) * 1_000_000_000n + BigInt(date.nanosecond))
}

/** Years, months, days, hours, minutes and seconds between two instants, both seen in the first one's zone. */
function difference(first: Value, second: Value): number[] {
  const one = moment(first)
  const other = moment(second)
  const { zone } = one
  const moved = zone.offsetAt(other.seconds)
  const two = { ...other, date: dateFromSeconds(other.seconds, other.date.nanosecond, moved.seconds) }
  const later = one.seconds > two.seconds || (one.seconds === two.seconds && one.date.nanosecond > two.date.nanosecond)
  const [from, to] = later ? [two.date, one.date] : [one.date, two.date]
  let year = to.year - from.year
  let month = to.month - from.month
  let day = to.day - from.day
  let hour = to.hour - from.hour
  let minute = to.minute - from.minute
  let seconds = to.second - from.second
  if (seconds < 0) [seconds, minute] = [seconds + 60, minute - 1]
  if (minute < 0) [minute, hour] = [minute + 60, hour - 1]
  if (hour < 0) [hour, day] = [hour + 24, day - 1]
  if (day < 0) {
    const daysInMonth = daysFromDate(from.year, from.month + 1, 1) - daysFromDate(from.year, from.month, 1)
    ;[day, month] = [day + daysInMonth, month - 1]
  }
  if (month < 0) [month, year] = [month + 12, year - 1]
  return [year, month, day, hour, minute, seconds]
}

function dateOf(value: Value): number[] {
  const { date } = moment(value)
  return [date.year, date.month, date.day]
}

function clockOf(value: Value): number[] {
  const { date } = moment(value)
  return [date.hour, date.minute, date.second]
}

function weekdayOf(value: Value): string {
  const { seconds, offset } = moment(value)
  return weekdays[weekday(seconds, offset.seconds)] as string
}

export const time: Record<string, Builtin> = {
  'time.now_ns': { nondeterministic: true, run: (context) => fromBigInt(context.nowNs) },
  'time.parse_ns': { run: (_, layout, value) => parse(named(stringOperand(layout, 1)), stringOperand(value, 2)) },
  'time.parse_rfc3339_ns': { run: (_, value) => parse(named('RFC3339'), stringOperand(value, 1)) },
  'time.parse_duration_ns': { run: (_, duration) => parseDuration(stringOperand(duration, 1)) },
  'time.format': { run: (_, value) => format(value) },
  'time.date': { run: (_, value) => dateOf(value) },
  'time.clock': { run: (_, value) => clockOf(value) },
  'time.weekday': { run: (_, value) => weekdayOf(value) },
  'time.add_date': { run: (_, value, years, months, days) => addDate(value, years, months, days) },
  'time.diff': { run: (_, first, second) => difference(first, second) },
}
