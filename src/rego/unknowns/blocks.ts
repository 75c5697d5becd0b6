/**
 * Evaluates the statements of a plan on sketches, in the order in which compiled code does. A statement that may hold makes everything behind it
 * in its block something that may happen; an error behind it is then an error of some completions only.
 */

import type { Span } from '../ast.ts'
import type { Block, Operand, Override, Statement } from '../plan/ir.ts'
import type { BuiltinCall } from '../run/builtin-call.ts'
import { EvaluationError } from '../run/failure.ts'
import { runtime } from '../run/runtime.ts'
import { objectOf, SketchBuilding } from './building.ts'
import { booleanOf, condition, seenText, text } from './calls.ts'
import type { Case } from './case.ts'
import type { Ends, SketchFrame } from './frame.ts'
import { each, every, type Rounds, scan, scanTree } from './loops.ts'
import { defined, met, nothing, type Outcome } from './outcomes.ts'
import { get, put } from './parts.ts'
import type { Program } from './program.ts'
import { equal, isType, resolved, settled, sizeOf } from './questions.ts'
import { Seen } from './seen.ts'
import { isKnown, outlineOf, type Sketch, Unknown } from './sketch.ts'
import { baseUnder, overlaid, type SketchReplacement, SketchState } from './state.ts'
import { cursorAt, select, settle } from './tree.ts'
import { all, negated, type Truth, truth } from './truth.ts'

type Of<Op extends Statement['op']> = Extract<Statement, { op: Op }>

export class BlockRunner {
  readonly #program: Program
  readonly #at: Case
  readonly #frame: SketchFrame
  readonly #rounds: Rounds

  constructor(program: Program, frame: SketchFrame) {
    this.#program = program
    this.#at = program.at
    this.#frame = frame
    this.#rounds = {
      program,
      frame,
      run: (block, sure, ends) => this.run(block, sure, ends),
      reaches: (block) => this.#reaches(block),
    }
  }

  /** Whether what is evaluated now stands for any number of rounds of a loop. */
  get isMany(): boolean {
    return this.#frame.many
  }

  /** Runs a block that is entered in any case, where `sure`; gives whether what `ends` belongs to has been left for good. */
  run(block: Block, sure: boolean, ends: Ends): boolean {
    let isSure = sure
    for (const statement of block) {
      this.#at.step()
      const unsure = !isSure || ends.left
      const isEntered = isSure
      if (isLast(statement)) return this.#at.attempt(unsure, () => this.#last(statement, isEntered, ends), false)
      const answer = this.#at.attempt(unsure, () => this.#step(statement, isEntered), 'no')
      if (answer === 'no') return false
      if (answer === 'maybe') isSure = false
    }
    return false
  }

  #step(statement: Exclude<Statement, Last>, sure: boolean): Truth {
    const frame = this.#frame
    switch (statement.op) {
      case 'input':
        return this.#set(statement.target, frame.state(statement.state).input)
      case 'base':
        return this.#set(
          statement.target,
          baseUnder(this.#at, frame.state(statement.state), this.#program.data, statement.path),
        )
      case 'document': {
        const group = this.#program.group(statement.group)
        const keys = frame.operands(statement.keys)
        return this.#set(statement.target, this.#program.document(frame.state(statement.state), group, keys))
      }
      case 'some':
        frame.set(statement.target, booleanOf(this.#program.exists(frame.state(statement.state), statement.existence)))
        return 'yes'
      case 'holds':
        frame.set(statement.target, booleanOf(this.#reaches(statement.body)))
        return 'yes'
      case 'tree':
        frame.setCursor(statement.target, cursorAt(frame.state(statement.state), statement.path))
        return 'yes'
      case 'select': {
        const state = frame.state(statement.state)
        const cursor = select(this.#program, state, frame.cursor(statement.source), frame.operand(statement.key))
        if (cursor === undefined) return 'no'
        frame.setCursor(statement.target, cursor)
        return cursor.kind === 'value' && !cursor.outcome.certain ? 'maybe' : 'yes'
      }
      case 'settle':
        return this.#set(
          statement.target,
          settle(this.#program, frame.state(statement.state), frame.cursor(statement.source)),
        )
      case 'get':
        return this.#set(statement.target, get(this.#at, frame.operand(statement.source), frame.operand(statement.key)))
      case 'call': {
        const args = frame.operands(statement.args)
        return this.#set(
          statement.target,
          this.#program.call(frame.state(statement.state), statement.callee, args, statement.at),
        )
      }
      case 'check':
        return this.#check(statement)
      case 'format':
        return this.#format(statement)
      case 'array':
      case 'set': {
        const building = new SketchBuilding(this.#at, statement.op, noPlace)
        for (const item of frame.operands(statement.items)) building.add(undefined, item, once)
        frame.set(statement.target, building.finish())
        return 'yes'
      }
      case 'object': {
        const entries = statement.entries.map(([key, value]) => ({
          key: settled(this.#at, frame.operand(key)),
          value: frame.operand(value),
          certain: true,
        }))
        frame.set(statement.target, objectOf(this.#at, entries))
        return 'yes'
      }
      case 'template':
        frame.set(statement.target, this.#template(statement))
        return 'yes'
      case 'hole':
        this.#hole(statement)
        return 'yes'
      case 'collect':
      case 'indexed':
        this.#collect(statement)
        return 'yes'
      case 'file':
      case 'json':
      case 'count':
        throw new Error(`\`${statement.op}\` has no place in an evaluation with unknown parts`)
      case 'add': {
        const building = frame.buildings.get(statement.to)
        const key = statement.key === undefined ? undefined : settled(this.#at, frame.operand(statement.key))
        building?.add(key, resolved(this.#at, frame.operand(statement.value)), { sure, many: frame.many })
        return 'yes'
      }
      case 'equal':
        return equal(this.#at, frame.operand(statement.left), frame.operand(statement.right))
      case 'true':
        return negated(equal(this.#at, frame.operand(statement.operand), false))
      case 'shape':
        return this.#shape(statement)
      case 'fail':
        return 'no'
      case 'not':
        return negated(this.#reaches(statement.body))
      case 'and': {
        const left = this.#reaches(statement.left)
        if (left === 'no') return 'no'
        return all([left, this.#at.attempt(left === 'maybe', () => this.#reaches(statement.right), 'no')])
      }
      case 'or': {
        const left = this.#reaches(statement.left)
        if (left === 'yes') return 'yes'
        const right = this.#at.attempt(left === 'maybe', () => this.#reaches(statement.right), 'no')
        return right === 'no' ? left : right
      }
      case 'every':
        return every(this.#rounds, statement)
      case 'with':
        this.#with(statement)
        return 'yes'
      case 'print':
      case 'begin':
      case 'held':
      case 'look':
      case 'see':
        return 'yes'
    }
  }

  /** Runs a statement that ends its block. */
  #last(statement: Last, sure: boolean, ends: Ends): boolean {
    const frame = this.#frame
    switch (statement.op) {
      case 'scan':
        return scan(this.#rounds, statement, sure, ends)
      case 'scanTree':
        return scanTree(this.#rounds, statement, sure, ends)
      case 'each':
        return each(this.#rounds, statement, sure, ends)
      case 'reach':
        return given(ends.reach)(sure)
      case 'result': {
        const value = resolved(this.#at, frame.operand(statement.value))
        return given(ends.result)(value, sure, statement.final, statement.at)
      }
      case 'insert': {
        const path = frame.operands(statement.path).map((key) => settled(this.#at, key))
        const value = resolved(this.#at, frame.operand(statement.value))
        return given(ends.insert)(path, value, statement.member, sure, statement.final, statement.at)
      }
      case 'emptySet':
        given(ends.emptySet)(
          frame.operands(statement.path).map((key) => settled(this.#at, key)),
          sure,
          statement.at,
        )
        return false
      case 'row':
        return given(ends.row)(sure)
    }
  }

  #set(target: number, { value, certain }: Outcome): Truth {
    if (value === undefined) return 'no'
    this.#frame.set(target, resolved(this.#at, value))
    return certain ? 'yes' : 'maybe'
  }

  #check({ callee, args, state, at }: Of<'check'>): Truth {
    const operands = this.#frame.operands(args)
    const own = this.#frame.state(state)
    if (callee.kind === 'builtin' && this.#program.isLibrary(own, callee.name)) {
      const answer = condition(this.#at, callee.name, operands)
      if (answer !== undefined) return answer
    }
    const { value, certain } = this.#program.call(own, callee, operands, at)
    if (value === undefined) return 'no'
    return all([certain ? 'yes' : 'maybe', negated(equal(this.#at, value, false))])
  }

  #format({ target, format, items, state, at }: Of<'format'>): Truth {
    const building = new SketchBuilding(this.#at, 'array', at)
    for (const item of this.#frame.operands(items)) building.add(undefined, resolved(this.#at, item), once)
    const callee = { kind: 'builtin', name: 'sprintf' } as const
    return this.#set(target, this.#program.call(this.#frame.state(state), callee, [format, building.finish()], at))
  }

  #template({ parts }: Of<'template'>): Sketch {
    // A part without a value is written so.
    const sketches: Sketch[] = parts.map(
      (part) => (part.kind === 'constant' ? part.value : this.#frame.get(part.id)) ?? '<undefined>',
    )
    if (sketches.every(isKnown)) return runtime.template(this.#at.native, sketches)
    return seenText(this.#at, 'template', writeTemplate, sketches) ?? text(this.#at, 'template', sketches)
  }

  #hole({ target, body, at }: Of<'hole'>): void {
    let found: Outcome = nothing
    const result = (value: Sketch, sure: boolean): boolean => {
      if (this.#frame.many && this.#at.names.of(value) === undefined) this.#at.mayFail = true
      found = met(this.#at, found, { value, certain: sure }, () => {
        throw new EvaluationError('eval_conflict_error', 'a template expression must not produce multiple outputs', at)
      })
      return false
    }
    this.#apart(() => this.run(body, true, { left: false, result }))
    const { value, certain } = found
    this.#frame.set(target, value === undefined || certain ? value : new Unknown())
  }

  #collect({ target, of, body, at }: Of<'collect' | 'indexed'>): void {
    const building = new SketchBuilding(this.#at, of, at)
    this.#frame.buildings.set(target, building)
    this.#apart(() => this.run(body, true, { left: false }))
    this.#frame.set(target, building.finish())
  }

  /** What is collected inside is collected anew in every round of the loops outside. */
  #apart(run: () => void): void {
    const { many } = this.#frame
    this.#frame.many = false
    run()
    this.#frame.many = many
  }

  #shape({ operand, of, size }: Of<'shape'>): Truth {
    const whole = resolved(this.#at, this.#frame.operand(operand))
    const fits = isType(this.#at, whole, of)
    if (fits === 'no') return 'no'
    if (whole instanceof Seen) return truth(whole.size === size)
    const value = whole
    const outline = outlineOf(value)
    if (outline !== undefined) {
      const { from, to } = sizeOf(this.#at, outline)
      if (size < from || (to !== undefined && size > to)) return 'no'
      return from === to ? 'yes' : 'maybe'
    }
    if (isKnown(value)) return 'no'
    const name = this.#at.names.of(value)
    return all([fits, name === undefined ? 'maybe' : this.#at.fact(`${name} has ${size} elements`)])
  }

  /** Whether a body reaches its end. */
  #reaches(body: Block): Truth {
    let answer: Truth = 'no'
    const ends: Ends = {
      left: false,
      reach(sure) {
        answer = sure ? 'yes' : 'maybe'
        ends.left = true
        return sure
      },
    }
    this.#apart(() => this.run(body, true, ends))
    return answer
  }

  #with({ state, from, overrides }: Of<'with'>): void {
    const outer = this.#frame.state(from)
    let { input, overlay } = outer
    const functions = new Map<string, SketchReplacement>(outer.functions)
    for (const override of overrides) {
      if (override.kind === 'function') functions.set(override.name, this.#replacement(override.value))
      else {
        const value = settled(this.#at, this.#frame.operand(override.value))
        if (override.kind === 'data') overlay = overlaid(this.#at, overlay, override.path, value)
        else input = defined(put(this.#at, certainly(input), override.path, value))
      }
    }
    this.#frame.setState(state, new SketchState(input, overlay, functions.size === 0 ? undefined : functions))
  }

  #replacement(value: Extract<Override, { kind: 'function' }>['value']): SketchReplacement {
    if (value.kind === 'temp' || value.kind === 'constant') return { value: this.#frame.operand(value as Operand) }
    return { callee: value }
  }
}

const writeTemplate: BuiltinCall = (native, _at, ...parts) => runtime.template(native, parts)

type Last = Of<'scan' | 'scanTree' | 'each' | 'reach' | 'result' | 'insert' | 'emptySet' | 'row'>

function isLast(statement: Statement): statement is Last {
  switch (statement.op) {
    case 'scan':
    case 'scanTree':
    case 'each':
    case 'reach':
    case 'result':
    case 'insert':
    case 'emptySet':
    case 'row':
      return true
    default:
      return false
  }
}

/** The elements of a literal are there once. */
const once = { sure: true, many: false }

/** Arrays and sets that a literal makes have no conflicts to place. */
const noPlace: Span = { file: '', row: 0, col: 0, start: 0, end: 0 }

function given<End>(end: End | undefined): End {
  if (end === undefined) throw new Error('a block ends in a way that it has no place for')
  return end
}

/** A document that may be absent, as something to put a value into. */
function certainly({ value, certain }: Outcome): Sketch | undefined {
  return certain ? value : new Unknown()
}
