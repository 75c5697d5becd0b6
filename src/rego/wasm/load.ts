/**
 * The second engine: a module that `opa build -t wasm` made becomes queries as `prepare` makes them, one an entrypoint, with the same builtins, limits
 * and errors. What a module cannot do is not offered: every input is read whole, errors have a place only where OPA wrote one into the module, and
 * a builtin that is part of the module is undefined where it fails.
 */
import { RegoErrors } from '../errors.ts'
import { environmentOf, type PrepareOptions, withOwn } from '../prepare.ts'
import { type BuiltinCall, builtinCall } from '../run/builtin-call.ts'
import type { EvaluationError } from '../run/failure.ts'
import { makeQuery, type Query } from '../run/query.ts'
import type { State } from '../run/state.ts'
import type { Json, Value } from '../value.ts'
import { MalformedModule } from './binary.ts'
import { memoryBytesMax } from './bounds.ts'
import { Instance, type InstanceParts, type LoadedModule } from './instance.ts'
import { metered } from './meter.ts'
import { Abort, stopOf } from './stop.ts'
import { valueText } from './value-text.ts'
import { type WasmCode, type WasmInstance, type WasmMemory, webAssembly } from './web-assembly.ts'

export interface WasmOptions
  extends Pick<PrepareOptions, 'builtins' | 'limits' | 'env' | 'now' | 'random' | 'ports' | 'print'> {
  /** The bytes of `policy.wasm`. */
  readonly module: Uint8Array
  /** Its name in errors. */
  readonly file: string
  /** The base document: a copy of it is kept in the memory of the module. Default `{}`. */
  readonly data?: Json
}

/** A module with its data. Its queries share one memory, each evaluation in turn. */
export interface WasmPolicy {
  /** As given to `opa build -e`, ascending: `gatehouse`, `app/rbac/allow`. */
  readonly entrypoints: readonly string[]
  /** The query for an entrypoint: its value is the document there, and `evaluate` gives it as `result`. Throws `RangeError` for one that is not there. */
  query(entrypoint: string): Query
}

/** What the package exports; its own types say something else. */
interface Package {
  readonly default: {
    readonly LoadedPolicy: new (instance: WasmInstance, memory: WasmMemory, abiMinorVersion: number) => LoadedModule
  }
}

/** What a module of OPA must export (OPA's documentation of its ABI): 1.2 has `opa_eval`. */
const needed = [
  'builtins',
  'entrypoints',
  'opa_eval',
  'opa_heap_ptr_get',
  'opa_heap_ptr_set',
  'opa_json_dump',
  'opa_json_parse',
  'opa_malloc',
  'opa_value_dump',
  'opa_value_parse',
]

/** Reads a module. Rejects with `RegoErrors` of code `rego_compile_error` for one that cannot be run here, with what to do. */
export async function loadWasm(options: WasmOptions): Promise<WasmPolicy> {
  const { module, file, data } = options
  const fail = (message: string, cause?: unknown): never => {
    const error = { code: 'rego_compile_error', message, file, row: 0, col: 0 } as const
    throw Object.assign(new RegoErrors([error]), cause === undefined ? {} : { cause })
  }
  const code = await codeOf(module, fail)
  const missing = needed.filter((name) => !webAssembly.Module.exports(code).some((each) => each.name === name))
  if (missing.length > 0)
    fail(
      `it does not export \`${missing[0]}\` as modules of OPA do: make it with \`opa build -t wasm\` of OPA 0.30 or later`,
    )
  // Loaded where it is needed: most houses run no module.
  const { LoadedPolicy } = ((await import('@open-policy-agent/opa-wasm')) as unknown as Package).default
  const table = withOwn(options.builtins ?? {})
  const parts: InstanceParts = {
    code,
    moduleBytes: module.length,
    data: new TextEncoder().encode(valueText((data ?? {}) as Value)).slice().buffer,
    builtin: (name): BuiltinCall => {
      const builtin = table.get(name)
      if (builtin === undefined || 'each' in builtin)
        return fail(`it calls the builtin \`${name}\`, which is not known here`)
      return builtinCall(name, builtin)
    },
    load: (instance, memory) => new LoadedPolicy(instance, memory, 2),
  }
  const first = firstOf(parts, fail)
  const names = first.entrypoints
  const run = runnerOf(parts, first)
  const environment = environmentOf(options)
  return {
    entrypoints: Object.keys(names).sort(),
    query: (entrypoint) => {
      const id = Object.hasOwn(names, entrypoint) ? names[entrypoint] : undefined
      if (id === undefined) throw new RangeError(`the module has no entrypoint \`${entrypoint}\``)
      const value = (state: State): Value | undefined => run(id, state)
      return makeQuery({
        linked: {
          value,
          givesJson: false,
          entries: [],
          rows: (state, out) => {
            const result = value(state)
            if (result !== undefined) out.push([result])
          },
        },
        environment,
        vars: ['result'],
        reads: [[]],
        // Nothing is known of the rules inside a module.
        holds: () => 'maybe',
        couldHold: () => true,
        describe,
      })
    },
  }
}

type Fail = (message: string, cause?: unknown) => never

async function codeOf(module: Uint8Array, fail: Fail): Promise<WasmCode> {
  try {
    return await webAssembly.compile(metered(module))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const what = cause instanceof MalformedModule ? why : `it cannot be compiled: ${why}`
    return fail(`${what}: make it with \`opa build -t wasm\``, cause)
  }
}

/** The first instance shows whether module, data and memory go together. */
function firstOf(parts: InstanceParts, fail: Fail): Instance {
  try {
    return new Instance(parts)
  } catch (cause) {
    if (cause instanceof RegoErrors) throw cause
    if (cause instanceof Abort || cause instanceof RangeError)
      return fail(
        `its data of \`${parts.data.byteLength}\` bytes does not fit into the \`${memoryBytesMax}\` bytes of memory that a module may have: leave out what no rule reads`,
        cause,
      )
    const why = cause instanceof Error ? cause.message : String(cause)
    return fail(`it is no module of OPA that can be run here: ${why}: make it with \`opa build -t wasm\``, cause)
  }
}

/** Evaluates in the instance at hand. One that was stopped in the midst, or has grown, is not used again. */
function runnerOf(parts: InstanceParts, first: Instance): (entrypoint: number, state: State) => Value | undefined {
  let idle: Instance | undefined = first
  return (entrypoint, state) => {
    const instance = idle ?? new Instance(parts)
    // A builtin of the caller's own may evaluate again while this one runs.
    idle = undefined
    let result: Value | undefined
    try {
      result = instance.evaluate(entrypoint, state)
    } catch (cause) {
      throw stopOf(cause) ?? cause
    }
    if (!instance.isBloated) idle = instance
    return result
  }
}

function describe({ code, message, at }: EvaluationError) {
  return { code, message, file: at?.file ?? '', row: at?.row ?? 0, col: at?.col ?? 0 }
}
