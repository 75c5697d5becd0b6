/** A described call has exactly the arguments that its tool would be given, typed and checked, or is refused by the field's name. */
import { describe, expect, it } from 'vitest'
import { isRawNumber, type Json, type JsonObject } from '../../../src/model/index.ts'
import { parseJson } from '../../../src/wire/index.ts'
import { argumentsOf, type CallParts, describing, jsonBody, routeHttp, routerOf } from './world.ts'

const query = (name: string, schema: Json, rest: JsonObject = {}): JsonObject => ({
  in: 'query',
  name,
  schema,
  ...rest,
})
const withQuery = (...parameters: JsonObject[]) =>
  routerOf([{ id: 'erp', description: describing({ parameters }, '/do', 'get') }])
const withBody = (schema: Json, required = true) =>
  routerOf([{ id: 'erp', description: describing(jsonBody(schema, required)) }])
const post = (body: string, rest: CallParts = {}): CallParts => ({ method: 'POST', target: '/do', body, ...rest })

describe('query parameters', () => {
  const rows: { schema: Json; rest?: JsonObject; text: string; wanted: Json | string }[] = [
    { schema: { type: 'integer' }, text: 'a=7', wanted: 7 },
    { schema: { type: 'integer' }, text: 'a=-7', wanted: -7 },
    { schema: { type: 'integer' }, text: 'a=9007199254740993', wanted: 9007199254740993n },
    { schema: { type: 'integer' }, text: 'a=07', wanted: 'argument_invalid: `a` must be integer' },
    { schema: { type: 'integer' }, text: 'a=%2B7', wanted: 'argument_invalid: `a` must be integer' },
    { schema: { type: 'integer' }, text: 'a=-0', wanted: 'argument_invalid: `a` must be integer' },
    { schema: { type: 'integer' }, text: 'a=7.0', wanted: 'argument_invalid: `a` must be integer' },
    { schema: { type: 'integer' }, text: 'a=0x7', wanted: 'argument_invalid: `a` must be integer' },
    { schema: { type: 'integer' }, text: 'a=7e2', wanted: 'argument_invalid: `a` must be integer' },
    { schema: { type: 'integer' }, text: 'a=', wanted: 'argument_invalid: `a` must be integer' },
    { schema: { type: 'integer' }, text: 'a=%207', wanted: 'argument_invalid: `a` must be integer' },
    { schema: { type: 'integer' }, text: `a=${'9'.repeat(401)}`, wanted: 'argument_invalid: `a` must be integer' },
    { schema: { type: 'integer', maximum: 10 }, text: 'a=11', wanted: 'argument_invalid: `a` must be <= 10' },
    { schema: { type: 'integer', format: 'int32' }, text: 'a=2147483647', wanted: 2147483647 },
    {
      schema: { type: 'integer', format: 'int32' },
      text: 'a=2147483648',
      wanted: 'argument_invalid: `a` must match the format "int32"',
    },
    { schema: { type: 'integer', format: 'int64' }, text: 'a=9223372036854775807', wanted: 9223372036854775807n },
    // As the reader of descriptions gives a bound that a double does not hold.
    {
      schema: { type: 'integer', maximum: 9223372036854775807n },
      text: 'a=9223372036854775807',
      wanted: 9223372036854775807n,
    },
    {
      schema: { type: 'integer', maximum: 9223372036854775807n },
      text: 'a=9223372036854775808',
      wanted: 'argument_invalid: `a` must be <= 9223372036854775807',
    },
    {
      schema: { type: 'integer', format: 'int64' },
      text: 'a=9223372036854775808',
      wanted: 'argument_invalid: `a` must match the format "int64"',
    },
    { schema: { type: 'number' }, text: 'a=1.5', wanted: 1.5 },
    { schema: { type: 'number' }, text: 'a=1e3', wanted: 1000 },
    { schema: { type: 'number' }, text: 'a=1e999999999', wanted: 'argument_invalid: `a` must be number' },
    { schema: { type: 'number' }, text: 'a=NaN', wanted: 'argument_invalid: `a` must be number' },
    { schema: { type: 'number' }, text: 'a=Infinity', wanted: 'argument_invalid: `a` must be number' },
    { schema: { type: 'boolean' }, text: 'a=true', wanted: true },
    { schema: { type: 'boolean' }, text: 'a=True', wanted: 'argument_invalid: `a` must be boolean' },
    { schema: { type: 'boolean' }, text: 'a=1', wanted: 'argument_invalid: `a` must be boolean' },
    { schema: { type: 'string' }, text: 'a=7', wanted: '7' },
    { schema: { type: 'string' }, text: 'a=', wanted: '' },
    { schema: { type: 'string' }, text: 'a', wanted: '' },
    { schema: {}, text: 'a=7', wanted: '7' },
    { schema: { enum: ['x', 'y'] }, text: 'a=z', wanted: 'argument_invalid: `a` must be one of "x", "y"' },
    { schema: { enum: [1, 2] }, text: 'a=2', wanted: 2 },
    { schema: { type: ['integer', 'string'] }, text: 'a=x', wanted: 'x' },
    { schema: { oneOf: [{ type: 'integer' }, { type: 'boolean' }] }, text: 'a=true', wanted: true },
    { schema: { type: 'string' }, text: 'a=1&a=2', wanted: 'argument_invalid: `a` comes twice' },
    {
      schema: { type: 'string', pattern: '^(a+)+$' },
      text: `a=${'a'.repeat(2000)}b`,
      wanted: 'argument_invalid: `a` must match pattern "^(a+)+$"',
    },
    {
      schema: { type: 'string', format: 'date' },
      text: 'a=2026-02-30',
      wanted: 'argument_invalid: `a` must match the format "date"',
    },
    { schema: { type: 'array', items: { type: 'integer' } }, text: 'a=1&a=2', wanted: [1, 2] },
    {
      schema: { type: 'array', items: { type: 'integer' } },
      text: 'a=1,2',
      wanted: 'argument_invalid: `a` must be integer',
    },
    { schema: { type: 'array', items: { type: 'integer' } }, rest: { explode: false }, text: 'a=1,2', wanted: [1, 2] },
    {
      schema: { type: 'array', items: { type: 'string' } },
      rest: { explode: false },
      text: 'a=x%2Cy,z+w',
      wanted: ['x,y', 'z w'],
    },
    {
      schema: { type: 'array', items: { type: 'string' } },
      rest: { explode: false },
      text: 'a=x&a=y',
      wanted: 'argument_invalid: `a` comes twice',
    },
    {
      schema: { type: 'array', maxItems: 1 },
      text: 'a=x&a=y',
      wanted: 'argument_invalid: `a` must NOT have more than 1 items',
    },
  ]
  it.each(rows)('$text as $schema is $wanted', ({ schema, rest, text, wanted }) => {
    const found = argumentsOf(withQuery(query('a', schema, rest)), { target: `/do?${text}` })
    expect(found).toEqual(typeof wanted === 'string' && wanted.startsWith('argument_') ? wanted : { a: wanted })
  })

  it('keep the text of a number that a double would change', () => {
    const found = argumentsOf(withQuery(query('a', { type: 'number' })), {
      target: '/do?a=0.1000000000000000055',
    }) as JsonObject
    expect(isRawNumber(found.a)).toBe(true)
    expect(JSON.stringify(found)).toBe('{"a":0.1000000000000000055}')
  })

  it('that nobody described are refused by name', () => {
    const router = withQuery(query('a', {}))
    expect(argumentsOf(router, { target: '/do?b=1' })).toBe(
      'argument_unknown: the query parameter `b` is not part of this operation',
    )
    expect(argumentsOf(router, { target: '/do?__proto__=1' })).toMatch(/^argument_unknown/)
    expect(argumentsOf(router, { target: '/do?A=1' })).toMatch(/^argument_unknown/)
    expect(argumentsOf(router, { target: `/do?${'x'.repeat(3000)}=1` }).length).toBeLessThan(300)
  })

  it('that are required and missing are named', () => {
    const router = withQuery(query('a', {}, { required: true }), query('b', {}))
    expect(argumentsOf(router, { target: '/do?b=1' })).toBe(
      'argument_missing: `a` is missing: it is the query parameter `a`',
    )
  })

  it('are left out when they are not there', () => {
    expect(argumentsOf(withQuery(query('a', { default: 5 })), { target: '/do' })).toEqual({})
  })
})

describe('path parameters', () => {
  const parameters = [{ in: 'path', name: 'id', required: true, schema: { type: 'integer', minimum: 1 } }]
  const router = routerOf([
    { id: 'erp', path: '/erp', prefix: '/erp', description: describing({ parameters }, '/orders/{id}/lines', 'get') },
  ])
  it.each([
    { target: '/erp/orders/7/lines', wanted: { id: 7 } },
    { target: '/erp/orders/0/lines', wanted: 'argument_invalid: `id` must be >= 1' },
    { target: '/erp/orders/x/lines', wanted: 'argument_invalid: `id` must be integer' },
  ])('$target is $wanted', ({ target, wanted }) => {
    expect(argumentsOf(router, { target })).toEqual(wanted)
  })

  it('are decoded once', () => {
    const text = routerOf([
      {
        id: 'erp',
        description: describing(
          { parameters: [{ in: 'path', name: 'id', schema: { type: 'string' } }] },
          '/v/{id}',
          'get',
        ),
      },
    ])
    expect(argumentsOf(text, { target: '/v/a%20b%C3%A9' })).toEqual({ id: 'a bé' })
  })
})

const order: Json = {
  type: 'object',
  required: ['vendor', 'amount'],
  properties: {
    id: { type: 'string', readOnly: true },
    vendor: { type: 'string' },
    amount: { type: 'number', exclusiveMinimum: 0, maximum: 9007199254740992, multipleOf: 0.01 },
    lines: { type: 'array', items: { type: 'object', required: ['qty'], properties: { qty: { type: 'integer' } } } },
    free: { type: 'object' },
    any: {},
  },
}

describe('a JSON body', () => {
  const rows: { note: string; body: string; wanted: Json | string }[] = [
    { note: 'gives its fields', body: '{"vendor":"a","amount":900}', wanted: { vendor: 'a', amount: 900 } },
    {
      note: 'may hold a free object',
      body: '{"vendor":"a","amount":1,"free":{"x":{"y":1}}}',
      wanted: { vendor: 'a', amount: 1, free: { x: { y: 1 } } },
    },
    { note: 'misses a field', body: '{"vendor":"a"}', wanted: 'argument_missing: `amount` is missing' },
    {
      note: 'misses a field within',
      body: '{"vendor":"a","amount":1,"lines":[{"qty":1},{}]}',
      wanted: 'argument_missing: `lines/1/qty` is missing',
    },
    {
      note: 'has a field too many',
      body: '{"vendor":"a","amount":1,"approved":true}',
      wanted: 'argument_unknown: `approved` is not part of this operation',
    },
    {
      note: 'has a field too many within',
      body: '{"vendor":"a","amount":1,"lines":[{"qty":1,"x":1}]}',
      wanted: 'argument_unknown: `lines/0/x` is not part of this operation',
    },
    {
      note: 'has a field that belongs to replies',
      body: '{"vendor":"a","amount":1,"id":"x"}',
      wanted: 'argument_unknown: `id` is not part of this operation',
    },
    {
      note: 'has `__proto__`',
      body: '{"vendor":"a","amount":1,"__proto__":{"x":1}}',
      wanted: 'argument_unknown: `__proto__` is not part of this operation',
    },
    {
      note: 'has `constructor`',
      body: '{"vendor":"a","amount":1,"constructor":1}',
      wanted: 'argument_unknown: `constructor` is not part of this operation',
    },
    {
      note: 'has text for a number',
      body: '{"vendor":"a","amount":"900"}',
      wanted: 'argument_invalid: `amount` must be number',
    },
    {
      note: 'has null for text',
      body: '{"vendor":null,"amount":1}',
      wanted: 'argument_invalid: `vendor` must be string',
    },
    {
      note: 'has zero where more is wanted',
      body: '{"vendor":"a","amount":0}',
      wanted: 'argument_invalid: `amount` must be > 0',
    },
    {
      note: 'has a number one too large for a double to tell',
      body: '{"vendor":"a","amount":9007199254740993}',
      wanted: 'argument_invalid: `amount` must be <= 9007199254740992',
    },
    {
      note: 'has the largest number',
      body: '{"vendor":"a","amount":9007199254740992}',
      wanted: { vendor: 'a', amount: 9007199254740992n },
    },
    {
      note: 'has a number beyond doubles',
      body: '{"vendor":"a","amount":1e350}',
      wanted: 'argument_invalid: `amount` must be <= 9007199254740992',
    },
    {
      note: 'has a number that a double takes for zero',
      body: '{"vendor":"a","amount":1e-350}',
      wanted: 'argument_invalid: `amount` must be a multiple of 0.01',
    },
    { note: 'has cents', body: '{"vendor":"a","amount":0.07}', wanted: { vendor: 'a', amount: 0.07 } },
    {
      note: 'has less than cents',
      body: '{"vendor":"a","amount":0.071}',
      wanted: 'argument_invalid: `amount` must be a multiple of 0.01',
    },
    {
      note: 'has a large number where anything goes',
      body: '{"vendor":"a","amount":1,"any":12345678901234567890}',
      wanted: { vendor: 'a', amount: 1, any: 12345678901234567890n },
    },
    {
      note: 'has a raw number for an object',
      body: '{"vendor":"a","amount":1,"free":1e350}',
      wanted: 'argument_invalid: `free` must be object',
    },
    {
      note: 'has a fraction for an integer',
      body: '{"vendor":"a","amount":1,"lines":[{"qty":1.5}]}',
      wanted: 'argument_invalid: `lines/0/qty` must be integer',
    },
    {
      note: 'has a large integer',
      body: '{"vendor":"a","amount":1,"lines":[{"qty":98765432109876543210}]}',
      wanted: { vendor: 'a', amount: 1, lines: [{ qty: 98765432109876543210n }] },
    },
    { note: 'is a list', body: '[]', wanted: 'argument_invalid: `body` must be object' },
    { note: 'is null', body: 'null', wanted: 'argument_invalid: `body` must be object' },
    { note: 'is missing', body: '', wanted: 'argument_missing: `vendor` is missing: the call has no body' },
  ]
  const router = withBody(order)
  it.each(rows)('that $note', ({ body, wanted }) => {
    expect(argumentsOf(router, post(body))).toEqual(wanted)
  })

  it('gives a number that stands in for no other: a plain one cannot borrow what a large one is', () => {
    const numbers = withBody({
      type: 'object',
      properties: { a: { type: 'number' }, b: { type: 'number', minimum: 0.5 } },
    })
    const fraction = '0.60000000000000000000000000001'
    expect(argumentsOf(numbers, post(`{"a":${fraction},"b":${2 ** -20}}`))).toBe('argument_invalid: `b` must be >= 0.5')
    const large = withBody({
      type: 'object',
      properties: { a: { type: 'number' }, b: { type: 'number', maximum: 100 } },
    })
    expect(argumentsOf(large, post(`{"a":9007199254740993,"b":${2 ** 1000}}`))).toBe(
      'argument_invalid: `b` must be <= 100',
    )
  })

  it('that may be missing has no arguments then', () => {
    expect(argumentsOf(withBody(order, false), post(''))).toEqual({})
  })

  it('that is no object is the argument `body`', () => {
    const list = withBody({ type: 'array', items: { type: 'integer' } })
    expect(argumentsOf(list, post('[1,2]'))).toEqual({ body: [1, 2] })
    expect(argumentsOf(list, post('[1,"x"]'))).toBe('argument_invalid: `body/1` must be integer')
    expect(argumentsOf(list, post(''))).toBe('argument_missing: the body is missing')
  })

  it('may have further fields where the description says so', () => {
    const open = withBody({ type: 'object', properties: { a: {} }, additionalProperties: { type: 'integer' } })
    expect(argumentsOf(open, post('{"a":"x","b":1}'))).toEqual({ a: 'x', b: 1 })
    expect(argumentsOf(open, post('{"b":"x"}'))).toBe('argument_invalid: `b` must be integer')
    expect(argumentsOf(withBody({ type: 'object' }), post('{"x":1}'))).toEqual({ x: 1 })
  })

  it('may be put together of parts, closed as a whole', () => {
    const parts = {
      components: {
        schemas: {
          Base: { type: 'object', required: ['a'], properties: { a: { type: 'string' } } },
          Tree: {
            type: 'object',
            properties: {
              name: { type: 'string' },
              children: { type: 'array', items: { $ref: '#/components/schemas/Tree' } },
            },
          },
        },
      },
    }
    const schema = {
      allOf: [
        { $ref: '#/components/schemas/Base' },
        { type: 'object', properties: { t: { $ref: '#/components/schemas/Tree' } } },
      ],
    }
    const router = routerOf([{ id: 'erp', description: describing(jsonBody(schema), '/do', 'post', parts) }])
    expect(argumentsOf(router, post('{"a":"x","t":{"name":"r","children":[{"name":"c"}]}}'))).toMatchObject({ a: 'x' })
    expect(argumentsOf(router, post('{"a":"x","b":1}'))).toBe('argument_unknown: `b` is not part of this operation')
    expect(argumentsOf(router, post('{"a":"x","t":{"children":[{"x":1}]}}'))).toBe(
      'argument_unknown: `t/children/0/x` is not part of this operation',
    )
    expect(argumentsOf(router, post('{}'))).toBe('argument_missing: `a` is missing')
  })

  it('may be one of several forms', () => {
    const router = withBody({
      oneOf: [
        { type: 'object', required: ['card'], properties: { card: { type: 'string' } } },
        { type: 'object', required: ['iban'], properties: { iban: { type: 'string' } } },
      ],
    })
    expect(argumentsOf(router, post('{"iban":"x"}'))).toEqual({ iban: 'x' })
    expect(argumentsOf(router, post('{"iban":"x","y":1}'))).toMatch(/^argument_unknown: `y`/)
    expect(argumentsOf(router, post('{}'))).toMatch(/^argument_/)
  })

  it('may be null in 3.0 where it says `nullable`', () => {
    const description = {
      openapi: '3.0.3',
      paths: {
        '/do': {
          post: {
            operationId: 'do',
            ...jsonBody({
              type: 'object',
              properties: { a: { type: 'integer', nullable: true, minimum: 1, exclusiveMinimum: true } },
            }),
          },
        },
      },
    }
    const router = routerOf([{ id: 'erp', description }])
    expect(argumentsOf(router, post('{"a":null}'))).toEqual({ a: null })
    expect(argumentsOf(router, post('{"a":1}'))).toBe('argument_invalid: `a` must be > 1')
  })
})

describe('path, query and body together', () => {
  const operation = {
    parameters: [{ in: 'path', name: 'id', schema: { type: 'integer' } }, query('dry', { type: 'boolean' })],
    ...jsonBody({ type: 'object', properties: { id: { type: 'string' }, note: { type: 'string' } } }),
  }
  const router = routerOf([
    {
      id: 'erp',
      description: describing(operation, '/orders/{id}', 'patch'),
      renames: { do: { 'body.id': 'order_id' } },
    },
  ])

  it('are one flat object, with the new names of the configuration', () => {
    expect(
      argumentsOf(router, { method: 'PATCH', target: '/orders/7?dry=true', body: '{"id":"x","note":"y"}' }),
    ).toEqual({ id: 7, dry: true, order_id: 'x', note: 'y' })
    expect(Object.keys(router.tools[0]?.inputSchema.properties as JsonObject)).toEqual([
      'id',
      'dry',
      'order_id',
      'note',
    ])
  })

  it('never let the body speak for the path', () => {
    const open = {
      parameters: operation.parameters,
      ...jsonBody({ type: 'object', properties: { note: {} }, additionalProperties: true }),
    }
    const loose = routerOf([{ id: 'erp', description: describing(open, '/orders/{id}', 'patch') }])
    expect(argumentsOf(loose, { method: 'PATCH', target: '/orders/7', body: '{"id":8}' })).toBe(
      'argument_unknown: `id` is not part of this operation',
    )
    expect(argumentsOf(router, { method: 'PATCH', target: '/orders/7', body: '{"order_id":"x"}' })).toMatch(
      /^argument_unknown: `order_id`/,
    )
  })
})

describe('an operation without JSON', () => {
  it('refuses a body where it has none', () => {
    const router = routerOf([{ id: 'erp', description: describing({}) }])
    expect(argumentsOf(router, post('{}'))).toBe('argument_unknown: this operation takes no body')
    expect(argumentsOf(router, post('', { chunked: true }))).toBe('argument_unknown: this operation takes no body')
    expect(argumentsOf(router, post(''))).toEqual({})
  })

  it('takes the media types that are described and no other', () => {
    const content = { 'image/*': {}, 'text/csv; charset=utf-8': {} }
    const router = routerOf([{ id: 'erp', description: describing({ requestBody: { required: true, content } }) }])
    expect(argumentsOf(router, post('x', { mediaType: 'image/png' }))).toEqual({})
    expect(argumentsOf(router, post('x', { mediaType: 'text/csv' }))).toEqual({})
    expect(argumentsOf(router, post('x', { mediaType: 'application/json' }))).toBe(
      'body_media_type: this operation takes image/*, text/csv',
    )
    expect(argumentsOf(router, post(''))).toBe('argument_missing: the body is missing')
  })
})

describe('lengths', () => {
  it.each([
    { bounds: { maxLength: 2 }, text: '\u{1f600}\u{1f600}', wanted: true },
    { bounds: { maxLength: 2 }, text: '\u{1f600}xx', wanted: false },
    { bounds: { maxLength: 2 }, text: 'xxxxx', wanted: false },
    { bounds: { minLength: 2 }, text: '\u{1f600}', wanted: false },
    { bounds: { minLength: 2 }, text: '\u{1f600}\u{1f600}', wanted: true },
    { bounds: { minLength: 2 }, text: 'xx', wanted: true },
    { bounds: { minLength: 2 }, text: 'x', wanted: false },
    { bounds: { minLength: 0, maxLength: 0 }, text: '', wanted: true },
  ])('count code points: $text in $bounds is $wanted', ({ bounds, text, wanted }) => {
    const found = argumentsOf(
      withBody({ type: 'object', properties: { a: bounds } }),
      post(JSON.stringify({ a: text })),
    )
    expect(typeof found === 'object').toBe(wanted)
  })
})

describe('patterns', () => {
  it('are each their own, in linear time', () => {
    const schema = {
      type: 'object',
      properties: { a: { type: 'string', pattern: '^x' }, b: { type: 'string', pattern: '^(y+)+$' } },
    }
    const router = withBody(schema)
    expect(argumentsOf(router, post('{"a":"x","b":"y"}'))).toEqual({ a: 'x', b: 'y' })
    expect(argumentsOf(router, post('{"a":"y","b":"y"}'))).toMatch(/`a` must match pattern/)
    expect(argumentsOf(router, post(`{"a":"x","b":"${'y'.repeat(50_000)}x"}`))).toMatch(/`b` must match pattern/)
  })
})

describe('what a check costs', () => {
  it('leaves a body without special numbers as it is', () => {
    const body = parseJson(Buffer.from('{"vendor":"a","amount":1}'))
    const router = withBody(order)
    const target = routeHttp(
      router,
      { method: 'POST', host: 'a', path: '/do', segments: ['do'], queryPairs: [] } as never,
      { authenticated: true } as never,
    )
    expect(target.operation?.argumentsOf({ queryPairs: [], body: { lengthBytes: 5 } } as never, body)).toBe(body)
  })
})
