/** Routes and calls for tables: targets go through the real reader of request targets, descriptions are plain objects. */
import type { Call, HttpTarget, Json, JsonObject, Principal, RouteRule, Upstream } from '../../../src/model/index.ts'
import { Fault, Flaws } from '../../../src/model/index.ts'
import { makeRouter, type Router } from '../../../src/route/index.ts'
import { parseJson, parseTarget } from '../../../src/wire/index.ts'

export const known = { authenticated: true } as unknown as Principal
export const anonymous = { authenticated: false } as unknown as Principal

export interface RuleParts {
  readonly id: string
  readonly host?: string
  readonly path?: string
  readonly methods?: readonly string[]
  readonly upstream?: string
  readonly prefix?: string
  readonly identity?: 'required' | 'none'
  readonly undescribed?: 'refuse' | 'allow'
  readonly description?: Json
  readonly renames?: RouteRule['renames']
}

export function rule(parts: RuleParts): RouteRule {
  return {
    route: {
      id: parts.id,
      prefix: parts.prefix ?? '',
      identity: parts.identity ?? 'required',
      undescribed: parts.undescribed ?? 'refuse',
    } as RouteRule['route'],
    host: parts.host ?? '*',
    path: parts.path ?? '/',
    methods: parts.methods ?? [],
    upstream: parts.upstream ?? 'erp',
    ...(parts.description !== undefined && { description: `${parts.id}.yaml` }),
    renames: parts.renames ?? {},
  }
}

export function routerOf(parts: readonly RuleParts[], upstreams: readonly string[] = ['erp']): Router {
  const descriptions = new Map<string, Json>()
  for (const one of parts) if (one.description !== undefined) descriptions.set(`${one.id}.yaml`, one.description)
  const routes = parts.map(rule)
  return makeRouter({
    routes,
    upstreams: upstreams.map((id) => ({ id, labels: {} }) as unknown as Upstream),
    descriptions,
  })
}

export interface CallParts {
  readonly method?: string
  readonly target?: string
  readonly host?: string
  readonly body?: string
  readonly mediaType?: string
  readonly chunked?: boolean
}

export function makeCall({
  method = 'GET',
  target = '/',
  host = 'a.test',
  body = '',
  mediaType = 'application/json',
  chunked = false,
}: CallParts): Call {
  const lengthBytes = chunked ? null : Buffer.byteLength(body)
  return {
    ...parseTarget(target),
    method,
    host,
    headers: new Map(),
    body: { lengthBytes, mediaType },
  } as unknown as Call
}

/** Only a message of MCP is waited for. */
export function routeHttp(router: Router, call: Call, principal: Principal): HttpTarget {
  const target = router.route(call, principal)
  if (target instanceof Promise || target.mcp !== undefined || target.document !== undefined)
    throw new Error('the route speaks MCP')
  return target
}

/** The target, or the code of the fault. */
export function outcome(router: Router, call: CallParts, principal = known): HttpTarget | string {
  try {
    return routeHttp(router, makeCall(call), principal)
  } catch (cause) {
    if (cause instanceof Fault) return cause.code
    throw cause
  }
}

/** The arguments of a call, or `code: what the agent is told`. */
export function argumentsOf(router: Router, parts: CallParts): JsonObject | string {
  try {
    const call = makeCall(parts)
    const { operation } = routeHttp(router, call, known)
    if (operation === undefined) return 'no operation'
    const body =
      parts.body === undefined || parts.body === '' || !operation.readsBody
        ? undefined
        : parseJson(Buffer.from(parts.body))
    return operation.argumentsOf(call, body)
  } catch (cause) {
    if (cause instanceof Fault) return `${cause.code}: ${cause.publicDetail ?? ''}`
    throw cause
  }
}

/** A description of one operation, `POST /do` unless told otherwise. */
export function describing(operation: JsonObject, path = '/do', method = 'post', rest: JsonObject = {}): Json {
  return { openapi: '3.1.0', info: {}, paths: { [path]: { [method]: { operationId: 'do', ...operation } } }, ...rest }
}

export function jsonBody(schema: Json, required = true): JsonObject {
  return { requestBody: { required, content: { 'application/json': { schema } } } }
}

export function flawsOf(description: Json, renames: RouteRule['renames'] = {}): string {
  try {
    routerOf([{ id: 'erp', description, renames }])
  } catch (cause) {
    if (cause instanceof Flaws) return cause.message
    throw cause
  }
  return ''
}
