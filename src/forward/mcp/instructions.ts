/** What a server says of itself for a model to read (`instructions`): held to the same rule as what it says of its tools. */
import type { JsonObject, McpServer, UpstreamReply } from '../../model/index.ts'
import { editJson, invisibleIn, printJson, withInvisibleShown } from '../../wire/index.ts'

export interface Introduction {
  readonly result: JsonObject
  /** The message whose result it is. */
  readonly bytes: Buffer
  /** Why nobody is shown the instructions. */
  readonly problem?: string
}

/** The result of `initialize` or `server/discover` as agents get it. */
export function introductionOf({ invisible }: McpServer, result: JsonObject, bytes: Buffer): Introduction {
  const { instructions, ...rest } = result
  const found = instructions === undefined || invisible === 'pass' ? undefined : invisibleIn(instructions)
  if (found === undefined) return { result, bytes }
  const path = ['result', 'instructions']
  if (invisible === 'show' && typeof instructions === 'string') {
    const shown = withInvisibleShown(instructions)
    return { result: { ...rest, instructions: shown }, bytes: editJson(bytes, [{ path, text: printJson(shown) }]) }
  }
  const problem = `it has ${found.character}, which nobody sees`
  return { result: rest, bytes: editJson(bytes, [{ path, text: undefined }]), problem }
}

/** The outcome of the call names each server whose instructions nobody is shown. */
export function withRefused(
  reply: UpstreamReply,
  introduced: readonly { readonly server: McpServer; readonly problem: string | undefined }[],
): UpstreamReply {
  const servers = introduced.flatMap(({ server, problem }) => {
    if (problem === undefined) return []
    const refused_entries = [{ name: 'instructions', why: problem }]
    return [{ upstream: server.upstream.id, shown: 0, hidden: 0, refused: 1, refused_entries }]
  })
  return servers.length === 0 ? reply : { ...reply, servers }
}
