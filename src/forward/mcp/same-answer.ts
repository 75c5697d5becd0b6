/**
 * A server's lists are asked for often and change seldom: an answer with the bytes of the last one, but for its id, is that answer, and is
 * not read again. Nothing is taken on trust: every byte is compared.
 */
import { limits } from '../../model/index.ts'
import { memberOf, type RpcMessage } from '../../wire/index.ts'

/** An answer to a request of the house's own, as it was read. */
export interface Collected {
  readonly message: Extract<RpcMessage, { kind: 'response' }>
  readonly bytes: Buffer
}

/** Questions to one server whose last answers are kept: its four lists, in pages. Their bytes are bounded too. */
const questionsMax = 16

interface Kept {
  readonly collected: Collected
  /** Where the text of the id is. */
  readonly idFrom: number
  readonly idTo: number
}

/** Of one server. */
export class SameAnswers {
  readonly #kept = new Map<string, Kept>()
  #bytes = 0

  /** The last answer to `question`, where these bytes say the same of the id `idText`. */
  find(question: string, bytes: Buffer, idText: string): Collected | undefined {
    const kept = this.#kept.get(question)
    if (kept === undefined) return undefined
    const { collected, idFrom, idTo } = kept
    const before = collected.bytes
    const end = idFrom + idText.length
    const same =
      bytes.length - end === before.length - idTo &&
      bytes.toString('latin1', idFrom, end) === idText &&
      bytes.compare(before, idTo, before.length, end, bytes.length) === 0 &&
      bytes.compare(before, 0, idFrom, 0, idFrom) === 0
    return same ? collected : undefined
  }

  keep(question: string, collected: Collected): void {
    const { bytes } = collected
    this.#forget(question)
    const id = memberOf(bytes, ['id'])
    if (id === undefined || bytes.length > limits.mcpListBytesMax) return
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size < questionsMax && this.#bytes + bytes.length <= limits.mcpListBytesMax) break
      this.#forget(oldest)
    }
    const idFrom = id.byteOffset - bytes.byteOffset
    this.#kept.set(question, { collected, idFrom, idTo: idFrom + id.length })
    this.#bytes += bytes.length
  }

  #forget(question: string): void {
    this.#bytes -= this.#kept.get(question)?.collected.bytes.length ?? 0
    this.#kept.delete(question)
  }
}
