/**
 * Formats against what others publish: OCSF events against the JSON Schema of their class and profiles, CloudEvents through the
 * reader of the project's own SDK. Needs `ocsf-json-schema` and `cloudevents` (PyPI) beside the Python of GATEHOUSE_TEST_PYTHON.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { LogRecord } from '../../src/model/index.ts'
import { formats } from '../../src/sinks/format.ts'
import { run } from '../support/command.ts'
import { exactJson } from '../support/exact-json.ts'
import { recordArbitrary } from '../support/record-arbitrary.ts'
import { bareDecision, lineOf, sampleRecords, sender } from '../support/sink-records.ts'

const python = process.env.GATEHOUSE_TEST_PYTHON ?? '/usr/bin/python3'
const hasPackages = (await run([python, '-c', 'import ocsf_json_schema, cloudevents'])).status === 0
const title = hasPackages ? '' : ' (skipped: ocsf-json-schema and cloudevents are not installed)'

const seed = 20_260_302
const records: readonly LogRecord[] = [
  ...sampleRecords,
  { ...bareDecision, requested_by: 'fe80::1%eth0' },
  { ...bareDecision, requested_by: '::ffff:192.0.2.7', decision: 'ask' },
  { ...bareDecision, decision: 'allow', call: { ...bareDecision.call, method: 'QUERY' } },
  ...fc.sample(recordArbitrary(), { numRuns: 150, seed }),
]

const ocsfSchemas = `
import json, sys
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
schemas = OcsfJsonSchemaEmbedded(get_ocsf_schema(version="1.8.0"))
wanted = json.loads(sys.argv[1])
print(json.dumps([schemas.get_class_schema(schemas.lookup_class_name_from_uid(uid), profiles) for uid, profiles in wanted]))
`

const readCloudEvents = `
import json, sys
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
out = []
for line in open(sys.argv[1], encoding="utf-8"):
    event = JSONFormat().read(CloudEvent, line)
    out.append({"attributes": {name: str(value) for name, value in event.get_attributes().items()}, "data": event.get_data()})
print(json.dumps(out))
`

describe.skipIf(!hasPackages)(`OCSF 1.8.0${title}`, () => {
  const events = records.map((record) => JSON.parse(formats.ocsf(sender).write(lineOf(record))))
  const keyOf = (event: { class_uid: number; metadata: { profiles: string[] } }) =>
    JSON.stringify([event.class_uid, event.metadata.profiles])
  const validators = new Map<string, ValidateFunction>()

  beforeAll(async () => {
    const keys = [...new Set(events.map(keyOf))]
    const { status, out, err } = await run([python, '-c', ocsfSchemas, `[${keys.join()}]`])
    if (status !== 0) throw new Error(err)
    JSON.parse(out).forEach((schema: object, index: number) => {
      const ajv = new Ajv2020({ strict: false, allErrors: true })
      addFormats.default(ajv)
      validators.set(keys[index] as string, ajv.compile(schema))
    })
  })

  it('has a schema for each class that is used', () => {
    expect([...validators.keys()].map((key) => JSON.parse(key)[0]).sort()).toEqual([0, 6002, 6003, 6003])
  })

  it.each(events.map((event, index) => ({ note: `${records[index]?.type} ${index}`, event })))(
    '$note is valid',
    ({ event }) => {
      const validate = validators.get(keyOf(event)) as ValidateFunction
      validate(event)
      expect(validate.errors ?? []).toEqual([])
    },
  )

  it('would tell an attribute that OCSF does not have', () => {
    const [event] = events
    const validate = validators.get(keyOf(event)) as ValidateFunction
    expect(validate({ ...event, no_attribute: 1 })).toBe(false)
  })
})

describe.skipIf(!hasPackages)(`CloudEvents 1.0${title}`, () => {
  it('are read by the SDK with the attributes and the record that went in', async () => {
    // A decision_id of nothing, which the schema allows and nobody makes, would be a subject of nothing, which CloudEvents forbids.
    const sent = records.filter((record) => !('decision_id' in record) || record.decision_id !== '')
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-cloudevents-'))
    try {
      const lines = sent.map((record) => formats.cloudevents(sender).write(lineOf(record)))
      writeFileSync(join(folder, 'events'), lines.map((line) => `${line}\n`).join(''))
      const { status, out, err } = await run([python, '-c', readCloudEvents, join(folder, 'events')])
      if (status !== 0) throw new Error(err)
      const read = exactJson(out) as { attributes: Record<string, string>; data: LogRecord }[]
      expect(read).toHaveLength(sent.length)
      read.forEach(({ attributes, data }, index) => {
        const record = sent[index] as LogRecord
        expect(attributes).toMatchObject({
          specversion: '1.0',
          id: String(record.seq),
          source: 'gatehouse.example.com/log',
          datacontenttype: 'application/json',
        })
        expect(attributes.type).toMatch(/^gatehouse(\.[a-z]+)+$/)
        expect(data).toEqual(exactJson(lineOf(record).text))
      })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
