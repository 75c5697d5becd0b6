/**
 * Changes single members of JSON text and leaves every other byte as it was written: numbers, escapes, white space and the order
 * of keys. The bytes must have been found to be strict JSON before; nothing is checked here.
 */

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
  readonly #bytes: Buffer
  readonly #pieces: Buffer[] = []
  #at = 0
  /** Everything before it is in `#pieces`. */
  #from = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  run(root: Node): Buffer {
    this.#space()
    if (this.#bytes[this.#at] === 0x7b) this.#object(root)
    if (this.#pieces.length === 0) return this.#bytes
    this.#pieces.push(this.#bytes.subarray(this.#from))
    return Buffer.concat(this.#pieces)
  }

  find(wanted: string): Buffer | undefined {
    this.#space()
    if (this.#bytes[this.#at] !== 0x7b) return undefined
    this.#at++
    for (;;) {
      this.#space()
      if (this.#bytes[this.#at] === 0x2c) this.#at++
      this.#space()
      if (this.#bytes[this.#at] === 0x7d) return undefined
      const key = this.#key()
      const start = this.#at
      this.#skip()
      if (key === wanted) return this.#bytes.subarray(start, this.#at)
    }
  }

  elements(): readonly Buffer[] {
    const found: Buffer[] = []
    this.#space()
    if (this.#bytes[this.#at] !== 0x5b) return found
    this.#at++
    for (;;) {
      this.#space()
      if (this.#bytes[this.#at] === 0x2c) this.#at++
      this.#space()
      if (this.#bytes[this.#at] === 0x5d) return found
      const start = this.#at
      this.#skip()
      found.push(this.#bytes.subarray(start, this.#at))
    }
  }

  /** At `{`; afterwards behind the `}`. */
  #object({ children }: Node): void {
    const open = ++this.#at
    const missing = new Map(children)
    let members = 0
    for (;;) {
      const before = this.#at
      this.#space()
      const comma = this.#bytes[this.#at] === 0x2c
      if (comma) this.#at++
      this.#space()
      if (this.#bytes[this.#at] === 0x7d) break
      const start = this.#at
      const key = this.#key()
      const node = children.get(key)
      missing.delete(key)
      if (node === undefined) {
        this.#skip()
        members++
      } else if (node.edit === undefined) {
        if (this.#bytes[this.#at] === 0x7b) this.#object(node)
        else this.#replaceValue(madeText(node))
        members++
      } else if (node.edit.text === undefined) this.#remove(comma ? before : start, members === 0)
      else {
        this.#replaceValue(node.edit.text)
        members++
      }
    }
    const close = this.#at
    this.#insert(missing, members === 0 ? open : close, members > 0)
    this.#at = close + 1
  }

  #replaceValue(text: string | undefined): void {
    this.#take(this.#at)
    this.#pieces.push(Buffer.from(text ?? 'null'))
    this.#skip()
    this.#from = this.#at
  }

  /** Takes the member out with the comma before it, or, where it is the first that stays, with the one behind it. */
  #remove(start: number, first: boolean): void {
    this.#take(start)
    this.#skip()
    if (first) {
      this.#space()
      if (this.#bytes[this.#at] === 0x2c) {
        this.#at++
        this.#space()
      }
    }
    this.#from = this.#at
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
    if (end > this.#from) this.#pieces.push(this.#bytes.subarray(this.#from, end))
    this.#from = Math.max(this.#from, end)
  }

  /** Passes a key and its colon, and the space behind it. */
  #key(): string {
    const start = this.#at
    this.#string()
    const key = JSON.parse(this.#bytes.toString('utf8', start, this.#at)) as string
    this.#space()
    this.#at++
    this.#space()
    return key
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
    const bytes = this.#bytes
    for (let at = this.#at + 1; ; at++) {
      at = bytes.indexOf(0x22, at)
      if (at === -1) {
        this.#at = bytes.length
        return
      }
      let escapes = 0
      while (bytes[at - 1 - escapes] === 0x5c) escapes++
      if (escapes % 2 === 1) continue
      this.#at = at + 1
      return
    }
  }

  /** A number, `true`, `false` or `null`: up to what cannot be part of one. */
  #word(): void {
    for (; this.#at < this.#bytes.length; this.#at++) {
      const byte = this.#bytes[this.#at] as number
      if (byte <= 0x20 || byte === 0x2c || byte === 0x5d || byte === 0x7d) return
    }
  }

  #space(): void {
    while (this.#at < this.#bytes.length && (this.#bytes[this.#at] as number) <= 0x20) this.#at++
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
