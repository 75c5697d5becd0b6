/**
 * What one call may make or take. A call that wants more ends the evaluation with an error that names the limit: a policy must not be able to fill the
 * memory of its process, nor an input that a policy hands on.
 */
import { limitError } from './operands.ts'

/** Code units of a text that a builtin makes: 16 million are 32 MB at most, far above any document that a policy should build. */
export const textLengthMax = 16 * 1024 * 1024

/** Elements of a collection that a builtin makes out of a short operand (`numbers.range`, `net.cidr_expand`, `walk`). */
export const elementsMax = 1_000_000

/** Code units of a regular expression or glob. RE2 programs grow with the pattern, repetitions like `{1000}` included in its own limit. */
export const patternLengthMax = 16 * 1024

/** Code units of a text that a pattern is run over: matching is linear, this bounds the line. */
export const matchedLengthMax = 8 * 1024 * 1024

/** Compiled patterns, schemas and the like that are kept, each kind for itself: as many as OPA keeps. */
export const cachedMax = 100

export function checkTextLength(length: number): void {
  if (length > textLengthMax) throw limitError(`a text of ${length} characters`, `${textLengthMax} characters`)
}

export function checkElements(count: number | bigint): void {
  if (count > elementsMax) throw limitError(`a collection of ${count} elements`, `${elementsMax} elements`)
}

export function checkPattern(pattern: string): void {
  if (pattern.length > patternLengthMax)
    throw limitError(`a pattern of ${pattern.length} characters`, `${patternLengthMax} characters`)
}

export function checkMatched(text: string): void {
  if (text.length > matchedLengthMax)
    throw limitError(`a text of ${text.length} characters`, `${matchedLengthMax} characters for matching`)
}
