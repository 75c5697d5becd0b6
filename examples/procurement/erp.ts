/**
 * The ERP: vendors, and purchase orders that go from `draft` to `approved` or `cancelled` and nowhere else. Who may do
 * what is not its business, except that nobody approves an order of their own.
 */
import { type Database, present, type Row } from './database.ts'
import { type Circumstances, type Operation, operation, requireVersion } from './operation.ts'
import { Problem } from './problem.ts'
import { integer, listOf, number, oneOf, optional, text } from './schema.ts'

export const currencies = ['EUR', 'USD', 'GBP', 'CHF', 'JPY', 'SEK'] as const
export const orderStates = ['draft', 'approved', 'cancelled'] as const
/** In the order's currency: ten times the largest order that the company ever placed. */
const amountMax = 100_000_000
const linesMax = 500

const vendorId = text({ maxLength: 32, pattern: '^[a-z0-9][a-z0-9-]*$' })
const orderId = text({ minLength: 9, maxLength: 12, pattern: '^PO-[0-9]{6,9}$' })
const limit = optional(integer({ minimum: 1, maximum: 100 }))

const line = {
  sku: text({ maxLength: 64 }),
  qty: integer({ minimum: 1, maximum: 1_000_000 }),
  unit_price: number({ minimum: 0, maximum: amountMax }),
  text: optional(text({ maxLength: 200 })),
}

/** The operations of `/erp`, in the order of erp.openapi.yaml. */
export function erpOperations(database: Database): readonly Operation[] {
  return [
    operation({
      id: 'list_purchase_orders',
      method: 'GET',
      path: '/purchase-orders',
      fields: {
        query: {
          status: optional(oneOf(...orderStates)),
          vendor_id: optional(vendorId),
          after: optional(orderId),
          limit,
        },
      },
      run({ status, vendor_id, after, limit = 20 }) {
        const rows = database.all(
          `select * from purchase_orders
           where number > $after and ($status is null or status = $status) and ($vendor is null or vendor_id = $vendor)
           order by number limit $limit`,
          {
            after: after === undefined ? 0 : numberOf(after),
            status: status ?? null,
            vendor: vendor_id ?? null,
            limit: limit + 1,
          },
        )
        const items = rows.slice(0, limit).map(showOrder)
        const next = rows.length > limit ? items.at(-1)?.id : undefined
        return { status: 200, body: next === undefined ? { items } : { items, next } }
      },
    }),
    operation({
      id: 'create_purchase_order',
      method: 'POST',
      path: '/purchase-orders',
      fields: {
        body: {
          vendor_id: vendorId,
          currency: oneOf(...currencies),
          amount: number({ exclusiveMinimum: 0, maximum: amountMax }),
          cost_center: optional(text({ maxLength: 32 })),
          requested_by: optional(text({ maxLength: 254 })),
          lines: optional(listOf(line, linesMax)),
          notes: optional(text({ minLength: 0, maxLength: 100_000 })),
        },
      },
      run({ vendor_id, currency, amount, cost_center, requested_by, lines = [], notes }, { now, actor }) {
        if (database.one('select id from vendors where id = $vendor_id', { vendor_id }) === undefined)
          throw new Problem(409, 'vendor_unknown', `there is no vendor \`${vendor_id}\``)
        const row = database.one(
          `insert into purchase_orders
             (vendor_id, currency, amount, cost_center, requested_by, lines, notes, status, created_by, created_at)
           values ($vendor_id, $currency, $amount, $cost_center, $requested_by, $lines, $notes, 'draft', $actor, $now)
           returning *`,
          {
            vendor_id,
            currency,
            amount,
            cost_center: cost_center ?? null,
            requested_by: requested_by ?? null,
            lines: JSON.stringify(lines),
            notes: notes ?? null,
            actor: actor ?? null,
            now,
          },
        )
        const order = showOrder(found(row))
        return { status: 201, body: order, version: 1, location: `/erp/purchase-orders/${order.id}` }
      },
    }),
    operation({
      id: 'get_purchase_order',
      method: 'GET',
      path: '/purchase-orders/{order_id}',
      fields: { path: { order_id: orderId } },
      run: ({ order_id }) => oneOrder(readOrder(database, order_id)),
    }),
    operation({
      id: 'approve_purchase_order',
      method: 'POST',
      path: '/purchase-orders/{order_id}/approve',
      fields: {
        path: { order_id: orderId },
        body: {
          amount: number({ exclusiveMinimum: 0, maximum: amountMax }),
          currency: oneOf(...currencies),
          comment: optional(text({ maxLength: 1_000 })),
        },
      },
      run({ order_id, amount, currency, comment }, circumstances) {
        const check = (order: Row): void => {
          if (order.amount !== amount || order.currency !== currency)
            throw new Problem(409, 'amount_differs', `the order is over ${order.amount} ${order.currency}`)
          if (circumstances.actor !== undefined && order.created_by === circumstances.actor)
            throw new Problem(409, 'own_order', 'whoever drafted an order cannot approve it')
        }
        return oneOrder(decideOrder(database, { order_id, status: 'approved', comment, check }, circumstances))
      },
    }),
    operation({
      id: 'cancel_purchase_order',
      method: 'POST',
      path: '/purchase-orders/{order_id}/cancel',
      fields: { path: { order_id: orderId }, body: { comment: text({ maxLength: 1_000 }) } },
      run: ({ order_id, comment }, circumstances) =>
        oneOrder(decideOrder(database, { order_id, status: 'cancelled', comment, check: () => {} }, circumstances)),
    }),
    operation({
      id: 'list_vendors',
      method: 'GET',
      path: '/vendors',
      fields: { query: { status: optional(oneOf('active', 'pending', 'blocked')), after: optional(vendorId), limit } },
      run({ status, after = '', limit = 20 }) {
        const rows = database.all(
          'select * from vendors where id > $after and ($status is null or status = $status) order by id limit $limit',
          { after, status: status ?? null, limit: limit + 1 },
        )
        const items = rows.slice(0, limit).map(present)
        const next = rows.length > limit ? items.at(-1)?.id : undefined
        return { status: 200, body: next === undefined ? { items } : { items, next } }
      },
    }),
    operation({
      id: 'get_vendor',
      method: 'GET',
      path: '/vendors/{vendor_id}',
      fields: { path: { vendor_id: vendorId } },
      run({ vendor_id }) {
        const row = database.one('select * from vendors where id = $vendor_id', { vendor_id })
        if (row === undefined) throw new Problem(404, 'vendor_unknown', `there is no vendor \`${vendor_id}\``)
        return { status: 200, body: present(row) }
      },
    }),
  ]
}

function readOrder(database: Database, order_id: string): Row {
  const row = database.one('select * from purchase_orders where number = $number', { number: numberOf(order_id) })
  if (row === undefined) throw new Problem(404, 'order_unknown', `there is no purchase order \`${order_id}\``)
  return row
}

/** The only way out of `draft`. Problems: 404, 409 `order_decided`, 412, and what `check` throws. */
function decideOrder(
  database: Database,
  wanted: {
    readonly order_id: string
    readonly status: 'approved' | 'cancelled'
    readonly comment: string | undefined
    readonly check: (order: Row) => void
  },
  circumstances: Circumstances,
): Row {
  return database.atomically(() => {
    const order = readOrder(database, wanted.order_id)
    requireVersion(Number(order.version), circumstances)
    if (order.status !== 'draft')
      throw new Problem(409, 'order_decided', `the order is ${order.status}; only a draft can become ${wanted.status}`)
    wanted.check(order)
    return found(
      database.one(
        `update purchase_orders
         set status = $status, decided_by = $actor, decided_at = $now, comment = $comment, version = version + 1
         where number = $number returning *`,
        {
          number: numberOf(wanted.order_id),
          status: wanted.status,
          actor: circumstances.actor ?? null,
          now: circumstances.now,
          comment: wanted.comment ?? null,
        },
      ),
    )
  })
}

function oneOrder(row: Row): { status: 200; body: unknown; version: number } {
  return { status: 200, body: showOrder(row), version: Number(row.version) }
}

function showOrder(row: Row): Record<string, unknown> {
  const { number, lines, ...rest } = present(row)
  return { id: `PO-${String(number).padStart(6, '0')}`, ...rest, lines: JSON.parse(String(lines)) }
}

function numberOf(order_id: string): number {
  return Number(order_id.slice('PO-'.length))
}

/** `returning` gives the row that was just written; none would be a bug here. */
function found(row: Row | undefined): Row {
  if (row === undefined) throw new Error('the row that was written is not there')
  return row
}
