/**
 * What an emission adds to the plain one, so that one plan answers several questions. The emitter asks its instrument at each of the points
 * below and writes down what it gives, which for the plain emission is nothing: what is not asked for costs nothing.
 */
import type { Mark, Procedure } from '../plan/ir.ts'
import { type Code, code, join, name } from './code.ts'

export interface Instrument {
  /** Whether the rule index chooses the rules that are tried. Otherwise all of them are, and fail at the condition that the index stands for. */
  readonly indexed: boolean
  /** Whether evaluation stops where every further solution would give the same value. */
  readonly exitsEarly: boolean
  /** Whether the plan must have marks. What is planned or emitted only for speed may hide them and is left out then. */
  readonly watches: boolean
  /** At the start of a procedure. */
  entered(procedure: Procedure): Code[]
  /** At the start of a clause. */
  tried(clause: number): Code[]
  /** Before each end of a procedure. */
  left(): Code[]
  /** At a mark; `value` is what a `see` has seen. */
  marked(mark: Mark, value: Code | undefined): Code[]
  /** Before a body of its own, or a loop. `points` are those of the body's expressions, absent for a loop. */
  opened(level: Code, points?: readonly number[]): Code[]
  /** At the start of each turn of a loop, and behind a body of its own: what stands above `level` has been left. */
  unwound(level: Code): Code[]
  /** Where a clause, at the given number, has given a value. */
  gave(procedure: Procedure, clause: number, value: Code): Code[]
  /** Where a body of its own has been reached, or has given a collection an element. */
  reached(): Code[]
  /** Where a group is asked for its document, or the part of it below some keys, or a function is called. */
  asked(group: number, args: readonly Code[]): Code[]
  /** Where its rules are about to be tried: what it gives was not known already. */
  chosen(group: number, rules: Code): Code[]
}

const nothing = (): Code[] => []

/** Evaluation, and nothing else. */
export const plain: Instrument = {
  indexed: true,
  exitsEarly: true,
  watches: false,
  entered: nothing,
  tried: nothing,
  left: nothing,
  marked: nothing,
  opened: nothing,
  unwound: nothing,
  gave: nothing,
  reached: nothing,
  asked: nothing,
  chosen: nothing,
}

/** Evaluation that notes in the state which of some rules gave something. `numbers` is by procedure and clause; others note nothing. */
export function noting(numbers: (procedure: number, clause: number) => number | undefined): Instrument {
  return {
    ...plain,
    gave: ({ id }, clause) => {
      const number = numbers(id, clause)
      return number === undefined ? [] : [code`note(${name('state', 0)}, ${number});`]
    },
  }
}

/** Evaluation that tells the evaluation's `Watch` everything (`run/watch.ts`). */
export function watching({ indexed, exitsEarly }: Pick<Instrument, 'indexed' | 'exitsEarly'>): Instrument {
  return {
    indexed,
    exitsEarly,
    watches: true,
    entered: ({ id, params }) => {
      const args = join(params.map((param) => name('temp', param)))
      return [code`const w = ${name('state', 0)}.evaluation.watch, u = w.enter(${id}, [${args}]);`]
    },
    tried: (clause) => [code`w.unwind(u); w.clause(${clause});`],
    left: () => [code`w.leave(u);`],
    marked: (mark, value) => {
      const { point } = mark
      switch (mark.op) {
        case 'begin':
          return [code`w.begin(${point}, ${mark.early});`]
        case 'held':
          return [code`w.held();`]
        case 'look':
          return [code`w.look(${point});`]
        case 'see':
          return [code`w.see(${point}, ${value ?? code`undefined`});`]
      }
    },
    opened: (level, points) => [
      points === undefined
        ? code`const ${level} = w.level();`
        : code`const ${level} = w.open([${join(points.map((point) => code`${point}`))}]);`,
    ],
    unwound: (level) => [code`w.unwind(${level});`],
    gave: (_procedure, _clause, value) => [code`w.gave(${value});`],
    reached: () => [code`w.reached();`],
    asked: (group, args) => [code`s.evaluation.watch.ask(${group}, [${join(args)}]);`],
    chosen: (group, rules) => [code`s.evaluation.watch.chosen(${group}, ${rules});`],
  }
}
