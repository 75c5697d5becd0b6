/**
 * Rego v1 in TypeScript: policies in, JavaScript functions out. `prepare` compiles a query; what it gives evaluates it as often as one likes.
 */
export { BuiltinError, type BuiltinPorts, type HttpReply, type HttpRequest } from './builtins/builtin.ts'
export type { Capabilities } from './capabilities.ts'
export { type CompileOptions, check } from './compile.ts'
export { type RegoError, type RegoErrorCode, RegoErrors } from './errors.ts'
export { format } from './format/format.ts'
export { printTree } from './format/tree.ts'
export { type NumberValue, numberText, parseNumber } from './number.ts'
export { parseModule } from './parse/module.ts'
export { parseTerm } from './parse-term.ts'
export { parse } from './parse-tree.ts'
export type { RuleRef } from './plan/direct.ts'
export { type OwnBuiltin, type PrepareOptions, prepare } from './prepare.ts'
export { defaultLimits, type EvaluationLimits } from './run/limits.ts'
export type { EvaluateOptions, NondeterministicValues, Query } from './run/query.ts'
export { type Json, RegoObject, RegoSet, toJson, type Value } from './value.ts'
export { loadWasm, type WasmOptions, type WasmPolicy } from './wasm/load.ts'
