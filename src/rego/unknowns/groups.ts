/**
 * Documents and functions on sketches: where the rules of one name meet, as `emit/group.ts` has it for compiled code. A rule that only some
 * completions come to is tried as something that may happen.
 */

import type { Span } from '../ast.ts'
import type { Existence, Group, Plan, PlannedCallee, Procedure, Tree, Variant } from '../plan/ir.ts'
import { EvaluationError } from '../run/failure.ts'
import { RegoSet, type Value } from '../value.ts'
import { BlockRunner } from './blocks.ts'
import { SketchDocument } from './building.ts'
import type { KnownBuiltins } from './builtins.ts'
import { booleanOf, callBuiltin } from './calls.ts'
import { candidatesOf } from './candidates.ts'
import type { Case } from './case.ts'
import { type Ends, SketchFrame } from './frame.ts'
import { anything, behind, defined, instead, met, nothing, type Outcome, onlyIf } from './outcomes.ts'
import { get, isThere, whether } from './parts.ts'
import type { Program } from './program.ts'
import { equal } from './questions.ts'
import { type Sketch, Unknown } from './sketch.ts'
import { replacementAt, SketchState } from './state.ts'
import { all, negated, type Truth } from './truth.ts'

/** Calls of rules and functions inside one another that are followed; beyond, a result is unknown. The stack of a thread holds several times as many. */
const nestingMax = 500

/** A plan in one case. */
export class SketchProgram implements Program {
  readonly at: Case
  readonly data: Sketch
  readonly #groups: ReadonlyMap<number, Group>
  readonly #existences: ReadonlyMap<number, { readonly group: Group; readonly existence: Existence }>
  readonly #trees: ReadonlyMap<string, Tree>
  readonly #builtins: KnownBuiltins
  readonly #root: SketchState
  #nesting = 0

  constructor(
    plan: Plan,
    builtins: KnownBuiltins,
    at: Case,
    documents: { readonly input: Outcome; readonly data: Sketch },
  ) {
    this.at = at
    this.#root = new SketchState(documents.input)
    this.data = documents.data
    this.#builtins = builtins
    this.#groups = new Map(plan.groups.map((group) => [group.id, group]))
    this.#existences = new Map(
      plan.groups.flatMap((group) => group.existences.map((existence) => [existence.id, { group, existence }])),
    )
    this.#trees = new Map(plan.trees.map((tree) => [JSON.stringify(tree.path), tree]))
  }

  tree(path: readonly string[]): Tree | undefined {
    return this.#trees.get(JSON.stringify(path))
  }

  group(id: number): Group {
    const group = this.#groups.get(id)
    if (group === undefined) throw new Error(`there is no group ${id}`)
    return group
  }

  isLibrary(state: SketchState, builtin: string): boolean {
    return state.functions?.has(builtin) !== true && this.#builtins.function(builtin).isLibrary
  }

  relation(name: string, args: readonly Value[], place: Span): Iterable<Value> {
    return this.#builtins.relation(name)(this.at.native, place, ...args)
  }

  call(state: SketchState, callee: PlannedCallee, args: readonly Sketch[], place: Span): Outcome {
    const name = callee.kind === 'builtin' ? callee.name : `data.${this.group(callee.group).path.join('.')}`
    const replacement = state.functions?.get(name)
    if (replacement === undefined) return this.#direct(state, callee, args, place)
    if ('value' in replacement) return defined(replacement.value)
    return this.#direct(state.unreplaced, replacement.callee, args, place)
  }

  #direct(state: SketchState, callee: PlannedCallee, args: readonly Sketch[], place: Span): Outcome {
    if (callee.kind === 'builtin') {
      return callBuiltin(this.at, callee.name, this.#builtins.function(callee.name), args, place)
    }
    const group = this.group(callee.group)
    return this.#remembered(state, group, args, (variant) => this.#value(state, group, variant, args))
  }

  document(state: SketchState, group: Group, keys: readonly Sketch[]): Outcome {
    if (state.overlay !== undefined) {
      const replaced = replacementAt(this.at, state.overlay, group.path)
      if (replaced !== undefined) return keys.reduce((whole, key) => this.#below(whole, key), replaced)
    }
    return this.#remembered(state, group, keys, (variant) =>
      group.kind === 'complete' ? this.#value(state, group, variant, keys) : this.#parts(state, group, variant, keys),
    )
  }

  #below(whole: Outcome, key: Sketch): Outcome {
    if (whole.value === undefined) return nothing
    return behind(whole, get(this.at, whole.value, key))
  }

  /** What a group gives for these keys or arguments, computed once in a state. An error is remembered, too. */
  #remembered(
    state: SketchState,
    group: Group,
    args: readonly Sketch[],
    compute: (variant: Variant) => Outcome,
  ): Outcome {
    const depth = group.kind === 'function' ? 0 : args.length
    const variant = group.variants.get(depth)
    if (variant === undefined) throw new Error(`\`data.${group.path.join('.')}\` is not planned for ${depth} keys`)
    const key = `${group.id} ${args.map((arg) => this.at.names.keyOf(arg)).join()}`
    const isNamed = args.every((arg) => this.at.names.of(arg) !== undefined)
    return this.#memorized(state, key, isNamed, () => compute(variant))
  }

  #memorized(state: SketchState, key: string, isNamed: boolean, compute: () => Outcome): Outcome {
    const known = state.memory.get(key)
    if (known?.error !== undefined) throw known.error
    if (known?.outcome !== undefined) return known.outcome
    if (this.#nesting >= nestingMax) {
      this.at.mayFail = true
      return anything()
    }
    this.#nesting++
    try {
      const outcome = isNamed && state === this.#root ? this.#asked(key, compute()) : compute()
      state.memory.set(key, { outcome })
      return outcome
    } catch (error) {
      if (error instanceof EvaluationError) state.memory.set(key, { error })
      throw error
    } finally {
      this.#nesting--
    }
  }

  /**
   * What a group gives in the state of the query itself is the same wherever it is asked for: where it may be undefined, whether it is can be
   * assumed, as can its value. In other states, and for arguments without names, nothing can.
   */
  #asked(key: string, { value, certain }: Outcome): Outcome {
    if (value === undefined) return nothing
    const named = value instanceof Unknown && value.id === undefined ? new Unknown(`group ${key}`, value.domain) : value
    return certain ? defined(named) : whether(this.at, named, isThere(`group ${key}`))
  }

  /** The value of a complete document or a function. */
  #value(state: SketchState, group: Group, variant: Variant, args: readonly Sketch[]): Outcome {
    let out: Outcome = nothing
    for (const [rule, isSure] of this.#candidates(state, group, variant, args)) {
      if (group.uniform && out.value !== undefined && out.certain) break
      const unsure = !isSure || (group.uniform && out.value !== undefined)
      const found = this.at.attempt(unsure, () => this.value(state, procedureAt(variant, rule), args), nothing)
      out = met(this.at, out, onlyIf(isSure, found), () => clash(group))
    }
    for (const fallback of variant.fallbacks) {
      if (out.value !== undefined && out.certain) break
      const given = out
      const more = this.at.attempt(given.value !== undefined, () => this.value(state, fallback, args), nothing)
      out = instead(given, more)
    }
    return out
  }

  #candidates(
    state: SketchState,
    group: Group,
    variant: Variant,
    args: readonly Sketch[],
  ): ReturnType<typeof candidatesOf> {
    const own = group.kind === 'function' ? args : []
    return candidatesOf(this.at, group.index, variant.procedures.length, state, own)
  }

  /** The value that one rule, or a query, gives. */
  value(state: SketchState, procedure: Procedure, args: readonly Sketch[]): Outcome {
    const runner = this.#enter(state, procedure, args)
    let out: Outcome = nothing
    for (const clause of procedure.clauses) {
      let found: Outcome = nothing
      const ends: Ends = {
        left: out.value !== undefined,
        result: (value, sure, final, at) => {
          if (final) {
            found = { value, certain: found.certain && found.value !== undefined ? true : sure }
            ends.left = true
            return sure
          }
          if (runner.isMany && this.at.names.of(value) === undefined) this.at.mayFail = true
          found = met(this.at, found, { value, certain: sure }, () => clashAt(procedure, at))
          return false
        },
      }
      runner.run(clause, true, ends)
      out = instead(out, found)
      if (out.value !== undefined && out.certain) break
    }
    return out
  }

  /** Whether one of the rules of a document has a member: the first that is found answers. */
  exists(state: SketchState, id: number): Truth {
    const found = this.#existences.get(id)
    if (found === undefined) throw new Error(`there is no existence ${id}`)
    const { group, existence } = found
    const answer = this.#memorized(state, `some ${id}`, true, () => {
      let so: Truth = 'no'
      for (const [rule, isSure] of candidatesOf(this.at, group.index, existence.procedures.length, state, [])) {
        const one = this.at.attempt(
          !isSure || so === 'maybe',
          () => this.#reaches(state, procedureAt(existence, rule)),
          'no',
        )
        if (one === 'yes' && isSure) return defined(true)
        if (one !== 'no') so = 'maybe'
      }
      return defined(booleanOf(so))
    })
    return equal(this.at, answer.value ?? false, true)
  }

  /** Whether a rule that is only asked whether it has a member has one. */
  #reaches(state: SketchState, procedure: Procedure): Truth {
    const runner = this.#enter(state, procedure, [])
    let answer: Truth = 'no'
    const ends: Ends = {
      left: false,
      reach(sure) {
        answer = sure ? 'yes' : 'maybe'
        ends.left = true
        return sure
      },
    }
    for (const clause of procedure.clauses) if (runner.run(clause, true, ends)) return answer
    return answer
  }

  /** A document that rules build, or a part of it. */
  #parts(state: SketchState, group: Group, variant: Variant, keys: readonly Sketch[]): Outcome {
    const document = new SketchDocument(this.at)
    for (const [rule, isSure] of this.#candidates(state, group, variant, keys)) {
      this.#insert(state, procedureAt(variant, rule), keys, document, isSure)
    }
    for (const fallback of variant.fallbacks) this.#insert(state, fallback, keys, document, true)
    const { value, certain } = document.finish()
    if (keys.length > 0) return { value, certain: value === undefined || certain }
    // Whole, it is there even when it is empty.
    return defined(value ?? (group.kind === 'set' ? new RegoSet() : {}))
  }

  #insert(
    state: SketchState,
    procedure: Procedure,
    keys: readonly Sketch[],
    document: SketchDocument,
    isSure: boolean,
  ): void {
    const runner = this.#enter(state, procedure, keys)
    let done: 'yes' | 'no' | 'maybe' = 'no'
    const ends: Ends = {
      left: false,
      insert: (path, value, member, sure, final, at) => {
        const arrival = { sure, many: runner.isMany }
        if (member || procedure.kind === 'members') document.include(path, value, arrival, at)
        else document.put(path, value, arrival, at)
        if (done !== 'yes') done = sure ? 'yes' : 'maybe'
        if (final) ends.left = true
        return final && sure
      },
      emptySet: (path, sure, at) => document.includeNone(path, sure, at),
    }
    for (const clause of procedure.clauses) {
      const entered = done as 'yes' | 'no' | 'maybe'
      if (entered === 'yes') return
      ends.left = entered !== 'no'
      this.at.attempt(!isSure || ends.left, () => runner.run(clause, isSure && entered === 'no', ends), false)
    }
  }

  #enter(state: SketchState, { params }: Procedure, args: readonly Sketch[]): BlockRunner {
    const frame = new SketchFrame(state)
    params.forEach((param, i) => {
      frame.set(param, args[i])
    })
    return new BlockRunner(this, frame)
  }

  /** Whether a query has a value other than false, or a row where it is no single term. */
  holds({ query, value }: Plan): Truth {
    if (value === undefined) return this.#rows(query)
    const found = this.value(this.#root, value, [])
    if (found.value === undefined) return 'no'
    return all([found.certain ? 'yes' : 'maybe', negated(equal(this.at, found.value, false))])
  }

  #rows(query: Procedure): Truth {
    let answer: Truth = 'no'
    const row = (sure: boolean): boolean => {
      if (answer !== 'yes') answer = sure ? 'yes' : 'maybe'
      // Further rows may still end the evaluation.
      return false
    }
    const runner = this.#enter(this.#root, query, [])
    for (const clause of query.clauses) runner.run(clause, true, { left: false, row })
    return answer
  }
}

function procedureAt({ procedures }: Variant | Existence, rule: number): Procedure {
  const procedure = procedures[rule]
  if (procedure === undefined) throw new Error(`there is no rule ${rule}`)
  return procedure
}

function clash(group: Group): never {
  throw conflict(group.kind === 'function', group.at)
}

function clashAt({ params }: Procedure, at: Span): never {
  throw conflict(params.length > 0, at)
}

function conflict(isFunction: boolean, at: Span): EvaluationError {
  const problem = isFunction
    ? 'functions must not produce multiple outputs for same inputs'
    : 'complete rules must not produce multiple outputs'
  return new EvaluationError('eval_conflict_error', problem, at)
}
