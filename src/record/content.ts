/**
 * What a decision record holds of the policy's input, of its answer and of builtins' values: as far as the route's level goes, and
 * never what `data.system.log` hides. Where hiding fails, nothing of it is written.
 */
import { type Decision, type Json, type JsonObject, type Recording, type RecordRules, textOf } from '../model/index.ts'
import { type Pieces, textOfPieces } from './batch.ts'
import type { DecisionLine } from './decision-line.ts'
import { type Conceal, type Maskable, mask } from './mask.ts'
import { makeInputTexts, recordedInput } from './recorded-input.ts'
import { recordedCall, recordedTarget } from './recorded-place.ts'

/** Two ways to print it, the second for when the first makes the record too large. Each begins with a comma, or is empty. */
export interface Content {
  whole(): Pieces
  shorter(): Pieces
}

export type ContentText = (line: DecisionLine) => Content

/** Why the input is not in a record in full. */
type Omission = 'level' | 'size' | 'dropped' | 'mask_failed'

const nothing: Content = { whole: () => [], shorter: () => [] }

export interface Hiding {
  /** Of the policy in force, where it has any. */
  readonly rules: RecordRules | undefined
  readonly conceal: Conceal
  /** Told why something could not be hidden, or its digest not be made; the record then holds nothing of what it is about. */
  readonly failed: (cause: unknown) => void
}

/** Without `hiding` records hold what their level says, and no digest of what they leave out. */
export function makeContentTexts(hiding: Hiding | undefined): ContentText {
  const inputText = makeInputTexts()

  /**
   * By it somebody who has the input, as a record would hold it in full, can show that it was this one; keyed, because what is left out
   * may be easy to guess.
   */
  function digestPart(decision: Decision): string {
    if (hiding === undefined || decision.input === undefined) return ''
    try {
      return part('input_digest', hiding.conceal.hash(textOfPieces(inputText(decision, 'input'))))
    } catch (cause) {
      hiding.failed(cause)
      return ''
    }
  }

  function plain({ level }: DecisionLine, decision: Decision): Content {
    const text = (as: Recording['level'], why: Omission, values: JsonObject | undefined) => [
      ...inputPart(inputText(decision, as), as === 'input' ? undefined : why),
      (as === 'input' ? '' : digestPart(decision)) + part('result', decision.result) + part('nd_builtin_cache', values),
    ]
    return {
      whole: () => text(level, 'level', decision.nondeterministic),
      // Values of builtins are for replay, which needs the input anyway.
      shorter: () => text(lesser(level), 'size', undefined),
    }
  }

  function hidden({ level }: DecisionLine, decision: Decision, said: Json, { conceal, failed }: Hiding): Content {
    const { input = {} } = decision
    const text = (as: Recording['level'], why: Omission, values: JsonObject | undefined) => {
      const parts: Maskable = { input: recordedInput(input, as), result: decision.result, nd_builtin_cache: values }
      const done = mask(parts, said, conceal)
      return [
        ...inputPart(printed(done.parts.input), as === 'input' ? undefined : why),
        (as === 'input' && done.parts.input === parts.input ? '' : digestPart(decision)) +
          part('result', done.parts.result) +
          part('nd_builtin_cache', done.parts.nd_builtin_cache) +
          (done.erased.length === 0 ? '' : part('erased', done.erased)) +
          (done.masked.length === 0 ? '' : part('masked', done.masked)),
      ]
    }
    const guarded = (print: () => Pieces) => () => {
      try {
        return print()
      } catch (cause) {
        failed(cause)
        return nothingOf(decision, 'mask_failed')
      }
    }
    return {
      whole: guarded(() => text(level, 'level', decision.nondeterministic)),
      shorter: guarded(() => text(lesser(level), 'size', undefined)),
    }
  }

  function nothingOf(decision: Decision, why: Omission): Pieces {
    return [...inputPart([], why), digestPart(decision)]
  }

  return function contentOf(line) {
    const { decision } = line
    if (decision === undefined) return nothing
    if (hiding?.rules === undefined || decision.input === undefined) return plain(line, decision)
    try {
      const said = hiding.rules.ask(eventOf(line, decision))
      if (said.drop) return same(nothingOf(decision, 'dropped'))
      return said.mask === undefined ? plain(line, decision) : hidden(line, decision, said.mask, hiding)
    } catch (cause) {
      hiding.failed(cause)
      return same(nothingOf(decision, 'mask_failed'))
    }
  }
}

function lesser(level: Recording['level']): Recording['level'] {
  return level === 'none' ? 'none' : 'metadata'
}

function same(pieces: Pieces): Content {
  return { whole: () => pieces, shorter: () => pieces }
}

function printed(value: Json | undefined): Pieces {
  return value === undefined ? [] : [textOf(value)]
}

function part(name: string, value: Json | undefined): string {
  return value === undefined ? '' : `,"${name}":${textOf(value)}`
}

function inputPart(input: Pieces, omitted: Omission | undefined): Pieces {
  const pieces = input.length === 0 ? [] : [',"input":', ...input]
  if (omitted !== undefined) pieces.push(`,"input_omitted":"${omitted}"`)
  return pieces
}

/** The record as `data.system.log` sees it: all of the input, whatever the route's level. */
function eventOf(line: DecisionLine, decision: Decision): JsonObject {
  const { arrival, target, call } = line
  return {
    decision_id: line.id,
    call_id: arrival.id,
    trace_id: arrival.trace.traceId,
    labels: { ...decision.labels },
    ...(decision.entrypoint !== undefined && { path: decision.entrypoint }),
    decision: line.kind,
    ...(line.code !== undefined && { code: line.code }),
    ...(target !== undefined && { target: recordedTarget(target) }),
    ...(call !== undefined && { call: recordedCall(call, target) }),
    ...(decision.input !== undefined && { input: decision.input }),
    ...(decision.result !== undefined && { result: decision.result }),
    ...(decision.nondeterministic !== undefined && { nd_builtin_cache: decision.nondeterministic }),
    requested_by: arrival.peer.address,
  }
}
