/** Batches as HTTP requests: where they go, what proves the sender, and what an answer says: taken, refused for what is in it, or again. */
import { gzipSync } from 'node:zlib'
import type { FetchDocument } from '../model/index.ts'
import { BatchRefused } from './sink.ts'

/** Bytes of an answer that are read: a reason, no more. */
const answerBytesMax = 64 * 1024
/** Characters of it that are told to an operator. */
const saidCharsMax = 200

/**
 * The receiver understood the request and refuses its content (RFC 9110 section 15.5, RFC 4918 section 11.2): the same content
 * would be refused again. Any other status but success concerns the receiver, the address or the credential.
 */
const refusingStatuses: ReadonlySet<number> = new Set([400, 413, 415, 422])

export interface Posted {
  readonly url: string
  readonly body: Uint8Array
  readonly headers: { readonly [name: string]: string }
  readonly signal: AbortSignal
  /** Milliseconds; the engine's own bound is shorter or as long. */
  readonly msMax: number
}

/** `path`, which begins with `/`, below a base address, whether that ends with `/` or not. */
export function addressBelow(base: string, path: string): string {
  return base.replace(/\/+$/, '') + path
}

/** The field that carries a credential of the settings; none without one. */
export function credentialField(credential: { readonly header: string; readonly value: string } | undefined): {
  readonly [name: string]: string
} {
  return credential === undefined ? {} : { [credential.header.toLowerCase()]: credential.value }
}

/** In this thread, which is the sinks' own: the pool of threads behind `gzip` is the one by which the decision log is written. */
export function compressed(bytes: Uint8Array): Buffer {
  return gzipSync(bytes)
}

/** Resolves with what it answered, when that was success. Rejects with `BatchRefused`, or with what to tell an operator. */
export async function post(
  fetchDocument: FetchDocument,
  { url, body, headers, signal, msMax }: Posted,
): Promise<Uint8Array> {
  const { status, bytes } = await fetchDocument({
    url,
    method: 'POST',
    body,
    headers,
    bytesMax: answerBytesMax,
    msMax,
    signal,
  })
  if (status >= 200 && status <= 299) return bytes
  const text = Buffer.from(bytes).toString('utf8').replaceAll(/\s+/g, ' ').trim().slice(0, saidCharsMax)
  const said = `\`${url}\` answered ${status}${text === '' ? '' : `: ${text}`}`
  throw refusingStatuses.has(status) ? new BatchRefused(said) : new Error(said)
}

/** Milliseconds after which a request is given up even if nobody aborts it: longer than any `try_max`. */
export const requestMsMax = 600_000
