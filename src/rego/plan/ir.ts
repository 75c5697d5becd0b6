/**
 * The plan: what a policy does, as small statements in the order in which they happen. It stands between the resolved program and JavaScript,
 * and is the one definition of evaluation that every emission (plain, and later instrumented ones) follows.
 *
 * A block runs its statements in order. A statement that does not hold *fails*: the nearest block around it is left, and a scan goes on with
 * its next element. A statement that opens a block of its own (`scan`, `each`) is always the last of its block: what follows it happens once
 * for each element, inside.
 */
import type { Span } from '../ast.ts'
import type { Rule } from '../program.ts'
import type { Value } from '../value.ts'

/** A value that a statement reads: a temporary of the procedure, or a constant. */
export type Operand =
  | { readonly kind: 'temp'; readonly id: number }
  | { readonly kind: 'constant'; readonly value: Value }

/** The number of a temporary. Each is set by exactly one statement. */
export type Temp = number

/** The number of an evaluation state: 0 is the one that the procedure was called with, others are made by `with`. */
export type StateId = number

export type Block = Statement[]

/** What is called: a builtin by name, or a function group of the policy by number. */
export type PlannedCallee =
  | { readonly kind: 'builtin'; readonly name: string }
  | { readonly kind: 'function'; readonly group: number }

export type Statement =
  /** Sets `target` to the input document; fails when there is none. */
  | { readonly op: 'input'; readonly target: Temp; readonly state: StateId }
  /** Sets `target` to the base document at a path; fails when there is none. */
  | { readonly op: 'base'; readonly target: Temp; readonly path: readonly string[]; readonly state: StateId }
  /** Sets `target` to the document of a group of rules, below `keys`; fails when that is undefined. */
  | {
      readonly op: 'document'
      readonly target: Temp
      readonly group: number
      readonly keys: readonly Operand[]
      readonly state: StateId
    }
  /** Sets `target` to whether a document has a member (`Existence`, by its number): the document itself is not made. */
  | { readonly op: 'some'; readonly target: Temp; readonly existence: number; readonly state: StateId }
  /** Sets `target` to whether `body` reaches its end. */
  | { readonly op: 'holds'; readonly target: Temp; readonly body: Block }
  /** Sets `target` to a place in the tree of rules: a cursor, which only `select`, `scanTree` and `settle` understand. */
  | { readonly op: 'tree'; readonly target: Temp; readonly path: readonly string[]; readonly state: StateId }
  /** Moves a cursor to a key; fails when there is nothing. */
  | {
      readonly op: 'select'
      readonly target: Temp
      readonly source: Temp
      readonly key: Operand
      readonly state: StateId
    }
  /** Goes through everything below a cursor: `key` is a value, `value` a cursor. */
  | {
      readonly op: 'scanTree'
      readonly source: Temp
      readonly key: Temp
      readonly value: Temp
      readonly body: Block
      readonly state: StateId
    }
  /** Sets `target` to the value at a cursor; fails when there is none. */
  | { readonly op: 'settle'; readonly target: Temp; readonly source: Temp; readonly state: StateId }
  /** Sets `target` to what stands at `key` in `source`; fails when nothing does. */
  | { readonly op: 'get'; readonly target: Temp; readonly source: Operand; readonly key: Operand }
  /** Goes through the elements of a collection, in ascending order of keys where `ordered`; a scalar has none. */
  | {
      readonly op: 'scan'
      readonly source: Operand
      readonly key: Temp
      readonly value: Temp
      readonly ordered: boolean
      readonly body: Block
      readonly state: StateId
    }
  /** Goes through the results of a relation, such as `walk`. */
  | {
      readonly op: 'each'
      readonly target: Temp
      readonly name: string
      readonly args: readonly Operand[]
      readonly body: Block
      readonly state: StateId
      readonly at: Span
    }
  /** Sets `target` to the result of a call; fails when that is undefined. */
  | {
      readonly op: 'call'
      readonly target: Temp
      readonly callee: PlannedCallee
      readonly args: readonly Operand[]
      readonly state: StateId
      readonly at: Span
    }
  /** Fails unless the result of a call is defined and not false. */
  | {
      readonly op: 'check'
      readonly callee: PlannedCallee
      readonly args: readonly Operand[]
      readonly state: StateId
      readonly at: Span
    }
  /** Sets `target` to `sprintf` of a format known beforehand; fails when that is undefined. */
  | {
      readonly op: 'format'
      readonly target: Temp
      readonly format: string
      readonly items: readonly Operand[]
      readonly state: StateId
      readonly at: Span
    }
  | { readonly op: 'array'; readonly target: Temp; readonly items: readonly Operand[] }
  | { readonly op: 'set'; readonly target: Temp; readonly items: readonly Operand[] }
  /** Of two equal keys the value of the later one stays. */
  | {
      readonly op: 'object'
      readonly target: Temp
      readonly entries: readonly (readonly [Operand, Operand])[]
    }
  /** Sets `target` to the text of its parts; a temporary may be undefined here and nowhere else. */
  | {
      readonly op: 'template'
      readonly target: Temp
      readonly parts: readonly Operand[]
      readonly at: Span
      readonly state: StateId
    }
  /** Sets `target` to the one value that `body` gives with `result`, or to undefined; different values are an error. */
  | { readonly op: 'hole'; readonly target: Temp; readonly body: Block; readonly at: Span }
  /** Sets `target` to the collection of everything that `body` gives it with `add`. */
  | {
      readonly op: 'collect'
      readonly target: Temp
      readonly of: 'array' | 'set' | 'object'
      readonly body: Block
      readonly at: Span
    }
  /**
   * As `collect`, where `body` looks for the elements of a key that is bound outside. In `filed` all elements are found at once, whatever their key, and
   * end in `file`; `keys` computes the key of the moment, the operands `by`. Both ways give the same.
   */
  | {
      readonly op: 'indexed'
      readonly target: Temp
      readonly of: 'array' | 'set' | 'object'
      readonly body: Block
      readonly filed: Block
      readonly keys: Block
      readonly by: readonly Operand[]
      readonly state: StateId
      readonly at: Span
    }
  /** Files an element of an `indexed` comprehension by its key. */
  | { readonly op: 'file'; readonly by: readonly Operand[]; readonly key?: Operand; readonly value: Operand }
  /** Gives a collection an element. */
  | { readonly op: 'add'; readonly to: Temp; readonly key?: Operand; readonly value: Operand }
  /** Fails unless the values are equal. */
  | { readonly op: 'equal'; readonly left: Operand; readonly right: Operand }
  /** Fails when the value is false. */
  | { readonly op: 'true'; readonly operand: Operand }
  /** Fails unless the value is an array of `size` elements, or an object of `size` keys. */
  | { readonly op: 'shape'; readonly operand: Operand; readonly of: 'array' | 'object'; readonly size: number }
  /** Fails always. */
  | { readonly op: 'fail' }
  /** Fails when `body` reaches its end. */
  | { readonly op: 'not'; readonly body: Block }
  /** Fails unless both bodies, or either one, reach their end. The second runs only where it matters. */
  | { readonly op: 'and' | 'or'; readonly left: Block; readonly right: Block }
  /** Fails when `body` does not reach its end for some element; a scalar domain fails too. */
  | {
      readonly op: 'every'
      readonly source: Operand
      readonly key: Temp
      readonly value: Temp
      readonly body: Block
      readonly state: StateId
    }
  /** Makes a state in which documents and functions are replaced. */
  | {
      readonly op: 'with'
      readonly state: StateId
      readonly from: StateId
      readonly overrides: readonly Override[]
      readonly at: Span
    }
  /** Prints its operands, each of which is a collection of the values that an argument can have. */
  | { readonly op: 'print'; readonly args: readonly Temp[]; readonly at: Span; readonly state: StateId }
  /** The end of a body of which only matters whether it is reached (`not`, `and`, `or`, `every`, `holds`, an existence): it is left at once. */
  | { readonly op: 'reach' }
  /** Gives the value of a clause. `final`: every further solution would give the same value, so the procedure ends here. */
  | { readonly op: 'result'; readonly value: Operand; readonly final: boolean; readonly at: Span }
  /** Puts a value at a path of the document that the group is building, or a member into the set there. */
  | {
      readonly op: 'insert'
      readonly path: readonly Operand[]
      readonly value: Operand
      readonly member: boolean
      /** Every further solution of the clause would insert the same. */
      readonly final: boolean
      readonly at: Span
    }
  /** Makes an empty set at a path of the document that the group is building, unless a set is there. */
  | { readonly op: 'emptySet'; readonly path: readonly Operand[]; readonly at: Span }
  /** Gives one row of a query's bindings. */
  | { readonly op: 'row'; readonly values: readonly Operand[] }
  /** Sets `target` to a copy of a value as JSON. */
  | { readonly op: 'json'; readonly target: Temp; readonly source: Operand }
  /** Counts values of the result that the next statement makes. */
  | { readonly op: 'count'; readonly values: number }
  | Mark

/**
 * Says where in the source evaluation is; it computes nothing and never fails. Marks stand only in plans that somebody will watch (`Plan.points`).
 * What fails between `begin` and `held` is that expression, once for each time that it has begun. `early`: only what it needs is read, before the
 * body's own order (`hoist.ts`). A term that was looked for and not seen is what the expression failed for want of.
 */
export type Mark =
  | { readonly op: 'begin' | 'held'; readonly point: number; readonly early: boolean }
  | { readonly op: 'look'; readonly point: number }
  | { readonly op: 'see'; readonly point: number; readonly value: Operand }

export type Override =
  | { readonly kind: 'input'; readonly path: readonly string[]; readonly value: Operand }
  | { readonly kind: 'data'; readonly path: readonly string[]; readonly value: Operand }
  | { readonly kind: 'function'; readonly name: string; readonly value: Operand | PlannedCallee }

/** What a procedure is for, which says how it takes and gives values. */
export type ProcedureKind =
  /** Gives the value of a complete rule or a function with `result`. */
  | 'value'
  /** Gives members of a set with `insert`. */
  | 'members'
  /** Builds part of a document with `insert`. */
  | 'parts'
  /** Gives rows with `row`. */
  | 'rows'
  /** Gives whether its rule has a member, with `reach`. */
  | 'some'

/** What a mark points at: an expression of a body, the value and keys that a clause gives (`head`), or inside one of these a local or another term. */
export interface Point {
  readonly kind: 'expression' | 'head' | 'term' | 'local'
  readonly at: Span
  /** An expression that nobody wrote: a call that was taken out of the expression around it. */
  readonly lifted: boolean
}

/** One rule, or a query. The clauses are tried in order until one gives a result. */
export interface Procedure {
  readonly id: number
  readonly kind: ProcedureKind
  readonly params: readonly Temp[]
  readonly clauses: readonly Block[]
  readonly temps: number
  readonly at: Span
  /** The rule that it was planned from; a query has none. */
  readonly rule?: Rule
}

/** Keys of a document that a group is asked for: 0 is the whole document, n the part below n given keys. */
export interface Variant {
  readonly depth: number
  readonly procedures: readonly Procedure[]
  /** Defaults, used where no other rule gave a value; in a document that is built, the sets that are there even when they are empty. */
  readonly fallbacks: readonly Procedure[]
}

/** The question whether the document of a group has a member, answered by the first that is found. */
export interface Existence {
  /** Numbered after all groups. */
  readonly id: number
  /** Whether any member will do, or only one that is not `false`. */
  readonly wanted: 'any' | 'true'
  readonly procedures: readonly Procedure[]
}

/** Rules that make one document, or the definitions of one function. */
export interface Group {
  readonly id: number
  readonly path: readonly string[]
  readonly kind: 'complete' | 'function' | 'set' | 'object'
  readonly arity: number
  /** By depth; only those that somebody asks for. Complete groups and functions have depth 0 only. */
  readonly variants: ReadonlyMap<number, Variant>
  readonly existences: readonly Existence[]
  /** All rules that give a value give the same one, so the first is enough. */
  readonly uniform: boolean
  readonly index: RuleIndex | undefined
  readonly at: Span
}

/** Where a rule index looks: a path of the input, or an argument of the function and a path in it. */
export type Probe =
  | { readonly root: 'input'; readonly path: readonly (string | number)[] }
  | { readonly root: 'argument'; readonly argument: number; readonly path: readonly (string | number)[] }

/**
 * A tree that finds the rules whose guards can hold. At a node the probe's value selects the branches that go on; rules without a guard on
 * that probe stand in every branch, so a leaf is the complete list of candidates.
 */
export type RuleIndex =
  | { readonly kind: 'leaf'; readonly rules: readonly number[] }
  | {
      readonly kind: 'equal'
      readonly probe: Probe
      readonly branches: readonly { readonly value: Value; readonly next: RuleIndex }[]
      readonly otherwise: RuleIndex
    }
  /** The probe's value is a text that may begin with several of the values, or a collection that may hold several: their rules are joined. */
  | {
      readonly kind: 'prefix' | 'element'
      readonly probe: Probe
      readonly branches: readonly { readonly value: Value; readonly rules: readonly number[] }[]
      readonly otherwise: RuleIndex
    }

/** A node of the tree of rules: each child is a group of rules, or a tree of its own. */
export interface Tree {
  readonly path: readonly string[]
  readonly children: readonly { readonly name: string; readonly group: number | undefined }[]
}

export interface Plan {
  readonly groups: readonly Group[]
  /** Values of further queries that share the plan. Passes that make a plan faster leave them as they are. */
  readonly entries: readonly Procedure[]
  readonly query: Procedure
  /** Present where the query is one term: gives its value. */
  readonly value?: Procedure
  /** Whether `value` gives JSON of its own, sets as sorted arrays and keys ascending; otherwise whoever asks makes it so. */
  readonly givesJson?: boolean
  /** Nodes of the tree of rules, without groups, that cursors can stand on; children before parents. */
  readonly trees: readonly Tree[]
  /** Paths of `with data...` targets anywhere in what is planned: documents that overlap them ask the state first. */
  readonly replacedData: readonly (readonly string[])[]
  /** Names of functions (`count`, `data.a.f`) that some `with` replaces. */
  readonly replacedFunctions: ReadonlySet<string>
  /** What the marks point at, by number; empty where the plan has none. */
  readonly points: readonly Point[]
}
