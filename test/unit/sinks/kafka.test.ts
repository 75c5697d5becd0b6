/** What a record is as a message of Kafka: its partition, its headers, its time. */
import { describe, expect, it } from 'vitest'
import { messageOf } from '../../../src/sinks/kafka.ts'
import type { Item } from '../../../src/sinks/sink.ts'

// A view into a larger buffer, as lines of a chunk are.
const bytes = Buffer.from('before{"seq":7}behind').subarray(6, 15)
const line: Item = {
  seq: 7,
  id: 'gatehouse.example.com/log/7',
  type: 'decision',
  timestamp: '2026-03-02T10:00:00.123456Z',
  callId: 'call-1',
  record: () => {
    throw new Error('nobody asks for it')
  },
  bytes,
}

describe('a record as a message of Kafka', () => {
  it.each([
    { note: 'the log, for one order over all', key: 'log', callId: 'call-1', wanted: 'gatehouse.example.com/log' },
    { note: 'the call, for one order of its records', key: 'call', callId: 'call-1', wanted: 'call-1' },
    { note: 'the log, for a record of no call', key: 'call', callId: undefined, wanted: 'gatehouse.example.com/log' },
  ] as const)('has a key: $note', ({ key, callId, wanted }) => {
    expect(messageOf({ ...line, callId }, { topic: 't', key }, 'application/json').key.toString()).toBe(wanted)
  })

  it('has the bytes of the record and no others, its time, and headers by which readers know it', () => {
    const { topic, value, headers, timestamp } = messageOf(
      line,
      { topic: 't', key: 'log' },
      'application/cloudevents+json',
    )
    expect({ topic, value: value.toString(), timestamp }).toEqual({
      topic: 't',
      value: '{"seq":7}',
      timestamp: 1_772_445_600_123n,
    })
    expect([...headers].map(([name, text]) => `${name}: ${text}`)).toEqual([
      'content-type: application/cloudevents+json',
      'gatehouse-id: gatehouse.example.com/log/7',
      'gatehouse-type: decision',
    ])
  })
})
