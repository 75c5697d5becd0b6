/**
 * Why a module stopped, as an error of ours. A module tells it in many ways, none of them an `Error`: a text given to `opa_abort`, a trap of
 * WebAssembly, a stack that is used up.
 */
import type { RegoErrorCode } from '../errors.ts'
import { EvaluationError } from '../run/failure.ts'
import { memoryBytesMax } from './bounds.ts'
import { webAssembly } from './web-assembly.ts'

/** Thrown out of the module by its import `opa_abort`, with the text that it gave. */
export class Abort extends Error {
  override readonly name = 'Abort'
}

/** What OPA's compiler and its C library say, and what it means. The first that matches counts. */
const meanings: readonly (readonly [RegExp, RegoErrorCode, string])[] = [
  [
    /^var assignment conflict$/,
    'eval_conflict_error',
    'complete rules and functions must not produce multiple outputs',
  ],
  [/^object insert conflict$/, 'eval_conflict_error', 'object keys must be unique'],
]

/** `file:row:col: text`, as the compiler writes for what has a place in a policy. */
const placed = /^(.*):(\d+):(\d+): (.*)$/s

/** The end of an evaluation; `undefined` for what is no stop of the module: a wait, an error of a builtin, a mistake of ours. */
export function stopOf(cause: unknown): EvaluationError | undefined {
  if (cause instanceof Abort) return abortOf(cause)
  if (cause instanceof webAssembly.RuntimeError)
    return new EvaluationError('eval_internal_error', `the module trapped: ${cause.message}`, undefined, cause)
  return undefined
}

function abortOf(cause: Abort): EvaluationError {
  const [, file = '', row = '0', col = '0', text = cause.message] = placed.exec(cause.message) ?? []
  if (text === 'opa_malloc: failed') return outOfMemory(cause)
  const at = row === '0' ? undefined : { file, row: Number(row), col: Number(col), start: 0, end: 0 }
  for (const [pattern, code, message] of meanings)
    if (pattern.test(text)) return new EvaluationError(code, message, at, cause)
  return new EvaluationError('eval_internal_error', `the module gave up: ${text}`, at, cause)
}

/** The bound of memory is reached. */
export function outOfMemory(cause?: unknown): EvaluationError {
  return new EvaluationError(
    'eval_cancel_error',
    `evaluation took more than \`${memoryBytesMax}\` bytes of memory: input, data or what is made of them is too large`,
    undefined,
    cause,
  )
}
