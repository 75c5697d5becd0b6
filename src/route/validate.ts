/** Values against converted schemas, by ajv with keywords of our own, and what is wrong as a fault that names the field. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { Fault, isRawNumber, type Json } from '../model/index.ts'
import { defineKeywords, linearRegExp } from './keywords.ts'
import { RealNumbers, standIn } from './numbers.ts'

/** Checks a value; faults with `argument_missing`, `argument_unknown` or `argument_invalid`, naming the field. */
export type Check = (value: Json, name: string) => void

export interface Validator {
  /** Throws an `Error` when the schema is not valid. `#/$defs/NAME` is one of the definitions it was made with. */
  compile(schema: Json): Check
}

/** Makes validators that share one compiler: what it needs for itself is compiled once, not once a description. Throws an `Error` for a definition that is not valid. */
export type MakeValidator = (definitions: { readonly [name: string]: Json }) => Validator

export function openValidators(): MakeValidator {
  const ajv = new Ajv2020({
    strict: false,
    logger: false,
    // An argument called `constructor` is an argument, and one that is not there is not found on a prototype.
    ownProperties: true,
    passContext: true,
    // `checkSchema` does it: ajv's own schema of schemas knows doubles only.
    validateSchema: false,
    // Patterns come from a file, texts from agents: RE2's linear time, never a backtracking engine.
    code: { regExp: linearRegExp },
  })
  defineKeywords(ajv)
  let count = 0
  return (definitions) => {
    const id = `description-${++count}`
    const shared = { $id: id, $defs: qualified(definitions, id) }
    checkSchema(ajv, shared)
    ajv.addSchema(shared)
    return {
      compile: (schema) => {
        const written = qualified(schema, id)
        checkSchema(ajv, written)
        const validate = ajv.compile(written as object)
        return (value, name) => check(validate, value, name)
      },
    }
  }
}

function checkSchema(ajv: Ajv2020, schema: Json): void {
  if (ajv.validateSchema(inDoubles(schema) as object) !== true)
    throw new Error(`schema is invalid: ${ajv.errorsText(ajv.errors)}`)
}

/** A schema with every number as a double: near enough to see whether it is a schema. */
function inDoubles(schema: Json): Json {
  if (typeof schema === 'bigint') return Number(schema)
  if (typeof schema !== 'object' || schema === null) return schema
  if (isRawNumber(schema)) return Number(schema.rawJSON)
  if (Array.isArray(schema)) return schema.map(inDoubles)
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, inDoubles(value as Json)]))
}

/** Keywords whose value is a list of data: a `$ref` in it refers to nothing. A field may have such a name too, but is no list. */
const dataLists = new Set(['enum', 'examples'])

/** `#/$defs/X` means the one in the document `id`. */
function qualified(schema: Json, id: string): Json {
  if (typeof schema !== 'object' || schema === null || isRawNumber(schema)) return schema
  if (Array.isArray(schema)) return schema.map((item) => qualified(item, id))
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      if (key === '$ref' && typeof value === 'string') return [key, `${id}${value}`]
      return [key, dataLists.has(key) && Array.isArray(value) ? value : qualified(value as Json, id)]
    }),
  )
}

function check(validate: ValidateFunction, value: Json, name: string): void {
  const real = new RealNumbers()
  const shown = standIn(value, real)
  if (validate.call(real, shown) === true) return
  throw faultOf((validate.errors ?? [])[0], name)
}

/** Values of an `enum` that a fault lists. */
const listedMax = 20

function faultOf(error: ErrorObject | undefined, name: string): Fault {
  const path = pathOf(error, name)
  switch (error?.keyword) {
    case 'required':
      return new Fault('argument_missing', `\`${path}\` is missing`, { publicDetail: `\`${path}\` is missing` })
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const said = `\`${path}\` is not part of this operation`
      return new Fault('argument_unknown', said, { publicDetail: said })
    }
    default: {
      const said = `\`${path}\` ${wantedOf(error)}`
      return new Fault('argument_invalid', said, { publicDetail: said })
    }
  }
}

/** The field as one would write it: `lines/0/qty`. */
function pathOf(error: ErrorObject | undefined, name: string): string {
  const params = error?.params ?? {}
  const field: unknown = params.missingProperty ?? params.additionalProperty ?? params.unevaluatedProperty
  const inside = (error?.instancePath ?? '').slice(1).replaceAll('~1', '/').replaceAll('~0', '~')
  const path = [name, inside, typeof field === 'string' ? field : ''].filter((part) => part !== '').join('/')
  return path === '' ? 'body' : shownField(path)
}

/** Characters of a field's name that are told: the name may be the agent's own. */
const fieldCharsMax = 200

export function shownField(name: string): string {
  const text = JSON.stringify(name.slice(0, fieldCharsMax)).slice(1, -1)
  return text.replaceAll('`', "'")
}

function wantedOf(error: ErrorObject | undefined): string {
  const listed: unknown = error?.params?.allowedValues
  if (Array.isArray(listed)) {
    const some = listed.slice(0, listedMax).map((value) => JSON.stringify(value))
    return `must be one of ${some.join(', ')}${listed.length > listedMax ? ' ...' : ''}`
  }
  return error?.message ?? 'is not valid'
}
