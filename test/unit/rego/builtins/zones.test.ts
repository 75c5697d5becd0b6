import { expect, test } from 'vitest'
import { findZone } from '../../../../src/rego/builtins/go/calendar.ts'

/** Zones, an instant at which their clocks change, and the offsets of the second before it and of the instant itself. */
const changes: readonly [string, string, number, number][] = [
  ['Europe/Berlin', '2026-03-29T01:00:00Z', 3600, 7200],
  ['Europe/Berlin', '2026-10-25T01:00:00Z', 7200, 3600],
  ['America/New_York', '2026-11-01T06:00:00Z', -14400, -18000],
  ['Australia/Lord_Howe', '2026-04-04T15:00:00Z', 39600, 37800],
]

test.each(changes)(
  '%s changes its clocks at %s to the second, in whatever order it is asked',
  (name, at, before, after) => {
    const instant = Date.parse(at) / 1000
    const zone = findZone(name)
    for (const [seconds, wanted] of [
      [instant - 1, before],
      [instant, after],
      [instant + 899, after],
      [instant - 900, before],
      [instant + 1, after],
      [instant - 1, before],
      [instant - 450, before],
      [instant + 450, after],
    ] as const)
      expect(zone?.offsetAt(seconds).seconds).toBe(wanted)
  },
)

test('offsets are those of a clock asked anew, at every second around a change', () => {
  const start = Date.parse('2026-03-29T00:58:00Z') / 1000
  const zone = findZone('Europe/Berlin')
  for (let seconds = start; seconds < start + 240; seconds++)
    expect(zone?.offsetAt(seconds).seconds).toBe(findZone('Europe/Berlin')?.offsetAt(seconds).seconds)
})
