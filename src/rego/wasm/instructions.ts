/**
 * How long each instruction of WebAssembly is (core specification, section 5.4): what stands after its first byte. Known are those of version 1
 * with sign extension, saturating conversion, reference types and bulk memory, which are what OPA's compiler and LLVM write for it.
 */
import { type BinaryReader, MalformedModule } from './binary.ts'

export const loopInstruction = 0x03

type Immediates = (reader: BinaryReader) => void

const nothing: Immediates = () => undefined
const numbers =
  (count: number): Immediates =>
  (reader) => {
    for (let i = 0; i < count; i++) reader.passNumber()
  }
const bytes =
  (count: number): Immediates =>
  (reader) =>
    void reader.part(count)
const branches: Immediates = (reader) => numbers(reader.unsigned() + 1)(reader)
const types: Immediates = (reader) => numbers(reader.unsigned())(reader)

/** First and last code, and what stands after them. */
const table: readonly (readonly [first: number, last: number, Immediates])[] = [
  [0x00, 0x01, nothing], // unreachable, nop
  [0x02, 0x04, numbers(1)], // block, loop, if: the type of the block
  [0x05, 0x05, nothing], // else
  [0x0b, 0x0b, nothing], // end
  [0x0c, 0x0d, numbers(1)], // br, br_if
  [0x0e, 0x0e, branches], // br_table
  [0x0f, 0x0f, nothing], // return
  [0x10, 0x10, numbers(1)], // call
  [0x11, 0x11, numbers(2)], // call_indirect
  [0x1a, 0x1b, nothing], // drop, select
  [0x1c, 0x1c, types], // select with types
  [0x20, 0x26, numbers(1)], // variables, tables
  [0x28, 0x3e, numbers(2)], // loads and stores: alignment and offset
  [0x3f, 0x40, numbers(1)], // memory.size, memory.grow
  [0x41, 0x42, numbers(1)], // i32.const, i64.const
  [0x43, 0x43, bytes(4)], // f32.const
  [0x44, 0x44, bytes(8)], // f64.const
  [0x45, 0xc4, nothing], // comparison, arithmetic, conversion
  [0xd0, 0xd0, numbers(1)], // ref.null
  [0xd1, 0xd1, nothing], // ref.is_null
  [0xd2, 0xd2, numbers(1)], // ref.func
]

/** What stands after `0xfc` and a second code: saturating conversions, then bulk memory and tables. */
const second: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1]

const immediatesOf = new Map<number, Immediates>(
  table.flatMap(([first, last, immediates]) =>
    Array.from({ length: last - first + 1 }, (_, i): [number, Immediates] => [first + i, immediates]),
  ),
)

/** Passes by one instruction, and gives its first byte. Throws `MalformedModule` for one that is not known. */
export function passInstruction(reader: BinaryReader): number {
  const code = reader.byte()
  if (code === 0xfc) {
    const extension = reader.unsigned()
    const count = second[extension]
    if (count === undefined)
      throw new MalformedModule(`it has the instruction \`0xfc ${extension}\`, which is not known here`)
    numbers(count)(reader)
    return code
  }
  const immediates = immediatesOf.get(code)
  if (immediates === undefined)
    throw new MalformedModule(`it has the instruction \`0x${code.toString(16)}\`, which is not known here`)
  immediates(reader)
  return code
}
