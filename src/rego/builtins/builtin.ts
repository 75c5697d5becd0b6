/**
 * What a builtin function is: the one interface between the engine and the library of builtins. A builtin gets values, gives a value, and
 * reaches the world outside (clock, chance, environment, network) only through its context.
 */
import type { TypeName, Value } from '../value.ts'

/** A function with one result: `undefined` means that the call is undefined. */
export interface FunctionBuiltin {
  run(context: BuiltinContext, ...args: Value[]): Value | undefined
  /** True when equal arguments may give different results (clock, chance, network): its values are recorded and can be given back for replay. */
  readonly nondeterministic?: boolean
}

/** A builtin with any number of results for one call, such as `walk`. */
export interface RelationBuiltin {
  each(context: BuiltinContext, ...args: Value[]): Iterable<Value>
}

export type Builtin = FunctionBuiltin | RelationBuiltin

/** Builtins by the name that policies call them by (`plus`, `strings.reverse`, `io.jwt.decode`). */
export type BuiltinTable = ReadonlyMap<string, Builtin>

/** The replies that builtins which must wait are given; each is optional, and a builtin without its port fails with `eval_builtin_error`. */
export interface BuiltinPorts {
  /** Sends one HTTP request, guarded by the caller's egress rules. */
  readonly fetch?: (request: HttpRequest) => Promise<HttpReply>
  /** The `tls_*` parameters of `http.send` that `fetch` carries out. Default none: a request with any other is refused. */
  readonly tlsParameters?: readonly string[]
  /** Resolves after some milliseconds: the waits between the attempts of a request that fails (`max_retry_attempts`). */
  readonly pause?: (ms: number) => Promise<void>
  /** All addresses of a host name. */
  readonly lookup?: (host: string) => Promise<readonly string[]>
}

export interface HttpRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Milliseconds that the whole exchange may take; 0 or less: as many as the port allows at most. */
  readonly timeoutMs: number
  readonly followRedirects: boolean
  /** TLS material and checks as `http.send` names them, of those in `BuiltinPorts.tlsParameters`. */
  readonly tls: Readonly<Record<string, Value>>
}

export interface HttpReply {
  readonly status: number
  readonly statusText: string
  /** Lower-case names, each with its values in order. */
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly body: Uint8Array
}

/** What one evaluation offers to builtins. */
export interface BuiltinContext {
  /** Nanoseconds since 1970; the same during one evaluation. */
  readonly nowNs: bigint
  /** `size` random bytes. */
  random(size: number): Uint8Array
  /** What `opa.runtime()` gives. */
  readonly runtime: Value
  readonly ports: BuiltinPorts
  /** The syntax tree of a module as OPA's AST JSON has it; throws `BuiltinError` with the parser's message. A context without it has no `rego.parse_module`. */
  readonly parseModule?: (file: string, text: string) => Value
  /**
   * A cache that lives as long as the prepared query, for work that depends on a constant (compiled patterns, parsed schemas). Keys are
   * prefixed with the builtin's name by convention. Bounded: the oldest entry leaves first.
   */
  readonly cache: BuiltinCache
  /** A cache that lives as long as one evaluation (`rand.intn` by its first operand, `uuid.rfc4122` by its key). */
  readonly session: Map<string, Value>
  /**
   * The reply of something that must be waited for. The first time, evaluation is suspended, `perform` is run, and evaluation starts again;
   * then the same `key` gives the reply. Without a caller that can wait this throws `BuiltinError`.
   */
  wait(key: string, perform: () => Promise<Value>): Value
  /** Takes one line of `print` or `trace` output. */
  note(kind: 'print' | 'trace', text: string): void
  /** Charges work against the limit of steps: call it with the number of elements made by anything that can grow beyond its arguments. */
  charge(steps: number): void
}

export interface BuiltinCache {
  get(key: string): unknown
  set(key: string, entry: unknown): void
}

/**
 * A call that failed. The call is undefined, unless the query was prepared with `strictBuiltinErrors`: then evaluation ends with this code
 * and the message, which the engine completes with the builtin's name and the place.
 */
export class BuiltinError extends Error {
  readonly code: 'eval_builtin_error' | 'eval_type_error'
  /** True when evaluation ends even without `strictBuiltinErrors`. */
  readonly halts: boolean

  constructor(
    message: string,
    options: { code?: 'eval_builtin_error' | 'eval_type_error'; halts?: boolean; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = options.code ?? 'eval_builtin_error'
    this.halts = options.halts ?? false
  }
}

/** The error for an operand of a wrong type, in OPA's words: ``operand 1 must be number but got string``. Positions count from 1. */
export function operandTypeError(position: number, got: TypeName, expected: readonly string[]): BuiltinError {
  const want = expected.length === 1 ? expected[0] : `one of {${expected.join(', ')}}`
  return new BuiltinError(`operand ${position} must be ${want} but got ${got}`, { code: 'eval_type_error' })
}

/** The error for an operand whose value is not acceptable: ``operand 2 must be ...``. Positions count from 1. */
export function operandError(position: number, problem: string): BuiltinError {
  return new BuiltinError(`operand ${position} ${problem}`, { code: 'eval_type_error' })
}
