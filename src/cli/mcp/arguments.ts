/**
 * The arguments of a call, made of the words of a command line: each value gets the type that the tool's input schema says, and names
 * that the schema does not have are told of with the nearest that it has.
 */
import { isJsonObject, type Json, type JsonObject, nearest, property, visible } from '../../model/index.ts'
import { JsonError, parseJson, printJson } from '../../wire/index.ts'
import { CommandError } from '../io.ts'
import { choicesOf, isOneOf, resolved, type TypeName, typeOf, typesOf, typeWords } from './schema.ts'

export interface GivenArguments {
  /** `name=value`, or `name:=JSON` for a value that is written as JSON. */
  readonly words: readonly string[]
  /** The text of an object, from a file: sent as it is, whatever the schema says. */
  readonly json: { readonly from: string; readonly text: Uint8Array } | undefined
}

/** Throws `CommandError` for what the tool could not take. What is missing is told of unless an object was given whole. */
export function argumentsFrom(
  { words, json }: GivenArguments,
  tool: string,
  inputSchema: Json | undefined,
): JsonObject {
  const whole = json === undefined ? {} : objectFrom(json.text, json.from)
  const values = new Map<string, Json>(Object.entries(whole))
  for (const word of words) {
    const { name, text, isJson } = divided(word)
    if (values.has(name)) throw new CommandError(`the argument \`${visible(name)}\` comes twice; write it once`)
    values.set(
      name,
      isJson ? jsonValue(name, text) : typedValue(name, text, schemaOf(name, tool, inputSchema), inputSchema),
    )
  }
  if (json === undefined) refuseMissing(values, tool, inputSchema)
  // Own properties whatever they are called: `__proto__` is a name like others.
  return Object.fromEntries(values)
}

function divided(word: string): { readonly name: string; readonly text: string; readonly isJson: boolean } {
  const at = word.indexOf('=')
  const isJson = at > 0 && word[at - 1] === ':'
  const name = word.slice(0, isJson ? at - 1 : at)
  if (at === -1 || name === '')
    throw new CommandError(`\`--arg\` takes \`name=value\`, or \`name:=JSON\`, not \`${visible(word.slice(0, 120))}\``)
  return { name, text: word.slice(at + 1), isJson }
}

function objectFrom(text: Uint8Array, from: string): JsonObject {
  const value = readJson(text, `\`${visible(from)}\` holds no arguments`)
  if (!isJsonObject(value)) throw new CommandError(`\`${visible(from)}\` holds no arguments: it is no object of JSON`)
  return value
}

function jsonValue(name: string, text: string): Json {
  return readJson(Buffer.from(text), `\`${visible(name)}:=\` takes JSON`)
}

function readJson(bytes: Uint8Array, what: string): Json {
  try {
    return parseJson(bytes)
  } catch (cause) {
    throw cause instanceof JsonError ? new CommandError(`${what}: ${visible(cause.message)}`) : cause
  }
}

/** The schema of one argument. A name that is not declared is most often a slip, even where the schema would let it pass. */
function schemaOf(name: string, tool: string, inputSchema: Json | undefined): Json | undefined {
  const { properties, additionalProperties, patternProperties } = resolved(inputSchema, inputSchema)
  const declared = property(properties, name)
  if (declared !== undefined) return declared
  const names = isJsonObject(properties) ? Object.keys(properties) : []
  const isOpen = patternProperties !== undefined || additionalProperties === true || isJsonObject(additionalProperties)
  if (isOpen || (names.length === 0 && additionalProperties !== false)) return additionalProperties
  const meant = nearest(name, names)
  const offer =
    meant !== undefined
      ? `did you mean \`${visible(meant)}\`?`
      : names.length === 0
        ? 'it has none'
        : `it has ${names.map(visible).join(', ')}`
  const unknown = `the tool \`${visible(tool)}\` has no argument \`${visible(name)}\`; ${offer}`
  throw new CommandError(
    additionalProperties === false ? unknown : `${unknown} \`--args-json\` sends what is not declared`,
  )
}

/**
 * The first of the types that the text can be, in the order null, boolean, number, object, array, string; so a string is taken for
 * itself wherever nothing else is allowed.
 */
function typedValue(name: string, text: string, schema: Json | undefined, root: Json | undefined): Json {
  const types = typesOf(schema, root)
  const value = fitting(text, types)
  if (value === undefined)
    throw new CommandError(
      `the argument \`${visible(name)}\` takes ${typeWords(types) || 'no value'}, not \`${visible(text.slice(0, 120))}\``,
    )
  const choices = choicesOf(schema, root)
  if (choices === undefined || isOneOf(value, choices)) return value
  const texts = choices.map((one) => (typeof one === 'string' ? one : printJson(one)))
  const meant = nearest(text, texts)
  const offer = meant === undefined ? '' : `; did you mean \`${visible(meant)}\`?`
  throw new CommandError(
    `the argument \`${visible(name)}\` takes ${texts.map((one) => `\`${visible(one)}\``).join(', ')}, not \`${visible(text.slice(0, 120))}\`${offer}`,
  )
}

function fitting(text: string, types: readonly TypeName[]): Json | undefined {
  if (types.some((type) => type !== 'string')) {
    const value = jsonOrNothing(text)
    if (value !== undefined && typeof value !== 'string' && types.includes(typeOf(value))) return value
  }
  return types.includes('string') ? text : undefined
}

function jsonOrNothing(text: string): Json | undefined {
  try {
    return parseJson(Buffer.from(text))
  } catch (cause) {
    if (cause instanceof JsonError) return undefined
    throw cause
  }
}

function refuseMissing(values: ReadonlyMap<string, Json>, tool: string, inputSchema: Json | undefined): void {
  const { required, properties } = resolved(inputSchema, inputSchema)
  if (!Array.isArray(required)) return
  const missing = required.filter((name): name is string => typeof name === 'string' && !values.has(name))
  if (missing.length === 0) return
  const told = missing.map(
    (name) => `\`${visible(name)}\` (${typeWords(typesOf(property(properties, name), inputSchema))})`,
  )
  throw new CommandError(
    `the tool \`${visible(tool)}\` needs ${told.join(', ')}; write \`--arg ${visible(missing[0] ?? '')}=...\`, or give all with \`--args-json\``,
  )
}
