/** A request and its reply on node:http: whatever the lane does not take. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BodyReader, Carrier } from './carrier.ts'

export class NodeCarrier implements Carrier {
  readonly method: string
  readonly rawTarget: string
  readonly rawHeaders: readonly string[]
  readonly saysClose: boolean
  readonly #message: IncomingMessage
  readonly #response: ServerResponse

  constructor(message: IncomingMessage, response: ServerResponse) {
    this.#message = message
    this.#response = response
    this.method = message.method as string
    this.rawTarget = message.url as string
    this.rawHeaders = message.rawHeaders
    this.saysClose = !response.shouldKeepAlive
  }

  get received(): boolean {
    return this.#message.complete
  }

  get writable(): boolean {
    return !this.#response.destroyed
  }

  get replied(): boolean {
    return this.#response.socket === null
  }

  takeBody(): undefined {
    return undefined
  }

  readBody(reader: BodyReader): void {
    this.#message.on('data', (chunk: Buffer) => reader.take(chunk))
    this.#message.on('end', () => reader.finish())
  }

  pauseBody(): void {
    this.#message.pause()
  }

  resumeBody(): void {
    this.#message.resume()
  }

  leaveBody(): void {
    this.#message.pause()
  }

  invite(): void {
    this.#response.writeContinue()
  }

  reply(status: number, headers: readonly string[], bytes: Uint8Array | undefined, closing: boolean): void {
    this.begin(status, headers, null, closing)
    if (bytes === undefined) this.#response.end()
    else this.#response.end(bytes)
  }

  begin(status: number, headers: readonly string[], _lengthBytes: number | null, closing: boolean): void {
    if (closing) this.#response.shouldKeepAlive = false
    this.#response.writeHead(status, headers as string[])
  }

  write(bytes: Uint8Array): boolean {
    return this.#response.write(bytes)
  }

  flush(): void {
    if (!this.#response.writableEnded) this.#response.flushHeaders()
  }

  end(): void {
    this.#response.end()
  }

  onDrain(listener: () => void): void {
    this.#response.on('drain', listener)
  }

  endWith(end: () => void): void {
    this.#message.socket.destroySoon = end
  }
}
