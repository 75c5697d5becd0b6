/** Fetches small documents (key sets, bundles) through the guarded egress: no redirect, one size, one deadline. */
import { Agent, type Dispatcher } from 'undici'
import type { Clock, FetchDocument } from '../model/index.ts'
import { Gathered } from '../wire/index.ts'
import { type EgressOptions, type Lookup, makeConnector, systemLookup } from './egress.ts'

export interface DocumentPorts {
  readonly clock: Clock
  /** Default: the system's resolver. */
  readonly lookup?: Lookup
  /** Whom to trust and who we are, where that is not as everywhere. */
  readonly tls?: Omit<EgressOptions, 'connectMsMax'> | undefined
}

/** Milliseconds for a connection; a document's own deadline may be shorter. */
const connectMsMax = 5_000
/** Connections to one origin at a time. */
const connectionsMax = 4

/**
 * Rejects with an `Error` whose message says what happened: the address, the bound, the deadline. Any status is given back as it
 * came; a redirect is a status like any other. Names of the reply's header are lower case. Idle connections close by themselves.
 */
export function makeFetchDocument(ports: DocumentPorts): FetchDocument {
  const agent = new Agent({
    connections: connectionsMax,
    pipelining: 1,
    allowH2: false,
    connect: makeConnector({ ...ports.tls, connectMsMax }, ports.lookup ?? systemLookup),
  })
  return ({ url, method = 'GET', body, headers, bytesMax, msMax, signal }) =>
    new Promise((resolve, reject) => {
      const address = URL.parse(url)
      if (address === null || (address.protocol !== 'https:' && address.protocol !== 'http:')) {
        reject(new Error(`\`${url}\` is not an http or https URL`))
        return
      }
      const reader = new DocumentReader(address, bytesMax, resolve, reject)
      const forget = ports.clock.after(msMax, () =>
        reader.stop(new Error(`${shown(address)} did not answer within ${msMax} ms`)),
      )
      const aborted = () => reader.stop(new Error(`${shown(address)} is not waited for any more`))
      signal?.addEventListener('abort', aborted, { once: true })
      reader.onEnd = () => {
        forget()
        signal?.removeEventListener('abort', aborted)
      }
      if (signal?.aborted) {
        aborted()
        return
      }
      agent.dispatch(
        {
          origin: address.origin,
          path: `${address.pathname}${address.search}`,
          method,
          ...(body !== undefined && { body: Buffer.from(body.buffer, body.byteOffset, body.byteLength) }),
          headers: { accept: 'application/json', 'accept-encoding': 'identity', ...headers },
          headersTimeout: msMax,
          bodyTimeout: msMax,
        },
        reader,
      )
    })
}

type Document = Awaited<ReturnType<FetchDocument>>

class DocumentReader implements Dispatcher.DispatchHandler {
  onEnd: () => void = () => {}
  readonly #url: URL
  readonly #bytesMax: number
  readonly #resolve: (document: Document) => void
  readonly #reject: (error: Error) => void
  /** Copied together as it grows: who is asked chooses how small the pieces are. */
  readonly #gathered = new Gathered(null)
  readonly #headers = new Map<string, string>()
  #controller: Dispatcher.DispatchController | undefined = undefined
  #status = 0
  #over = false

  constructor(url: URL, bytesMax: number, resolve: (document: Document) => void, reject: (error: Error) => void) {
    this.#url = url
    this.#bytesMax = bytesMax
    this.#resolve = resolve
    this.#reject = reject
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#over) controller.abort(new Error('nobody waits any more'))
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: { readonly [name: string]: string | string[] | undefined },
  ): void {
    if (status < 200) return
    this.#status = status
    for (const name of Object.keys(headers)) {
      const value = headers[name]
      if (value !== undefined) this.#headers.set(name, Array.isArray(value) ? value.join(', ') : value)
    }
    if (Number(this.#headers.get('content-length') ?? 0) > this.#bytesMax) this.#tooLarge(controller)
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    if (this.#gathered.length + bytes.length > this.#bytesMax) this.#tooLarge(controller)
    else this.#gathered.add(bytes)
  }

  onResponseEnd(): void {
    if (this.#end()) this.#resolve({ status: this.#status, headers: this.#headers, bytes: this.#gathered.take() })
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, cause: Error): void {
    if (this.#end()) this.#reject(new Error(`${shown(this.#url)} could not be fetched: ${cause.message}`, { cause }))
  }

  stop(error: Error): void {
    if (!this.#end()) return
    this.#reject(error)
    this.#controller?.abort(error)
  }

  #tooLarge(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.stop(new Error(`${shown(this.#url)} has more than ${this.#bytesMax} bytes`))
  }

  #end(): boolean {
    if (this.#over) return false
    this.#over = true
    this.onEnd()
    return true
  }
}

/** Where it was fetched from, without what a query or user information may hold. */
function shown(url: URL): string {
  return `\`${url.origin}${url.pathname}\``
}
