/**
 * An operation of a service: method, path, the fields it takes, and what it does, as a value. A service is a list of
 * them; `matchOperation` finds the one that a request means.
 */
import { Problem } from './problem.ts'
import { type Fields, objectSchema, type Schema, type Values, type Violation, violations } from './schema.ts'

export interface Answer {
  readonly status: 200 | 201
  readonly body: unknown
  /** Version of the one record in the body; sent as a strong `ETag`. */
  readonly version?: number
  /** Path of a record that was made. */
  readonly location?: string
}

/** What stands around the fields of a request. */
export interface Circumstances {
  readonly now: string
  /** Who acts, as the caller in front of this service says in `On-Behalf-Of`; absent when it says nothing. */
  readonly actor?: string
  /** `If-Match` (RFC 9110 section 13.1.1): versions that the caller accepts; absent means any. */
  readonly acceptedVersions?: readonly number[]
}

export interface Received {
  readonly path: { readonly [name: string]: string }
  readonly query: ReadonlyMap<string, string>
  /** The parsed body, undefined when there was none. */
  readonly body: unknown
}

export interface Operation {
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PATCH'
  /** Template below the service's base path, e.g. `/purchase-orders/{order_id}`. */
  readonly path: string
  readonly schemas: { readonly path: Schema; readonly query: Schema; readonly body?: Schema }
  run(received: Received, circumstances: Circumstances): Answer
  /** The same with all fields in one object, each of its own type. */
  runFlat(fields: unknown, circumstances: Circumstances): Answer
}

interface Declaration<P extends Fields, Q extends Fields, B extends Fields> {
  readonly id: string
  readonly method: Operation['method']
  readonly path: string
  /** Fields of the path, the query and the body; no name twice, because agents see them as one flat object. */
  readonly fields: { readonly path?: P; readonly query?: Q; readonly body?: B }
  run(values: Values<P> & Values<Q> & Values<B>, circumstances: Circumstances): Answer
}

type None = Record<never, never>

/** An operation whose `run` gets only values that its fields allow. Anything else is a problem 400 `invalid_fields`. */
export function operation<P extends Fields = None, Q extends Fields = None, B extends Fields = None>(
  declared: Declaration<P, Q, B>,
): Operation {
  const { id, method, path, fields } = declared
  const schemas = {
    path: objectSchema(fields.path ?? {}),
    query: objectSchema(fields.query ?? {}),
    ...(fields.body !== undefined && { body: objectSchema(fields.body) }),
  }
  const flat = objectSchema({ ...fields.path, ...fields.query, ...fields.body })
  const refuse = (wrong: readonly Violation[]): void => {
    if (wrong.length > 0) throw new Problem(400, 'invalid_fields', `${id} cannot be done with these fields`, wrong)
  }
  return {
    id,
    method,
    path,
    schemas,
    run(received, circumstances) {
      const query = queryValues(schemas.query, received.query)
      if (schemas.body === undefined && received.body !== undefined)
        throw new Problem(400, 'body_unexpected', `${id} takes no body`)
      refuse([
        ...violations(schemas.path, received.path, 'path'),
        ...violations(schemas.query, query, 'query'),
        ...(schemas.body === undefined ? [] : violations(schemas.body, received.body ?? {})),
      ])
      const values = { ...received.path, ...query, ...(received.body as object | undefined) }
      // The schemas were checked above, and they are what the type was made from.
      return declared.run(values as Values<P> & Values<Q> & Values<B>, circumstances)
    },
    runFlat(fields, circumstances) {
      refuse(violations(flat, fields ?? {}))
      return declared.run((fields ?? {}) as Values<P> & Values<Q> & Values<B>, circumstances)
    },
  }
}

/** Query values are text; those that should be numbers and look like one become one, so that the checker sees them. */
function queryValues(schema: Extract<Schema, { type: 'object' }>, query: ReadonlyMap<string, string>): object {
  const values = new Map<string, unknown>()
  for (const [name, value] of query) {
    const type = Object.hasOwn(schema.properties, name) ? schema.properties[name]?.type : undefined
    const numeric = (type === 'number' || type === 'integer') && /^-?\d{1,15}(\.\d{1,15})?$/.test(value)
    values.set(name, numeric ? Number(value) : value)
  }
  return Object.fromEntries(values)
}

export interface Match {
  readonly operation: Operation
  readonly path: { readonly [name: string]: string }
}

/** Problems: 404 `path_unknown`, 405 `method_unknown`. `segments` are decoded and lie below the base path. */
export function matchOperation(operations: readonly Operation[], method: string, segments: readonly string[]): Match {
  let pathKnown = false
  for (const candidate of operations) {
    const path = matchTemplate(candidate.path, segments)
    if (path === undefined) continue
    if (candidate.method === method) return { operation: candidate, path }
    pathKnown = true
  }
  if (pathKnown) throw new Problem(405, 'method_unknown', 'this path does not take this method')
  throw new Problem(404, 'path_unknown', 'there is nothing at this path')
}

function matchTemplate(template: string, segments: readonly string[]): { [name: string]: string } | undefined {
  const parts = template.slice(1).split('/')
  if (parts.length !== segments.length) return undefined
  const found: { [name: string]: string } = {}
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? ''
    if (part.startsWith('{')) found[part.slice(1, -1)] = segment
    else if (part !== segment) return undefined
  }
  return found
}

/** Problem 412 `version_stale` when the caller named versions and the record's is not among them. */
export function requireVersion(current: number, { acceptedVersions }: Circumstances): void {
  if (acceptedVersions === undefined || acceptedVersions.includes(current)) return
  throw new Problem(412, 'version_stale', `the record is at version ${current}: read it again, then decide`)
}
