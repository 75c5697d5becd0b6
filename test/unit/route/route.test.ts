/** A call finds the most specific place, and nobody without a token learns which places there are. */
import { describe, expect, it } from 'vitest'
import { anonymous, type CallParts, describing, known, outcome, type RuleParts, routerOf } from './world.ts'

const rules: readonly RuleParts[] = [
  { id: 'root', path: '/' },
  { id: 'erp', path: '/erp', prefix: '/erp' },
  { id: 'orders', path: '/erp/orders', prefix: '/erp' },
  { id: 'reports', path: '/erp/reports', methods: ['GET', 'HEAD'] },
  { id: 'reports-write', path: '/erp/reports', methods: ['POST'] },
  { id: 'spaced', path: '/a%20b', prefix: '/a%20b' },
  { id: 'host', host: 'b.test', path: '/erp', prefix: '/erp' },
  { id: 'open', path: '/open', identity: 'none' },
]

const cases: { note: string; call: CallParts; route: string; path?: string }[] = [
  { note: 'the root', call: { target: '/' }, route: 'root', path: '/' },
  { note: 'anything below the root', call: { target: '/x/y' }, route: 'root', path: '/x/y' },
  { note: 'a prefix alone', call: { target: '/erp' }, route: 'erp', path: '/' },
  { note: 'a prefix with a slash', call: { target: '/erp/' }, route: 'erp', path: '/' },
  { note: 'a prefix with a query', call: { target: '/erp?a=1' }, route: 'erp', path: '/?a=1' },
  {
    note: 'below a prefix, query kept as it came',
    call: { target: '/erp/v/1?a=%20&b' },
    route: 'erp',
    path: '/v/1?a=%20&b',
  },
  { note: 'not half a segment', call: { target: '/erpx' }, route: 'root', path: '/erpx' },
  { note: 'the longest match', call: { target: '/erp/orders/7' }, route: 'orders', path: '/orders/7' },
  { note: 'an end that begins the same', call: { target: '/erp/orders-old' }, route: 'erp', path: '/orders-old' },
  { note: 'by method', call: { method: 'POST', target: '/erp/reports' }, route: 'reports-write', path: '/erp/reports' },
  {
    note: 'not a shorter path for another method',
    call: { method: 'PUT', target: '/erp/reports' },
    route: 'method_unknown',
  },
  { note: 'OPTIONS like any other', call: { method: 'OPTIONS', target: '/erp/x' }, route: 'erp', path: '/x' },
  { note: 'an escaped prefix', call: { target: '/a%20b/c%20d' }, route: 'spaced', path: '/c%20d' },
  { note: 'a prefix that is escaped without need', call: { target: '/%65rp/x' }, route: 'erp', path: '/x' },
  { note: 'an exact host first', call: { host: 'b.test', target: '/erp/x' }, route: 'host', path: '/x' },
  {
    note: 'any host where the exact one has no such path',
    call: { host: 'b.test', target: '/y' },
    route: 'root',
    path: '/y',
  },
  { note: 'a path in capitals is another', call: { target: '/ERP/x' }, route: 'root', path: '/ERP/x' },
]

describe('routing', () => {
  const router = routerOf(rules)
  it.each(cases)('takes $note', ({ call, route, path }) => {
    const target = outcome(router, call)
    if (typeof target === 'string') expect(target).toBe(route)
    else
      expect([target.route.id, target.mcp === undefined && target.upstreamPath, target.upstream?.id]).toEqual([
        route,
        path,
        'erp',
      ])
  })

  it('has nothing where no rule takes the path', () => {
    const narrow = routerOf([
      { id: 'erp', path: '/erp' },
      { id: 'b', host: 'b.test', path: '/x' },
    ])
    expect(outcome(narrow, { target: '/x' })).toBe('route_unknown')
    expect(outcome(narrow, { host: 'c.test', target: '/' })).toBe('route_unknown')
  })

  it.each([
    { note: 'on a route that needs a token', call: { target: '/erp/x' }, wanted: 'token_missing' },
    { note: 'on a route that does not exist', call: { target: '/nowhere' }, wanted: 'token_missing' },
    {
      note: 'with a method that does not exist',
      call: { method: 'PUT', target: '/erp/reports' },
      wanted: 'token_missing',
    },
  ])('tells the anonymous nothing: $note', ({ call, wanted }) => {
    expect(outcome(routerOf(rules.filter(({ id }) => id !== 'root')), call, anonymous)).toBe(wanted)
  })

  it('lets the anonymous through where the route does without identity', () => {
    expect(outcome(router, { target: '/open/x' }, anonymous)).toMatchObject({ route: { id: 'open' } })
    expect(outcome(router, { target: '/open/x' }, known)).toMatchObject({ route: { id: 'open' } })
  })

  it.each([
    {
      note: 'one path twice',
      rules: [
        { id: 'a', path: '/x' },
        { id: 'b', path: '/x' },
      ],
      wanted: /`a` and `b` both take host `\*` and path `\/x`/,
    },
    {
      note: 'one path, written differently',
      rules: [
        { id: 'a', path: '/x' },
        { id: 'b', path: '/%78' },
      ],
      wanted: /both take/,
    },
    {
      note: 'methods that overlap',
      rules: [
        { id: 'a', path: '/x', methods: ['GET', 'PUT'] },
        { id: 'b', path: '/x', methods: ['PUT'] },
      ],
      wanted: /both take/,
    },
    {
      note: 'all methods and one',
      rules: [
        { id: 'a', path: '/x' },
        { id: 'b', path: '/x', methods: ['PUT'] },
      ],
      wanted: /both take/,
    },
    {
      note: 'an upstream that is not there',
      rules: [{ id: 'a', upstream: 'crm' }],
      wanted: /`a` names the upstream `crm`/,
    },
    {
      note: 'a prefix that the path does not have',
      rules: [{ id: 'a', path: '/x', prefix: '/y' }],
      wanted: /removes the prefix `\/y`/,
    },
  ])('refuses at load: $note', ({ rules: wrong, wanted }) => {
    expect(() => routerOf(wrong)).toThrow(wanted)
  })

  it('costs no more with a thousand routes than with ten', () => {
    const look = (count: number): number => {
      let steps = 0
      const many = routerOf(Array.from({ length: count }, (_, index) => ({ id: `r${index}`, path: `/r${index}` })))
      const counted: ProxyHandler<string[]> = {
        get: (list, key) => {
          steps++
          return Reflect.get(list, key)
        },
      }
      const segments = new Proxy(['r7', 'x'], counted)
      many.route({ method: 'GET', host: 'a', path: '/r7/x', segments, queryPairs: [] } as never, known)
      return steps
    }
    expect(look(1000)).toBe(look(10))
  })
})

describe('a described route', () => {
  const description = {
    openapi: '3.0.3',
    paths: {
      '/': { get: { operationId: 'root' } },
      '/orders': { get: { operationId: 'list' }, post: { operationId: 'create' } },
      '/orders/': { get: { operationId: 'slash' } },
      '/orders/{id}': {
        parameters: [{ in: 'path', name: 'id', schema: { type: 'string' } }],
        get: { operationId: 'get' },
        delete: { operationId: 'remove' },
      },
      '/orders/latest': { get: { operationId: 'latest' } },
      '/orders/{id}/lines': { get: { operationId: 'lines', parameters: [{ in: 'path', name: 'id', schema: {} }] } },
      '/a%20b': { get: { operationId: 'spaced' } },
    },
  }
  const router = routerOf([{ id: 'erp', path: '/erp', prefix: '/erp', description }])
  const operations: { call: CallParts; wanted: string }[] = [
    { call: { target: '/erp' }, wanted: 'root' },
    { call: { target: '/erp/' }, wanted: 'root' },
    { call: { target: '/erp/orders' }, wanted: 'list' },
    { call: { target: '/erp/orders', method: 'POST' }, wanted: 'create' },
    { call: { target: '/erp/orders/' }, wanted: 'slash' },
    { call: { target: '/erp/orders/7' }, wanted: 'get' },
    { call: { target: '/erp/orders/latest' }, wanted: 'latest' },
    { call: { target: '/erp/orders/latest', method: 'DELETE' }, wanted: 'method_unknown' },
    { call: { target: '/erp/orders/7', method: 'DELETE' }, wanted: 'remove' },
    { call: { target: '/erp/orders/latest/lines' }, wanted: 'lines' },
    { call: { target: '/erp/a%20b' }, wanted: 'spaced' },
    { call: { target: '/erp/orders/7', method: 'PUT' }, wanted: 'method_unknown' },
    { call: { target: '/erp/orders/7', method: 'HEAD' }, wanted: 'method_unknown' },
    { call: { target: '/erp/orders/7/' }, wanted: 'operation_unknown' },
    { call: { target: '/erp/orders/7/x' }, wanted: 'operation_unknown' },
    { call: { target: '/erp/vendors' }, wanted: 'operation_unknown' },
  ]
  it.each(operations)('finds $wanted for $call.method $call.target', ({ call, wanted }) => {
    const target = outcome(router, call)
    expect(typeof target === 'string' ? target : target.operation?.tool.name).toBe(wanted)
  })

  it('passes what is not described where it may, without an operation', () => {
    const open = routerOf([{ id: 'erp', undescribed: 'allow', description }])
    expect(outcome(open, { target: '/vendors' })).not.toHaveProperty('operation')
    expect(outcome(open, { target: '/orders/7', method: 'PUT' })).not.toHaveProperty('operation')
  })

  it('names its tools by upstream and operation', () => {
    expect(router.tools.map(({ server, name }) => `${server} ${name}`)).toContain('erp list')
    expect(routerOf([{ id: 'x', description: describing({}) }]).tools).toHaveLength(1)
  })
})
