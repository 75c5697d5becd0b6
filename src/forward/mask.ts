/**
 * Masks fields of a JSON reply in its bytes: the values at the given pointers are replaced and every other byte stays as the
 * upstream wrote it, numbers and the order of keys included. The text must have been found to be strict JSON before.
 */
import { JsonCursor, printJson } from '../wire/index.ts'

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
  readonly #in: JsonCursor
  readonly #replacement: Buffer
  /** Everything before it is in `#pieces`. */
  #from = 0
  readonly #pieces: Buffer[] = []

  constructor(bytes: Buffer, replacement: Buffer) {
    this.#in = new JsonCursor(bytes)
    this.#replacement = replacement
  }

  run(root: Step): Buffer {
    this.#value([root])
    if (this.#pieces.length === 0) return this.#in.bytes
    this.#pieces.push(this.#in.bytes.subarray(this.#from))
    return Buffer.concat(this.#pieces)
  }

  /** Passes one value at which the tree's `steps` have arrived; more than one when a name and `*` both lead here. */
  #value(steps: readonly Step[]): void {
    this.#in.space()
    if (steps.some((step) => step.last)) this.#replace()
    else if (steps.length === 0) this.#in.skip()
    else {
      const byte = this.#in.peek()
      if (byte === 0x7b) this.#object(steps)
      else if (byte === 0x5b) this.#array(steps)
      else this.#in.skip()
    }
  }

  #object(steps: readonly Step[]): void {
    this.#in.at++
    for (;;) {
      this.#in.space()
      const byte = this.#in.peek()
      if (byte === 0x7d) break
      if (byte === 0x2c) {
        this.#in.at++
        continue
      }
      this.#value(childrenOf(steps, this.#in.key()))
    }
    this.#in.at++
  }

  #array(steps: readonly Step[]): void {
    this.#in.at++
    for (let index = 0; ; ) {
      this.#in.space()
      const byte = this.#in.peek()
      if (byte === 0x5d) break
      if (byte === 0x2c) {
        this.#in.at++
        continue
      }
      this.#value(childrenOf(steps, String(index++)))
    }
    this.#in.at++
  }

  #replace(): void {
    this.#pieces.push(this.#in.bytes.subarray(this.#from, this.#in.at), this.#replacement)
    this.#in.skip()
    this.#from = this.#in.at
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
