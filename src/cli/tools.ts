/** `gatehouse tools list|show|diff`: what an endpoint of MCP offers to a caller, and whether it is what it was, or what another caller gets. */
import type { Options, RunCommand } from './command.ts'
import { CommandError, exitStatus, type Io } from './io.ts'
import { jsonFor } from './json-output.ts'
import { converse } from './mcp/conversation.ts'
import { type Endpoint, endpointOf, otherFlags, ownFlags } from './mcp/endpoint.ts'
import { differenceOf, isSame } from './mcp/tools-difference.ts'
import { type ListedTool, listTools, toolNamed } from './mcp/tools-listed.ts'
import { documentText, listDocument, readSavedTools, toolDocument } from './mcp/tools-saved.ts'
import { differenceDocument, differenceText, toolsTable, toolText } from './mcp/tools-text.ts'

export const runTools: RunCommand = async (options, io) => {
  const [what, ...values] = options.operands
  if (what !== 'diff') refuseComparison(options, what ?? '')
  if (what === 'list') return list(values, options, io)
  if (what === 'show') return show(values, options, io)
  return diff(values, options, io)
}

async function list(values: readonly string[], options: Options, io: Io): Promise<number> {
  if (values.length > 0)
    throw new CommandError('`tools list` takes no names; `gatehouse tools show NAME` shows one tool')
  const endpoint = await endpointOf(ownFlags, options, io)
  const text = await converse(endpoint, options, io, async ({ client }) => {
    const tools = await listTools(client)
    return wantsJson(options, io)
      ? jsonFor(io.out, documentText(listDocument(tools, endpoint, client)))
      : toolsTable(tools, io.out.columns)
  })
  await io.out.write(text)
  return exitStatus.done
}

async function show(values: readonly string[], options: Options, io: Io): Promise<number> {
  const [name, extra] = values
  if (name === undefined || extra !== undefined)
    throw new CommandError('`tools show` takes the name of one tool; `gatehouse tools list` shows what there is')
  const tool = toolNamed(await toolsAt(await endpointOf(ownFlags, options, io), options, io), name)
  await io.out.write(
    options.text('format') === 'json' ? jsonFor(io.out, documentText(toolDocument(tool))) : toolText(tool),
  )
  return exitStatus.done
}

/** What comes first is what is compared with: the file, else the endpoint as the first caller sees it. */
async function diff(files: readonly string[], options: Options, io: Io): Promise<number> {
  const [before, after] = await sides(files, options, io)
  const difference = differenceOf(before, after)
  await io.out.write(
    options.text('format') === 'json'
      ? jsonFor(io.out, documentText(differenceDocument(difference)))
      : differenceText(difference),
  )
  return isSame(difference) ? exitStatus.done : exitStatus.finding
}

async function sides(
  files: readonly string[],
  options: Options,
  io: Io,
): Promise<readonly [readonly ListedTool[], readonly ListedTool[]]> {
  const [first, second, extra] = files
  const other = comparisonFlags(options)
  if (extra !== undefined) throw new CommandError('`tools diff` takes two files at most')
  if (first !== undefined && other.length > 0)
    throw new CommandError(
      `\`tools diff\` compares with a file or, with \`--${other[0]}\`, with another caller; write one of them`,
    )
  if (first !== undefined && second !== undefined) return [readSavedTools(first, io), readSavedTools(second, io)]
  if (first !== undefined) {
    const saved = readSavedTools(first, io)
    return [saved, await toolsAt(await endpointOf(ownFlags, options, io), options, io)]
  }
  if (other.length === 0)
    throw new CommandError(
      '`tools diff` takes a file that `tools list --format json` printed, or another caller with `--as`, `--to-token-file` or `--to`',
    )
  const [one, two] = [await endpointOf(ownFlags, options, io), await endpointOf(otherFlags, options, io)]
  return [await toolsAt(one, options, io), await toolsAt(two, options, io)]
}

function toolsAt(endpoint: Endpoint, options: Options, io: Io): Promise<readonly ListedTool[]> {
  return converse(endpoint, options, io, ({ client }) => listTools(client))
}

/** On a terminal a table, else what `tools diff` reads, unless it was said. */
function wantsJson(options: Options, { out }: Io): boolean {
  return (options.text('format') ?? (out.isTerminal ? 'text' : 'json')) === 'json'
}

function comparisonFlags(options: Options): readonly string[] {
  return [otherFlags.agent, otherFlags.tokenFile, otherFlags.url].filter((flag) => options.text(flag) !== undefined)
}

function refuseComparison(options: Options, what: string): void {
  const [flag] = comparisonFlags(options)
  if (flag !== undefined)
    throw new CommandError(`\`tools ${what}\` asks one caller; \`--${flag}\` is for \`tools diff\``)
}
