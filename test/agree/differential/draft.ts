/** What the parts of the generator hand to each other while a program is being written. */
import type { TypeDecl } from '../../../src/rego/builtins/declarations.ts'
import type { Random } from './random.ts'
import type { TypeName } from './values.ts'

/** What is known of the values of a term; `any` when nothing is. */
export type Known = TypeName | 'any'

export interface Variable {
  readonly name: string
  readonly type: Known
}

/** The variables that are bound where a term stands. */
export type Scope = readonly Variable[]

/** A rule that later rules may refer to. */
export interface KnownRule {
  /** Its full path, `data.p0.r1`. */
  readonly ref: string
  readonly pkg: string
  readonly kind: 'value' | 'set' | 'object' | 'function'
  readonly type: Known
  /** Operands of a function. */
  readonly arity: number
}

export interface Body {
  readonly text: string
  readonly scope: Scope
}

export interface Draft {
  readonly random: Random
  /** The kinds of statement and builtins that this program contains, as `statement:every` and `builtin:count`. */
  readonly used: Set<string>
  /** The package that is being written, `p0`. */
  readonly pkg: string
  /** Rules that may be referred to: those written before, so that nothing is recursive by accident. */
  readonly rules: KnownRule[]
  /** Future keywords that the module imports. */
  readonly keywords: ReadonlySet<'and' | 'or' | 'not'>
  /** Names that the module imports, each for a document of any type. */
  readonly imported: readonly string[]
  /** A name that nothing else in the program has. */
  fresh(prefix: string): string
  /** Statements, at least one; `depth` is how many more levels of bodies and terms may open. */
  body(scope: Scope, depth: number): Body
}

/** Notes that the program contains one of a kind. */
export function note(draft: Draft, kind: string): void {
  draft.used.add(kind)
}

/** The type that the generator knows for a declared operand or result. */
export function knownType(decl: TypeDecl | undefined): Known {
  return decl === undefined ? 'any' : decl.type
}
