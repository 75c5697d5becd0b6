/**
 * Policy results and obligations that are wrong or hard: what the gateway does not fully understand denies, what must be masked
 * never passes unmasked (whatever status, framing, coding or type the reply has), and no value breaks out of its header.
 */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { openWorld, type World, type WorldOptions } from '../support/world.ts'

const open: World[] = []
afterAll(async () => {
  for (const world of open) await world.close()
})

/** One world whose policy says what the call's header `x-case` names. */
function casesWorld(cases: readonly { readonly rules: string }[], options: WorldOptions = {}): () => World {
  let world: World | undefined
  beforeEach(async () => {
    world ??= await openWorld({
      ...options,
      policies: Object.fromEntries(
        cases.map(({ rules }, index) => [`case${index}.rego`, `package case${index}\n\n${rules}\n`]),
      ),
      config: {
        routes: cases.map((_, index) => ({
          id: `case${index}`,
          path: `/case${index}`,
          upstream: 'erp',
          entrypoint: `case${index}`,
        })),
      },
    })
    if (!open.includes(world)) open.push(world)
    world.received.length = 0
  })
  return () => world as World
}

const allow = 'allow := true\n\n'
const obliging = (obligation: string): string => `${allow}obligations contains ${obligation}`

const refused: { note: string; rules: string; code: string }[] = [
  { note: 'allow is text', rules: 'allow := "true"', code: 'policy_error' },
  { note: 'allow is a number', rules: 'allow := 1', code: 'policy_error' },
  { note: 'allow is an object', rules: 'allow := {"value": true}', code: 'policy_error' },
  { note: 'allow is false', rules: 'allow := false', code: 'policy_denied' },
  { note: 'deny is a boolean', rules: `${allow}deny := true`, code: 'policy_error' },
  { note: 'deny is an object', rules: `${allow}deny := {"a": "b"}`, code: 'policy_error' },
  { note: 'deny holds a number', rules: `${allow}deny contains 7`, code: 'policy_error' },
  { note: 'deny holds an empty text', rules: `${allow}deny contains ""`, code: 'policy_error' },
  {
    note: 'deny has a code with a line break',
    rules: `${allow}deny contains {"code": "a\\nb", "message": "m"}`,
    code: 'policy_error',
  },
  {
    note: 'deny has a code like a fault of the house',
    rules: `${allow}deny contains {"code": "internal", "message": "m"}`,
    code: 'internal',
  },
  {
    note: 'ask has a field nobody knows',
    rules: `${allow}ask contains {"chain": "a", "until": "x"}`,
    code: 'policy_error',
  },
  { note: 'ask is a text', rules: `${allow}ask := "lead"`, code: 'policy_error' },
  { note: 'labels hold a number', rules: `${allow}labels := {"a": 1}`, code: 'policy_error' },
  {
    note: 'labels are too long',
    rules: `${allow}labels := {"a": concat("", [x | some _ in numbers.range(1, 600); x := "y"])}`,
    code: 'policy_error',
  },
  {
    note: 'rules contradict each other',
    rules: 'allow := true if input.call\n\nallow := false if input.route',
    code: 'policy_error',
  },
  {
    note: 'it divides by zero',
    rules: 'allow if 1 / (count(input.call.http.segments) - 1) > 0',
    code: 'policy_undefined',
  },
  {
    note: 'it would never end',
    rules: 'allow if count([1 | some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); a == -b]) == 0',
    code: 'policy_error',
  },
  { note: 'obligations are no set', rules: `${allow}obligations := {"type": "limit"}`, code: 'policy_error' },
  { note: 'an obligation has no type', rules: obliging('{"fields": ["/a"]}'), code: 'policy_error' },
  { note: 'an obligation is of JavaScript', rules: obliging('{"type": "constructor"}'), code: 'obligation_unknown' },
  {
    note: 'an obligation has a field too many',
    rules: obliging('{"type": "limit", "response_bytes": 9, "unless": "x"}'),
    code: 'obligation_unknown',
  },
  {
    note: 'there are 33 obligations',
    rules: `${allow}obligations contains {"type": "limit", "response_bytes": n} if some n in numbers.range(1, 33)`,
    code: 'policy_error',
  },
  { note: 'a limit is negative', rules: obliging('{"type": "limit", "response_bytes": -1}'), code: 'policy_error' },
  { note: 'a limit is a fraction', rules: obliging('{"type": "limit", "response_bytes": 1.5}'), code: 'policy_error' },
  {
    note: 'a limit is beyond numbers',
    rules: obliging('{"type": "limit", "response_bytes": 99999999999999999999}'),
    code: 'policy_error',
  },
  {
    note: 'a pointer does not begin with a slash',
    rules: obliging('{"type": "mask_response", "fields": ["a"]}'),
    code: 'policy_error',
  },
  {
    note: 'a pointer has a wild tilde',
    rules: obliging('{"type": "mask_response", "fields": ["/a~2b"]}'),
    code: 'policy_error',
  },
  {
    note: 'nothing is named to be masked',
    rules: obliging('{"type": "mask_response", "fields": []}'),
    code: 'policy_error',
  },
  {
    note: 'a header value has CR LF',
    rules: obliging('{"type": "set_header", "name": "x-a", "value": "1\\r\\nx-admin: true"}'),
    code: 'policy_error',
  },
  {
    note: 'a header value has a NUL',
    rules: obliging('{"type": "set_header", "name": "x-a", "value": "1\\u0000"}'),
    code: 'policy_error',
  },
  {
    note: 'a header value is not ASCII',
    rules: obliging('{"type": "set_header", "name": "x-a", "value": "\u010a"}'),
    code: 'policy_error',
  },
  {
    note: 'a header name has a colon',
    rules: obliging('{"type": "set_header", "name": "x-a: b", "value": "1"}'),
    code: 'policy_error',
  },
  {
    note: 'a header is the credential`s',
    rules: obliging('{"type": "set_header", "name": "Authorization", "value": "Bearer x"}'),
    code: 'obligation_unknown',
  },
  {
    note: 'a header is about framing',
    rules: obliging('{"type": "set_header", "name": "Transfer-Encoding", "value": "chunked"}'),
    code: 'obligation_unknown',
  },
  {
    note: 'a header is set to two values',
    rules: `${obliging('{"type": "set_header", "name": "x-a", "value": "1"}')}\n\nobligations contains {"type": "set_header", "name": "X-A", "value": "2"}`,
    code: 'obligation_unknown',
  },
]

describe('a policy is not obeyed where', () => {
  const here = casesWorld(refused)

  it.each(refused.map((row, index) => ({ ...row, index })))('$note: $code', async ({ code, index }) => {
    const reply = await here().send({ path: `/case${index}` })
    expect({ status: reply.status, code: reply.json.code }).toEqual({ status: 403, code })
    expect(here().received).toEqual([])
    expect(here().pair().decision).toMatchObject({ decision: 'deny', code })
    // The agent reads no rule and no value of one.
    expect(reply.text).not.toMatch(/case\d|rego|x-admin|response_bytes/)
  })
})

const secret = 'DE89370400440532013000'
const replies: {
  note: string
  fields: string
  reply: Parameters<NonNullable<WorldOptions['serve']>>[1] extends never
    ? never
    : [status: number, headers: { [name: string]: string }, body: string | Buffer]
  wanted: unknown
}[] = [
  {
    note: 'escaped slashes and tildes in names',
    fields: '["/a~1b", "/c~0d"]',
    reply: [200, {}, `{"a/b":"${secret}","c~d":"${secret}","a":{"b":1}}`],
    wanted: { 'a/b': '[masked]', 'c~d': '[masked]', a: { b: 1 } },
  },
  {
    note: 'names that are escaped in the reply',
    fields: '["/iban"]',
    reply: [200, {}, `{"\\u0069ban":"${secret}","x":1}`],
    wanted: { iban: '[masked]', x: 1 },
  },
  {
    note: 'every element',
    fields: '["/list/*/iban"]',
    reply: [200, {}, `{"list":[{"iban":"${secret}"},{"iban":{"deep":"${secret}"}},7,{"other":1}]}`],
    wanted: { list: [{ iban: '[masked]' }, { iban: '[masked]' }, 7, { other: 1 }] },
  },
  {
    note: 'every member',
    fields: '["/by/*"]',
    reply: [200, {}, `{"by":{"a":"${secret}","b":["${secret}"],"*":"${secret}"}}`],
    wanted: { by: { a: '[masked]', b: '[masked]', '*': '[masked]' } },
  },
  { note: 'an index', fields: '["/1"]', reply: [200, {}, `[1,"${secret}",3]`], wanted: [1, '[masked]', 3] },
  {
    note: 'a field and the field above it',
    fields: '["/a/b", "/a"]',
    reply: [200, {}, `{"a":{"b":"${secret}","c":"${secret}"}}`],
    wanted: { a: '[masked]' },
  },
  {
    note: 'a name of JavaScript',
    fields: '["/__proto__"]',
    reply: [200, {}, `{"__proto__":"${secret}","a":1}`],
    wanted: JSON.parse('{"__proto__":"[masked]","a":1}'),
  },
  {
    note: 'fields that are missing',
    fields: '["/none/*/x", "/a/9"]',
    reply: [200, {}, '{"a":[1],"none":null}'],
    wanted: { a: [1], none: null },
  },
  {
    note: 'a text full of quotes and braces',
    fields: '["/iban"]',
    reply: [200, {}, `{"n":"\\"}{[\\\\","iban":"\\"${secret}\\\\"}`],
    wanted: { n: '"}{[\\', iban: '[masked]' },
  },
  { note: 'an error', fields: '["/iban"]', reply: [500, {}, `{"iban":"${secret}"}`], wanted: { iban: '[masked]' } },
  {
    note: 'a problem',
    fields: '["/iban"]',
    reply: [404, { 'content-type': 'application/problem+json' }, `{"iban":"${secret}"}`],
    wanted: { iban: '[masked]' },
  },
  {
    note: 'a part of a body',
    fields: '["/iban"]',
    reply: [206, { 'content-range': 'bytes 0-1/2' }, `{"iban":"${secret}"}`],
    wanted: { iban: '[masked]' },
  },
  {
    note: 'a name that differs in its letters',
    fields: '["/iban"]',
    reply: [200, {}, '{"iban":1,"Iban":2}'],
    wanted: { iban: '[masked]', Iban: 2 },
  },
  {
    note: 'a body cut off',
    fields: '["/iban"]',
    reply: [200, {}, `{"iban":"${secret}"`],
    wanted: 'reply_not_maskable',
  },
  {
    note: 'a name twice',
    fields: '["/iban"]',
    reply: [200, {}, `{"iban":1,"iban":"${secret}"}`],
    wanted: 'reply_not_maskable',
  },
  {
    note: 'two documents',
    fields: '["/iban"]',
    reply: [200, {}, `{"iban":1}{"iban":"${secret}"}`],
    wanted: 'reply_not_maskable',
  },
  {
    note: 'lines of JSON',
    fields: '["/iban"]',
    reply: [200, { 'content-type': 'application/x-ndjson' }, `{"iban":"${secret}"}\n`],
    wanted: 'reply_not_maskable',
  },
  {
    note: 'a stream of events',
    fields: '["/iban"]',
    reply: [200, { 'content-type': 'text/event-stream' }, `data: {"iban":"${secret}"}\n\n`],
    wanted: 'reply_not_maskable',
  },
  {
    note: 'a page',
    fields: '["/iban"]',
    reply: [200, { 'content-type': 'text/html' }, secret],
    wanted: 'reply_not_maskable',
  },
  {
    note: 'a compressed body',
    fields: '["/iban"]',
    reply: [200, { 'content-encoding': 'gzip' }, gzipSync(`{"iban":"${secret}"}`)],
    wanted: 'reply_not_maskable',
  },
  {
    note: 'UTF-16',
    fields: '["/iban"]',
    reply: [200, {}, Buffer.from(`{"iban":"${secret}"}`, 'utf16le')],
    wanted: 'reply_not_maskable',
  },
  {
    note: 'a byte order mark',
    fields: '["/iban"]',
    reply: [200, {}, `\ufeff{"iban":"${secret}"}`],
    wanted: 'reply_not_maskable',
  },
  {
    note: 'depth',
    fields: '["/iban"]',
    reply: [200, {}, `${'['.repeat(5_000)}"${secret}"${']'.repeat(5_000)}`],
    wanted: 'reply_not_maskable',
  },
]

describe('a reply that is masked hides', () => {
  const here = casesWorld(
    replies.map(({ fields }) => ({ rules: obliging(`{"type": "mask_response", "fields": ${fields}}`) })),
    {
      serve: (request, response) => {
        const row = replies[Number(/case(\d+)/.exec(request.headers['x-case'] as string)?.[1])]
        const [status, headers, body] = row?.reply ?? [500, {}, '']
        response.writeHead(status, { 'content-type': 'application/json', etag: '"of-the-secret"', ...headers })
        // In two pieces and without a length, unless it goes out whole.
        const bytes = Buffer.from(body)
        if (request.headers['x-whole'] === 'yes') response.end(bytes)
        else {
          response.write(bytes.subarray(0, bytes.length >> 1))
          setImmediate(() => response.end(bytes.subarray(bytes.length >> 1)))
        }
      },
    },
  )

  it.each(
    replies.flatMap((row, index) => [
      { ...row, index, whole: 'yes', how: 'whole' },
      { ...row, index, whole: 'no', how: 'in pieces' },
    ]),
  )('$note, $how', async ({ index, whole, reply: [status], wanted }) => {
    const reply = await here().send({
      path: `/case${index}`,
      headers: { 'x-case': `case${index}`, 'x-whole': whole, 'accept-encoding': 'gzip, br', range: 'bytes=0-9' },
    })
    expect(`${reply.text}${JSON.stringify(reply.headers)}`).not.toContain(secret)
    if (wanted === 'reply_not_maskable') {
      expect({ status: reply.status, code: reply.json.code }).toEqual({ status: 502, code: wanted })
      expect(here().pair().outcome).toMatchObject({ code: wanted, upstream_reached: true, complete: false })
    } else {
      expect({ status: reply.status, json: reply.json }).toEqual({ status, json: wanted })
      expect(reply.headers.etag).toBeUndefined()
      expect(here().pair().outcome).toMatchObject({ obligations_done: ['mask_response'], complete: true })
    }
    expect(here().received[0]?.headers).toMatchObject({ 'accept-encoding': 'identity' })
    expect(here().received[0]?.headers.range).toBeUndefined()
  })

  it.each([
    { note: 'HEAD', method: 'HEAD', status: 200 },
    { note: '204', method: 'GET', status: 204 },
    { note: '304', method: 'GET', status: 304 },
  ])('nothing where there is no body: $note', async ({ method, status }) => {
    const world = await openWorld({
      policies: { 'main.rego': `package gatehouse\n\n${obliging('{"type": "mask_response", "fields": ["/iban"]}')}\n` },
      serve: (_, response) => void response.writeHead(status, { 'content-type': 'text/html' }).end(),
    })
    open.push(world)
    expect(await world.send({ method })).toMatchObject({ status, text: '' })
    expect(world.pair().outcome).toMatchObject({ outcome: 'forwarded', complete: true })
  })
})
