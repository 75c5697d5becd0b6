/**
 * A service as an MCP server, on the official SDK: one tool an operation, with the operation's name, its arguments flat, and
 * the answers and problems that the HTTP door gives. Both eras are served, neither with state: 2026-07-28 as it is, and
 * 2025-11-25 and older without sessions.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { localhostHostValidation, localhostOriginValidation, toNodeHandler } from '@modelcontextprotocol/node'
import {
  type CallToolResult,
  createMcpHandler,
  fromJsonSchema,
  type JsonSchemaValidator,
  McpServer,
} from '@modelcontextprotocol/server'
import { circumstancesOf } from './circumstances.ts'
import { readDescription } from './descriptions.ts'
import type { Circumstances, Operation } from './operation.ts'
import { describeProblem, Problem } from './problem.ts'

/** Answers a request whose credential was checked. */
export type McpEndpoint = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** Bytes of a message: an order with its 500 lines is below 200 KB. */
const messageBytesMax = 1024 * 1024

/** The operation checks its fields itself, so that both doors refuse in the same words. */
const takesAnything = {
  getValidator<T>(): JsonSchemaValidator<T> {
    return (input) => ({ valid: true, data: input as T, errorMessage: undefined })
  },
}

/** The endpoint of the service `name`. `now` gives milliseconds since 1970; `report` is told what no caller may see. */
export function makeMcpEndpoint(
  name: string,
  operations: readonly Operation[],
  ports: { readonly now: () => number; readonly report: (cause: unknown) => void },
): McpEndpoint {
  const description = readDescription(name)
  const tools = operations.map((operation) => ({ operation, config: configOf(operation, description) }))
  const handler = createMcpHandler(
    () => {
      const server = new McpServer(
        { name: `procurement-${name}`, title: description.title, version: description.version },
        { instructions: description.summary },
      )
      for (const { operation, config } of tools)
        server.registerTool(operation.id, config, (fields, context) =>
          answer(operation, fields, circumstancesOf(headersOf(context.http?.req), ports.now()), ports.report),
        )
      return server
    },
    { maxRequestBodySize: messageBytesMax, onerror: ports.report },
  )
  // The adapter's own types of request and response are narrower than what it takes.
  const answerMessage = toNodeHandler(handler, {
    maxRequestBodySize: messageBytesMax,
    onerror: ports.report,
  }) as unknown as McpEndpoint
  const hostFits = localhostHostValidation()
  const originFits = localhostOriginValidation()
  return async (request, response) => {
    if (!hostFits(request, response) || !originFits(request, response)) return
    await answerMessage(request, response)
  }
}

/** No output schema: whoever stands in front may mask a field, and a client would refuse the whole answer. */
function configOf(operation: Operation, description: ReturnType<typeof readDescription>) {
  const words = description.wordsOf(operation)
  const readOnly = operation.method === 'GET'
  return {
    title: words.title,
    description: words.description,
    inputSchema: fromJsonSchema(words.inputSchema, takesAnything),
    annotations: readOnly
      ? { readOnlyHint: true, openWorldHint: false }
      : { readOnlyHint: false, destructiveHint: !words.adds, idempotentHint: false, openWorldHint: false },
  }
}

function headersOf(request: Request | undefined): (name: string) => string | undefined {
  return (name) => request?.headers.get(name) ?? undefined
}

function answer(
  operation: Operation,
  fields: unknown,
  circumstances: Circumstances,
  report: (cause: unknown) => void,
): CallToolResult {
  try {
    return resultOf(operation.runFlat(fields, circumstances).body, false)
  } catch (cause) {
    if (!(cause instanceof Problem)) report(cause)
    return resultOf(describeProblem(cause), true)
  }
}

/** Structured for programs, and the same as text for models, as the specification asks. */
function resultOf(body: unknown, isError: boolean): CallToolResult {
  const content = [{ type: 'text' as const, text: JSON.stringify(body) }]
  const structuredContent = body as { [name: string]: unknown }
  return isError ? { content, structuredContent, isError } : { content, structuredContent }
}
