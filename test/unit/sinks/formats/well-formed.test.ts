/** Whatever a record may hold, every format of it is well-formed: JSON parses, CEF and syslog are read back to what went in. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../../../src/model/index.ts'
import { type FormatName, formats } from '../../../../src/sinks/format.ts'
import { makeSyslogMessage, octetCounted } from '../../../../src/sinks/formats/syslog.ts'
import { readCef } from '../../../support/cef-reader.ts'
import { recordArbitrary } from '../../../support/record-arbitrary.ts'
import { lineOf, sampleRecords, sender } from '../../../support/sink-records.ts'
import { readSyslog } from '../../../support/syslog-reader.ts'

const runs = { numRuns: 300 }
const named = sampleRecords.map((record, index) => ({ note: `${record.type} ${index}`, record }))
const jsonFormats: readonly FormatName[] = ['native', 'opa', 'cloudevents', 'ocsf', 'ecs']

const message = makeSyslogMessage({
  facility: 13,
  hostname: 'gw 7\n',
  application: '',
  process: '1',
  enterprise: 32_473,
})

function expectJson(record: LogRecord): void {
  for (const name of jsonFormats) {
    const text = formats[name](sender).write(lineOf(record))
    expect(text).not.toMatch(/[\n\r]/)
    const event = JSON.parse(text)
    expect(typeof event).toBe('object')
    if (name === 'cloudevents') expect(event.data).toEqual(JSON.parse(lineOf(record).text))
  }
}

/** What CEF cannot say: other controls than ends of lines, halves of characters. */
const spoken = (text: string) => text.toWellFormed().replaceAll(/(?![\n\r])[\p{Cc}\p{Zl}\p{Zp}]/gu, '\ufffd')

function expectCef(record: LogRecord): void {
  const { header, pairs } = readCef(formats.cef(sender).write(lineOf(record)))
  expect(header.slice(0, 4)).toEqual(['0', 'Gatehouse', 'Gateway', '1.2.3'])
  expect(header[6]).toMatch(/^[135]$/)
  expect([...pairs.values()]).not.toContain('')
  expect(pairs.get('externalId')).toBe(String(record.seq))
  expect(pairs.get('rt')).toBe(String(Date.parse(record.timestamp)))
  expect(pairs.get('cat')).toBe(record.type)
  const texts: [key: string, value: string | undefined][] =
    record.type === 'decision'
      ? [
          ['act', record.decision],
          ['reason', record.code],
          ['suid', record.principal?.subject],
          ['cs2', record.principal?.agent],
          ['cs3', record.target?.tool],
          ['requestMethod', record.call.method],
          ['request', record.call.path],
          ['GatehouseGatewayDetail', record.detail],
        ]
      : record.type === 'fault'
        ? [
            ['reason', record.code],
            ['GatehouseGatewayDetail', record.detail],
          ]
        : record.type === 'checkpoint'
          ? [['GatehouseGatewayNote', record.note]]
          : []
  for (const [key, value] of texts)
    if (value !== undefined && value.length < 1_000) expect(pairs.get(key) ?? '').toBe(spoken(value))
}

function expectSyslog(record: LogRecord): void {
  const read = readSyslog(message(lineOf(record), '{"a":1}'))
  expect(read.body).toBe('{"a":1}')
  expect([read.hostname, read.application, read.process]).toEqual(['gw?7?', '-', '1'])
  expect(read.messageId).toBe(record.type)
  const own = read.data.get('gatehouse@32473')
  expect(own?.get('seq')).toBe(String(record.seq))
  if ('code' in record && record.code !== undefined) {
    const wanted = record.code.toWellFormed().replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '\ufffd')
    expect(own?.get('code')).toBe(wanted)
  }
}

const promises = [
  { what: 'JSON that parses, on one line', holds: expectJson },
  { what: 'CEF that is read back to the same pairs', holds: expectCef },
  { what: 'a syslog message that is read back', holds: expectSyslog },
]

describe.each(promises)('every record makes $what', ({ holds }) => {
  it.each(named)('$note', ({ record }) => holds(record))

  it('any that the schema allows', () => {
    fc.assert(fc.property(recordArbitrary(), holds), runs)
  })
})

describe('octet counting', () => {
  it.each([
    { note: 'counts bytes, not characters', text: 'é😀', bytes: 6 },
    { note: 'counts nothing as nothing', text: '', bytes: 0 },
    { note: 'counts an end of line as content', text: 'a\nb', bytes: 3 },
  ])('$note', ({ text, bytes }) => {
    expect(octetCounted(text).toString()).toBe(`${bytes} ${text}`)
  })
})
