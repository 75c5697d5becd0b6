/** The procurement world as its callers meet it: over HTTP, each test with a world of its own. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openWorld, type Send, type World } from './procurement-world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
})
afterEach(() => world.close())

const draft = { vendor_id: 'acme', currency: 'EUR', amount: 900 }
const post = (body: unknown, headers: Record<string, string> = {}): Send => ({ method: 'POST', body, headers })

describe('what is refused', () => {
  const refusals: { note: string; path: string; send?: Send; status: number; code: string }[] = [
    {
      note: 'no credential',
      path: '/erp/vendors',
      send: { headers: { authorization: '' } },
      status: 401,
      code: 'credential_refused',
    },
    {
      note: "another service's credential",
      path: '/erp/vendors',
      send: { headers: { authorization: 'Bearer credential-of-crm' } },
      status: 401,
      code: 'credential_refused',
    },
    {
      note: 'a credential with more behind it',
      path: '/erp/vendors',
      send: { headers: { authorization: 'Bearer credential-of-erp2' } },
      status: 401,
      code: 'credential_refused',
    },
    { note: 'a path of no service', path: '/payroll', status: 404, code: 'path_unknown' },
    { note: 'a base path that only begins the same', path: '/erpx/vendors', status: 404, code: 'path_unknown' },
    { note: 'a path that no operation has', path: '/erp/invoices', status: 404, code: 'path_unknown' },
    { note: 'a trailing slash', path: '/erp/vendors/', status: 400, code: 'invalid_fields' },
    {
      note: 'a method that the path does not take',
      path: '/erp/vendors',
      send: { method: 'DELETE' },
      status: 405,
      code: 'method_unknown',
    },
    { note: 'a broken percent escape', path: '/erp/vendors/%zz', status: 400, code: 'path_malformed' },
    {
      note: 'a query field that comes twice',
      path: '/erp/vendors?limit=1&limit=2',
      status: 400,
      code: 'query_repeated',
    },
    {
      note: 'a query field that nobody described',
      path: '/erp/vendors?sort=name',
      status: 400,
      code: 'invalid_fields',
    },
    { note: 'a number that is none', path: '/erp/vendors?limit=1e1', status: 400, code: 'invalid_fields' },
    { note: 'a page that is too long', path: '/erp/vendors?limit=101', status: 400, code: 'invalid_fields' },
    {
      note: 'a body that is no JSON',
      path: '/erp/purchase-orders',
      send: { method: 'POST', raw: '{' },
      status: 400,
      code: 'body_malformed',
    },
    {
      note: 'a body that is no UTF-8',
      path: '/erp/purchase-orders',
      send: { method: 'POST', raw: Buffer.from('7b2261223a22ff227d', 'hex') },
      status: 400,
      code: 'body_malformed',
    },
    {
      note: 'a body of another media type',
      path: '/erp/purchase-orders',
      send: { method: 'POST', raw: 'a=1', headers: { 'content-type': 'text/plain' } },
      status: 415,
      code: 'body_media_type',
    },
    {
      note: 'a body beyond 1 MiB',
      path: '/erp/purchase-orders',
      send: { method: 'POST', raw: `"${'x'.repeat(1024 * 1024)}"` },
      status: 413,
      code: 'body_too_large',
    },
    {
      note: 'no body where one is needed',
      path: '/erp/purchase-orders',
      send: { method: 'POST' },
      status: 400,
      code: 'invalid_fields',
    },
    { note: 'a list as body', path: '/erp/purchase-orders', send: post([draft]), status: 400, code: 'invalid_fields' },
    {
      note: 'an amount as text',
      path: '/erp/purchase-orders',
      send: post({ ...draft, amount: '900' }),
      status: 400,
      code: 'invalid_fields',
    },
    {
      note: 'an amount of nothing',
      path: '/erp/purchase-orders',
      send: post({ ...draft, amount: 0 }),
      status: 400,
      code: 'invalid_fields',
    },
    {
      note: 'an amount beyond all measure',
      path: '/erp/purchase-orders',
      send: post({ ...draft, amount: 1e300 }),
      status: 400,
      code: 'invalid_fields',
    },
    {
      note: 'a currency that it does not keep',
      path: '/erp/purchase-orders',
      send: post({ ...draft, currency: 'XAU' }),
      status: 400,
      code: 'invalid_fields',
    },
    {
      note: 'a field that nobody described',
      path: '/erp/purchase-orders',
      send: post({ ...draft, status: 'approved' }),
      status: 400,
      code: 'invalid_fields',
    },
    {
      note: 'a prototype key',
      path: '/erp/purchase-orders',
      send: {
        method: 'POST',
        raw: '{"vendor_id":"acme","currency":"EUR","amount":900,"__proto__":{"status":"approved"}}',
      },
      status: 400,
      code: 'invalid_fields',
    },
    {
      note: 'half an article',
      path: '/erp/purchase-orders',
      send: post({ ...draft, lines: [{ sku: 'a', qty: 0.5, unit_price: 1 }] }),
      status: 400,
      code: 'invalid_fields',
    },
    {
      note: 'a vendor that it does not know',
      path: '/erp/purchase-orders',
      send: post({ ...draft, vendor_id: 'nobody' }),
      status: 409,
      code: 'vendor_unknown',
    },
    { note: 'an order that is not there', path: '/erp/purchase-orders/PO-000999', status: 404, code: 'order_unknown' },
    { note: 'an id of another form', path: '/erp/purchase-orders/3', status: 400, code: 'invalid_fields' },
    {
      note: 'an approval of another amount',
      path: '/erp/purchase-orders/PO-000002/approve',
      send: post({ amount: 1, currency: 'CHF' }),
      status: 409,
      code: 'amount_differs',
    },
    {
      note: 'an approval of another currency',
      path: '/erp/purchase-orders/PO-000002/approve',
      send: post({ amount: 1296, currency: 'EUR' }),
      status: 409,
      code: 'amount_differs',
    },
    {
      note: 'an approval of what was approved before',
      path: '/erp/purchase-orders/PO-000001/approve',
      send: post({ amount: 4180, currency: 'EUR' }),
      status: 409,
      code: 'order_decided',
    },
    {
      note: 'an approval of an older version',
      path: '/erp/purchase-orders/PO-000002/approve',
      send: post({ amount: 1296, currency: 'CHF' }, { 'if-match': '"v7", W/"v1"' }),
      status: 412,
      code: 'version_stale',
    },
    {
      note: 'a customer of another region',
      path: '/crm/customers/apac-3001?region=emea',
      status: 404,
      code: 'customer_unknown',
    },
    {
      note: 'contacts of a customer of another region',
      path: '/crm/customers/apac-3001/contacts?region=emea',
      status: 404,
      code: 'customer_unknown',
    },
    {
      note: 'a change of the region',
      path: '/crm/customers/apac-3001',
      send: { method: 'PATCH', body: { region: 'emea' } },
      status: 400,
      code: 'invalid_fields',
    },
    {
      note: "a ticket in a region that is not the customer's",
      path: '/desk/tickets',
      send: post({ customer_id: 'apac-3001', region: 'emea', subject: 's', text: 't' }),
      status: 409,
      code: 'customer_unknown',
    },
    {
      note: 'a ticket of another region',
      path: '/desk/tickets/TK-000003?region=emea',
      status: 404,
      code: 'ticket_unknown',
    },
    {
      note: 'a body where none is taken',
      path: '/desk/tickets/TK-000003',
      send: { method: 'PATCH', body: {} },
      status: 405,
      code: 'method_unknown',
    },
  ]

  it.each(refusals)('refuses $note with $status $code', async ({ path, send, status, code }) => {
    const got = await world.send(path, send)
    expect([got.status, got.body.code]).toEqual([status, code])
    expect(got.headers.get('content-type')).toBe('application/problem+json')
    expect(got.body).toMatchObject({ type: 'about:blank', status })
    expect(world.reported).toEqual([])
  })

  it('names every field that is wrong', async () => {
    const got = await world.send(
      '/erp/purchase-orders',
      post({ currency: 1, lines: [{ sku: '', qty: 1, unit_price: 1 }] }),
    )
    expect(got.body.violations).toEqual([
      { field: 'vendor_id', problem: 'is missing' },
      { field: 'amount', problem: 'is missing' },
      { field: 'currency', problem: 'must be text' },
      { field: 'lines[0].sku', problem: 'must have 1 to 64 characters' },
    ])
  })

  it('asks for a credential in the words of RFC 6750', async () => {
    const got = await world.send('/erp/vendors', { headers: { authorization: 'Basic x' } })
    expect(got.headers.get('www-authenticate')).toBe('Bearer')
  })
})

describe('a purchase order', () => {
  it('is drafted, read, approved once, and stays approved', async () => {
    const made = await world.send(
      '/erp/purchase-orders',
      post({ ...draft, notes: 'Grüße, 東京' }, { 'on-behalf-of': 'buyer' }),
    )
    expect(made.status).toBe(201)
    expect(made.headers.get('location')).toBe('/erp/purchase-orders/PO-000004')
    expect(made.body).toEqual({
      id: 'PO-000004',
      ...draft,
      lines: [],
      notes: 'Grüße, 東京',
      status: 'draft',
      created_by: 'buyer',
      created_at: '2026-11-20T10:30:00.000Z',
      version: 1,
    })
    const path = '/erp/purchase-orders/PO-000004'
    const read = await world.send(path)
    expect(read.body).toEqual(made.body)
    expect(read.headers.get('etag')).toBe(made.headers.get('etag'))

    const approval = post(
      { amount: 900, currency: 'EUR' },
      { 'on-behalf-of': 'finance', 'if-match': read.headers.get('etag') ?? '' },
    )
    const approved = await world.send(`${path}/approve`, approval)
    expect(approved.body).toMatchObject({ status: 'approved', decided_by: 'finance', version: 2 })

    expect((await world.send(`${path}/approve`, approval)).status).toBe(412)
    expect((await world.send(`${path}/cancel`, post({ comment: 'changed my mind' }))).body.code).toBe('order_decided')
    expect((await world.send(path)).body).toEqual(approved.body)
  })

  it('is not approved by whoever drafted it', async () => {
    await world.send('/erp/purchase-orders', post(draft, { 'on-behalf-of': 'finance' }))
    const approval = post({ amount: 900, currency: 'EUR' }, { 'on-behalf-of': 'finance' })
    const got = await world.send('/erp/purchase-orders/PO-000004/approve', approval)
    expect([got.status, got.body.code]).toEqual([409, 'own_order'])
  })

  it('keeps the fractions of its amount', async () => {
    const made = await world.send('/erp/purchase-orders', post({ ...draft, amount: 1250.55 }))
    expect(made.body.amount).toBe(1250.55)
  })

  it('is not sent again to a caller that has this version', async () => {
    const etag = (await world.send('/erp/purchase-orders/PO-000001')).headers.get('etag') ?? ''
    const again = await world.send('/erp/purchase-orders/PO-000001', { headers: { 'if-none-match': etag } })
    expect([again.status, again.body]).toEqual([304, {}])
  })
})

describe('lists', () => {
  const pages = [
    { path: '/erp/purchase-orders', field: 'id', all: ['PO-000001', 'PO-000002', 'PO-000003'] },
    {
      path: '/erp/vendors',
      field: 'id',
      all: ['acme', 'globex', 'hooli', 'initech', 'northwind', 'v-017', 'vandelay'],
    },
    { path: '/desk/tickets', field: 'id', all: ['TK-000001', 'TK-000002', 'TK-000003', 'TK-000004'] },
  ]
  it.each(pages)('of $path gives every entry once, page by page', async ({ path, field, all }) => {
    const seen: unknown[] = []
    let next = ''
    do {
      const { body } = await world.send(`${path}?limit=2${next}`)
      const items = body.items as Record<string, unknown>[]
      expect(items.length).toBeGreaterThan(0)
      seen.push(...items.map((item) => item[field]))
      next = body.next === undefined ? '' : `&after=${body.next}`
    } while (next !== '')
    expect(seen).toEqual(all)
  })

  it('of customers keep to the region and the part of the name', async () => {
    const { body } = await world.send('/crm/customers?region=emea&name=MASCHINEN')
    expect((body.items as { id: string }[]).map(({ id }) => id)).toEqual(['emea-1001'])
    expect((await world.send('/crm/customers?region=apac&name=MASCHINEN')).body).toEqual({ items: [] })
  })

  it('take a quote in a name as a quote', async () => {
    expect((await world.send(`/crm/customers?name=${encodeURIComponent("' or 1=1 --")}`)).body).toEqual({ items: [] })
  })
})

describe('a customer', () => {
  it('changes in the fields that were sent and in no other', async () => {
    const before = (await world.send('/crm/customers/emea-1001')).body
    const patch = { method: 'PATCH', body: { phone: '+49 30 23125 099' } }
    const after = await world.send('/crm/customers/emea-1001?region=emea', patch)
    expect(after.body).toEqual({
      ...before,
      phone: '+49 30 23125 099',
      version: 2,
      updated_at: '2026-11-20T10:30:00.000Z',
    })
  })

  it('is found in its own region', async () => {
    expect((await world.send('/crm/customers/emea-1001?region=emea')).body).toMatchObject({ region: 'emea' })
  })
})

describe('a ticket', () => {
  it('is opened, commented and closed for good', async () => {
    const ticket = { customer_id: 'emea-1001', region: 'emea', subject: 'Late', text: 'Where is it?' }
    const made = await world.send('/desk/tickets', post(ticket, { 'on-behalf-of': 'support' }))
    expect(made.body).toMatchObject({
      id: 'TK-000005',
      ...ticket,
      priority: 'normal',
      status: 'open',
      opened_by: 'support',
    })
    const path = '/desk/tickets/TK-000005'
    const commented = await world.send(`${path}/comments?region=emea`, post({ text: 'On Friday.' }))
    expect(commented.body.comments).toEqual([{ text: 'On Friday.', written_at: '2026-11-20T10:30:00.000Z' }])
    expect((await world.send(`${path}/close`, post({ resolution: 'delivered' }))).body).toMatchObject({
      status: 'closed',
      version: 3,
    })
    expect((await world.send(`${path}/close`, post({ resolution: 'again' }))).body.code).toBe('ticket_closed')
    expect((await world.send(`${path}/comments`, post({ text: 'Late.' }))).body.code).toBe('ticket_closed')
  })
})
