/** Reads and writes the pieces of which WebAssembly's binary format consists (core specification, section 5): bytes, LEB128 numbers, names, sections. */

/** The bytes are no module of the form that is known here. */
export class MalformedModule extends Error {
  override readonly name = 'MalformedModule'
}

/** Bytes of the longest LEB128 number: 64 bits in groups of seven. */
const numberBytesMax = 10

/** Goes through bytes from the beginning. Everything throws `MalformedModule` where they end too early. */
export class BinaryReader {
  readonly bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get ended(): boolean {
    return this.at >= this.bytes.length
  }

  byte(): number {
    const byte = this.bytes[this.at++]
    if (byte === undefined) throw new MalformedModule(`it ends too early, after ${this.bytes.length} bytes`)
    return byte
  }

  /** An unsigned number of 32 bits. */
  unsigned(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte()
      value += (byte & 0x7f) * factor
      if (value > 0xffff_ffff) throw new MalformedModule(`the number at byte ${this.at} is larger than 32 bits`)
      if (byte < 0x80) return value
    }
  }

  /** Passes by a number of any kind whose value is of no concern. */
  passNumber(): void {
    for (let left = numberBytesMax; left > 0; left--) if (this.byte() < 0x80) return
    throw new MalformedModule(`the number at byte ${this.at} has no end`)
  }

  /** The next `length` bytes as a reader of their own. */
  part(length: number): BinaryReader {
    if (length > this.bytes.length - this.at)
      throw new MalformedModule(`it ends too early, after ${this.bytes.length} bytes`)
    const part = new BinaryReader(this.bytes.subarray(this.at, this.at + length))
    this.at += length
    return part
  }

  /** Everything from `start` to where the reader stands now. */
  since(start: number): Uint8Array {
    return this.bytes.subarray(start, this.at)
  }

  rest(): Uint8Array {
    const rest = this.bytes.subarray(this.at)
    this.at = this.bytes.length
    return rest
  }
}

/** An unsigned number as LEB128. */
export function unsignedBytes(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  do {
    bytes.push(rest >= 128 ? (rest % 128) + 128 : rest)
    rest = Math.floor(rest / 128)
  } while (rest > 0)
  return bytes
}

/** A text with its length before it. */
export function nameBytes(name: string): number[] {
  const bytes = new TextEncoder().encode(name)
  return [...unsignedBytes(bytes.length), ...bytes]
}

/** Pieces one after another, their whole length before them: the content of a section, the body of a function. */
export function sized(...pieces: readonly (Uint8Array | readonly number[])[]): Uint8Array[] {
  const parts = pieces.map((piece) => Uint8Array.from(piece))
  return [Uint8Array.from(unsignedBytes(parts.reduce((sum, { length }) => sum + length, 0))), ...parts]
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
