/** The tools that an endpoint lists, every page of them, each with its digest and with what a gateway says of where it comes from. */
import { isJsonObject, type JsonObject, limits, nearest, property, visible } from '../../model/index.ts'
import { originKey, toolDigest } from '../../wire/index.ts'
import { CommandError, exitStatus } from '../io.ts'
import type { Client } from './client.ts'

export interface ListedTool {
  /** As agents call it. */
  readonly name: string
  /** The upstream behind the gateway; undefined where the endpoint does not say. */
  readonly server: string | undefined
  /** As its server calls it, and so as policy sees it. */
  readonly ownName: string
  /** As policy sees it: over the definition with the server's own name. */
  readonly digest: string
  /** As it was listed. */
  readonly definition: JsonObject
}

/** In the endpoint's order. Rejects with a `CommandError`, with status 1 for a list that is none or has no end. */
export async function listTools(client: Client): Promise<readonly ListedTool[]> {
  const tools: ListedTool[] = []
  let cursor: string | undefined
  for (let page = 0; page < limits.mcpPagesMax; page++) {
    const params = { ...(cursor !== undefined && { cursor }), _meta: { [originKey]: true } }
    const { result } = await client.request('tools/list', params)
    if (!Array.isArray(result.tools)) throw bad('has no list `tools`')
    for (const [index, one] of result.tools.entries()) {
      const tool = isJsonObject(one) ? toolOf(one) : undefined
      if (tool === undefined) throw bad(`has no name at the place ${index}`)
      tools.push(tool)
    }
    if (tools.length > limits.mcpToolsMax) throw bad(`has more than ${limits.mcpToolsMax} tools`)
    const next = result.nextCursor
    if (next === undefined || next === null) return tools
    if (typeof next !== 'string' || next === cursor) throw bad('has a cursor that leads nowhere')
    cursor = next
  }
  throw bad(`has more than ${limits.mcpPagesMax} pages`)
}

/** Undefined for a definition without a name. */
export function toolOf(definition: JsonObject): ListedTool | undefined {
  const { name } = definition
  if (typeof name !== 'string' || name === '') return undefined
  const origin = property(definition._meta, originKey)
  const server = property(origin, 'server')
  const own = property(origin, 'name')
  const ownName = typeof own === 'string' ? own : name
  return {
    name,
    server: typeof server === 'string' ? server : undefined,
    ownName,
    digest: toolDigest({ ...definition, name: ownName }),
    definition,
  }
}

/** The tool of this name. Throws a `CommandError` that names the nearest, and one with status 1 where the name has two meanings. */
export function toolNamed(tools: readonly ListedTool[], name: string): ListedTool {
  const [found, ...others] = tools.filter((tool) => tool.name === name)
  if (found !== undefined && others.some(({ digest }) => digest !== found.digest))
    throw new CommandError(
      `the endpoint lists \`${visible(name.slice(0, 128))}\` more than once, with different definitions: which of them is called nobody can say`,
      exitStatus.finding,
    )
  if (found !== undefined) return found
  const names = tools.map((tool) => tool.name)
  const meant = nearest(name, names)
  const offer =
    meant !== undefined
      ? `did you mean \`${visible(meant)}\`?`
      : names.length === 0
        ? 'it lists none for this caller'
        : '`gatehouse tools list` shows those that it has for this caller'
  throw new CommandError(`the endpoint lists no tool \`${visible(name.slice(0, 128))}\`; ${offer}`)
}

function bad(what: string): CommandError {
  return new CommandError(`the endpoint's answer to \`tools/list\` ${what}`, exitStatus.finding)
}
