/** Where a call came to and where it went, as records say it. */
import type { Call, JsonObject, RecordedCall, RecordedTarget, Target } from '../model/index.ts'

export function recordedTarget({ route, upstream, operation, mcp }: Target): RecordedTarget & JsonObject {
  const tool = operation?.tool ?? mcp?.facts?.tool
  return {
    route: route.id,
    ...(upstream !== undefined && { upstream: upstream.id }),
    ...(tool !== undefined && { tool: tool.name }),
    ...(mcp?.facts !== undefined && { tool_digest: mcp.facts.tool.digest }),
  }
}

/** A message of MCP has its own method; the one of HTTP says nothing. */
export function recordedCall(call: Call, target: Target | undefined): RecordedCall & JsonObject {
  const { host, path } = call
  const mcp = target?.mcp
  if (mcp === undefined) return { protocol: 'http', method: call.method, host, path }
  return { protocol: 'mcp', method: mcp.message.method.name, host, path }
}
