/**
 * A place in JSON text, moved over whole values without reading them: for whoever changes single values and leaves every other byte as it
 * was written. The bytes must have been found to be strict JSON before; nothing is checked here, and nothing is read behind their end.
 */

export class JsonCursor {
  readonly bytes: Buffer
  at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  /** The byte at the place; undefined at the end. */
  peek(): number | undefined {
    return this.bytes[this.at]
  }

  space(): void {
    while (this.at < this.bytes.length && (this.bytes[this.at] as number) <= 0x20) this.at++
  }

  /** Passes one value, whatever it holds, and the space before it. */
  skip(): void {
    let depth = 0
    do {
      this.space()
      const byte = this.bytes[this.at]
      if (byte === 0x22) this.#string()
      else if (byte === 0x7b || byte === 0x5b) {
        depth++
        this.at++
      } else if (byte === 0x7d || byte === 0x5d) {
        depth--
        this.at++
      } else if (byte === 0x2c || byte === 0x3a) this.at++
      else this.#word()
    } while (depth > 0)
  }

  /** Passes a key and its colon, and the space behind it. */
  key(): string {
    const start = this.at
    this.#string()
    const key = JSON.parse(this.bytes.toString('utf8', start, this.at)) as string
    this.space()
    this.at++
    this.space()
    return key
  }

  #string(): void {
    const { bytes } = this
    for (let at = this.at + 1; ; at++) {
      at = bytes.indexOf(0x22, at)
      if (at === -1) {
        this.at = bytes.length
        return
      }
      let escapes = 0
      while (bytes[at - 1 - escapes] === 0x5c) escapes++
      if (escapes % 2 === 1) continue
      this.at = at + 1
      return
    }
  }

  /** A number, `true`, `false` or `null`: up to what cannot be part of one. */
  #word(): void {
    for (; this.at < this.bytes.length; this.at++) {
      const byte = this.bytes[this.at] as number
      if (byte <= 0x20 || byte === 0x2c || byte === 0x5d || byte === 0x7d) return
    }
  }
}
