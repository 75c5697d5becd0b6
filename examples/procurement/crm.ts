/**
 * The CRM: customers of three regions with personal data, and the people to talk to there. A call may name the region it
 * means; then records of other regions do not exist for it.
 */
import { type Database, present, type Row } from './database.ts'
import { type Operation, operation, requireVersion } from './operation.ts'
import { Problem } from './problem.ts'
import { integer, oneOf, optional, text } from './schema.ts'

export const regions = ['emea', 'amer', 'apac'] as const

const customerId = text({ maxLength: 16, pattern: '^[a-z]+-[0-9]{4,8}$' })
const region = optional(oneOf(...regions))
const email = text({ minLength: 3, maxLength: 254, pattern: '^[^@\\s]+@[^@\\s]+$' })
const phone = text({ minLength: 5, maxLength: 32, pattern: '^\\+[0-9 ]+$' })

const changeable = {
  name: optional(text({ maxLength: 200 })),
  city: optional(text({ maxLength: 100 })),
  email: optional(email),
  phone: optional(phone),
  iban: optional(text({ minLength: 15, maxLength: 34, pattern: '^[A-Z]{2}[0-9]{2}[A-Z0-9]+$' })),
  account_manager: optional(email),
}

/** The operations of `/crm`, in the order of crm.openapi.yaml. */
export function crmOperations(database: Database): readonly Operation[] {
  return [
    operation({
      id: 'search_customers',
      method: 'GET',
      path: '/customers',
      fields: {
        query: {
          region,
          name: optional(text({ maxLength: 200 })),
          after: optional(customerId),
          limit: optional(integer({ minimum: 1, maximum: 100 })),
        },
      },
      run({ region, name, after = '', limit = 20 }) {
        const rows = database.all(
          `select * from customers
           where id > $after and ($region is null or region = $region)
             and ($name is null or instr(lower(name), lower($name)) > 0)
           order by id limit $limit`,
          { after, region: region ?? null, name: name ?? null, limit: limit + 1 },
        )
        const items = rows.slice(0, limit).map(present)
        const next = rows.length > limit ? items.at(-1)?.id : undefined
        return { status: 200, body: next === undefined ? { items } : { items, next } }
      },
    }),
    operation({
      id: 'get_customer',
      method: 'GET',
      path: '/customers/{customer_id}',
      fields: { path: { customer_id: customerId }, query: { region } },
      run: ({ customer_id, region }) => oneCustomer(readCustomer(database, customer_id, region)),
    }),
    operation({
      id: 'update_customer',
      method: 'PATCH',
      path: '/customers/{customer_id}',
      fields: { path: { customer_id: customerId }, query: { region }, body: changeable },
      run({ customer_id, region, ...changes }, circumstances) {
        return database.atomically(() => {
          const before = readCustomer(database, customer_id, region)
          requireVersion(Number(before.version), circumstances)
          const { name, city, email, phone, iban, account_manager } = { ...before, ...changes }
          const values = { name, city, email, phone, iban, account_manager } as Record<string, string>
          database.run(
            `update customers set name = $name, city = $city, email = $email, phone = $phone, iban = $iban,
               account_manager = $account_manager, updated_at = $now, version = version + 1
             where id = $customer_id`,
            { ...values, now: circumstances.now, customer_id },
          )
          return oneCustomer(readCustomer(database, customer_id, region))
        })
      },
    }),
    operation({
      id: 'list_contacts',
      method: 'GET',
      path: '/customers/{customer_id}/contacts',
      fields: { path: { customer_id: customerId }, query: { region } },
      run({ customer_id, region }) {
        readCustomer(database, customer_id, region)
        const rows = database.all('select * from contacts where customer_id = $customer_id order by id', {
          customer_id,
        })
        return { status: 200, body: { items: rows.map(present) } }
      },
    }),
  ]
}

/** Problem 404 `customer_unknown`, also for a customer of another region than the one named. */
function readCustomer(database: Database, customer_id: string, region: string | undefined): Row {
  const row = database.one('select * from customers where id = $customer_id', { customer_id })
  if (row === undefined || (region !== undefined && row.region !== region)) {
    const where = region === undefined ? '' : ` in region \`${region}\``
    throw new Problem(404, 'customer_unknown', `there is no customer \`${customer_id}\`${where}`)
  }
  return row
}

function oneCustomer(row: Row): { status: 200; body: unknown; version: number } {
  return { status: 200, body: present(row), version: Number(row.version) }
}
