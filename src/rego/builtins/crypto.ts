/**
 * `crypto.*` hashes and message authentication codes, as lower-case hexadecimal.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Value } from '../value.ts'
import type { Builtin } from './builtin.ts'
import { stringOperand } from './operands.ts'

const hash = (algorithm: string): Builtin => ({
  run: (_, x) => createHash(algorithm).update(stringOperand(x, 1)).digest('hex'),
})

const hmac = (algorithm: string): Builtin => ({
  run: (_, x, key) => {
    const text = stringOperand(x, 1)
    return createHmac(algorithm, stringOperand(key, 2)).update(text).digest('hex')
  },
})

/** Takes the same time wherever the two differ. */
function sameMac(a: Value, b: Value): boolean {
  const one = Buffer.from(stringOperand(a, 1))
  const two = Buffer.from(stringOperand(b, 2))
  return one.length === two.length && timingSafeEqual(one, two)
}

export const crypto: Record<string, Builtin> = {
  'crypto.md5': hash('md5'),
  'crypto.sha1': hash('sha1'),
  'crypto.sha256': hash('sha256'),
  'crypto.hmac.md5': hmac('md5'),
  'crypto.hmac.sha1': hmac('sha1'),
  'crypto.hmac.sha256': hmac('sha256'),
  'crypto.hmac.sha512': hmac('sha512'),
  'crypto.hmac.equal': { run: (_, mac1, mac2) => sameMac(mac1, mac2) },
}
