/** Everything that compiled code may name. Its names are the only free names in compiled code. */
import type { Span } from '../ast.ts'
import { plainText } from '../builtins/term-text.ts'
import { equal, type Json, keyOf, lookup, makeObject, RegoSet, type Value } from '../value.ts'
import { chargeResult } from './builtin-call.ts'
import { callMemory } from './call-memory.ts'
import {
  anyElementsOf,
  anyKeysOf,
  elementsOf,
  isCollection,
  isObjectOf,
  keysOf,
  ObjectBuilding,
} from './collections.ts'
import { comprehensionIndex } from './comprehension-index.ts'
import { directoryOf } from './directory.ts'
import { DocumentBuilder } from './document-builder.ts'
import { EvaluationError } from './failure.ts'
import { ElementIndex, PrefixIndex } from './joined-index.ts'
import { isMember, less, lessOrEqual } from './operators.ts'
import { output } from './output.ts'
import { merged, overlaid, overlayAt, replacementAt, upsert } from './overlay.ts'
import { absent, State } from './state.ts'
import { below, cursorAt, Leaf, select, settle, TreeNode } from './tree.ts'

function conflict(at: Span): never {
  throw new EvaluationError('eval_conflict_error', 'complete rules must not produce multiple outputs', at)
}

function functionConflict(at: Span): never {
  throw new EvaluationError('eval_conflict_error', 'functions must not produce multiple outputs for same inputs', at)
}

function severalValues(at: Span): never {
  throw new EvaluationError('eval_conflict_error', 'a template expression must not produce multiple outputs', at)
}

/** The text of a template: strings as they are, other values as Rego writes them, `<undefined>` for what has no value. */
function template(state: State, parts: readonly (Value | undefined)[]): string {
  let text = ''
  for (const part of parts) text += part === undefined ? '<undefined>' : plainText(part)
  chargeResult(state, text)
  return text
}

function print(state: State, args: readonly (readonly Value[])[]): void {
  // Every combination of the values that the arguments have is a line of its own.
  let lines: string[][] = [[]]
  for (const values of args) {
    const texts = values.length === 0 ? ['<undefined>'] : values.map(plainText)
    state.evaluation.charge(lines.length * texts.length)
    lines = lines.flatMap((line) => texts.map((text) => [...line, text]))
  }
  for (const line of lines) state.evaluation.note('print', line.join(' '))
}

/** Whether `%v` prints a value as `String` does. */
function isPlainText(value: Value): boolean {
  return typeof value === 'string' || Number.isSafeInteger(value)
}

/** A text that compiled code has joined, paid for as a builtin's would be. */
function joined(state: State, text: string): string {
  chargeResult(state, text)
  return text
}

/** A base document as `with` leaves it. */
function baseUnder(state: State, base: Value | undefined, path: readonly string[]): Value | undefined {
  const { overlay } = state
  if (overlay === undefined) return base
  const replaced = replacementAt(overlay, path)
  return replaced === undefined ? merged(base, overlayAt(overlay, path)) : replaced.value
}

/** The state that the body of a replacement function sees: no function is replaced there. */
function unreplaced(state: State): State {
  return new State(state.evaluation, state.input, state.overlay)
}

/** Notes that a rule has given something. */
function note(state: State, rule: number): void {
  const { noted } = state
  if (noted === undefined) state.noted = [rule]
  // A rule of a set gives its members one after the other: most that are noted again are the last.
  else if (noted[noted.length - 1] !== rule && !noted.includes(rule)) noted.push(rule)
}

function json(state: State, value: Value): Json {
  return output(value, state.evaluation)
}

export const runtime = {
  absent,
  anyElementsOf,
  anyKeysOf,
  baseUnder,
  below,
  callMemory,
  comprehensionIndex,
  conflict,
  cursorAt,
  directoryOf,
  DocumentBuilder,
  ElementIndex,
  elementsOf,
  equal,
  functionConflict,
  isCollection,
  isMember,
  isObjectOf,
  isPlainText,
  joined,
  json,
  keyOf,
  keysOf,
  Leaf,
  less,
  lessOrEqual,
  lookup,
  makeObject,
  note,
  ObjectBuilding,
  overlaid,
  PrefixIndex,
  print,
  prototype: Object.prototype,
  RegoSet,
  replacementAt,
  select,
  settle,
  severalValues,
  State,
  template,
  TreeNode,
  unreplaced,
  upsert,
}
