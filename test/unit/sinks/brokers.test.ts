/** What the settings of Kafka, NATS and Redis take, and what they say about what they do not take. */
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { kafka } from '../../../src/sinks/kafka.ts'
import { nats } from '../../../src/sinks/nats.ts'
import { redis } from '../../../src/sinks/redis.ts'

const settings: { readonly [kind: string]: z.ZodObject } = {
  kafka: kafka.settings,
  nats: nats.settings,
  redis: redis.settings,
}

const taken = [
  { kind: 'kafka', value: { brokers: ['127.0.0.1:9092', '[::1]:9092', 'localhost:9092'], topic: 'gatehouse' } },
  {
    kind: 'kafka',
    value: { brokers: ['kafka.example.com:9093'], topic: 'a.b_c-d', tls: {}, key: 'call', compression: 'zstd' },
  },
  {
    kind: 'kafka',
    value: {
      brokers: ['kafka.example.com:9093'],
      topic: 'a',
      tls: { authorities: 'a.pem' },
      sasl: { mechanism: 'SCRAM-SHA-512', username: 'gatehouse', password: 'file:p' },
    },
  },
  { kind: 'nats', value: { servers: ['127.0.0.1:4222'], subject: 'gatehouse.log' } },
  {
    kind: 'nats',
    value: { servers: ['nats.example.com:4222'], subject: 'a', stream: 'AUDIT', tls: {}, user: 'u', password: 'p' },
  },
  {
    kind: 'nats',
    value: { servers: ['nats.example.com:4222'], subject: 'a', tls: {}, credentials: 'file:gatehouse.creds' },
  },
  { kind: 'redis', value: { server: '127.0.0.1:6379', stream: 'gatehouse:log' } },
  {
    kind: 'redis',
    value: { server: '192.0.2.7:6379', stream: 's', tls: {}, user: 'u', password: 'p', keep: 1_000, database: 3 },
  },
]

const refused = [
  {
    note: 'plain text elsewhere',
    kind: 'kafka',
    value: { brokers: ['127.0.0.1:9092', 'kafka.example.com:9092'], topic: 'a' },
    says: /`kafka.example.com:9092` without TLS/,
  },
  { note: 'no broker', kind: 'kafka', value: { brokers: [], topic: 'a' }, says: />=1 items/ },
  {
    note: 'a topic with a space',
    kind: 'kafka',
    value: { brokers: ['127.0.0.1:9092'], topic: 'a b' },
    says: /must be a name of a topic/,
  },
  {
    note: 'a broker without a port',
    kind: 'kafka',
    value: { brokers: ['kafka.example.com'], topic: 'a', tls: {} },
    says: /a host and a port/,
  },
  {
    note: 'a name without a password',
    kind: 'kafka',
    value: { brokers: ['127.0.0.1:9092'], topic: 'a', sasl: { mechanism: 'PLAIN', username: 'u' } },
    says: /password|string/,
  },
  {
    note: 'plain text elsewhere',
    kind: 'nats',
    value: { servers: ['192.0.2.7:4222'], subject: 'a' },
    says: /`192.0.2.7:4222` without TLS/,
  },
  {
    note: 'a subject with a wildcard',
    kind: 'nats',
    value: { servers: ['127.0.0.1:4222'], subject: 'a.>' },
    says: /without wildcards/,
  },
  {
    note: 'a subject with an empty part',
    kind: 'nats',
    value: { servers: ['127.0.0.1:4222'], subject: 'a..b' },
    says: /without wildcards/,
  },
  {
    note: 'a user without a password',
    kind: 'nats',
    value: { servers: ['127.0.0.1:4222'], subject: 'a', user: 'u' },
    says: /belong together/,
  },
  {
    note: 'two proofs',
    kind: 'nats',
    value: { servers: ['127.0.0.1:4222'], subject: 'a', token: 't', credentials: 'c' },
    says: /more than one way/,
  },
  {
    note: 'plain text elsewhere',
    kind: 'redis',
    value: { server: 'redis.example.com:6379', stream: 's' },
    says: /`redis.example.com:6379` without TLS/,
  },
  {
    note: 'a user without a password',
    kind: 'redis',
    value: { server: '127.0.0.1:6379', stream: 's', user: 'u' },
    says: /proves nothing/,
  },
  {
    note: 'a certificate without its key',
    kind: 'redis',
    value: { server: '127.0.0.1:6379', stream: 's', tls: { certificate: 'a.pem' } },
    says: /belong together/,
  },
  {
    note: 'no verification',
    kind: 'redis',
    value: { server: '127.0.0.1:6379', stream: 's', tls: { rejectUnauthorized: false } },
    says: /rejectUnauthorized/,
  },
]

describe('the settings of brokers', () => {
  it.each(taken)('of $kind take $value', ({ kind, value }) => {
    expect(settings[kind]?.safeParse(value).error?.issues ?? []).toEqual([])
  })

  it.each(refused)('of $kind refuse $note', ({ kind, value, says }) => {
    const { success, error } = settings[kind]?.safeParse(value) ?? {}
    expect(success).toBe(false)
    expect(error?.issues.map(({ message }) => message).join('\n')).toMatch(says)
  })
})
