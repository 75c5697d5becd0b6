/**
 * The rows that the procurement world begins with. Addresses are under example.com, telephone numbers come from ranges
 * that regulators keep for fiction, account numbers are the published specimens of their countries.
 */
import type { Database } from './database.ts'

const vendors = [
  ['acme', 'Acme Industrial Supply GmbH', 'DE', 'active', 'EUR', 30],
  ['globex', 'Globex Electronics Ltd', 'GB', 'active', 'GBP', 45],
  ['hooli', 'Hooli Cloud Services Inc', 'US', 'active', 'USD', 30],
  ['initech', 'Initech Consulting LLC', 'US', 'blocked', 'USD', 14],
  ['northwind', 'Northwind Office AG', 'CH', 'active', 'CHF', 30],
  ['vandelay', 'Vandelay Import Export SA', 'FR', 'pending', 'EUR', 60],
  ['v-017', 'Seventeen Spare Parts BV', 'NL', 'active', 'EUR', 30],
] as const

const orders = [
  {
    vendor: 'acme',
    currency: 'EUR',
    amount: 4180,
    cost_center: 'cc-42',
    requested_by: 'lena.hofmann@example.com',
    lines: [
      { sku: 'ACM-2041', qty: 4, unit_price: 870, text: 'Hydraulic pump, 3 kW' },
      { sku: 'ACM-0077', qty: 10, unit_price: 70, text: 'Pressure hose, 2 m' },
    ],
    status: 'approved',
  },
  {
    vendor: 'northwind',
    currency: 'CHF',
    amount: 1296,
    cost_center: 'cc-17',
    requested_by: 'marc.keller@example.com',
    lines: [{ sku: 'NW-CH-310', qty: 8, unit_price: 162, text: 'Office chair, fabric' }],
    status: 'draft',
  },
  {
    vendor: 'globex',
    currency: 'GBP',
    amount: 15800,
    cost_center: 'cc-08',
    requested_by: 'priya.nair@example.com',
    lines: [{ sku: 'GX-LAP-14', qty: 10, unit_price: 1580, text: 'Laptop, 14 inch' }],
    status: 'draft',
  },
] as const

const customers = [
  ['emea-1001', 'Hartmann Maschinenbau GmbH', 'emea', 'DE', 'Stuttgart', '+49 30 23125 014', 'DE89370400440532013000'],
  ['emea-1002', 'Lindqvist Logistik AB', 'emea', 'SE', 'Gothenburg', '+46 31 390 06 11', 'SE4550000000058398257466'],
  ['emea-1003', 'Moreau et Fils SA', 'emea', 'FR', 'Lyon', '+33 4 65 71 12 34', 'FR1420041010050500013M02606'],
  ['emea-1004', 'Al Noor Trading LLC', 'emea', 'AE', 'Dubai', '+44 20 7946 0113', 'AE070331234567890123456'],
  ['amer-2001', 'Cascade Outfitters Inc', 'amer', 'US', 'Portland', '+1 503 555 0142', 'GB29NWBK60161331926819'],
  ['amer-2002', 'Ferreira Alimentos Ltda', 'amer', 'BR', 'Recife', '+1 212 555 0187', 'BR1800360305000010009795493C1'],
  ['amer-2003', 'Prairie Grain Cooperative', 'amer', 'CA', 'Regina', '+1 306 555 0119', 'GB33BUKB20201555555555'],
  [
    'amer-2004',
    'Quetzal Textiles SA',
    'amer',
    'GT',
    'Quetzaltenango',
    '+1 212 555 0133',
    'GT82TRAJ01020000001210029690',
  ],
  ['apac-3001', 'Kobayashi Seiki KK', 'apac', 'JP', 'Nagoya', '+44 20 7946 0177', 'LI21088100002324013AA'],
  ['apac-3002', 'Southern Cross Mining Pty', 'apac', 'AU', 'Perth', '+61 8 5550 1072', 'GB94BARC10201530093459'],
  ['apac-3003', 'Tan Brothers Pte Ltd', 'apac', 'SG', 'Singapore', '+44 20 7946 0199', 'LU280019400644750000'],
  ['apac-3004', 'Wairau Dairy Ltd', 'apac', 'NZ', 'Blenheim', '+64 3 555 0126', 'IE29AIBK93115212345678'],
] as const

const contacts = [
  ['c-1', 'emea-1001', 'Jonas Hartmann', 'head of purchasing', '+49 30 23125 015'],
  ['c-2', 'emea-1001', 'Miriam Scholz', 'accounts payable', '+49 30 23125 016'],
  ['c-3', 'emea-1003', 'Claire Moreau', 'managing director', '+33 4 65 71 12 35'],
  ['c-4', 'amer-2001', 'Dana Whitfield', 'operations manager', '+1 503 555 0143'],
  ['c-5', 'apac-3001', 'Haruto Kobayashi', 'plant manager', '+44 20 7946 0178'],
] as const

const tickets = [
  [
    'emea-1001',
    'emea',
    'Invoice shows the wrong address',
    'The invoice of October still names our old street.',
    'normal',
  ],
  ['emea-1002', 'emea', 'Delivery is two weeks late', 'We wait for the second half of our order.', 'high'],
  [
    'amer-2001',
    'amer',
    'Cannot reach the customer portal',
    'The login page answers with an error since Monday.',
    'urgent',
  ],
  ['apac-3002', 'apac', 'Question about payment terms', 'May we pay within 45 days instead of 30?', 'low'],
] as const

const begun = '2026-11-02T08:00:00.000Z'

/** Fills empty tables; call inside a transaction. */
export function seed(database: Database): void {
  for (const [id, name, country, status, currency, days] of vendors)
    database.run(
      `insert into vendors (id, name, country, status, currency, payment_terms_days)
       values ($id, $name, $country, $status, $currency, $days)`,
      { id, name, country, status, currency, days },
    )
  for (const { vendor, currency, amount, cost_center, requested_by, lines, status } of orders)
    database.run(
      `insert into purchase_orders (vendor_id, currency, amount, cost_center, requested_by, lines, status, created_at, decided_at)
       values ($vendor, $currency, $amount, $cost_center, $requested_by, $lines, $status, $begun, $decided)`,
      {
        vendor,
        currency,
        amount,
        cost_center,
        requested_by,
        lines: JSON.stringify(lines),
        status,
        begun,
        decided: status === 'draft' ? null : begun,
      },
    )
  for (const [id, name, region, country, city, phone, iban] of customers)
    database.run(
      `insert into customers (id, name, region, country, city, email, phone, iban, account_manager, updated_at)
       values ($id, $name, $region, $country, $city, $email, $phone, $iban, $manager, $begun)`,
      {
        id,
        name,
        region,
        country,
        city,
        email: `office@${id}.example.com`,
        phone,
        iban,
        manager: `sales-${region}@example.com`,
        begun,
      },
    )
  for (const [id, customer, name, position, phone] of contacts)
    database.run(
      `insert into contacts (id, customer_id, name, position, email, phone)
       values ($id, $customer, $name, $position, $email, $phone)`,
      { id, customer, name, position, email: `${name.toLowerCase().replace(' ', '.')}@${customer}.example.com`, phone },
    )
  for (const [customer, region, subject, text, priority] of tickets)
    database.run(
      `insert into tickets (customer_id, region, subject, text, priority, status, opened_at)
       values ($customer, $region, $subject, $text, $priority, 'open', $begun)`,
      { customer, region, subject, text, priority, begun },
    )
}
