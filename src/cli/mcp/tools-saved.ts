/** Lists of tools as `gatehouse tools list` prints them for programs, and as `gatehouse tools diff` reads them again from a file. */
import { isJsonObject, type Json, type JsonObject, property, rawNumber, visible } from '../../model/index.ts'
import { JsonError, parseJson, toolDigest } from '../../wire/index.ts'
import { CommandError, type Io } from '../io.ts'
import { readNamed } from '../named-file.ts'
import type { Client } from './client.ts'
import type { Endpoint } from './endpoint.ts'
import type { ListedTool } from './tools-listed.ts'

/** What is known of one tool, for programs: the digest, where it comes from, and the whole definition. */
export function toolDocument({ name, server, ownName, digest, definition }: ListedTool): JsonObject {
  const { title, annotations } = definition
  return {
    name,
    ...(server !== undefined && { server }),
    ...(ownName !== name && { own_name: ownName }),
    digest,
    ...(title !== undefined && { title }),
    summary: summaryOf(definition),
    ...(annotations !== undefined && { annotations }),
    definition,
  }
}

/** The same for all, in the endpoint's order; nothing in it depends on the time, so that it can be kept and compared. */
export function listDocument(
  tools: readonly ListedTool[],
  { url }: Endpoint,
  { revision, serverInfo }: Client,
): JsonObject {
  return {
    endpoint: url.href,
    revision,
    ...(serverInfo !== undefined && { server_info: serverInfo }),
    tools: tools.map(toolDocument),
  }
}

/** Indented, numbers as they were written, with a line end. */
export function documentText(document: Json): string {
  const replace = (_key: string, one: unknown): unknown => (typeof one === 'bigint' ? rawNumber(one.toString()) : one)
  return `${JSON.stringify(document, replace, 2)}\n`
}

/** What a tool is for, in one line: its title, else the first line of its description; empty where it says neither. */
export function summaryOf(definition: JsonObject): string {
  const { title, description, annotations } = definition
  const said = [title, property(annotations, 'title'), description].find(
    (one) => typeof one === 'string' && one.trim() !== '',
  )
  return typeof said === 'string' ? (said.trim().split(/\r\n|\n|\r/, 1)[0] ?? '') : ''
}

/** Throws `CommandError` for a file that holds no list, and for one in which a digest is not that of its definition. */
export function readSavedTools(file: string, { directory }: Pick<Io, 'directory'>): readonly ListedTool[] {
  const shown = `\`${visible(file)}\``
  const { tools } = listIn(file, shown, directory)
  if (!Array.isArray(tools))
    throw new CommandError(`${shown} holds no list of tools; \`gatehouse tools list --format json\` prints one`)
  return tools.map((one: Json, index) => {
    const { name, server, own_name: own, digest, definition } = isJsonObject(one) ? one : {}
    if (typeof name !== 'string' || typeof digest !== 'string' || !isJsonObject(definition))
      throw new CommandError(
        `${shown} holds no list of tools: entry ${index} has no \`name\`, \`digest\` and \`definition\``,
      )
    const ownName = typeof own === 'string' ? own : name
    if (toolDigest({ ...definition, name: ownName }) !== digest)
      throw new CommandError(
        `${shown} was changed since it was saved: the digest of \`${visible(name)}\` is not that of its definition`,
      )
    return { name, server: typeof server === 'string' ? server : undefined, ownName, digest, definition }
  })
}

function listIn(file: string, shown: string, directory: string): JsonObject {
  const bytes = readNamed(file, 'the list of tools', directory)
  try {
    const value = parseJson(bytes)
    return isJsonObject(value) ? value : {}
  } catch (cause) {
    throw cause instanceof JsonError ? new CommandError(`${shown} is no JSON: ${visible(cause.message)}`) : cause
  }
}
