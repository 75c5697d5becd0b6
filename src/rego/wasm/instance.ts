/**
 * One instance of a module that `opa build -t wasm` made: its memory, its data, and the functions that it calls us by. The package knows how a
 * module is loaded and fed; the call itself and the imports are ours, because the package's lose large numbers and what is a set, take false input
 * for none, throw texts, print to the console and have builtins of their own that none can replace. It is for one evaluation at a time.
 */
import { textLengthMax } from '../builtins/limits.ts'
import type { BuiltinCall } from '../run/builtin-call.ts'
import { EvaluationError } from '../run/failure.ts'
import type { State } from '../run/state.ts'
import type { Value } from '../value.ts'
import { inputBytesMax, leftoverBytesMax, memoryBytesMax, sparePages, turnsPerStep } from './bounds.ts'
import { meterExport } from './meter.ts'
import { Abort, outOfMemory } from './stop.ts'
import { parseValue, valueText } from './value-text.ts'
import {
  pageBytes,
  type WasmCode,
  type WasmGlobal,
  type WasmInstance,
  type WasmMemory,
  webAssembly,
} from './web-assembly.ts'

/** What the code of a module needs to run, the same for all of its instances. */
export interface InstanceParts {
  readonly code: WasmCode
  /** Bytes of the module: its constants, and so its first memory, are no larger. */
  readonly moduleBytes: number
  /** UTF-8 JSON. */
  readonly data: ArrayBuffer
  readonly builtin: (name: string) => BuiltinCall
  readonly load: (instance: WasmInstance, memory: WasmMemory) => LoadedModule
}

/** What the package makes of an instance: the addresses of its data and of the first byte behind it, and its entrypoints by name. */
export interface LoadedModule {
  readonly dataAddr: number
  readonly dataHeapPtr: number
  readonly entrypoints: Readonly<Record<string, number>>
  /** Only an `ArrayBuffer` is taken as text. */
  setData(json: ArrayBuffer): void
}

/** Exports that are called here. */
interface Exports {
  opa_eval(
    reserved: 0,
    entrypoint: number,
    data: number,
    input: number,
    inputBytes: number,
    heap: number,
    format: typeof asValue,
  ): number
  opa_malloc(bytes: number): number
  opa_value_parse(text: number, bytes: number): number
  opa_value_dump(value: number): number
  opa_json_dump(value: number): number
  builtins(): number
}

/** Asks `opa_eval` for Rego's own notation instead of JSON. */
const asValue = 1

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export class Instance {
  readonly entrypoints: Readonly<Record<string, number>>
  readonly #memory: WasmMemory
  readonly #exports: Exports
  readonly #meter: WasmGlobal
  readonly #policy: LoadedModule
  readonly #builtins: readonly BuiltinCall[]
  readonly #bytesAtFirst: number
  #state: State | undefined

  /** Throws `Abort`, `RangeError` or the engine's own errors when module and data do not fit. */
  constructor({ code, moduleBytes, data, builtin, load }: InstanceParts) {
    this.#memory = new webAssembly.Memory({
      initial: Math.ceil(moduleBytes / pageBytes) + sparePages,
      maximum: memoryBytesMax / pageBytes,
    })
    const call = (id: number, _context: number, ...operands: number[]) => this.#call(id, operands)
    const instance = new webAssembly.Instance(code, {
      env: {
        memory: this.#memory,
        opa_abort: (text: number) => {
          throw new Abort(this.#text(text))
        },
        opa_println: (text: number) => this.#state?.evaluation.note('print', this.#text(text)),
        opa_builtin0: call,
        opa_builtin1: call,
        opa_builtin2: call,
        opa_builtin3: call,
        opa_builtin4: call,
      },
    })
    this.#exports = instance.exports as unknown as Exports
    this.#meter = instance.exports[meterExport] as WasmGlobal
    this.#policy = load(instance, this.#memory)
    this.#policy.setData(data)
    this.entrypoints = this.#policy.entrypoints
    this.#builtins = this.#builtinsBy(builtin)
    this.#bytesAtFirst = this.#memory.buffer.byteLength
  }

  /** Whether an evaluation has left more memory behind than an instance should keep. */
  get isBloated(): boolean {
    return this.#memory.buffer.byteLength - this.#bytesAtFirst > leftoverBytesMax
  }

  /**
   * The value at an entrypoint, or undefined. Throws `EvaluationError`, `Abort`, a trap, and whatever a builtin throws; the instance must not be used
   * after that.
   */
  evaluate(entrypoint: number, state: State): Value | undefined {
    const { evaluation, input } = state
    const { dataAddr, dataHeapPtr } = this.#policy
    const inputBytes = input === undefined ? 0 : this.#put(dataHeapPtr, encoder.encode(valueText(input)))
    this.#state = state
    this.#meter.value = BigInt(evaluation.steps) * turnsPerStep
    try {
      const result = this.#exports.opa_eval(
        0,
        entrypoint,
        dataAddr,
        inputBytes === 0 ? 0 : dataHeapPtr,
        inputBytes,
        dataHeapPtr + inputBytes,
        asValue,
      )
      return this.#resultAt(result)
    } catch (cause) {
      if (cause instanceof webAssembly.RuntimeError && this.#meter.value === 0n) evaluation.spent()
      throw cause
    } finally {
      this.#state = undefined
    }
  }

  /** The result set: no member, or one object with the value as its `result`. */
  #resultAt(address: number): Value | undefined {
    for (const row of parseValue(this.#text(address)) as Iterable<{ result: Value }>) return row.result
    return undefined
  }

  /** Writes at the end of the data, where the heap of the evaluation begins after it. */
  #put(address: number, bytes: Uint8Array): number {
    if (bytes.length > inputBytesMax)
      throw new EvaluationError(
        'eval_cancel_error',
        `the input has \`${bytes.length}\` bytes as text, more than \`${inputBytesMax}\`, the limit for a policy that was built for wasm`,
      )
    const short = address + bytes.length - this.#memory.buffer.byteLength
    if (short > 0) {
      if (this.#memory.buffer.byteLength + short > memoryBytesMax) throw outOfMemory()
      this.#memory.grow(Math.ceil(short / pageBytes))
    }
    new Uint8Array(this.#memory.buffer).set(bytes, address)
    return bytes.length
  }

  #text(address: number): string {
    const bytes = new Uint8Array(this.#memory.buffer)
    const end = bytes.indexOf(0, address)
    if (end - address > textLengthMax)
      throw new EvaluationError(
        'eval_cancel_error',
        `a text of \`${end - address}\` bytes left the module, more than \`${textLengthMax}\`, the limit of one value`,
      )
    return decoder.decode(bytes.subarray(address, end))
  }

  #builtinsBy(builtin: (name: string) => BuiltinCall): BuiltinCall[] {
    const ids = JSON.parse(this.#text(this.#exports.opa_json_dump(this.#exports.builtins()))) as Record<string, number>
    const calls: BuiltinCall[] = []
    for (const [name, id] of Object.entries(ids)) calls[id] = builtin(name)
    return calls
  }

  /** A builtin that is not in the module. The address of what it gives; 0 where the call is undefined. */
  #call(id: number, operands: readonly number[]): number {
    const call = this.#builtins[id]
    const state = this.#state
    if (call === undefined || state === undefined)
      throw new Error(`the module called the builtin ${id}, which it did not name`)
    const values = operands.map((address) => parseValue(this.#text(this.#exports.opa_value_dump(address))))
    const result = call(state, undefined, ...values)
    if (result === undefined) return 0
    const bytes = encoder.encode(valueText(result))
    const address = this.#exports.opa_malloc(bytes.length)
    new Uint8Array(this.#memory.buffer).set(bytes, address)
    return this.#exports.opa_value_parse(address, bytes.length)
  }
}
