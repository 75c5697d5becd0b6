/**
 * Masks fields of a JSON reply in its bytes: the values at the given pointers are replaced and every other byte stays as the
 * upstream wrote it, numbers and the order of keys included. The text must have been found to be strict JSON before.
 */
import { printJson } from '../wire/index.ts'

/** Pointers as a tree: a step's children, by name; `*` is every element of an array and every member of an object. */
interface Step {
  readonly children: Map<string, Step>
  /** Whether a pointer ends here. */
  last: boolean
}

export interface Mask {
  /** `bytes` with the values replaced; the same object when no pointer leads to one. `bytes` must be valid, strict JSON. */
  apply(bytes: Buffer): Buffer
}

/** What stands where a value was, unless the obligation says otherwise. */
export const maskedText = '[masked]'

/**
 * `pointers` are JSON pointers (RFC 6901) in which the token `*` stands for every element or member; `''` is the whole
 * document. Undefined when one of them is not a pointer.
 */
export function makeMask(pointers: readonly { readonly pointer: string; readonly text: string }[]): Mask | undefined {
  const texts = new Map<string, Step>()
  for (const { pointer, text } of pointers) {
    const tokens = tokensOf(pointer)
    if (tokens === undefined) return undefined
    const root = texts.get(text) ?? { children: new Map(), last: false }
    texts.set(text, root)
    let step = root
    for (const token of tokens) {
      const next = step.children.get(token) ?? { children: new Map(), last: false }
      step.children.set(token, next)
      step = next
    }
    step.last = true
  }
  const trees = [...texts].map(([text, root]) => ({ root, replacement: Buffer.from(printJson(text)) }))
  return {
    apply(bytes) {
      let out = bytes
      for (const { root, replacement } of trees) out = new Masker(out, replacement).run(root)
      return out
    },
  }
}

/** RFC 6901 section 3: `~1` is `/`, `~0` is `~`, no other `~`. */
function tokensOf(pointer: string): readonly string[] | undefined {
  if (pointer === '') return []
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return undefined
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** Walks over valid JSON; it checks nothing, it only finds where values begin and end. */
class Masker {
  readonly #bytes: Buffer
  readonly #replacement: Buffer
  #at = 0
  #from = 0
  readonly #pieces: Buffer[] = []

  constructor(bytes: Buffer, replacement: Buffer) {
    this.#bytes = bytes
    this.#replacement = replacement
  }

  run(root: Step): Buffer {
    this.#value([root])
    if (this.#pieces.length === 0) return this.#bytes
    this.#pieces.push(this.#bytes.subarray(this.#from))
    return Buffer.concat(this.#pieces)
  }

  /** Passes one value at which the tree's `steps` have arrived; more than one when a name and `*` both lead here. */
  #value(steps: readonly Step[]): void {
    this.#space()
    if (steps.some((step) => step.last)) this.#replace()
    else if (steps.length === 0) this.#skip()
    else {
      const byte = this.#bytes[this.#at]
      if (byte === 0x7b) this.#object(steps)
      else if (byte === 0x5b) this.#array(steps)
      else this.#skip()
    }
  }

  #object(steps: readonly Step[]): void {
    this.#at++
    for (;;) {
      this.#space()
      const byte = this.#bytes[this.#at]
      if (byte === 0x7d) break
      if (byte === 0x2c) {
        this.#at++
        continue
      }
      const start = this.#at
      this.#string()
      const key = JSON.parse(this.#bytes.toString('utf8', start, this.#at)) as string
      this.#space()
      this.#at++
      this.#value(childrenOf(steps, key))
    }
    this.#at++
  }

  #array(steps: readonly Step[]): void {
    this.#at++
    for (let index = 0; ; ) {
      this.#space()
      const byte = this.#bytes[this.#at]
      if (byte === 0x5d) break
      if (byte === 0x2c) {
        this.#at++
        continue
      }
      this.#value(childrenOf(steps, String(index++)))
    }
    this.#at++
  }

  #replace(): void {
    this.#pieces.push(this.#bytes.subarray(this.#from, this.#at), this.#replacement)
    this.#skip()
    this.#from = this.#at
  }

  /** Passes one value, whatever it holds. */
  #skip(): void {
    let depth = 0
    do {
      this.#space()
      const byte = this.#bytes[this.#at]
      if (byte === 0x22) this.#string()
      else if (byte === 0x7b || byte === 0x5b) {
        depth++
        this.#at++
      } else if (byte === 0x7d || byte === 0x5d) {
        depth--
        this.#at++
      } else if (byte === 0x2c || byte === 0x3a) this.#at++
      else this.#word()
    } while (depth > 0)
  }

  #string(): void {
    for (this.#at++; this.#bytes[this.#at] !== 0x22; this.#at++) if (this.#bytes[this.#at] === 0x5c) this.#at++
    this.#at++
  }

  /** A number, `true`, `false` or `null`: up to what cannot be part of one. */
  #word(): void {
    for (; this.#at < this.#bytes.length; this.#at++) {
      const byte = this.#bytes[this.#at] as number
      if (byte <= 0x20 || byte === 0x2c || byte === 0x5d || byte === 0x7d) return
    }
  }

  #space(): void {
    while ((this.#bytes[this.#at] as number) <= 0x20) this.#at++
  }
}

function childrenOf(steps: readonly Step[], name: string): readonly Step[] {
  const found: Step[] = []
  for (const { children } of steps) {
    const named = children.get(name)
    if (named !== undefined) found.push(named)
    const every = name === '*' ? undefined : children.get('*')
    if (every !== undefined) found.push(every)
  }
  return found
}
