/**
 * Changes single members of JSON text and leaves every other byte as it was written: numbers, escapes, white space and the order
 * of keys. The bytes must have been found to be strict JSON before; nothing is checked here.
 */
import { JsonCursor } from './json-cursor.ts'

export interface JsonEdit {
  /** Keys of objects from the root to the member; objects on the way that are not there are made. */
  readonly path: readonly string[]
  /** JSON text of the new value; undefined removes the member. */
  readonly text: string | undefined
}

interface Node {
  readonly children: Map<string, Node>
  edit: JsonEdit | undefined
}

/** `bytes` is an object, and so is whatever a path leads through. The same bytes where nothing had to change. */
export function editJson(bytes: Buffer, edits: readonly JsonEdit[]): Buffer {
  const root: Node = { children: new Map(), edit: undefined }
  for (const edit of edits) {
    let node = root
    for (const key of edit.path) node = childOf(node, key)
    node.edit = edit
  }
  return new Editor(bytes).run(root)
}

/** The bytes of the member that `path` leads to; undefined where there is none. */
export function memberOf(bytes: Buffer, path: readonly string[]): Buffer | undefined {
  let within = bytes
  for (const key of path) {
    const found = new Editor(within).find(key)
    if (found === undefined) return undefined
    within = found
  }
  return within
}

/** The bytes of each element of an array; empty where `bytes` is none. */
export function elementsOf(bytes: Buffer): readonly Buffer[] {
  return new Editor(bytes).elements()
}

function childOf(node: Node, key: string): Node {
  const known = node.children.get(key)
  if (known !== undefined) return known
  const made: Node = { children: new Map(), edit: undefined }
  node.children.set(key, made)
  return made
}

class Editor {
  readonly #in: JsonCursor
  readonly #pieces: Buffer[] = []
  /** Everything before it is in `#pieces`. */
  #from = 0

  constructor(bytes: Buffer) {
    this.#in = new JsonCursor(bytes)
  }

  run(root: Node): Buffer {
    this.#in.space()
    if (this.#in.peek() === 0x7b) this.#object(root)
    if (this.#pieces.length === 0) return this.#in.bytes
    this.#pieces.push(this.#in.bytes.subarray(this.#from))
    return Buffer.concat(this.#pieces)
  }

  find(wanted: string): Buffer | undefined {
    this.#in.space()
    if (this.#in.peek() !== 0x7b) return undefined
    this.#in.at++
    for (;;) {
      this.#in.space()
      if (this.#in.peek() === 0x2c) this.#in.at++
      this.#in.space()
      if (this.#in.peek() === 0x7d) return undefined
      const key = this.#in.key()
      const start = this.#in.at
      this.#in.skip()
      if (key === wanted) return this.#in.bytes.subarray(start, this.#in.at)
    }
  }

  elements(): readonly Buffer[] {
    const found: Buffer[] = []
    this.#in.space()
    if (this.#in.peek() !== 0x5b) return found
    this.#in.at++
    for (;;) {
      this.#in.space()
      if (this.#in.peek() === 0x2c) this.#in.at++
      this.#in.space()
      if (this.#in.peek() === 0x5d) return found
      const start = this.#in.at
      this.#in.skip()
      found.push(this.#in.bytes.subarray(start, this.#in.at))
    }
  }

  /** At `{`; afterwards behind the `}`, or at once behind the last member that had to be looked at: then it is true. */
  #object({ children }: Node): boolean {
    const open = ++this.#in.at
    const missing = new Map(children)
    let members = 0
    for (;;) {
      const before = this.#in.at
      this.#in.space()
      const comma = this.#in.peek() === 0x2c
      if (comma) this.#in.at++
      this.#in.space()
      if (this.#in.peek() === 0x7d) break
      const start = this.#in.at
      const key = this.#in.key()
      const node = children.get(key)
      missing.delete(key)
      if (node === undefined) {
        this.#in.skip()
        members++
      } else if (node.edit === undefined) {
        const value = this.#in.at
        if (this.#in.peek() !== 0x7b) this.#replaceValue(madeText(node))
        else if (this.#object(node) && missing.size > 0) {
          this.#in.at = value
          this.#in.skip()
        }
        members++
      } else if (node.edit.text === undefined) this.#remove(comma ? before : start, members === 0)
      else {
        this.#replaceValue(node.edit.text)
        members++
      }
      // Keys come once: nothing behind can be another one of these.
      if (missing.size === 0) return true
    }
    const close = this.#in.at
    this.#insert(missing, members === 0 ? open : close, members > 0)
    this.#in.at = close + 1
    return false
  }

  #replaceValue(text: string | undefined): void {
    this.#take(this.#in.at)
    this.#pieces.push(Buffer.from(text ?? 'null'))
    this.#in.skip()
    this.#from = this.#in.at
  }

  /** Takes the member out with the comma before it, or, where it is the first that stays, with the one behind it. */
  #remove(start: number, first: boolean): void {
    this.#take(start)
    this.#in.skip()
    if (first) {
      this.#in.space()
      if (this.#in.peek() === 0x2c) {
        this.#in.at++
        this.#in.space()
      }
    }
    this.#from = this.#in.at
  }

  #insert(missing: ReadonlyMap<string, Node>, place: number, follows: boolean): void {
    let text = ''
    for (const [key, node] of missing) {
      const value = node.edit === undefined ? madeText(node) : node.edit.text
      if (value !== undefined) text += `${follows || text !== '' ? ',' : ''}${JSON.stringify(key)}:${value}`
    }
    if (text === '') return
    this.#take(place)
    this.#pieces.push(Buffer.from(text))
  }

  #take(end: number): void {
    if (end > this.#from) this.#pieces.push(this.#in.bytes.subarray(this.#from, end))
    this.#from = Math.max(this.#from, end)
  }
}

/** Objects that were not there, down to the new values; undefined where only removals stand below. */
function madeText(node: Node): string | undefined {
  const members: string[] = []
  for (const [key, child] of node.children) {
    const value = child.edit === undefined ? madeText(child) : child.edit.text
    if (value !== undefined) members.push(`${JSON.stringify(key)}:${value}`)
  }
  return members.length === 0 ? undefined : `{${members.join(',')}}`
}
