/**
 * Every field of every record has the place in each format that `docs/formats.md` shows. Records whose values all differ are
 * formatted, and each value is looked for where the page says; every field of the published schema must have a row.
 */
import { describe, expect, it } from 'vitest'
import { decisionLogSchema } from '../../../../src/record/index.ts'
import { formats } from '../../../../src/sinks/format.ts'
import { makeSyslogMessage } from '../../../../src/sinks/formats/syslog.ts'
import { readCef } from '../../../support/cef-reader.ts'
import { type Column, columns, type PlacedField, placedFields } from '../../../support/format-places.ts'
import { formatsPage } from '../../../support/formats-page.ts'
import { lineOf, sender, wholeRecords } from '../../../support/sink-records.ts'
import { readSyslog } from '../../../support/syslog-reader.ts'

const message = makeSyslogMessage({
  facility: 13,
  hostname: 'gw-7',
  application: 'gatehouse',
  process: '1',
  enterprise: 32_473,
})

type Look = (place: string) => unknown

/** A formatted record as something to look places up in. */
function formatted(column: Column, type: PlacedField['type']): Look {
  const line = lineOf(wholeRecords.find((record) => record.type === type) as (typeof wholeRecords)[number])
  if (column === 'syslog') {
    const read = readSyslog(message(line, 'body'))
    const own = read.data.get('gatehouse@32473')
    return (place) => (place === 'MSGID' ? read.messageId : place === 'TIMESTAMP' ? read.timestamp : own?.get(place))
  }
  const text = formats[column](sender).write(line)
  if (column === 'cef') {
    const { pairs } = readCef(text)
    return (place) => pairs.get(place)
  }
  const event = JSON.parse(text)
  const whole = column === 'ocsf' ? event.raw_data : column === 'ecs' ? event.event.original : undefined
  return (place) => (place === 'whole' ? whole : at(event, place.split('.')))
}

function at(value: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path
  if (name === undefined || typeof value !== 'object' || value === null) return path.length === 0 ? value : undefined
  const next = (value as Record<string, unknown>)[name.replace('[]', '')]
  return name.endsWith('[]') && Array.isArray(next) ? next.map((one) => at(one, rest)) : at(next, rest)
}

/** The texts and numbers within a field's value: each must be found. Names of members of a document too. */
function leaves(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [String(value)]
  return Object.values(value).flatMap(leaves)
}

/** Places that tell a part of the field, or tell it in another unit. */
const parts: { readonly [columnAndPlace: string]: (value: unknown) => string[] } = {
  'opa bundles': () => ['revision-77'],
  'ocsf policy.version': () => ['revision-77'],
  'ecs rule.version': () => ['revision-77'],
  'cef cs5': () => ['revision-77'],
  'cef rt': (value) => [String(Date.parse(String(value)))],
}

const cells = placedFields.flatMap(({ type, field, places }) =>
  columns.flatMap((column) => places[column].split(' ').map((place) => ({ type, field, column, place }))),
)

describe('the places of fields', () => {
  it.each(cells.filter(({ place }) => place !== '-'))(
    '$column has $type.$field at $place',
    ({ type, field, column, place }) => {
      const record = wholeRecords.find((one) => one.type === type)
      const value = at(record, field.split('.'))
      const found = formatted(column, type)(place)
      const text = typeof found === 'string' ? found : JSON.stringify(found)
      const wanted = parts[`${column} ${place}`]?.(value) ?? leaves(value)
      expect(wanted.length).toBeGreaterThan(0)
      for (const one of wanted)
        expect(text).toContain(text === found && place !== 'whole' ? one : JSON.stringify(one).slice(1, -1))
    },
  )

  it.each(cells.filter(({ place }) => place === '-'))('$column leaves $type.$field out', ({ type, field, column }) => {
    const record = wholeRecords.find((one) => one.type === type)
    const line = lineOf(record as (typeof wholeRecords)[number])
    const text = column === 'syslog' ? message(line, '') : formats[column](sender).write(line)
    const values = leaves(at(record, field.split('.'))).filter((one) => one.length > 4)
    for (const one of values) expect(text).not.toContain(one)
  })

  it('has a row for every field that the schema of the log has, and no other', () => {
    const rows = placedFields.map(({ type, field }) => `${type}.${field}`)
    expect(rows.sort()).toEqual(schemaFields().sort())
  })

  it('are what docs/formats.md shows (npm run generate writes it)', async () => {
    await expect(formatsPage()).toMatchFileSnapshot('../../../../docs/formats.md')
  })
})

interface Field {
  readonly const?: string
  readonly properties?: { readonly [name: string]: Field }
}

/** Fields one by one; of `principal`, `target` and `call`, whose fields have places of their own, those. */
function schemaFields(): string[] {
  const { oneOf } = decisionLogSchema() as unknown as { readonly oneOf: readonly Field[] }
  return oneOf.flatMap(({ properties = {} }) => {
    const type = properties.type?.const
    return Object.entries(properties).flatMap(([name, field]) =>
      field.properties === undefined
        ? [`${type}.${name}`]
        : Object.keys(field.properties).map((inner) => `${type}.${name}.${inner}`),
    )
  })
}
