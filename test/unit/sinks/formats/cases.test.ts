/** What a record becomes in each format, case by case: verdicts, severities, numbers as they were written, texts that are cut or escaped. */
import { describe, expect, it } from 'vitest'
import type { AdminRecord, DecisionRecord, LogRecord, OutcomeRecord } from '../../../../src/model/index.ts'
import { type FormatName, formats } from '../../../../src/sinks/format.ts'
import { readCef } from '../../../support/cef-reader.ts'
import {
  bareDecision,
  bareOutcome,
  lineOf,
  lineOfText,
  mcpDecision,
  sender,
  wholeAdmin,
  wholeCheckpoint,
  wholeDecision,
  wholeFault,
  wholeOutcome,
} from '../../../support/sink-records.ts'

const write = (name: FormatName, record: LogRecord) => formats[name](sender).write(lineOf(record))
const jsonOf = (name: FormatName, record: LogRecord) => JSON.parse(write(name, record))
const cefOf = (record: LogRecord) => readCef(write('cef', record))

const decided = (decision: DecisionRecord['decision']): DecisionRecord => ({ ...bareDecision, decision })
const ended = (more: Partial<OutcomeRecord>): OutcomeRecord => ({ ...bareOutcome, ...more })
const told = (event: string): AdminRecord => ({ ...wholeAdmin, event })

/** OCSF: action, disposition, status, severity. ECS: outcome. CEF: severity. */
const verdicts = [
  { note: 'allow', record: decided('allow'), ocsf: [1, 1, 1, 1], ecs: 'success', cef: '1' },
  { note: 'deny', record: decided('deny'), ocsf: [2, 2, 2, 2], ecs: 'failure', cef: '3' },
  { note: 'ask', record: decided('ask'), ocsf: [2, 23, 2, 1], ecs: 'failure', cef: '1' },
  { note: 'forwarded', record: ended({ outcome: 'forwarded' }), ocsf: [1, 1, 1, 1], ecs: 'success', cef: '1' },
  {
    note: 'cut off',
    record: ended({ outcome: 'forwarded', complete: false }),
    ocsf: [1, 1, 2, 1],
    ecs: 'failure',
    cef: '1',
  },
  { note: 'refused', record: ended({ outcome: 'refused' }), ocsf: [2, 2, 2, 2], ecs: 'failure', cef: '3' },
  { note: 'failed', record: ended({ outcome: 'failed' }), ocsf: [0, 27, 2, 3], ecs: 'failure', cef: '5' },
  { note: 'fault', record: wholeFault, ocsf: [2, 2, 2, 2], ecs: 'failure', cef: '3' },
  { note: 'start', record: told('start'), ocsf: [undefined, undefined, 1, 1], ecs: 'success', cef: '1' },
  {
    note: 'reload_refused',
    record: told('reload_refused'),
    ocsf: [undefined, undefined, 2, 3],
    ecs: 'failure',
    cef: '5',
  },
  { note: 'checkpoint', record: wholeCheckpoint, ocsf: [undefined, undefined, 1, 1], ecs: 'success', cef: '1' },
]

describe('verdicts', () => {
  it.each(verdicts)('of $note', ({ record, ocsf, ecs, cef }) => {
    const event = jsonOf('ocsf', record)
    expect([event.action_id, event.disposition_id, event.status_id, event.severity_id]).toEqual(ocsf)
    expect(jsonOf('ecs', record).event.outcome).toBe(ecs)
    expect(cefOf(record).header[6]).toBe(cef)
  })
})

describe('OCSF', () => {
  const calling = (method: string): DecisionRecord => ({ ...bareDecision, call: { ...bareDecision.call, method } })
  it.each([
    { method: 'POST', type: 600_301, name: 'Create', http: 'POST' },
    { method: 'GET', type: 600_302, name: 'Read', http: 'GET' },
    { method: 'PATCH', type: 600_303, name: 'Update', http: 'PATCH' },
    { method: 'DELETE', type: 600_304, name: 'Delete', http: 'DELETE' },
    { method: 'QUERY', type: 600_399, name: 'QUERY', http: undefined },
    { method: 'tools/call', type: 600_399, name: 'tools/call', http: undefined },
    { method: 'tools/list', type: 600_302, name: 'Read', http: undefined },
    { method: 'constructor', type: 600_399, name: 'constructor', http: undefined },
  ])('takes $method for the activity $name', ({ method, type, name, http }) => {
    const event = jsonOf('ocsf', calling(method))
    expect([event.type_uid, event.activity_name, event.http_request.http_method]).toEqual([type, name, http])
  })

  it.each([
    { event: 'start', type: 600_203 },
    { event: 'stop', type: 600_204 },
    { event: 'reload', type: 600_208 },
    { event: 'toString', type: 600_299 },
  ])('takes the admin event $event for $type', ({ event, type }) => {
    expect(jsonOf('ocsf', told(event)).type_uid).toBe(type)
  })

  it('says that nobody is known where nobody is', () => {
    const { actor, src_endpoint, message_context } = jsonOf('ocsf', bareDecision)
    expect({ actor, src_endpoint, message_context }).toEqual({
      actor: { user: { name: 'unknown', type_id: 0 } },
      src_endpoint: { name: 'unknown' },
      message_context: undefined,
    })
  })

  it('names no service where a message went to several', () => {
    const { api, dst_endpoint, resources } = jsonOf('ocsf', mcpDecision)
    expect([api.service, dst_endpoint, resources]).toEqual([
      undefined,
      undefined,
      [{ type: 'route', name: 'route-tools' }],
    ])
  })
})

describe('CloudEvents', () => {
  it.each([
    { record: wholeDecision, type: 'gatehouse.decision.deny', subject: wholeDecision.decision_id },
    { record: wholeOutcome, type: 'gatehouse.outcome.failed', subject: wholeDecision.decision_id },
    { record: wholeAdmin, type: 'gatehouse.admin', subject: undefined },
    { record: wholeFault, type: 'gatehouse.fault', subject: undefined },
    { record: wholeCheckpoint, type: 'gatehouse.checkpoint', subject: undefined },
  ])('calls it $type', ({ record, type, subject }) => {
    const event = jsonOf('cloudevents', record)
    expect([event.type, event.subject, event.id]).toEqual([type, subject, String(record.seq)])
    expect(event.sequence).toBe(`00000000000${record.seq}`)
  })

  it.each([
    { log: 'gatehouse.example.com/log', source: 'gatehouse.example.com/log' },
    { log: '127.0.0.1:8080/a b', source: '127.0.0.1%3A8080/a%20b' },
    { log: 'ä?#%', source: '%C3%A4%3F%23%25' },
  ])('makes a reference of the log `$log`', ({ log, source }) => {
    const text = formats.cloudevents({ ...sender, log }).write(lineOf(bareDecision))
    expect(JSON.parse(text).source).toBe(source)
  })
})

describe('numbers', () => {
  const numbers = '{"big":12345678901234567890,"small":1.5,"exact":0.1234567890123456789}'
  const line = lineOfText(JSON.stringify({ ...wholeDecision, input: '#' }).replace('"#"', numbers))

  it.each<FormatName>(['native', 'opa', 'cloudevents'])('stay as they were written in %s', (name) => {
    expect(formats[name](sender).write(line)).toContain(`:${numbers}`)
  })

  it.each<FormatName>(['ocsf', 'ecs'])('stay as they were written in the whole record of %s', (name) => {
    expect(formats[name](sender).write(line)).toContain(JSON.stringify(numbers).slice(1, -1))
  })
})

describe('what was hidden', () => {
  it.each<FormatName>(['native', 'opa', 'cloudevents', 'ocsf', 'ecs', 'cef'])('is said in %s', (name) => {
    const hidden: DecisionRecord = {
      ...bareDecision,
      input: { call: { arguments: { iban: { encrypted: 'subject-key-1', value: 'c2VjcmV0' } } } },
      erased: ['/input/call/arguments/pin'],
      masked: ['/input/call/arguments/iban'],
    }
    const text = write(name, hidden)
    expect(text).toContain('/input/call/arguments/pin')
    expect(text).toContain('/input/call/arguments/iban')
  })
})

describe('OPA', () => {
  it.each([
    { record: wholeOutcome, id: `${wholeDecision.decision_id}/outcome`, path: 'gatehouse/log/outcome' },
    { record: wholeAdmin, id: 'admin/41003', path: 'gatehouse/log/admin' },
    { record: wholeFault, id: 'fault/41004', path: 'gatehouse/log/fault' },
    { record: wholeCheckpoint, id: 'checkpoint/41005', path: 'gatehouse/log/checkpoint' },
  ])('gives $id an id of its own', ({ record, id, path }) => {
    const event = jsonOf('opa', record)
    expect([event.decision_id, event.path, event.labels]).toEqual([id, path, sender.labels])
  })

  it('has no field at the top that OPA does not have', () => {
    // EventV1 of OPA 1.20.
    const known = [
      'labels',
      'decision_id',
      'trace_id',
      'bundles',
      'path',
      'input',
      'result',
      'nd_builtin_cache',
      'erased',
      'masked',
    ]
    const rest = ['requested_by', 'timestamp', 'metrics', 'custom']
    expect(Object.keys(jsonOf('opa', wholeDecision)).sort()).toEqual([...known, ...rest].sort())
  })
})

describe('CEF', () => {
  it('is one line that reads', () => {
    expect(write('cef', bareDecision)).toBe(
      'CEF:0|Gatehouse|Gateway|1.2.3|decision.deny|Call decided|3|rt=1772445600000 externalId=0 deviceExternalId=gatehouse.example.com/log cat=decision ' +
        'msg=deny GET /: token_missing act=deny outcome=failure reason=token_missing shost=unknown app=http requestMethod=GET request=/ ' +
        `cs1=${bareDecision.decision_id} cs1Label=Decision ID cs6=${bareDecision.trace_id} cs6Label=Trace ID ` +
        `GatehouseGatewayCallId=${bareDecision.call_id} GatehouseGatewayLabels={} GatehouseGatewayMetrics={}`,
    )
  })

  it.each([
    { note: 'equals signs', code: 'a=b cs1=forged', text: 'reason=a\\=b cs1\\=forged ' },
    { note: 'backslashes', code: 'a\\b\\', text: 'reason=a\\\\b\\\\ ' },
    { note: 'ends of lines', code: 'a\nb\r\nc', text: 'reason=a\\nb\\r\\nc ' },
    { note: 'pipes, which are nothing special here', code: 'a|b', text: 'reason=a|b ' },
    { note: 'other controls', code: 'a\u0000b\u001b[31m\u2028c', text: 'reason=a\ufffdb\ufffd[31m\ufffdc ' },
    { note: 'halves of characters', code: 'a\ud800', text: 'reason=a\ufffd ' },
  ])('escapes $note', ({ code, text }) => {
    expect(formats.cef(sender).write({ text: '', record: { ...bareDecision, code } })).toContain(` ${text}`)
  })

  it('escapes what would end a field of the header', () => {
    expect(formats.cef({ ...sender, version: '1|2\\3\n4' }).write(lineOf(bareDecision))).toContain(
      '|1\\|2\\\\3 4|decision.deny|',
    )
  })

  it.each([
    { note: 'at the length of the dictionary', code: 'x'.repeat(2_000), chars: 1_023 },
    { note: 'not through the middle of a character', code: `${'x'.repeat(1_021)}😀😀`, chars: 1_022 },
    { note: 'where nothing is too long', code: 'x'.repeat(1_023), chars: 1_023 },
  ])('cuts $note', ({ code, chars }) => {
    const reason = cefOf({ ...bareDecision, code }).pairs.get('reason') ?? ''
    expect(reason).toHaveLength(chars)
    expect(reason.isWellFormed()).toBe(true)
    expect(reason.endsWith('…')).toBe(code.length > 1_023)
  })

  it.each([
    { address: '192.0.2.7', pair: ['src', '192.0.2.7'] },
    { address: '::ffff:192.0.2.7', pair: ['src', '192.0.2.7'] },
    { address: '2001:db8::1', pair: ['c6a2', '2001:db8::1'] },
    { address: 'unknown', pair: ['shost', 'unknown'] },
  ])('has a place for the address $address', ({ address, pair }) => {
    expect([...cefOf({ ...bareDecision, requested_by: address }).pairs]).toContainEqual(pair)
  })
})
