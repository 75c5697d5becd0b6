/**
 * Dates of the proleptic Gregorian calendar and the offsets of time zones. Instants are nanoseconds since 1970 as bigint, or whole seconds as numbers where the
 * fraction does not matter; zones come from the IANA database that the runtime carries.
 */
import { zoneAbbreviation } from './zone-names.ts'

/** A date and time of day without a zone. Months count from 1. */
export interface DateTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly nanosecond: number
}

/** An offset from UTC in seconds, and the short name it goes by there and then; an empty name means that it has none. */
export interface Offset {
  readonly seconds: number
  readonly name: string
}

export interface Zone {
  readonly name: string
  /** The offset in force at an instant given in seconds since 1970. */
  offsetAt(seconds: number): Offset
}

const secondsPerDay = 86_400
const nanosPerSecond = 1_000_000_000n

/** Days since 1970-01-01; any month and day are taken, `(2024, 14, 0)` is 2025-01-31. */
export function daysFromDate(year: number, month: number, day: number): number {
  const monthIndex = month - 1
  const y = year + Math.floor(monthIndex / 12)
  const m = ((monthIndex % 12) + 12) % 12
  // Years begin in March here, so that the leap day is the last of its year.
  const shifted = m < 2 ? y - 1 : y
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * ((m + 10) % 12) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

function dateFromDays(days: number): { year: number; month: number; day: number } {
  const z = days + 719_468
  const era = Math.floor(z / 146_097)
  const dayOfEra = z - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shifted = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return { year, month, day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1 }
}

/** Seconds since 1970 of a date and time taken as UTC; parts outside their range carry over. */
export function secondsFromDate(date: DateTime): number {
  const days = daysFromDate(date.year, date.month, date.day)
  return days * secondsPerDay + date.hour * 3600 + date.minute * 60 + date.second
}

/** The date and time that clocks show at `seconds` after 1970 with this offset. */
export function dateFromSeconds(seconds: number, nanosecond: number, offset: number): DateTime {
  const local = seconds + offset
  const days = Math.floor(local / secondsPerDay)
  const rest = local - days * secondsPerDay
  return {
    ...dateFromDays(days),
    hour: Math.floor(rest / 3600),
    minute: Math.floor((rest % 3600) / 60),
    second: rest % 60,
    nanosecond,
  }
}

/** 0 is Sunday. */
export function weekday(seconds: number, offset: number): number {
  const days = Math.floor((seconds + offset) / secondsPerDay)
  return (((days + 4) % 7) + 7) % 7
}

/** Whole seconds and the nanoseconds after them, rounding down. */
export function splitNanos(ns: bigint): { seconds: number; nanosecond: number } {
  const rest = ((ns % nanosPerSecond) + nanosPerSecond) % nanosPerSecond
  return { seconds: Number((ns - rest) / nanosPerSecond), nanosecond: Number(rest) }
}

/** The instant at which clocks in a zone show a date. Where they show it twice or never, the offset of the instant that Go takes. */
export function secondsInZone(date: DateTime, zone: Zone): number {
  const asUtc = secondsFromDate(date)
  const guess = zone.offsetAt(asUtc).seconds
  return guess === 0 ? asUtc : asUtc - zone.offsetAt(asUtc - guess).seconds
}

export const utc: Zone = { name: 'UTC', offsetAt: () => ({ seconds: 0, name: 'UTC' }) }

/** Seconds over which an offset is looked up once: no zone has ever changed its clocks and changed them back within a quarter of an hour. */
const spanSeconds = 900

class IntlZone implements Zone {
  readonly name: string
  readonly #clock: Intl.DateTimeFormat
  /** The last span that was asked about, if its offset is the same at both ends: decisions ask for one instant several times, and then for the next. */
  #span = Number.NaN
  #spanOffset: Offset = { seconds: 0, name: '' }

  constructor(name: string, clock: Intl.DateTimeFormat) {
    this.name = name
    this.#clock = clock
  }

  offsetAt(seconds: number): Offset {
    const span = Math.floor(seconds / spanSeconds)
    if (span === this.#span) return this.#spanOffset
    const offset = this.#seconds(span * spanSeconds)
    if (offset !== this.#seconds((span + 1) * spanSeconds - 1)) return this.#named(this.#seconds(seconds))
    this.#span = span
    this.#spanOffset = this.#named(offset)
    return this.#spanOffset
  }

  #named(seconds: number): Offset {
    return { seconds, name: zoneAbbreviation(this.name, seconds) }
  }

  #seconds(seconds: number): number {
    const part: Record<string, number> = {}
    for (const { type, value } of this.#clock.formatToParts(seconds * 1000)) part[type] = Number(value)
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
    return secondsFromDate({ year, month, day, hour, minute, second, nanosecond: 0 }) - seconds
  }
}

/** The zone of an IANA name, spelt exactly so; undefined when there is none. `Local` is the zone of the process. */
export function findZone(name: string): Zone | undefined {
  if (name === '' || name === 'UTC') return utc
  const asked = name === 'Local' ? new Intl.DateTimeFormat().resolvedOptions().timeZone : name
  if (!/^[A-Za-z]/.test(asked)) return undefined
  try {
    const clock = new Intl.DateTimeFormat('en-US', {
      timeZone: asked,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    const canonical = clock.resolvedOptions().timeZone
    // Intl takes any case; the database of Go is a set of files.
    if (canonical !== asked && canonical.toLowerCase() === asked.toLowerCase()) return undefined
    return new IntlZone(asked, clock)
  } catch {
    return undefined
  }
}
