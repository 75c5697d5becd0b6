/**
 * What models are told of the operations: read from the OpenAPI descriptions, so that both doors of a service use the same
 * words. Fields of path, query and body become one flat object; headers are no arguments.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Operation } from './operation.ts'

/** What is compiled from here lies in `dist/examples/procurement`; the descriptions stay where they are. */
const folder = import.meta.filename.endsWith('.ts')
  ? import.meta.dirname
  : join(import.meta.dirname, '../../../examples/procurement')

export interface Words {
  readonly title: string
  readonly description: string
  /** JSON Schema 2020-12 of the flat arguments, without references. */
  readonly inputSchema: JsonObject
  /** The operation makes something new and changes nothing that was there: it answers 201. */
  readonly adds: boolean
}

export interface Description {
  readonly title: string
  readonly version: string
  readonly summary: string
  /** Throws an `Error` when the description does not have the operation. */
  wordsOf(operation: Pick<Operation, 'id' | 'method' | 'path'>): Words
}

interface JsonObject {
  readonly [name: string]: unknown
}

/** The description `NAME.openapi.yaml` of this folder. Throws what reading and parsing throw. */
export function readDescription(name: string): Description {
  const file = `${name}.openapi.yaml`
  const document = object(parse(readFileSync(join(folder, file), 'utf8')))
  const info = object(document.info)
  const paths = object(document.paths)
  return {
    title: text(info.title),
    version: text(info.version),
    summary: text(info.description),
    wordsOf({ id, method, path }) {
      const described = object(object(paths[path] ?? {})[method.toLowerCase()] ?? {})
      if (described.operationId !== id) throw new Error(`${file} has no operation \`${id}\` at ${method} ${path}`)
      const whole = object(resolve(document, described))
      return {
        title: text(whole.summary),
        description: text(whole.description),
        inputSchema: argumentsOf(whole),
        adds: Object.hasOwn(object(whole.responses), '201'),
      }
    },
  }
}

function argumentsOf(operation: JsonObject): JsonObject {
  const parameters = list(operation.parameters).filter(({ in: place }) => place === 'path' || place === 'query')
  const content = object(object(operation.requestBody ?? {}).content ?? {})
  const body = object(object(content['application/json'] ?? {}).schema ?? {})
  const described = parameters.map((one): [string, JsonObject] => [
    text(one.name),
    { ...object(one.schema), description: one.description },
  ])
  const required = [
    ...parameters.filter((one) => one.required === true).map((one) => text(one.name)),
    ...((body.required as readonly string[] | undefined) ?? []),
  ]
  return {
    type: 'object',
    properties: { ...Object.fromEntries(described), ...object(body.properties ?? {}) },
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  }
}

/** `value` with every `$ref` replaced by what it names. The descriptions have no circles: they would not come to an end here. */
function resolve(document: JsonObject, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => resolve(document, one))
  if (typeof value !== 'object' || value === null) return value
  const { $ref, ...rest } = value as JsonObject
  if ($ref === undefined)
    return Object.fromEntries(Object.entries(rest).map(([name, one]) => [name, resolve(document, one)]))
  const named = text($ref)
    .slice('#/'.length)
    .split('/')
    .reduce<unknown>((at, name) => object(at)[name], document)
  return { ...object(resolve(document, object(named))), ...rest }
}

function object(value: unknown): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  throw new Error(`a description has ${JSON.stringify(value)} where an object is expected`)
}

function list(value: unknown): readonly JsonObject[] {
  return value === undefined ? [] : (value as readonly unknown[]).map(object)
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  throw new Error(`a description has ${JSON.stringify(value)} where text is expected`)
}
