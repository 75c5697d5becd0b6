/** The three services of the procurement world over one database: what `main.ts` serves and the tests call. */
import { crmOperations } from './crm.ts'
import type { Database } from './database.ts'
import { deskOperations } from './desk.ts'
import { erpOperations } from './erp.ts'
import type { McpEndpoint } from './mcp.ts'
import type { Operation } from './operation.ts'
import type { Service } from './server.ts'

export const serviceNames = ['erp', 'crm', 'desk'] as const
export type ServiceName = (typeof serviceNames)[number]

const operationsOf = { erp: erpOperations, crm: crmOperations, desk: deskOperations }

/**
 * `credentials` gives the secret that callers of a service must send; `now` gives milliseconds since 1970; `report` is told
 * what no caller may see.
 */
export function makeServices(
  database: Database,
  credentials: (name: ServiceName) => string,
  ports: { readonly now: () => number; readonly report: (cause: unknown) => void },
): readonly Service[] {
  return serviceNames.map((name) => {
    const operations = operationsOf[name](database)
    return {
      basePath: `/${name}`,
      credential: credentials(name),
      operations,
      mcp: endpointOf(name, operations, ports),
    }
  })
}

/** The SDK is loaded with the first message: it takes longer than all the rest of a start. */
function endpointOf(
  name: ServiceName,
  operations: readonly Operation[],
  ports: Parameters<typeof makeServices>[2],
): McpEndpoint {
  let endpoint: Promise<McpEndpoint> | undefined
  return async (request, response) => {
    endpoint ??= import('./mcp.ts').then(({ makeMcpEndpoint }) => makeMcpEndpoint(name, operations, ports))
    const answer = await endpoint
    await answer(request, response)
  }
}
