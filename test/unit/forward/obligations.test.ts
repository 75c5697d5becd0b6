/** Obligations: headers that policy sets, replies that are masked or limited, and those that cannot be. */
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { makeMask } from '../../../src/forward/mask.ts'
import { limits, type Obligation } from '../../../src/model/index.ts'
import { fakeCall, forwardWorld, textOf } from '../../support/upstream.ts'

const json = { 'Content-Type': 'application/json' }

describe('set_header', () => {
  const set = (name: string, value: string, to: 'upstream' | 'agent' = 'upstream'): Obligation => ({
    type: 'set_header',
    name,
    value,
    to,
  })

  it('replaces what the agent or the upstream said', async () => {
    await using world = await forwardWorld((_request, response) =>
      response.writeHead(200, { 'Cache-Control': 'public' }).end(),
    )
    const reply = await world.send(fakeCall({ headers: ['X-Tenant', 'other'] }), [
      set('X-Tenant', 'acme'),
      set('Cache-Control', 'no-store', 'agent'),
    ])
    expect(world.requests[0]?.headers['x-tenant']).toBe('acme')
    expect(reply.headers.filter((_, at) => reply.headers[at - 1] === 'cache-control')).toEqual(['no-store'])
    expect(reply.obligationsDone).toEqual(['set_header'])
  })

  it.each([
    ['Content-Length', '1'],
    ['Transfer-Encoding', 'chunked'],
    ['Connection', 'close'],
    ['Host', 'evil'],
    ['Authorization', 'Bearer x'],
    ['X-Forwarded-For', '1'],
    ['Gatehouse-Decision', 'x'],
    ['Set-Cookie', 'a=b'],
    ['bad name', 'x'],
    ['X-Bad', 'a\r\nEvil: 1'],
    ['X-Bad', 'ünïcödé €'],
  ])('is refused for `%s: %s` before anything is sent', async (name, value) => {
    await using world = await forwardWorld((_request, response) => response.end())
    await expect(async () => world.send(fakeCall(), [set(name, value)])).rejects.toMatchObject({
      code: 'obligation_unknown',
    })
    expect(world.requests).toEqual([])
  })

  it('refuses the name of the upstream`s credential, and two values for one name', async () => {
    await using world = await forwardWorld((_request, response) => response.end(), {
      upstream: { credential: { header: 'X-Api-Key', value: 'secret-key' } },
    })
    await expect(async () => world.send(fakeCall(), [set('x-api-key', 'mine')])).rejects.toMatchObject({
      code: 'obligation_unknown',
    })
    await expect(async () => world.send(fakeCall(), [set('X-A', '1'), set('x-a', '2')])).rejects.toMatchObject({
      code: 'obligation_unknown',
    })
  })
})

describe('mask_response', () => {
  const mask = (fields: readonly string[], text?: string): Obligation =>
    text === undefined ? { type: 'mask_response', fields } : { type: 'mask_response', fields, with: text }

  const rows: readonly [note: string, fields: readonly string[], from: string, to: string][] = [
    ['a field', ['/email'], '{"id":1,"email":"a@b"}', '{"id":1,"email":"[masked]"}'],
    [
      'a field of every element',
      ['/items/*/iban'],
      '{"items":[{"iban":"1"},{"x":2},{"iban":[3]}]}',
      '{"items":[{"iban":"[masked]"},{"x":2},{"iban":"[masked]"}]}',
    ],
    ['an element by its index', ['/1'], '[1,{"a":[2]},3]', '[1,"[masked]",3]'],
    ['every member', ['/*'], '{"a":1,"b":{"c":2}}', '{"a":"[masked]","b":"[masked]"}'],
    ['the whole document', [''], ' {"a":1} ', ' "[masked]" '],
    ['a key with `/` and `~`', ['/a~1b/~0'], '{"a/b":{"~":1},"~":2}', '{"a/b":{"~":"[masked]"},"~":2}'],
    ['a key that hides behind an escape', ['/email'], '{"\\u0065mail":"a@b"}', '{"\\u0065mail":"[masked]"}'],
    [
      'a field that is an object with brackets in its text',
      ['/a'],
      '{"a":{"x":"}]\\"","y":[{}]},"b":1}',
      '{"a":"[masked]","b":1}',
    ],
    [
      'a field behind a name and behind `*`',
      ['/a/x', '/*/y'],
      '{"a":{"x":1,"y":2},"b":{"x":3,"y":4}}',
      '{"a":{"x":"[masked]","y":"[masked]"},"b":{"x":3,"y":"[masked]"}}',
    ],
    ['`__proto__`', ['/__proto__'], '{"__proto__":{"a":1}}', '{"__proto__":"[masked]"}'],
    ['nothing when no pointer leads to a value', ['/x', '/a/b/c'], '{"a":1.50}', '{"a":1.50}'],
    [
      'and leaves every other byte as it was',
      ['/s'],
      ' {\n"n" : 1.500e0 , "big":12345678901234567890.10,\t"2":1,"1":2, "s" :"x" }',
      ' {\n"n" : 1.500e0 , "big":12345678901234567890.10,\t"2":1,"1":2, "s" :"[masked]" }',
    ],
    ['characters of several bytes', ['/ü'], '{"ä€😀":"ü","ü":"😀"}', '{"ä€😀":"ü","ü":"[masked]"}'],
  ]
  it.each(rows)('masks %s', async (_note, fields, from, to) => {
    await using world = await forwardWorld((_request, response) =>
      response.writeHead(200, { ...json, ETag: '"x"' }).end(from),
    )
    const reply = await world.send(fakeCall({ headers: ['Accept-Encoding', 'gzip', 'Range', 'bytes=0-9'] }), [
      mask(fields),
    ])
    expect(await textOf(reply)).toBe(to)
    expect(world.requests[0]?.headers['accept-encoding']).toBe('identity')
    expect(world.requests[0]?.headers.range).toBeUndefined()
    expect(reply.headers).not.toContain('etag')
    expect(reply.obligationsDone).toEqual(['mask_response'])
  })

  it('uses the text that policy gives', async () => {
    await using world = await forwardWorld((_request, response) =>
      response.writeHead(200, json).end('{"a":1,"b":2,"c":3}'),
    )
    const reply = await world.send(fakeCall(), [mask(['/a'], '"*"'), mask(['/b'])])
    expect(await textOf(reply)).toBe('{"a":"\\"*\\"","b":"[masked]","c":3}')
  })

  it.each([
    ['is not JSON', { 'Content-Type': 'text/html' }, '<p>a@b'],
    ['has no type', {}, '{"email":"a@b"}'],
    ['is encoded', { ...json, 'Content-Encoding': 'gzip' }, gzipSync('{"email":"a@b"}')],
    ['is broken JSON', json, '{"email":'],
    ['has a key twice', json, '{"email":"a","email":"b"}'],
    ['is not UTF-8', json, Buffer.from([0x22, 0xff, 0x22])],
    ['is too large', json, Buffer.alloc(limits.maskedReplyBytesMax + 1, ' ')],
  ])('withholds a reply that %s', async (_note, headers, body) => {
    await using world = await forwardWorld((_request, response) => response.writeHead(200, headers).end(body))
    await expect(world.send(fakeCall(), [mask(['/email'])])).rejects.toMatchObject({ code: 'reply_not_maskable' })
    expect(world.requests.length).toBe(1)
  })

  it('withholds a reply of unknown length that grows too large', async () => {
    await using world = await forwardWorld((_request, response) => {
      response.writeHead(200, json)
      response.write('"')
      response.end(Buffer.alloc(limits.maskedReplyBytesMax, 'x'))
    })
    await expect(world.send(fakeCall(), [mask(['/email'])])).rejects.toMatchObject({ code: 'reply_not_maskable' })
  })

  it('lets a reply without a body pass', async () => {
    await using world = await forwardWorld((_request, response) => response.writeHead(204).end())
    expect((await world.send(fakeCall({ method: 'DELETE' }), [mask(['/email'])])).status).toBe(204)
  })

  it.each(['email', '/a~2', '/~'])(
    'is refused for `%s`, which is no pointer, before anything is sent',
    async (pointer) => {
      await using world = await forwardWorld((_request, response) => response.end())
      await expect(async () => world.send(fakeCall(), [mask([pointer])])).rejects.toMatchObject({
        code: 'obligation_unknown',
      })
      expect(world.requests).toEqual([])
    },
  )

  it('gives the very bytes back when nothing is masked', () => {
    const bytes = Buffer.from('{"a":1}')
    expect(makeMask([{ pointer: '/b', text: 'x' }])?.apply(bytes)).toBe(bytes)
  })
})

describe('limit', () => {
  it.each([
    [100, 'bytes'],
    [101, 'reply_too_large'],
  ])('with 100 bytes and a reply of %i in chunks', async (length, wanted) => {
    await using world = await forwardWorld((_request, response) => {
      response.write(Buffer.alloc(50))
      setImmediate(() => response.end(Buffer.alloc(length - 50)))
    })
    const sent = world.send(fakeCall(), [
      { type: 'limit', response_bytes: 5_000 },
      { type: 'limit', response_bytes: 100 },
    ])
    expect(
      await sent.then(
        ({ body }) => body.kind,
        ({ code }: { code: string }) => code,
      ),
    ).toBe(wanted)
  })
})
