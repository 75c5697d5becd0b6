/**
 * ECS events against the schema that Elastic publishes (`@elastic/ecs`): every field outside of `gatehouse` is one of ECS, with a
 * value of its type, one of its allowed values where it has such, and types of events that fit their categories.
 */
import { createRequire } from 'node:module'
import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../../../src/model/index.ts'
import { formats } from '../../../../src/sinks/format.ts'
import { recordArbitrary } from '../../../support/record-arbitrary.ts'
import { bareDecision, hostileDecision, lineOf, sampleRecords, sender } from '../../../support/sink-records.ts'

interface EcsField {
  readonly type: string
  readonly normalize: readonly string[]
  readonly ignore_above?: number
  readonly allowed_values?: readonly { readonly name: string; readonly expected_event_types?: readonly string[] }[]
}

// The package's own types name each of 2,605 fields: more than the compiler should read for this.
const { EcsFlat, EcsVersion } = createRequire(import.meta.url)('@elastic/ecs') as {
  readonly EcsFlat: { readonly [name: string]: EcsField }
  readonly EcsVersion: string
}

const ecs = formats.ecs(sender)
const eventOf = (record: LogRecord) => JSON.parse(ecs.write(lineOf(record)))

/** What is wrong with an event, one sentence a field. */
function flawsOf(event: Record<string, unknown>): string[] {
  const flaws: string[] = []
  const visit = (value: unknown, path: string) => {
    const field = Object.hasOwn(EcsFlat, path) ? EcsFlat[path] : undefined
    if (field === undefined && typeof value === 'object' && value !== null && !Array.isArray(value))
      for (const [name, one] of Object.entries(value)) visit(one, path === '' ? name : `${path}.${name}`)
    else if (field === undefined) flaws.push(`${path} is no field of ECS`)
    else flaws.push(...flawsOfValue(path, field, value))
  }
  const { gatehouse: _own, ...standard } = event
  visit(standard, '')
  return flaws
}

function flawsOfValue(path: string, field: EcsField, value: unknown): string[] {
  if (field.normalize.includes('array') !== Array.isArray(value)) return [`${path} is not as single as it should be`]
  const allowed = field.allowed_values?.map(({ name }) => name)
  return (Array.isArray(value) ? value : [value]).flatMap((one: unknown) => {
    if (!hasType(field.type, one)) return [`${path} is ${JSON.stringify(one)}, not ${field.type}`]
    return allowed === undefined || allowed.includes(String(one)) ? [] : [`${path} is not one of ${allowed.join()}`]
  })
}

function hasType(type: string, value: unknown): boolean {
  switch (type) {
    case 'keyword':
    case 'wildcard':
    case 'match_only_text':
      return typeof value === 'string'
    case 'long':
      return Number.isSafeInteger(value)
    case 'date':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value))
    case 'ip':
      return typeof value === 'string' && isIP(value) !== 0
    case 'object':
      return typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string')
    default:
      throw new Error(`nothing is known of the type \`${type}\``)
  }
}

describe('an ECS event', () => {
  it.each(sampleRecords.map((record) => ({ note: `${record.type} ${record.seq}`, record })))(
    '$note is what ECS publishes',
    ({ record }) => {
      expect(flawsOf(eventOf(record))).toEqual([])
    },
  )

  it('of any record is what ECS publishes', () => {
    fc.assert(
      fc.property(recordArbitrary(), (record) => {
        // Counts that are no safe integer come from no clock and no body.
        const flaws = flawsOf(eventOf(record)).filter((flaw) => !flaw.startsWith('event.duration'))
        expect(flaws).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  it('names the version that it was checked against', () => {
    expect(eventOf(bareDecision).ecs.version).toBe(EcsVersion)
  })

  it.each(sampleRecords.map((record) => ({ note: `${record.type} ${record.seq}`, record })))(
    '$note has types that its categories expect',
    ({ record }) => {
      const { category, type } = eventOf(record).event as { category: readonly string[]; type: readonly string[] }
      const expected = EcsFlat['event.category']?.allowed_values
        ?.filter(({ name }) => category.includes(name))
        .flatMap(({ expected_event_types }) => expected_event_types ?? [])
      expect(expected).toEqual(expect.arrayContaining([...type]))
    },
  )

  it.each([
    { note: 'IPv4', address: '192.0.2.7', client: { address: '192.0.2.7', ip: '192.0.2.7' } },
    { note: 'IPv4 within IPv6', address: '::ffff:192.0.2.7', client: { address: '::ffff:192.0.2.7', ip: '192.0.2.7' } },
    { note: 'IPv6 with a zone', address: 'fe80::1%eth0', client: { address: 'fe80::1%eth0', ip: 'fe80::1' } },
    { note: 'no address', address: 'unknown', client: { address: 'unknown' } },
  ])('tells an address apart: $note', ({ address, client }) => {
    expect(eventOf({ ...bareDecision, requested_by: address }).client).toEqual(client)
  })

  it('makes no fields of what agents and policies wrote', () => {
    const names = (value: unknown): string[] =>
      typeof value !== 'object' || value === null
        ? []
        : Object.entries(value).flatMap(([name, one]) => [...(Array.isArray(value) ? [] : [name]), ...names(one)])
    const { labels, ...rest } = eventOf({
      ...hostileDecision,
      input: { evil_field: 1 },
      obligations: [{ type: 'limit', evil_field: 2 }],
    })
    expect(names(rest)).not.toContain('evil_field')
    expect(Object.keys(labels)).toEqual(expect.arrayContaining(['a_b', 'a', '_']))
  })
})
