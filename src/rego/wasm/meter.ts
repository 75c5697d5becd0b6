/**
 * Puts a meter into a WebAssembly module: every function and every turn of a loop takes one from a counter, and the module traps where nothing is
 * left. Nothing else could end an evaluation that runs in this thread.
 */
import { BinaryReader, joined, MalformedModule, nameBytes, sized, unsignedBytes } from './binary.ts'
import { loopInstruction, passInstruction } from './instructions.ts'

/** The name under which a metered module exports its counter, a mutable `i64`. */
export const meterExport = 'gatehouse_meter'

/** `\0asm` and version 1. */
const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]

/** Numbers of the sections that matter here; the others pass as they are. */
const section = { custom: 0, imports: 2, globals: 6, exports: 7, code: 10 } as const

/** The counter before anybody sets it: as much as it holds, so that a module's own start is not stopped. */
const counter = [0x7e, 0x01, 0x42, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x0b]

/** The module with its meter. Throws `MalformedModule`. */
export function metered(module: Uint8Array): Uint8Array {
  const reader = new BinaryReader(module)
  if (module.length < header.length || !header.every((byte) => reader.byte() === byte))
    throw new MalformedModule('it does not begin as a WebAssembly module of version 1')
  const parts: Uint8Array[] = [Uint8Array.from(header)]
  const missing = new Set<number>([section.globals, section.exports, section.code])
  let globals = 0
  while (!reader.ended) {
    const id = reader.byte()
    const content = reader.part(reader.unsigned())
    missing.delete(id)
    if (id === section.imports) globals += importedGlobals(new BinaryReader(content.bytes))
    let pieces: readonly (Uint8Array | readonly number[])[] = [content.bytes]
    if (id === section.globals) {
      const count = content.unsigned()
      pieces = [unsignedBytes(count + 1), content.rest(), counter]
      globals += count
    } else if (id === section.exports) {
      const count = content.unsigned()
      pieces = [unsignedBytes(count + 1), content.rest(), nameBytes(meterExport), [0x03], unsignedBytes(globals)]
    } else if (id === section.code) pieces = meteredCode(content, Uint8Array.from(toll(globals)))
    parts.push(Uint8Array.of(id), ...sized(...pieces))
  }
  if (missing.size > 0) throw new MalformedModule('it has no globals, no exports or no code')
  return joined(parts)
}

function importedGlobals(reader: BinaryReader): number {
  let globals = 0
  for (let left = reader.unsigned(); left > 0; left--) {
    reader.part(reader.unsigned())
    reader.part(reader.unsigned())
    const kind = reader.byte()
    if (kind === 0x00) reader.passNumber()
    else if (kind === 0x01 || kind === 0x02) passLimits(reader, kind)
    else if (kind === 0x03) {
      reader.part(2)
      globals++
    } else throw new MalformedModule(`it imports something of the kind ${kind}, which is not known here`)
  }
  return globals
}

/** A table has the type of its elements before its limits, a memory has limits alone. */
function passLimits(reader: BinaryReader, kind: number): void {
  if (kind === 0x01) reader.byte()
  const hasMaximum = reader.byte()
  reader.passNumber()
  if (hasMaximum !== 0) reader.passNumber()
}

/** Traps when the counter is zero, else takes one from it. */
function toll(global: number): number[] {
  const name = unsignedBytes(global)
  const stop = [0x23, ...name, 0x50, 0x04, 0x40, 0x00, 0x0b]
  return [...stop, 0x23, ...name, 0x42, 0x01, 0x7d, 0x24, ...name]
}

function meteredCode(code: BinaryReader, toll: Uint8Array): Uint8Array[] {
  const count = code.unsigned()
  const bodies: Uint8Array[] = [Uint8Array.from(unsignedBytes(count))]
  for (let left = count; left > 0; left--) bodies.push(...sized(...meteredBody(code.part(code.unsigned()), toll)))
  return bodies
}

function meteredBody(body: BinaryReader, toll: Uint8Array): Uint8Array[] {
  for (let left = body.unsigned(); left > 0; left--) {
    body.passNumber()
    body.byte()
  }
  const parts = [body.since(0), toll]
  let start = body.at
  while (!body.ended) {
    if (passInstruction(body) !== loopInstruction) continue
    parts.push(body.since(start), toll)
    start = body.at
  }
  parts.push(body.since(start))
  return parts
}
