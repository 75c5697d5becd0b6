/** The client of 2026-07-28: every request says its revision and what this client can do, and nothing is kept between two of them. */
import { type JsonObject, modernRevisions, visible } from '../../model/index.ts'
import { headerValueOf, mcpHeaders, metaKeys, printJson } from '../../wire/index.ts'
import { CommandError, exitStatus } from '../io.ts'
import {
  type Client,
  type ClientPorts,
  clientInfo,
  messageFields,
  objectIn,
  type RequestWishes,
  resultOf,
} from './client.ts'
import type { Endpoint } from './endpoint.ts'
import { exchange, type Reply, type Sent } from './exchange.ts'

const clientInfoKey = 'io.modelcontextprotocol/clientInfo'
const logLevelKey = 'io.modelcontextprotocol/logLevel'
/** What is declared in the modern era: what a tool asks for is shown, and tasks are waited for (SEP-2663). */
const modernCapabilities: JsonObject = {
  elicitation: { form: {}, url: {} },
  extensions: { 'io.modelcontextprotocol/tasks': {} },
}

export class ModernClient implements Client {
  readonly era = 'modern'
  readonly revision = modernRevisions[0]
  serverInfo: JsonObject | undefined = undefined
  readonly #endpoint: Endpoint
  readonly #ports: ClientPorts
  #lastId = 0

  constructor(endpoint: Endpoint, ports: ClientPorts) {
    this.#endpoint = endpoint
    this.#ports = ports
  }

  async request(method: string, params: JsonObject, how: RequestWishes = {}) {
    return resultOf(await this.ask(method, params, how), this.#endpoint, method)
  }

  ask(method: string, params: JsonObject, { name, headers, hear, signal }: RequestWishes = {}): Promise<Reply> {
    const id = ++this.#lastId
    const meta: JsonObject = {
      [metaKeys.revision]: this.revision,
      [metaKeys.capabilities]: modernCapabilities,
      [clientInfoKey]: clientInfo(this.#ports),
      ...(hear !== undefined && { [logLevelKey]: 'info', progressToken: id }),
      ...objectIn(params._meta),
    }
    const sent: Sent = {
      method: 'POST',
      headers: {
        ...messageFields,
        [mcpHeaders.revision]: this.revision,
        [mcpHeaders.method]: method,
        ...(name !== undefined && { [mcpHeaders.name]: headerValueOf(name) }),
        ...headers,
      },
      body: printJson({ jsonrpc: '2.0', id, method, params: { ...params, _meta: meta } }),
      idText: String(id),
    }
    return exchange(this.#endpoint, sent, {
      signal: signal ?? this.#ports.signal,
      hear(message) {
        // 2026-07-28 "Sending Messages": a server sends no requests.
        if (message.kind === 'request')
          throw new CommandError(
            `the endpoint sent the request \`${visible(message.method)}\`, which it must not`,
            exitStatus.finding,
          )
        hear?.(message.method, message.params)
      },
    })
  }

  async close(): Promise<void> {}
}
