/**
 * What of a server a route offers: all of it, or what the configuration selects by the server's own names. What is not selected is
 * nowhere on the route: not in its lists, and not for who knows its name.
 */
import type { McpMethod, McpSelects, McpServer } from '../../model/index.ts'

type ListKind = NonNullable<McpMethod['lists']>

/** `.` and `..` as a segment, plain or escaped (RFC 3986 section 5.2.4): what begins well may lead elsewhere. */
const dotSegment = /(^|[/\\]|%2f|%5c)(\.|%2e){1,2}([/\\?#]|%2f|%5c|$)/i

/** `key`: a name, a URI, or a template as the server writes it. */
export function isSelected(server: McpServer, kind: ListKind, key: string): boolean {
  const patterns = patternsOf(server, kind)
  if (patterns === undefined) return true
  if (kind === 'resources' && leadsOut(server, key)) return false
  return patterns.some((pattern) => (pattern.endsWith('*') ? key.startsWith(pattern.slice(0, -1)) : pattern === key))
}

/** Whether a URI may lead out of what is selected, also where it seems to come from a template that is. */
export function leadsOut({ selects }: McpServer, uri: string): boolean {
  return selects?.resources !== undefined && dotSegment.test(uri)
}

/** Whether nothing of a kind is offered, whatever the server has of it. */
export function selectsNone(server: McpServer, kind: ListKind): boolean {
  return patternsOf(server, kind)?.length === 0
}

function patternsOf({ selects }: McpServer, kind: ListKind): McpSelects[keyof McpSelects] {
  return selects?.[kind === 'resourceTemplates' ? 'resources' : kind]
}
