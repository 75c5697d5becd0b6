/**
 * The ticket desk: tickets about customers, with comments. A ticket carries its customer's region; a call may name the
 * region it means, as in the CRM. A closed ticket stays closed.
 */
import { regions } from './crm.ts'
import { type Database, present, type Row } from './database.ts'
import { type Operation, operation, requireVersion } from './operation.ts'
import { Problem } from './problem.ts'
import { integer, oneOf, optional, text } from './schema.ts'

export const priorities = ['low', 'normal', 'high', 'urgent'] as const

const ticketId = text({ minLength: 9, maxLength: 12, pattern: '^TK-[0-9]{6,9}$' })
const customerId = text({ maxLength: 16, pattern: '^[a-z]+-[0-9]{4,8}$' })
const region = optional(oneOf(...regions))
const message = text({ maxLength: 10_000 })

/** The operations of `/desk`, in the order of desk.openapi.yaml. */
export function deskOperations(database: Database): readonly Operation[] {
  return [
    operation({
      id: 'list_tickets',
      method: 'GET',
      path: '/tickets',
      fields: {
        query: {
          region,
          status: optional(oneOf('open', 'closed')),
          customer_id: optional(customerId),
          after: optional(ticketId),
          limit: optional(integer({ minimum: 1, maximum: 100 })),
        },
      },
      run({ region, status, customer_id, after, limit = 20 }) {
        const rows = database.all(
          `select * from tickets
           where number > $after and ($region is null or region = $region) and ($status is null or status = $status)
             and ($customer is null or customer_id = $customer)
           order by number limit $limit`,
          {
            after: after === undefined ? 0 : numberOf(after),
            region: region ?? null,
            status: status ?? null,
            customer: customer_id ?? null,
            limit: limit + 1,
          },
        )
        const items = rows.slice(0, limit).map(showTicket)
        const next = rows.length > limit ? items.at(-1)?.id : undefined
        return { status: 200, body: next === undefined ? { items } : { items, next } }
      },
    }),
    operation({
      id: 'create_ticket',
      method: 'POST',
      path: '/tickets',
      fields: {
        body: {
          customer_id: customerId,
          region: oneOf(...regions),
          subject: text({ maxLength: 200 }),
          text: message,
          priority: optional(oneOf(...priorities)),
        },
      },
      run({ customer_id, region, subject, text, priority = 'normal' }, { now, actor }) {
        const customer = database.one('select region from customers where id = $customer_id', { customer_id })
        if (customer?.region !== region)
          throw new Problem(409, 'customer_unknown', `there is no customer \`${customer_id}\` in region \`${region}\``)
        const row = database.one(
          `insert into tickets (customer_id, region, subject, text, priority, status, opened_by, opened_at)
           values ($customer_id, $region, $subject, $text, $priority, 'open', $actor, $now) returning *`,
          { customer_id, region, subject, text, priority, actor: actor ?? null, now },
        )
        const ticket = showTicket(row ?? {})
        return { status: 201, body: ticket, version: 1, location: `/desk/tickets/${ticket.id}` }
      },
    }),
    operation({
      id: 'get_ticket',
      method: 'GET',
      path: '/tickets/{ticket_id}',
      fields: { path: { ticket_id: ticketId }, query: { region } },
      run: ({ ticket_id, region }) => oneTicket(database, readTicket(database, ticket_id, region)),
    }),
    operation({
      id: 'comment_ticket',
      method: 'POST',
      path: '/tickets/{ticket_id}/comments',
      fields: { path: { ticket_id: ticketId }, query: { region }, body: { text: message } },
      run({ ticket_id, region, text }, { now, actor }) {
        return database.atomically(() => {
          const ticket = readTicket(database, ticket_id, region)
          requireOpen(ticket)
          const number = numberOf(ticket_id)
          database.run(
            'insert into comments (ticket, author, text, written_at) values ($number, $actor, $text, $now)',
            { number, actor: actor ?? null, text, now },
          )
          database.run('update tickets set version = version + 1 where number = $number', { number })
          return { ...oneTicket(database, readTicket(database, ticket_id, region)), status: 201 }
        })
      },
    }),
    operation({
      id: 'close_ticket',
      method: 'POST',
      path: '/tickets/{ticket_id}/close',
      fields: { path: { ticket_id: ticketId }, query: { region }, body: { resolution: text({ maxLength: 1_000 }) } },
      run({ ticket_id, region, resolution }, circumstances) {
        return database.atomically(() => {
          const ticket = readTicket(database, ticket_id, region)
          requireVersion(Number(ticket.version), circumstances)
          requireOpen(ticket)
          database.run(
            `update tickets set status = 'closed', resolution = $resolution, closed_at = $now, version = version + 1
             where number = $number`,
            { resolution, now: circumstances.now, number: numberOf(ticket_id) },
          )
          return oneTicket(database, readTicket(database, ticket_id, region))
        })
      },
    }),
  ]
}

/** Problem 404 `ticket_unknown`, also for a ticket of another region than the one named. */
function readTicket(database: Database, ticket_id: string, region: string | undefined): Row {
  const row = database.one('select * from tickets where number = $number', { number: numberOf(ticket_id) })
  if (row === undefined || (region !== undefined && row.region !== region)) {
    const where = region === undefined ? '' : ` in region \`${region}\``
    throw new Problem(404, 'ticket_unknown', `there is no ticket \`${ticket_id}\`${where}`)
  }
  return row
}

function requireOpen(ticket: Row): void {
  if (ticket.status !== 'open') throw new Problem(409, 'ticket_closed', 'the ticket is closed')
}

function oneTicket(database: Database, row: Row): { status: 200; body: unknown; version: number } {
  const comments = database.all(
    'select author, text, written_at from comments where ticket = $number order by number',
    { number: Number(row.number) },
  )
  return { status: 200, body: { ...showTicket(row), comments: comments.map(present) }, version: Number(row.version) }
}

function showTicket(row: Row): Record<string, unknown> {
  const { number, ...rest } = present(row)
  return { id: `TK-${String(number).padStart(6, '0')}`, ...rest }
}

function numberOf(ticket_id: string): number {
  return Number(ticket_id.slice('TK-'.length))
}
