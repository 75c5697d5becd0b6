/**
 * The surface tree: what the parser makes of the text of a module, before any name is looked up. It keeps what the
 * author wrote (operators, order, places, comments) and nothing else; what names mean is in `program.ts`.
 */

/**
 * Where something stands in its source. `row` and `col` count from 1, `col` in Unicode code points, as OPA prints
 * them; `start` and `end` are UTF-16 offsets into the text of `file`, `end` exclusive.
 */
export interface Span {
  readonly file: string
  readonly row: number
  readonly col: number
  readonly start: number
  readonly end: number
}

/** A literal. A number keeps its text, because a JavaScript number cannot hold every Rego number. */
export type Scalar =
  | { readonly kind: 'null'; readonly at: Span }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly at: Span }
  | { readonly kind: 'number'; readonly text: string; readonly at: Span }
  | { readonly kind: 'string'; readonly value: string; readonly at: Span }

/** A variable as written. A wildcard `_` has the name `$N`, with N unique in its module, and `wildcard` true. */
export interface Var {
  readonly kind: 'var'
  readonly name: string
  readonly wildcard: boolean
  readonly at: Span
}

/** `head.a["b"][x]`: a head and one or more path elements; dotted names are strings in `path`. */
export interface Ref {
  readonly kind: 'ref'
  readonly head: Term
  readonly path: readonly Term[]
  readonly at: Span
}

/**
 * A call. `operator` is the function's name as a var or a ref of strings; infix operators use OPA's names (`plus`,
 * `equal`, `eq` for `=`, `assign` for `:=`, `internal.member_2` for `in`) and set `infix` to what was written.
 */
export interface Call {
  readonly kind: 'call'
  readonly operator: Var | Ref
  readonly args: readonly Term[]
  readonly infix?: string
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
  /** All entries that the author wrote, where some of them are replaced by later ones with the same key. */
  readonly written?: readonly (readonly [key: Term, value: Term])[]
  readonly at: Span
}

/** `[value | body]`, `{value | body}`, `{key: value | body}`; `key` is present exactly for `of: 'object'`. */
export interface Comprehension {
  readonly kind: 'comprehension'
  readonly of: 'array' | 'set' | 'object'
  readonly key?: Term
  readonly value: Term
  readonly body: Body
  readonly at: Span
}

/** `$"text {expression} text"`: texts (already unescaped) and expressions, in order. */
export interface Template {
  readonly kind: 'template'
  readonly parts: readonly (string | Expr)[]
  /** Written with backticks. */
  readonly raw: boolean
  readonly at: Span
}

export type Term = Scalar | Var | Ref | Call | ArrayTerm | SetTerm | ObjectTerm | Comprehension | Template

/** `with target as value`. */
export interface With {
  readonly target: Term
  readonly value: Term
  readonly at: Span
}

interface ExprCommon {
  readonly with: readonly With[]
  readonly at: Span
}

/** A term that must hold; `x = y` and `x := y` are calls of `eq` and `assign`. */
export interface TermExpr extends ExprCommon {
  readonly kind: 'term'
  readonly term: Term
}

/** `some x, y`. */
export interface SomeExpr extends ExprCommon {
  readonly kind: 'some'
  readonly vars: readonly Var[]
}

/** `some value in domain` and `some key, value in domain`. */
export interface SomeInExpr extends ExprCommon {
  readonly kind: 'someIn'
  readonly key?: Term
  readonly value: Term
  readonly domain: Term
}

/** `every value in domain { body }` and `every key, value in domain { body }`. */
export interface EveryExpr extends ExprCommon {
  readonly kind: 'every'
  readonly key?: Var
  readonly value: Var
  readonly domain: Term
  readonly body: Body
}

/** An operand of `not`, `and`, `or`: `explicit` when it was written in braces, otherwise one expression. */
export interface Operand {
  readonly explicit: boolean
  readonly body: Body
  readonly at: Span
}

/**
 * `not operand`. `scoped` says that the module imports `future.keywords.not`: the whole operand is evaluated inside
 * the negation. Without it the operand is one implicit expression whose nested calls and refs run before the `not`.
 */
export interface NotExpr extends ExprCommon {
  readonly kind: 'not'
  readonly scoped: boolean
  readonly operand: Operand
}

/** `left and right`, `left or right`. */
export interface LogicalExpr extends ExprCommon {
  readonly kind: 'and' | 'or'
  readonly left: Operand
  readonly right: Operand
}

export type Expr = TermExpr | SomeExpr | SomeInExpr | EveryExpr | NotExpr | LogicalExpr
export type Body = readonly Expr[]

/**
 * A rule's head. `ref` is the name as written (`p`, `a.b[x].c`), a var where it has one part. `args` are present for
 * functions. `value` is absent where the author gave none (it means `true`); for `contains` it is the element.
 */
export interface Head {
  readonly ref: Var | Ref
  readonly args?: readonly Term[]
  readonly contains: boolean
  readonly value?: Term
  /** Written with `:=` rather than `=`. */
  readonly assign: boolean
  readonly at: Span
}

/** A rule as written. `body` is absent where there was none; `else` holds the chain, in order. */
export interface RuleDecl {
  readonly default: boolean
  readonly head: Head
  readonly body?: Body
  readonly else: readonly ElseDecl[]
  readonly annotations: readonly Annotations[]
  /** The rule's text ends here, its else chain included. */
  readonly at: Span
}

export interface ElseDecl {
  /** The function's arguments again, present where wildcards in them have names of their own here. */
  readonly args?: readonly Term[]
  readonly value?: Term
  readonly assign: boolean
  readonly body?: Body
  readonly at: Span
}

/** `import path as alias`; `path` begins with the root (`data`, `input`, `rego`, `future`). */
export interface Import {
  readonly path: readonly string[]
  readonly alias?: string
  readonly at: Span
  readonly pathAt: Span
}

/** The JSON-like value of an annotation, as YAML gives it. */
export type Plain = null | boolean | number | bigint | string | readonly Plain[] | { readonly [key: string]: Plain }

/** A schema given in an annotation: for `path` (`input`, `data.x`) either a ref below `schema` or a schema written out. */
export interface SchemaAnnotation {
  readonly path: readonly string[]
  readonly ref?: readonly string[]
  readonly definition?: Plain
}

/** One `# METADATA` block. Fields that were not given are absent. */
export interface Annotations {
  readonly scope: 'rule' | 'document' | 'package' | 'subpackages'
  readonly title?: string
  readonly description?: string
  readonly labels?: { readonly [key: string]: Plain }
  readonly entrypoint?: boolean
  readonly organizations?: readonly string[]
  readonly relatedResources?: readonly { readonly ref: string; readonly description?: string }[]
  readonly authors?: readonly { readonly name: string; readonly email?: string }[]
  readonly schemas?: readonly SchemaAnnotation[]
  readonly custom?: { readonly [key: string]: Plain }
  readonly compile?: { readonly unknowns?: readonly (readonly string[])[]; readonly maskRule?: readonly string[] }
  readonly at: Span
}

export interface Comment {
  readonly text: string
  readonly at: Span
}

/** A parsed file. `package` is the path without `data`. */
export interface Module {
  readonly file: string
  readonly source: string
  readonly package: readonly string[]
  readonly packageAt: Span
  readonly imports: readonly Import[]
  readonly rules: readonly RuleDecl[]
  /** Package and subpackage annotations; those of rules stand on the rules. */
  readonly annotations: readonly Annotations[]
  readonly comments: readonly Comment[]
}
