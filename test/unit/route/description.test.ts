/** A description that cannot be enforced is refused when it is read, with the place and what to write instead. */
import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../../../src/model/index.ts'
import { argumentsOf, describing, flawsOf, jsonBody, routerOf } from './world.ts'

const parameter = (rest: JsonObject): JsonObject => ({ parameters: [{ in: 'query', name: 'a', schema: {}, ...rest }] })

const cases: {
  note: string
  description: Json
  renames?: { [operation: string]: { [field: string]: string } }
  wanted: RegExp
}[] = [
  { note: 'text', description: 'openapi', wanted: /^erp\.yaml: this is not an object/ },
  { note: 'Swagger 2', description: { swagger: '2.0', paths: {} }, wanted: /^erp\.yaml: there is no `openapi`; write/ },
  { note: 'a version to come', description: { openapi: '4.0.0', paths: {} }, wanted: /`openapi` is `4\.0\.0`/ },
  { note: 'no paths', description: { openapi: '3.1.0' }, wanted: /there is no `paths`/ },
  {
    note: 'an operation without name',
    description: { openapi: '3.1.0', paths: { '/x': { get: {} } } },
    wanted: /^erp\.yaml#\/paths\/~1x\/get: the operation has no `operationId`; add one/,
  },
  {
    note: 'a name that is no tool',
    description: describing({ operationId: 'do it' }),
    wanted: /`do it` is no name of a tool/,
  },
  {
    note: 'one name twice',
    description: {
      openapi: '3.1.0',
      paths: { '/x': { get: { operationId: 'a' } }, '/y': { put: { operationId: 'a' } } },
    },
    wanted: /#\/paths\/~1y\/put: the operationId `a` is also that of GET `\/x`/,
  },
  { note: 'a path without slash', description: describing({}, 'do'), wanted: /does not begin with `\/`/ },
  { note: 'a path with a query', description: describing({}, '/do?x=1'), wanted: /has a query/ },
  { note: 'an empty segment', description: describing({}, '/do//x'), wanted: /empty segment/ },
  {
    note: 'half a segment as parameter',
    description: describing({}, '/do/{id}.json'),
    wanted: /`\{id\}\.json` is a parameter and more/,
  },
  { note: 'a parameter twice', description: describing({}, '/{id}/{id}'), wanted: /twice/ },
  {
    note: 'a parameter that nobody describes',
    description: describing({}, '/{id}'),
    wanted: /`\{id\}`, which no parameter describes/,
  },
  {
    note: 'a described parameter that is not in the path',
    description: describing({ parameters: [{ in: 'path', name: 'id', schema: {} }] }),
    wanted: /#\/paths\/~1do\/post\/parameters\/0: the path has no `\{id\}`/,
  },
  {
    note: 'paths that fit the same calls',
    description: {
      openapi: '3.1.0',
      paths: {
        '/{a}/x': { parameters: [{ in: 'path', name: 'a', schema: {} }], get: { operationId: 'one' } },
        '/y/{b}': { parameters: [{ in: 'path', name: 'b', schema: {} }], get: { operationId: 'two' } },
      },
    },
    wanted: /`\/y\/\{b\}` and `\/\{a\}\/x` fit the same calls/,
  },
  {
    note: 'paths that differ in a name only',
    description: {
      openapi: '3.1.0',
      paths: {
        '/{a}': { parameters: [{ in: 'path', name: 'a', schema: {} }], get: { operationId: 'one' } },
        '/{b}': { parameters: [{ in: 'path', name: 'b', schema: {} }], get: { operationId: 'two' } },
      },
    },
    wanted: /fit the same calls/,
  },
  {
    note: 'a parameter without schema',
    description: describing({ parameters: [{ in: 'query', name: 'a', content: {} }] }),
    wanted: /the parameter `a` has no `schema`/,
  },
  {
    note: 'a parameter somewhere else',
    description: describing(parameter({ in: 'body' })),
    wanted: /needs `name` and `in`/,
  },
  {
    note: 'a parameter that is an object',
    description: describing(parameter({ schema: { type: 'object' }, style: 'deepObject' })),
    wanted: /the parameter `a` is an object/,
  },
  {
    note: 'a parameter of another style',
    description: describing(parameter({ style: 'pipeDelimited' })),
    wanted: /has the style `pipeDelimited`; only `form`/,
  },
  {
    note: 'a parameter twice in one list',
    description: describing({
      parameters: [
        { in: 'query', name: 'a', schema: {} },
        { in: 'query', name: 'a', schema: {} },
      ],
    }),
    wanted: /`query\.a` comes twice/,
  },
  {
    note: 'a body without content',
    description: describing({ requestBody: {} }),
    wanted: /the request body has no `content`/,
  },
  {
    note: 'a body without schema',
    description: describing({ requestBody: { content: { 'application/json': {} } } }),
    wanted: /the JSON body has no `schema`/,
  },
  {
    note: 'a reference that leads out',
    description: describing(jsonBody({ $ref: 'other.yaml#/X' })),
    wanted: /the reference "other\.yaml#\/X" leads out of this file; copy/,
  },
  {
    note: 'a reference to a host',
    description: describing(jsonBody({ $ref: 'http://evil.test/x' })),
    wanted: /leads out of this file/,
  },
  {
    note: 'a reference that leads nowhere',
    description: describing(jsonBody({ properties: { a: { $ref: '#/components/schemas/X' } } })),
    wanted: /`#\/components\/schemas\/X` leads nowhere: there is no `components`/,
  },
  {
    note: 'a reference to a prototype',
    description: describing(jsonBody({ $ref: '#/constructor' })),
    wanted: /there is no `constructor`/,
  },
  {
    note: 'references in a circle',
    description: describing(jsonBody({ $ref: '#/components/schemas/A' }), '/do', 'post', {
      components: { schemas: { A: { $ref: '#/components/schemas/B' }, B: { $ref: '#/components/schemas/A' } } },
    }),
    wanted: /lead in a circle/,
  },
  {
    note: 'a schema that is text',
    description: describing(jsonBody({ properties: { a: 'string' } })),
    wanted:
      /#\/paths\/~1do\/post\/requestBody\/content\/application~1json\/schema\/properties\/a: this is not a schema/,
  },
  {
    note: 'a type that does not exist',
    description: describing(jsonBody({ properties: { a: { type: 'money' } } })),
    wanted: /the schema is not valid/,
  },
  {
    note: 'a bound that is text',
    description: describing(jsonBody({ properties: { a: { minimum: '1' } } })),
    wanted: /is not valid/,
  },
  {
    note: 'a pattern that cannot run in linear time',
    description: describing(jsonBody({ properties: { a: { type: 'string', pattern: '(?=x)' } } })),
    wanted: /the schema is not valid: .*\(\?=/,
  },
  {
    note: 'a listed number that a double does not hold',
    description: describing(jsonBody({ properties: { a: { enum: [2n ** 60n] } } })),
    wanted: /`1152921504606846976` is beyond 2\^53-1/,
  },
  {
    note: 'a dynamic reference',
    description: describing(jsonBody({ properties: { a: { $dynamicRef: '#x' } } })),
    wanted: /`\$dynamicRef` is not read here/,
  },
  {
    note: 'fields with one name',
    description: describing({ ...parameter({}), ...jsonBody({ properties: { a: {} } }) }),
    wanted:
      /`query\.a` and `body\.a` of `do` are one argument `a`; rename one: `renames: \{ do: \{ body\.a: NEW_NAME \} \}`/,
  },
  {
    note: 'a new name that is taken',
    description: describing(jsonBody({ properties: { a: {}, b: {} } })),
    renames: { do: { 'body.a': 'b' } },
    wanted: /are one argument `b`/,
  },
  {
    note: 'a new name for no field',
    description: describing(jsonBody({ properties: { a: {} } })),
    renames: { do: { 'body.x': 'y' } },
    wanted: /names `body\.x`, which `do` does not have; take one of `body\.a`/,
  },
  {
    note: 'a new name that misses the collision by a letter',
    description: describing({ ...parameter({}), ...jsonBody({ properties: { a: {} } }) }),
    renames: { do: { 'body.aa': 'b' } },
    // And nothing about the operation, which is there, nor about the collision, which the name was meant for.
    wanted:
      /^erp\.yaml#\/paths\/~1do\/\w+: `renames` of the route names `body\.aa`, which `do` does not have; take one of `query\.a`, `body\.a`$/,
  },
  {
    note: 'a new name for no operation',
    description: describing({}),
    renames: { other: {} },
    wanted: /names the operation `other`, which is not here/,
  },
  {
    note: 'a field that no argument can be',
    description: describing(jsonBody({ properties: JSON.parse('{"__proto__":{}}') as Json })),
    wanted: /has a name that no argument can have/,
  },
]

describe('a description', () => {
  it('is refused for a component that is no schema', () => {
    const components = { components: { schemas: { A: { type: 'money' } } } }
    const description = describing(
      jsonBody({ properties: { a: { $ref: '#/components/schemas/A' } } }),
      '/do',
      'post',
      components,
    )
    expect(flawsOf(description)).toMatch(/^erp\.yaml: a schema is not valid: .*A\/type/)
  })

  it('may have fields that are called like keywords', () => {
    const schema = {
      type: 'object',
      properties: { enum: { $ref: '#/components/schemas/A' }, $ref: { type: 'string' } },
    }
    const components = { components: { schemas: { A: { type: 'integer' } } } }
    expect(flawsOf(describing(jsonBody(schema), '/do', 'post', components))).toBe('')
  })

  it('shares nothing with another one but the compiler', () => {
    const one = (type: string) =>
      describing(jsonBody({ $ref: '#/components/schemas/A' }), '/do', 'post', {
        components: { schemas: { A: { type: 'object', properties: { a: { type } } } } },
      })
    const router = routerOf([
      { id: 'x', path: '/x', prefix: '/x', description: one('integer') },
      { id: 'y', path: '/y', prefix: '/y', description: one('string') },
    ])
    expect(argumentsOf(router, { method: 'POST', target: '/x/do', body: '{"a":1}' })).toEqual({ a: 1 })
    expect(argumentsOf(router, { method: 'POST', target: '/y/do', body: '{"a":1}' })).toMatch(/must be string/)
  })

  it.each(cases)('is refused: $note', ({ description, renames, wanted }) => {
    expect(flawsOf(description, renames)).toMatch(wanted)
  })

  it('is told all that is wrong with it at once', () => {
    const description = {
      openapi: '3.1.0',
      paths: { '/x': { get: {} }, '/y': { get: {} }, '/{z}': { get: { operationId: 'z' } } },
    }
    expect(flawsOf(description).split('\n')).toHaveLength(3)
  })

  it('is bounded', () => {
    let deep: Json = {}
    for (let level = 0; level < 100; level++) deep = { items: deep }
    expect(flawsOf(describing(jsonBody({ properties: { a: deep } })))).toMatch(/in one another/)
    const fields = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`f${index}`, {}]))
    expect(flawsOf(describing(jsonBody({ properties: fields })))).toMatch(/more than 256 fields/)
  })

  it('may hold headers, cookies, extensions and remarks, which are no arguments', () => {
    const parameters = [
      { in: 'header', name: 'X', schema: {} },
      { in: 'cookie', name: 'c', schema: {} },
    ]
    const [tool] = routerOf([{ id: 'erp', description: describing({ parameters, 'x-y': 1, deprecated: true }) }]).tools
    expect(tool?.inputSchema).toEqual({ type: 'object', properties: {}, additionalProperties: false })
  })
})

describe('a tool', () => {
  const toolOf = (operation: JsonObject, rest: JsonObject = {}) =>
    routerOf([{ id: 'erp', description: describing(operation, '/do', 'post', rest) }]).tools[0]
  const schema = {
    type: 'object',
    required: ['a'],
    properties: { a: { $ref: '#/components/schemas/A' }, b: { type: 'integer' } },
  }
  const components = {
    components: {
      schemas: { A: { type: 'object', properties: { next: { $ref: '#/components/schemas/A' } } }, Unused: {} },
    },
  }

  it('shows its arguments with the definitions that they need, and no others', () => {
    const tool = toolOf({ summary: 'Do', description: 'Does.', ...jsonBody(schema) }, components)
    expect(tool).toMatchObject({
      server: 'erp',
      name: 'do',
      title: 'Do',
      description: 'Does.',
      inputSchema: {
        type: 'object',
        required: ['a'],
        properties: { a: { $ref: '#/$defs/A' }, b: { type: 'integer' } },
        additionalProperties: false,
        $defs: { A: { properties: { next: { $ref: '#/$defs/A' } }, unevaluatedProperties: false } },
      },
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false },
    })
    expect(Object.keys(tool?.inputSchema.$defs as JsonObject)).toEqual(['A'])
  })

  it('has a digest that changes exactly when something that a model sees changes', () => {
    const digest = (operation: JsonObject, rest: JsonObject = components) => toolOf(operation, rest)?.digest
    const base = digest({ description: 'x', ...jsonBody(schema) })
    expect(base).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(digest({ ...jsonBody(schema), description: 'x' })).toBe(base)
    expect(digest({ description: 'x', ...jsonBody(schema), responses: { 200: {} } })).toBe(base)
    expect(digest({ description: 'y', ...jsonBody(schema) })).not.toBe(base)
    expect(digest({ description: 'x', ...jsonBody({ ...schema, required: [] }) })).not.toBe(base)
    const other = { components: { schemas: { A: { ...components.components.schemas.A, title: 'z' } } } }
    expect(digest({ description: 'x', ...jsonBody(schema) }, other)).not.toBe(base)
  })

  it.each([
    { method: 'get', wanted: { readOnlyHint: true } },
    { method: 'put', wanted: { readOnlyHint: false, destructiveHint: false, idempotentHint: true } },
    { method: 'delete', wanted: { readOnlyHint: false, destructiveHint: true, idempotentHint: true } },
  ])('has the hints of its method: $method', ({ method, wanted }) => {
    const [tool] = routerOf([{ id: 'erp', description: describing({}, '/do', method) }]).tools
    expect(tool?.annotations).toEqual(wanted)
  })
})
