/**
 * One operation of a description: its flat arguments as a model sees them, and the same arguments read from an HTTP call.
 * Both come from one list of fields, so that a rule about an argument governs both doors.
 */
import { isJsonObject, type Json, type JsonObject, messageOf, type Operation } from '../model/index.ts'
import { type Body, readBody } from './body.ts'
import { type Parameter, type ReadableParameter, readParameter } from './parameters.ts'
import { makeReader, wholeBody } from './read-arguments.ts'
import { type Document, elements, flawed, type Located, member, textMember } from './references.ts'
import type { Schemas } from './schema.ts'
import { annotationsOf, makeTool, type Tool } from './tool.ts'
import type { Check, Validator } from './validate.ts'

export interface OperationSource {
  readonly document: Document
  readonly schemas: Schemas
  /** Id of the upstream. */
  readonly server: string
  readonly method: string
  /** The path as the description writes it, split: `{id}` is a parameter. */
  readonly template: readonly string[]
  readonly pathItem: Located
  readonly at: Located
  /** Segments of a call before the template begins: the route's prefix. */
  readonly prefixLength: number
  /** From the route: `path.id`, `query.id` or `body.id` to the argument's new name. */
  readonly renames: { readonly [field: string]: string }
}

/** An operation before its checks are compiled: they refer to definitions that later operations may still add. */
export interface OperationDraft {
  readonly name: string
  readonly method: string
  readonly template: readonly string[]
  readonly at: Located
  finish(validator: Validator): DescribedOperation
}

export interface DescribedOperation {
  readonly method: string
  readonly template: readonly string[]
  readonly tool: Tool
  readonly operation: Operation
}

interface Field {
  /** `path.id`, `query.id` or `body.id`, as the configuration's `renames` writes it. */
  readonly source: string
  readonly argument: string
  readonly schema: Located
  readonly required: boolean
  readonly description: string | undefined
}

/** Names that MCP takes for tools, and nothing that needs escaping anywhere. */
const toolName = /^[A-Za-z0-9_./-]{1,128}$/
/** Arguments of one operation: a model could not tell more of them apart. */
const fieldsMax = 256

/** Throws `Flaws`. */
export function readOperation(source: OperationSource): OperationDraft {
  const { document, schemas, server, method, at } = source
  const name = textMember(at, 'operationId')
  if (name === undefined)
    throw flawed(document, at, 'the operation has no `operationId`', 'add one: it is the name of the tool')
  if (!toolName.test(name))
    throw flawed(
      document,
      at,
      `the operationId \`${name}\` is no name of a tool`,
      'use letters, digits, `_`, `-`, `.` and `/`',
    )
  const parameters = parametersOf(source)
  const body = readBody(document, at)
  const fields = fieldsOf(source, name, parameters, body)
  const properties = Object.fromEntries(
    fields.map((field) => [field.argument, described(schemas.convert(field.schema), field.description)]),
  )
  const required = fields.filter((field) => field.required).map(({ argument }) => argument)
  const further = body.kind === 'json' && body.fields.further
  const inputSchema: JsonObject = {
    type: 'object',
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: further,
  }
  const bodySchema = body.kind === 'json' ? schemas.convert(body.fields.schema) : undefined
  const parameterSchemas = parameters.map((parameter) => schemas.convert(parameter.schema))
  const title = textMember(at, 'summary')
  const description = textMember(at, 'description')
  return {
    name,
    method,
    template: source.template,
    at,
    finish: (validator) => {
      // Definitions are complete only when every operation has been read; a tool carries those that it refers to.
      const definitions = usedDefinitions(inputSchema, schemas.definitions)
      const tool = makeTool(server, {
        name,
        ...(title !== undefined && { title }),
        ...(description !== undefined && { description }),
        inputSchema: Object.keys(definitions).length === 0 ? inputSchema : { ...inputSchema, $defs: definitions },
        annotations: annotationsOf(method),
      })
      const compiled = parameters.map((parameter, index) => {
        const check = compile(document, parameter.at, validator, parameterSchemas[index] as Json)
        return compileParameter(source, parameter, fields, check)
      })
      const bodyCheck = bodySchema === undefined ? undefined : compile(document, at, validator, bodySchema)
      const operation: Operation = Object.freeze({
        tool: Object.freeze({ server, name, digest: tool.digest, annotations: tool.annotations }),
        readsBody: body.kind === 'json',
        argumentsOf: makeReader({ name, body, bodyCheck, fields, compiled, from: source.prefixLength }),
      })
      return { method, template: source.template, tool, operation }
    },
  }
}

/** The path item's parameters, replaced where the operation has one of the same name and place. */
function parametersOf({ document, pathItem, at, template }: OperationSource): readonly Parameter[] {
  const byKey = new Map<string, Parameter>()
  for (const owner of [pathItem, at]) {
    const list = member(owner, 'parameters')
    const own = new Set<string>()
    for (const part of list === undefined ? [] : elements(list)) {
      const parameter = readParameter(document, part)
      if (parameter === undefined) continue
      const key = `${parameter.place}.${parameter.name}`
      if (own.has(key)) throw flawed(document, part, `the parameter \`${key}\` comes twice`, 'remove one')
      own.add(key)
      byKey.set(key, parameter)
    }
  }
  const parameters = [...byKey.values()]
  const inTemplate = template.filter((segment) => segment.startsWith('{')).map((segment) => segment.slice(1, -1))
  for (const name of inTemplate)
    if (!byKey.has(`path.${name}`))
      throw flawed(
        document,
        at,
        `the path has \`{${name}}\`, which no parameter describes`,
        'add a parameter with `in: path`',
      )
  const loose = parameters.find(({ place, name }) => place === 'path' && !inTemplate.includes(name))
  if (loose !== undefined)
    throw flawed(document, loose.at, `the path has no \`{${loose.name}}\``, 'remove the parameter, or correct its name')
  return parameters
}

/** Every argument once, with the configuration's new names. Throws `Flaws` when two fields have one name. */
function fieldsOf(
  source: OperationSource,
  name: string,
  parameters: readonly Parameter[],
  body: Body,
): readonly Field[] {
  const { document, at, renames } = source
  // First: a rename that is misspelt leaves the collision that it was meant for, and would be told as that.
  const known = originsOf(parameters, body)
  const unused = Object.keys(renames).find((origin) => !known.includes(origin))
  if (unused !== undefined)
    throw flawed(
      document,
      at,
      `\`renames\` of the route names \`${unused}\`, which \`${name}\` does not have`,
      `take one of ${known.map((one) => `\`${one}\``).join(', ') || 'none'}`,
    )
  const fields: Field[] = []
  const add = (origin: string, own: string, schema: Located, required: boolean, owner?: Located): void => {
    const argument = Object.hasOwn(renames, origin) ? (renames[origin] as string) : own
    const other = fields.find((field) => field.argument === argument)
    if (other !== undefined)
      throw flawed(
        document,
        at,
        `the fields \`${other.source}\` and \`${origin}\` of \`${name}\` are one argument \`${argument}\``,
        `rename one: \`renames: { ${name}: { ${origin}: NEW_NAME } }\` in the route`,
      )
    if (argument === '__proto__' || argument === '')
      throw flawed(
        document,
        at,
        `\`${origin}\` of \`${name}\` has a name that no argument can have`,
        `rename it: \`renames: { ${name}: { ${origin}: NEW_NAME } }\` in the route`,
      )
    if (fields.length === fieldsMax)
      throw flawed(document, at, `\`${name}\` has more than ${fieldsMax} fields`, 'divide it')
    fields.push({
      source: origin,
      argument,
      schema,
      required,
      description: owner === undefined ? undefined : textMember(owner, 'description'),
    })
  }
  for (const parameter of parameters)
    add(`${parameter.place}.${parameter.name}`, parameter.name, parameter.schema, parameter.required, parameter.at)
  if (body.kind === 'json') {
    const { required, requiredFields, schema } = body.fields
    if (body.fields.fields === undefined) add(wholeBody, wholeBody, schema, required)
    else
      for (const [field, at] of body.fields.fields)
        add(`body.${field}`, field, at, required && requiredFields.has(field))
  }
  return fields
}

/** `path.id`, `query.id`, `body.id`: every field where it stands in the call. */
function originsOf(parameters: readonly Parameter[], body: Body): readonly string[] {
  const ofParameters = parameters.map(({ place, name }) => `${place}.${name}`)
  if (body.kind !== 'json') return ofParameters
  const names = body.fields.fields?.keys()
  return [...ofParameters, ...(names === undefined ? [wholeBody] : [...names].map((field) => `body.${field}`))]
}

function described(schema: Json, description: string | undefined): Json {
  if (description === undefined || !isJsonObject(schema) || schema.description !== undefined) return schema
  return { ...schema, description }
}

function compile(document: Document, at: Located, validator: Validator, schema: Json): Check {
  try {
    return validator.compile(schema)
  } catch (cause) {
    const what = messageOf(cause)
    throw flawed(document, at, `the schema is not valid: ${what}`, 'see https://json-schema.org/draft/2020-12')
  }
}

function compileParameter(
  { template }: OperationSource,
  parameter: Parameter,
  fields: readonly Field[],
  check: Check,
): ReadableParameter {
  const origin = `${parameter.place}.${parameter.name}`
  const argument = fields.find((field) => field.source === origin)?.argument ?? parameter.name
  const segment = parameter.place === 'path' ? template.indexOf(`{${parameter.name}}`) : -1
  return { parameter, argument, check, segment }
}

/** The definitions that a schema refers to, and those that these refer to. */
function usedDefinitions(schema: Json, all: { readonly [name: string]: Json }): { readonly [name: string]: Json } {
  const used = new Map<string, Json>()
  const queue: Json[] = [schema]
  for (let part = queue.pop(); part !== undefined; part = queue.pop()) {
    if (Array.isArray(part)) queue.push(...part)
    if (!isJsonObject(part)) continue
    for (const [key, value] of Object.entries(part)) {
      queue.push(value)
      if (key !== '$ref' || typeof value !== 'string') continue
      const name = value.slice('#/$defs/'.length)
      const definition = Object.hasOwn(all, name) ? all[name] : undefined
      if (definition === undefined || used.has(name)) continue
      used.set(name, definition)
      queue.push(definition)
    }
  }
  return Object.fromEntries(used)
}
