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
    this.space()
    const { bytes } = this
    const first = bytes[this.at]
    if (first === 0x22) this.at = stringEnd(bytes, this.at)
    else if (first === 0x7b || first === 0x5b) this.at = containerEnd(bytes, this.at)
    else this.#word()
  }

  /** Passes a key and its colon, and the space behind it. */
  key(): string {
    const end = stringEnd(this.bytes, this.at)
    const raw = this.bytes.toString('utf8', this.at + 1, end - 1)
    this.at = end
    this.space()
    this.at++
    this.space()
    return raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw
  }

  /** A number, `true`, `false` or `null`: up to what cannot be part of one. */
  #word(): void {
    for (; this.at < this.bytes.length; this.at++) {
      const byte = this.bytes[this.at] as number
      if (byte <= 0x20 || byte === 0x2c || byte === 0x5d || byte === 0x7d) return
    }
  }
}

/** Behind the bracket that closes the one at `at`: within, only strings can hold what is no part of the structure. */
function containerEnd(bytes: Buffer, at: number): number {
  let depth = 0
  for (let place = at; place < bytes.length; ) {
    const byte = bytes[place]
    if (byte === 0x22) {
      place = stringEnd(bytes, place)
      continue
    }
    place++
    if (byte === 0x7b || byte === 0x5b) depth++
    else if ((byte === 0x7d || byte === 0x5d) && --depth === 0) return place
  }
  return bytes.length
}

/** Bytes of a string that are looked at one by one: for most strings that is faster than a search by the engine, for long ones it is not. */
const shortBytes = 64

/** Behind the quote that closes the string that begins at `at`. */
function stringEnd(bytes: Buffer, at: number): number {
  const near = Math.min(bytes.length, at + shortBytes)
  let place = at + 1
  for (; place < near; place++) {
    const byte = bytes[place]
    if (byte === 0x22) return place + 1
    // What it escapes is no end.
    if (byte === 0x5c) place++
  }
  for (; ; place++) {
    place = bytes.indexOf(0x22, place)
    if (place === -1) return bytes.length
    let escapes = 0
    while (bytes[place - 1 - escapes] === 0x5c) escapes++
    if (escapes % 2 === 0) return place + 1
  }
}
