/**
 * What a server gives an agent to bring back (request state, task ids) goes out in an envelope that only this gateway can make and
 * only for this principal on this route: brought back by somebody else, or changed, it is nothing. It hides nothing: servers that put
 * secrets into it encrypt them.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Json } from '../../model/index.ts'
import { JsonError, parseJson } from '../../wire/index.ts'

export interface Sealed {
  /** Id of the server that gave it. */
  readonly server: string
  readonly text: string
}

/** What it is good for: all of it must be the same when it is opened. */
export interface SealPurpose {
  readonly kind: 'state' | 'task'
  readonly owner: string
  readonly route: string
  /** Method and name of what the state belongs to; empty for tasks. */
  readonly about: string
}

export interface Seal {
  seal(purpose: SealPurpose, sealed: Sealed): string
  /** Undefined for what was not sealed here for this purpose. */
  open(purpose: SealPurpose, text: string): Sealed | undefined
}

/** Bytes of the code: half of SHA-256, as in RFC 2104 section 5. */
const codeBytes = 16
/** Characters of an envelope; a server's state is in it. */
const envelopeCharsMax = 256 * 1024

/** `key`: 32 bytes of chance, asked for when something is sealed or opened; what it throws is thrown. */
export function makeSeal(key: () => Uint8Array): Seal {
  const codeOf = ({ kind, owner, route, about }: SealPurpose, payload: string): string =>
    createHmac('sha256', key())
      .update(JSON.stringify([kind, owner, route, about, payload]))
      .digest()
      .subarray(0, codeBytes)
      .toString('base64url')
  return {
    seal(purpose, { server, text }) {
      const payload = Buffer.from(JSON.stringify([server, text])).toString('base64url')
      return `${payload}.${codeOf(purpose, payload)}`
    },
    open(purpose, text) {
      if (text.length > envelopeCharsMax) return undefined
      const dot = text.indexOf('.')
      if (dot === -1) return undefined
      const payload = text.slice(0, dot)
      // Compared as text: decoders pass over characters that are none of theirs, and one envelope would have many forms.
      const code = Buffer.from(text.slice(dot + 1))
      const wanted = Buffer.from(codeOf(purpose, payload))
      if (code.length !== wanted.length || !timingSafeEqual(code, wanted)) return undefined
      return sealedOf(payload)
    },
  }
}

function sealedOf(payload: string): Sealed | undefined {
  let value: Json
  try {
    value = parseJson(Buffer.from(payload, 'base64url'))
  } catch (cause) {
    if (cause instanceof JsonError) return undefined
    throw cause
  }
  if (!Array.isArray(value)) return undefined
  const [server, text] = value
  return typeof server === 'string' && typeof text === 'string' ? { server, text } : undefined
}
