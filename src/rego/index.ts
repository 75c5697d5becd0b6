/**
 * Rego v1 in TypeScript: policies in, JavaScript functions out. `prepare` compiles a query; what it gives evaluates it as often as one likes,
 * and says whether it can hold at all while parts of its input are unknown (`Query.holds`).
 */
export {
  type Answer,
  type AnsweredQuery,
  type AnswerOptions,
  type ExpressionValue,
  prepareAnswers,
} from './answers.ts'
export { BuiltinError, type BuiltinPorts, type HttpReply, type HttpRequest } from './builtins/builtin.ts'
export { DurationError, parseDuration } from './builtins/go/duration.ts'
export type { Capabilities } from './capabilities.ts'
export { type CompileOptions, check, hints, schemaName } from './compile.ts'
export {
  type ConditionCoverage,
  Coverage,
  type CoverageRange,
  type CoverageReport,
  type FileCoverage,
} from './cover/coverage.ts'
export { DocumentError, printJson, readJson, readYaml } from './documents.ts'
export { type RegoError, type RegoErrorCode, RegoErrors } from './errors.ts'
export { type Explanation, explain } from './explain/explain.ts'
export type { ExplainedCondition, ExplainedDocument, ExplainedRule, ExplainedValue } from './explain/explanation.ts'
export { explanationText } from './explain/text.ts'
export { format } from './format/format.ts'
export { printTree } from './format/tree.ts'
export { type NumberValue, numberText, parseNumber } from './number.ts'
export { parseModule } from './parse/module.ts'
export { parseTerm } from './parse-term.ts'
export { parse } from './parse-tree.ts'
export type { RuleRef } from './plan/direct.ts'
export { type OwnBuiltin, type PrepareOptions, prepare } from './prepare.ts'
export { Profile, type ProfiledRow } from './profile/profile.ts'
export type { Hint } from './resolve/unknown-documents.ts'
export { EvaluationInterrupted } from './run/failure.ts'
export { defaultLimits, type EvaluationLimits } from './run/limits.ts'
export type { EvaluateOptions, NondeterministicValues, Query } from './run/query.ts'
export { shareEqualParts } from './share.ts'
export { type PreparedTest, prepareTests, type TestOptions } from './tests/prepare.ts'
export { type TraceView, traceText, viewOf } from './trace/text.ts'
export type { TraceEvent, TraceOperation } from './trace/tracer.ts'
export type { Truth } from './unknowns/truth.ts'
export { type Json, RegoObject, RegoSet, toJson, type Value } from './value.ts'
export { loadWasm, type WasmOptions, type WasmPolicy } from './wasm/load.ts'
