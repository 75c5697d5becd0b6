/** A tool server with something of every kind: what is there by each name, and what it says itself of what is not. */
import { echoTool, type McpServerOptions, type Message, type ServedCall } from './mcp-server.ts'

export const library = {
  tools: ['echo', 'secret-tool'].map((name) => ({ ...echoTool, name })),
  prompts: ['draft', 'secret-prompt'].map((name) => ({ name })),
  resources: ['file:///open', 'file:///secret'].map((uri) => ({ uri, name: uri })),
  templates: ['file:///books/{id}', 'secret:///{id}'].map((uriTemplate) => ({ uriTemplate, name: uriTemplate })),
}

/** `events`: whether answers come as a stream of events. */
export function libraryServer({ events = false } = {}): McpServerOptions {
  return { tools: library.tools, events, answer: (served) => answered(served, events) }
}

function answered({ message, response }: ServedCall, events: boolean): object | undefined {
  const { method, params } = message
  const modern = params?._meta !== undefined
  const base = modern ? { resultType: 'complete' } : {}
  const refused = (code: number, text: string): undefined => {
    const error = JSON.stringify({ jsonrpc: '2.0', id: message.id, error: { code, message: text } })
    response.writeHead(200, { 'content-type': events ? 'text/event-stream' : 'application/json' })
    response.end(events ? `id: priming\ndata: \n\nevent: message\ndata: ${error}\n\n` : error)
  }
  if (method === 'prompts/list') return { ...base, prompts: library.prompts }
  if (method === 'resources/list') return { ...base, resources: library.resources }
  if (method === 'resources/templates/list') return { ...base, resourceTemplates: library.templates }
  if (method === 'prompts/get') return { ...base, messages: [], got: params.name }
  if (method === 'completion/complete') return { ...base, completion: { values: [nameOf(params.ref)] } }
  if (method === 'resources/read' || method === 'resources/subscribe') {
    const isThere =
      library.resources.some(({ uri }) => uri === params.uri) || /^(file:\/\/\/books|secret:\/\/)\/./.test(params.uri)
    if (!isThere) return refused(modern ? -32602 : -32002, `I have no ${params.uri} here`)
    return { ...base, contents: [{ uri: params.uri, text: 'read' }] }
  }
  return undefined
}

function nameOf(ref: Message): string {
  return ref.name ?? ref.uri
}
