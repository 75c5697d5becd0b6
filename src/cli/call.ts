/**
 * `gatehouse call TOOL`: calls one tool as an agent would, for operators and builds. The tool is listed first, so that a definition that
 * changes in between is refused by the gateway, and so that arguments get the types that it declares.
 */
import { type Json, type JsonObject, property, visible } from '../model/index.ts'
import { headerValueOf, mcpHeaders, memberOf, mirroredText, mirrorsOf, printJson } from '../wire/index.ts'
import type { Options, RunCommand } from './command.ts'
import { CommandError, exitStatus, type Io } from './io.ts'
import { jsonFor } from './json-output.ts'
import { argumentsFrom, type GivenArguments } from './mcp/arguments.ts'
import type { Client } from './mcp/client.ts'
import { converse, type Talk } from './mcp/conversation.ts'
import { endpointOf, ownFlags } from './mcp/endpoint.ts'
import { refusalIn } from './mcp/refused.ts'
import { askedText, notificationText, resultText } from './mcp/result-text.ts'
import { type Finished, waitForTask } from './mcp/task.ts'
import { type ListedTool, listTools, toolNamed } from './mcp/tools-listed.ts'
import { readNamed } from './named-file.ts'

const digestForm = /^sha256:[0-9a-f]{64}$/

export const runCall: RunCommand = async (options, io) => {
  const [name = ''] = options.operands
  const given = await givenArguments(options, io)
  const endpoint = await endpointOf(ownFlags, options, io)
  const { result, bytes } = await converse(endpoint, options, io, async (talk) => {
    const tool = toolNamed(await listTools(talk.client), name)
    refuseOtherDigest(tool, options)
    const values = argumentsFrom(given, name, tool.definition.inputSchema)
    return callTool(tool, values, talk, options, io)
  })
  const isJson = options.text('format') === 'json'
  const refusal = refusalIn(result)
  if (isJson) await io.out.write(jsonFor(io.out, `${bytes.toString('utf8')}\n`))
  if (refusal !== undefined) throw refusal
  if (!isJson) await io.out.write(resultText(result, io.out.isTerminal))
  if (result.isError !== true) return exitStatus.done
  throw new CommandError(`the tool \`${visible(name)}\` answered that it failed`, exitStatus.finding)
}

async function givenArguments(options: Options, io: Io): Promise<GivenArguments> {
  const words = options.list('arg')
  const file = options.text('args-json')
  if (file === undefined) return { words, json: undefined }
  if (file === '-') return { words, json: { from: 'standard input', text: await io.input.bytes() } }
  return { words, json: { from: file, text: readNamed(file, 'the arguments', io.directory) } }
}

/** A build that pins a tool calls it by this definition or not at all. */
function refuseOtherDigest({ name, digest }: ListedTool, options: Options): void {
  const wanted = options.text('digest')
  if (wanted === undefined) return
  if (!digestForm.test(wanted))
    throw new CommandError(
      `\`--digest\` takes \`sha256:\` and 64 digits, as \`gatehouse tools show ${visible(name)}\` prints them`,
    )
  if (wanted !== digest)
    throw new CommandError(
      `the definition of \`${visible(name)}\` has the digest \`${digest}\`, and was not called; \`gatehouse tools diff\` shows what changed`,
      exitStatus.finding,
      { digest },
    )
}

async function callTool(tool: ListedTool, values: JsonObject, talk: Talk, options: Options, io: Io): Promise<Finished> {
  const { client, signal, atEnd } = talk
  const isJson = options.text('format') === 'json'
  // Nobody may be left to read it.
  const says = (text: string): Promise<void> => io.err.write(text).catch(() => undefined)
  let told = Promise.resolve()
  const answer = await client.request(
    'tools/call',
    { name: tool.name, arguments: values },
    {
      name: tool.name,
      headers: mirroredFields(tool, values, client),
      hear(method, params) {
        const text = isJson ? jsonFor(io.err, `${printJson({ method, params })}\n`) : notificationText(method, params)
        told = told.then(() => says(text))
      },
    },
  )
  await told
  const { resultType } = answer.result
  if (resultType === 'input_required') throw asked(tool, answer.result)
  if (resultType === 'task') {
    const tell = (status: string): Promise<void> => (isJson ? Promise.resolve() : says(`task ${status}\n`))
    return waitForTask(client, answer.result, { signal, pause: io.pause, atEnd, tell })
  }
  if (resultType !== undefined && resultType !== 'complete')
    throw new CommandError(
      `the result has the type \`${visible(printJson(resultType).slice(0, 80))}\`, which is none of 2026-07-28`,
      exitStatus.finding,
    )
  return { result: answer.result, bytes: memberOf(answer.bytes, ['result']) ?? Buffer.from('{}') }
}

/** 2026-07-28 "Custom Headers from Tool Parameters". Throws `CommandError` for a definition that cannot be used over HTTP. */
function mirroredFields(
  { name, definition }: ListedTool,
  values: JsonObject,
  { era }: Client,
): { [field: string]: string } {
  if (era === 'legacy') return {}
  const mirrors = mirrorsOf(definition.inputSchema)
  if ('problem' in mirrors)
    throw new CommandError(
      `the tool \`${visible(name)}\` cannot be called over HTTP: ${mirrors.problem}`,
      exitStatus.finding,
    )
  const fields: { [field: string]: string } = {}
  for (const { header, path } of mirrors) {
    let value: Json | undefined = values
    for (const key of path) value = property(value, key)
    const text = mirroredText(value)
    if (text !== undefined) fields[`${mcpHeaders.paramPrefix}${header}`] = headerValueOf(text)
  }
  return fields
}

/** Nothing was done yet: the tool would go on with the answers, which this client cannot give. */
function asked({ name }: ListedTool, { inputRequests }: JsonObject): CommandError {
  return new CommandError(
    `the tool \`${visible(name)}\` asks for more before it does anything, which this client cannot give:\n${askedText(inputRequests).trimEnd()}`,
    exitStatus.finding,
    { ...(inputRequests !== undefined && { asked: inputRequests }) },
  )
}
