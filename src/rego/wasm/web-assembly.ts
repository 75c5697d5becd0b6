/**
 * The part of JavaScript's WebAssembly interface that this folder uses. TypeScript has it among the types of browsers only, which the rest of the
 * house must not see.
 */

export interface WasmMemory {
  /** Another object after every growth. */
  readonly buffer: ArrayBuffer
  /** Throws `RangeError` beyond the maximum. */
  grow(pages: number): number
}

export interface WasmGlobal {
  value: bigint
}

/** Compiled code, without state. */
export interface WasmCode {
  readonly kind: 'code'
}

export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>
}

interface WebAssemblyInterface {
  readonly Memory: new (pages: { initial: number; maximum: number }) => WasmMemory
  readonly Instance: new (code: WasmCode, imports: { env: Readonly<Record<string, unknown>> }) => WasmInstance
  readonly Module: {
    exports(code: WasmCode): readonly { name: string; kind: string }[]
    imports(code: WasmCode): readonly { module: string; name: string; kind: string }[]
  }
  /** A trap: the code did what it must not, such as a division by zero. */
  readonly RuntimeError: new (
    message: string,
  ) => Error
  compile(bytes: Uint8Array): Promise<WasmCode>
}

export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WebAssemblyInterface }).WebAssembly

/** Bytes of a page of memory (WebAssembly core specification, section 4.2.8). */
export const pageBytes = 65_536
