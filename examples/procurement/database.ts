/**
 * The one database file of the procurement world: its tables, and rows read with a checked shape. Opening a new file
 * fills it with the seed; an existing one is used as it is.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from 'node:sqlite'
import { seed } from './seed.ts'

export type Row = Readonly<Record<string, SQLOutputValue>>

export interface Database {
  /** All rows, in the order that the statement says. */
  all(sql: string, values?: Readonly<Record<string, SQLInputValue>>): readonly Row[]
  /** The first row, undefined when there is none. */
  one(sql: string, values?: Readonly<Record<string, SQLInputValue>>): Row | undefined
  /** Rows changed. */
  run(sql: string, values?: Readonly<Record<string, SQLInputValue>>): number
  /** All of `work` or nothing of it; never nested. */
  atomically<T>(work: () => T): T
  close(): void
}

const tables = `
create table if not exists vendors (
  id text primary key, name text not null, country text not null, status text not null, currency text not null,
  payment_terms_days integer not null) strict;
create table if not exists purchase_orders (
  number integer primary key autoincrement, vendor_id text not null references vendors (id), currency text not null,
  amount real not null, cost_center text, requested_by text, lines text not null, notes text, status text not null,
  created_by text, created_at text not null, decided_by text, decided_at text, comment text,
  version integer not null default 1) strict;
create table if not exists customers (
  id text primary key, name text not null, region text not null, country text not null, city text not null,
  email text not null, phone text not null, iban text not null, account_manager text not null, updated_at text not null,
  version integer not null default 1) strict;
create index if not exists customers_by_region on customers (region, id);
create table if not exists contacts (
  id text primary key, customer_id text not null references customers (id), name text not null, position text not null,
  email text not null, phone text not null) strict;
create index if not exists contacts_by_customer on contacts (customer_id);
create table if not exists tickets (
  number integer primary key autoincrement, customer_id text not null, region text not null, subject text not null,
  text text not null, priority text not null, status text not null, opened_by text, opened_at text not null,
  closed_at text, resolution text, version integer not null default 1) strict;
create index if not exists tickets_by_region on tickets (region, number);
create table if not exists comments (
  number integer primary key autoincrement, ticket integer not null references tickets (number), author text,
  text text not null, written_at text not null) strict;
create index if not exists comments_by_ticket on comments (ticket, number);
`

/** Opens `folder/procurement.sqlite`, made with its folder when missing. Throws what node:sqlite throws. */
export function openDatabase(folder: string): Database {
  mkdirSync(folder, { recursive: true })
  const file = new DatabaseSync(join(folder, 'procurement.sqlite'), { timeout: 5_000 })
  // A crash of this process loses nothing in WAL mode; a power cut may lose the last orders of an example.
  file.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on;')
  file.exec(tables)
  const database = wrap(file)
  database.atomically(() => {
    if (database.one('select id from vendors limit 1') === undefined) seed(database)
  })
  return database
}

function wrap(file: DatabaseSync): Database {
  const prepared = new Map<string, ReturnType<DatabaseSync['prepare']>>()
  // The statements are literals of this folder: a few dozen at most.
  const statement = (sql: string): ReturnType<DatabaseSync['prepare']> => {
    const known = prepared.get(sql) ?? file.prepare(sql)
    prepared.set(sql, known)
    return known
  }
  return {
    all: (sql, values = {}) => statement(sql).all(values),
    one: (sql, values = {}) => statement(sql).get(values),
    run: (sql, values = {}) => Number(statement(sql).run(values).changes),
    atomically(work) {
      file.exec('begin immediate')
      try {
        const result = work()
        file.exec('commit')
        return result
      } catch (cause) {
        file.exec('rollback')
        throw cause
      }
    },
    close: () => file.close(),
  }
}

/** The row without its empty columns: absent is absent, never null. */
export function present(row: Row): Record<string, SQLOutputValue> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
}
