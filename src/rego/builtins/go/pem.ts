/**
 * PEM blocks (RFC 7468) as Go's `encoding/pem` finds them: text before a block is skipped, headers are passed over.
 */

export interface PemBlock {
  readonly type: string
  readonly bytes: Buffer
  /** Everything after the block and its line end. */
  readonly rest: Buffer
}

const block = /(?:^|\n)-----BEGIN ([^\n]*?)-----[ \t]*\r?\n([\s\S]*?)-----END ([^\n]*?)-----[ \t]*(?:\r?\n|$)/g

/** The first block, or undefined when there is none. */
export function readPem(data: Buffer): PemBlock | undefined {
  // Latin-1 keeps one character a byte, so places in the text are places in the bytes.
  const text = data.toString('latin1')
  for (const found of text.matchAll(block)) {
    const [whole, type = '', body = '', end = ''] = found
    if (type !== end) continue
    const base64 = body.replace(/^(?:[^\n:]+:[^\n]*\n)+\r?\n/, '').replace(/[\s]/g, '')
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) continue
    return { type, bytes: Buffer.from(base64, 'base64'), rest: data.subarray(found.index + whole.length) }
  }
  return undefined
}

/** All blocks in order. */
export function readAllPem(data: Buffer): readonly PemBlock[] {
  const blocks: PemBlock[] = []
  for (let next = readPem(data); next !== undefined; next = readPem(next.rest)) blocks.push(next)
  return blocks
}
