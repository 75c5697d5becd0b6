/** Marked settings are found and followed wherever a schema puts them: behind defaults, in lists, in groups and in maps. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  clientTls,
  hostPort,
  markAt,
  markedIn,
  milliseconds,
  path,
  replaceMarked,
  secret,
  splitHostPort,
  url,
} from '../../../src/settings/index.ts'

const says = { description: 'A setting of this test.' }
const schema = z.strictObject({
  plain: z.string().optional(),
  password: secret(says).optional().meta({ description: 'Described anew.' }),
  path: path(says).default('a/b'),
  wait: milliseconds({ min: 0, max: 1_000, standard: 500 }, 'A wait.'),
  group: z.strictObject({ tls: clientTls().optional() }).prefault({}),
  list: z.array(z.strictObject({ token: secret(says) })).default([]),
  map: z.record(z.string(), secret(says)).optional(),
})

const value = schema.parse({
  plain: 'p',
  password: 'one',
  group: { tls: { certificate: 'c.pem', key: 'k.pem' } },
  list: [{ token: 'two' }, { token: 'three' }],
  map: { a: 'four' },
})

describe('marked settings', () => {
  it('are found at their places, with what they stand for', () => {
    expect(markedIn(schema, value, ['sinks', 0]).map(({ path, mark, text }) => [path.join('.'), mark, text])).toEqual([
      ['sinks.0.password', 'secret', 'one'],
      ['sinks.0.path', 'path', 'a/b'],
      ['sinks.0.group.tls.certificate', 'certificates', 'c.pem'],
      ['sinks.0.group.tls.key', 'private_key', 'k.pem'],
      ['sinks.0.list.0.token', 'secret', 'two'],
      ['sinks.0.list.1.token', 'secret', 'three'],
      ['sinks.0.map.a', 'secret', 'four'],
    ])
  })

  it('are replaced in a copy, and nothing else is', () => {
    const before = structuredClone(value)
    const replaced = replaceMarked(schema, value, ({ text }) => text.toUpperCase())
    expect(value).toEqual(before)
    expect(replaced).toEqual({
      plain: 'p',
      password: 'ONE',
      path: 'A/B',
      wait: 500,
      group: { tls: { certificate: 'C.PEM', key: 'K.PEM' } },
      list: [{ token: 'TWO' }, { token: 'THREE' }],
      map: { a: 'FOUR' },
    })
  })

  it.each([
    { at: ['password'], wanted: 'secret' },
    { at: ['path'], wanted: 'path' },
    { at: ['plain'], wanted: undefined },
    { at: ['group', 'tls', 'key'], wanted: 'private_key' },
    { at: ['list', 7, 'token'], wanted: 'secret' },
    { at: ['map', 'any'], wanted: 'secret' },
    { at: ['constructor'], wanted: undefined },
    { at: ['no', 'such'], wanted: undefined },
  ])('say what they are at $at, whatever stands there', ({ at, wanted }) => {
    expect(markAt(schema, at)).toBe(wanted)
  })
})

describe('addresses', () => {
  it.each([
    { text: 'https://siem.example.com/in', wanted: true },
    { text: 'http://127.0.0.1:8080/in', wanted: true },
    { text: 'http://[::1]:8080/in', wanted: true },
    { text: 'http://siem.example.com/in', wanted: /can be read and replaced on the way/ },
    { text: 'ftp://siem.example.com/in', wanted: /begins with `https:\/\/` or `http:\/\/`/ },
    { text: 'siem', wanted: /must be a URL/ },
    { text: 'https://name:word@siem.example.com/', wanted: /no name or password/ },
    { text: 'https://siem.example.com/?token=1', wanted: /no query/ },
  ])('take $text, or say what is wrong', ({ text, wanted }) => {
    const found = url(['https', 'http'], says).safeParse(text)
    if (typeof wanted === 'boolean') expect(found.success).toBe(wanted)
    else expect(found.error?.issues[0]?.message).toMatch(wanted)
  })

  it.each([
    { text: 'kafka.example.com:9093', wanted: { host: 'kafka.example.com', port: 9093 } },
    { text: '[2001:db8::1]:514', wanted: { host: '2001:db8::1', port: 514 } },
    { text: 'kafka.example.com', wanted: undefined },
    { text: 'kafka:99999', wanted: undefined },
    { text: 'ka fka:1', wanted: undefined },
  ])('split $text', ({ text, wanted }) => {
    expect(hostPort(says).safeParse(text).success).toBe(wanted !== undefined)
    if (wanted !== undefined) expect(splitHostPort(text)).toEqual(wanted)
  })
})
