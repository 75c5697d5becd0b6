/** `level: input_and_reply`: the outcome holds what the agent got, as what it is and as far as it fits, and never what an obligation took out. */
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openWorld, type WorldOptions } from '../support/world.ts'

const route = { recording: { level: 'input_and_reply' } }

async function outcomeOf(
  body: string | Uint8Array,
  headers: { [name: string]: string },
  options: WorldOptions & { readonly chunked?: boolean } = {},
) {
  const world = await openWorld({
    route,
    serve: (_request, response) => {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
      if (options.chunked !== true) response.end(body)
      else {
        const bytes = Buffer.from(body)
        for (let at = 0; at < bytes.length; at += 7_000) response.write(bytes.subarray(at, at + 7_000))
        response.end()
      }
    },
    ...options,
  })
  try {
    const reply = await world.send()
    expect(reply.status).toBe(200)
    return world.pair().outcome
  } finally {
    await world.close()
  }
}

const json = { 'content-type': 'application/json; charset=utf-8' }

describe('the recorded reply', () => {
  it.each([
    {
      note: 'JSON',
      body: '{"id":12345678901234567890, "n":1.50}',
      headers: json,
      reply: JSON.parse('{"id":12345678901234567890,"n":1.5}'),
      form: 'json',
    },
    {
      note: 'JSON over several lines',
      body: '{\n "a": [1,\r\n2]\n}',
      headers: json,
      reply: { a: [1, 2] },
      form: 'json',
    },
    {
      note: 'JSON of a derived type',
      body: '[]',
      headers: { 'content-type': 'application/problem+json' },
      reply: [],
      form: 'json',
    },
    {
      note: 'what only says that it is JSON',
      body: '{"a":1,"a":2}',
      headers: json,
      reply: '{"a":1,"a":2}',
      form: 'text',
    },
    { note: 'nothing', body: '', headers: json, reply: '', form: 'text' },
    {
      note: 'text',
      body: 'naïve "quoted"\n\u0000 line',
      headers: { 'content-type': 'text/plain' },
      reply: 'naïve "quoted"\n\u0000 line',
      form: 'text',
    },
    { note: 'bytes', body: Buffer.from([0xff, 0x00, 0x80]), headers: {}, reply: '/wCA', form: 'base64' },
    {
      note: 'what is compressed',
      body: gzipSync('{"a":1}'),
      headers: { 'content-type': 'text/plain', 'content-encoding': 'gzip' },
      reply: gzipSync('{"a":1}').toString('base64'),
      form: 'base64',
    },
  ])('is $note as it is', async ({ body, headers, reply, form }) => {
    for (const chunked of [false, true]) {
      expect(await outcomeOf(body, headers as { [name: string]: string }, { chunked })).toMatchObject({
        reply,
        reply_form: form,
      })
    }
  })

  it.each([
    { note: 'as large as it may be', text: 'x'.repeat(256 * 1024), kept: true },
    { note: 'larger', text: 'x'.repeat(256 * 1024 + 1), kept: false },
    { note: 'too large once it is quoted', text: '\u0001'.repeat(100 * 1024), kept: false },
  ])('is $note, or says why it is not there', async ({ text, kept }) => {
    for (const chunked of [false, true]) {
      const outcome = await outcomeOf(text, { 'content-type': 'text/plain' }, { chunked })
      expect(outcome).toMatchObject({ reply_bytes: text.length, complete: true })
      if (kept) expect([outcome.reply, outcome.reply_form]).toEqual([text, 'text'])
      else expect([outcome.reply, outcome.reply_form, outcome.reply_omitted]).toEqual([undefined, undefined, 'size'])
    }
  })

  it('is what the agent got: masked where policy masks', async () => {
    const outcome = await outcomeOf('{"name":"Ann","iban":"secret"}', json, {
      policies: {
        'main.rego':
          'package gatehouse\n\nallow := true\n\nobligations contains {"type": "mask_response", "fields": ["/iban"]}\n',
      },
    })
    expect(JSON.stringify(outcome)).not.toContain('secret')
    expect(outcome.reply).toMatchObject({ name: 'Ann' })
  })

  it('is not there where the route does not ask for it', async () => {
    const outcome = await outcomeOf('{}', json, { route: {} })
    expect(Object.keys(outcome).filter((name) => name.startsWith('reply'))).toEqual(['reply_bytes'])
  })
})
