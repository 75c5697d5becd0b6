/**
 * The resolved program: what `resolve` hands to the planner. Every name has its meaning, every local its number, every
 * body an order in which evaluation from left to right is safe. A call inside another term has been lifted: an earlier
 * `unify` of the same body binds its result to a local (`from: 'lifted'`), so that in bodies a call stands only as the
 * whole of a `test` or of a side of a `unify`. Heads may hold calls and refs: they are evaluated after the body.
 */

import type { Annotations, Scalar, Span } from './ast.ts'

/**
 * A local of one rule or query; `Program` refers to it by its index in `locals`. Nested bodies (comprehensions, every,
 * not, and, or) share the numbering: a local that an outer body owns is bound before the nested body runs, all others
 * are fresh each time it runs. `generated` ones stand for wildcards and lifted terms and are never shown to anyone.
 */
export interface Local {
  readonly name: string
  readonly generated: boolean
  readonly at: Span
}

export interface LocalTerm {
  readonly kind: 'local'
  readonly local: number
  readonly at: Span
}

/** What a ref starts from. `data` reaches base documents and rules alike; a bare `input` or `data` has an empty path. */
export type Root =
  | { readonly kind: 'input' }
  | { readonly kind: 'data' }
  | { readonly kind: 'local'; readonly local: number }
  | { readonly kind: 'term'; readonly term: Exclude<Term, Ref | LocalTerm> }

/**
 * A ref. An element of `path` that is an unbound local (or a composite with one) iterates and binds; every other
 * element looks up. Elements are never refs with unbound locals of their own that must run later than the ref.
 */
export interface Ref {
  readonly kind: 'ref'
  readonly root: Root
  readonly path: readonly Term[]
  /** Written as a call without arguments of a rule, which OPA takes where it does not know the type of the rule's value. */
  readonly called?: true
  readonly at: Span
}

/** A function: one of ours by its declaration's name, or a rule's path without `data`. */
export type Callee =
  | { readonly kind: 'builtin'; readonly name: string }
  | { readonly kind: 'function'; readonly path: readonly string[] }

/** A call with exactly the arguments of its declaration; the form with an output argument has become a `unify`. */
export interface Call {
  readonly kind: 'call'
  readonly callee: Callee
  readonly args: readonly Term[]
  readonly at: Span
}

export interface ArrayTerm {
  readonly kind: 'array'
  readonly items: readonly Term[]
  readonly at: Span
}

export interface SetTerm {
  readonly kind: 'set'
  readonly items: readonly Term[]
  readonly at: Span
}

export interface ObjectTerm {
  readonly kind: 'object'
  readonly entries: readonly (readonly [key: Term, value: Term])[]
  readonly at: Span
}

/** `body` runs as a closure; `key` is present exactly for `of: 'object'`. */
export interface Comprehension {
  readonly kind: 'comprehension'
  readonly of: 'array' | 'set' | 'object'
  readonly key?: Term
  readonly value: Term
  readonly body: Body
  readonly at: Span
}

/**
 * A term that may be undefined without failing what is around it: a template's expression or an argument of `print`.
 * None: `<undefined>`; one value: that value; several different ones: an error for templates, all combinations for `print`.
 */
export interface Hole {
  readonly body: Body
  readonly value: Term
  readonly at: Span
}

export interface Template {
  readonly kind: 'template'
  readonly parts: readonly (string | Hole)[]
  readonly at: Span
}

export type Term = Scalar | LocalTerm | Ref | Call | ArrayTerm | SetTerm | ObjectTerm | Comprehension | Template

/** What `with` replaces: a place in `input` or `data` (rules included), or a function. */
export type WithTarget =
  | { readonly kind: 'input'; readonly path: readonly string[] }
  | { readonly kind: 'data'; readonly path: readonly string[] }
  | Callee

/** `value` is a term for documents; for functions a term (the result of every call) or another function. */
export interface With {
  readonly target: WithTarget
  readonly value: Term | { readonly kind: 'callee'; readonly callee: Callee }
  readonly at: Span
}

interface ExprCommon {
  /** Outermost first, in the order written. Applies to everything in the expression, nested bodies included. */
  readonly with: readonly With[]
  readonly at: Span
}

/** Holds when `term` is defined and not `false`; once for each way its unbound locals can be bound. */
export interface TestExpr extends ExprCommon {
  readonly kind: 'test'
  readonly term: Term
}

/** `left = right`, `left := right`, `some .. in`: binds what is unbound on either side, then both must be equal. */
export interface UnifyExpr extends ExprCommon {
  readonly kind: 'unify'
  readonly left: Term
  readonly right: Term
  /** How it was written: a `declare`d left side has only fresh locals and constants in it. */
  readonly from: 'unify' | 'declare' | 'some' | 'output' | 'lifted'
}

/** Holds when `body` has no result. Nothing it binds is seen outside. */
export interface NotExpr extends ExprCommon {
  readonly kind: 'not'
  /** Whether what is negated is a body of its own: it has braces, or `future.keywords.not` is imported. */
  readonly scoped: boolean
  readonly body: Body
}

/** `left` and `right` are closures; at most one result whatever they yield; `right` runs only where it can matter. */
export interface LogicalExpr extends ExprCommon {
  readonly kind: 'and' | 'or'
  readonly left: Body
  readonly right: Body
}

/** Undefined when `domain` is; otherwise holds when `body` has a result for each element. */
export interface EveryExpr extends ExprCommon {
  readonly kind: 'every'
  readonly key?: number
  readonly value: number
  readonly domain: Term
  readonly body: Body
}

/** `print(..)`, present only where the program was resolved with `print: true`. Always holds. */
export interface PrintExpr extends ExprCommon {
  readonly kind: 'print'
  readonly args: readonly Hole[]
}

export type Expr = TestExpr | UnifyExpr | NotExpr | LogicalExpr | EveryExpr | PrintExpr
export type Body = readonly Expr[]

/** The rule proper or one `else` of it; tried in order, the first whose body holds gives the value. */
export interface Clause {
  readonly body: Body
  /** The result; for `contains` the element. */
  readonly value: Term
  readonly at: Span
}

/**
 * A rule. `path` is the ground prefix of its name, package included, without `data`; `dynamic` are the parts after it
 * (first one not ground), empty for most. So `p := 1` is `complete`; `p[x] := 1` is `complete` with `dynamic` `[x]`
 * (a partial object), `p[x].q contains y` is `contains` with `dynamic` `[x, "q"]`. A function's `dynamic` is empty.
 * All clauses share `locals`.
 */
export interface Rule {
  readonly kind: 'complete' | 'contains' | 'function'
  readonly path: readonly string[]
  readonly dynamic: readonly Term[]
  /** Patterns for a function's arguments; `[]` for other kinds and for functions without arguments. */
  readonly args: readonly Term[]
  /** True for `default p := v`: one clause, empty body, constant or closed value. */
  readonly default: boolean
  readonly clauses: readonly [Clause, ...Clause[]]
  readonly locals: readonly Local[]
  /** Its own annotations, nearest first: rule, document, package, subpackages from the inside out. */
  readonly annotations: readonly Annotations[]
  readonly module: number
  readonly package: readonly string[]
  readonly at: Span
}

/** A node of the tree of rules. `rules` have exactly this path; children are what continues below it statically. */
export interface RuleNode {
  readonly path: readonly string[]
  readonly children: ReadonlyMap<string, RuleNode>
  readonly rules: readonly Rule[]
  /** A module is declared with exactly this path, so the node exists as a document even without rules. */
  readonly isPackage: boolean
}

export interface Program {
  readonly files: readonly { readonly file: string; readonly source: string }[]
  /** Root is `data`. */
  readonly root: RuleNode
  /** In an order in which every rule follows the rules that it reads statically; there is no recursion. */
  readonly rules: readonly Rule[]
}

/** A query. `vars` are what its results show, in the order in which the names first appear. */
export interface Query {
  readonly body: Body
  readonly locals: readonly Local[]
  readonly vars: readonly { readonly name: string; readonly local: number }[]
  /** The term, where the query is exactly one term without unbound variables, as `data.a.b` or `1 + 1`. */
  readonly term?: Term
  /** Its expressions in the order of evaluation, where it was resolved with `capture`; then `vars` holds their values too. */
  readonly expressions?: readonly Shown[]
  readonly source: string
}

/** An expression of a query as results show it. `local` holds its value; without it the value is true wherever there is a result. */
export interface Shown {
  readonly text: string
  readonly row: number
  readonly col: number
  readonly local?: number
}
