/** The three services of the procurement world over one database: what `main.ts` serves and the tests call. */
import { crmOperations } from './crm.ts'
import type { Database } from './database.ts'
import { deskOperations } from './desk.ts'
import { erpOperations } from './erp.ts'
import type { Service } from './server.ts'

export const serviceNames = ['erp', 'crm', 'desk'] as const
export type ServiceName = (typeof serviceNames)[number]

const operationsOf = { erp: erpOperations, crm: crmOperations, desk: deskOperations }

/** `credentials` gives the secret that callers of a service must send. */
export function makeServices(database: Database, credentials: (name: ServiceName) => string): readonly Service[] {
  return serviceNames.map((name) => ({
    basePath: `/${name}`,
    credential: credentials(name),
    operations: operationsOf[name](database),
  }))
}
