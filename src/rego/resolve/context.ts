/**
 * What resolving a rule or a query needs to know about everything else, and the errors that it finds.
 */

import type { Module, Span } from '../ast.ts'
import type { BuiltinDecl } from '../builtins/type-decl.ts'
import { errorAt, type RegoError, type RegoErrorCode } from '../errors.ts'
import type { Body, Expr } from '../program.ts'
import type { Global } from './globals.ts'
import { Locals, type Scope } from './scope.ts'
import type { Node } from './tree.ts'

/** Settings that change what a program means or what is refused. */
export interface ResolveSettings {
  /** Builtins that may be called, by name. */
  readonly builtins: ReadonlyMap<string, BuiltinDecl>
  /** Refuse what `opa check --strict` refuses. */
  readonly strict: boolean
  /** Keep calls of `print`; otherwise they are erased. */
  readonly print: boolean
}

/** The module or query that a rule stands in. */
export interface Place {
  readonly source: string
  readonly package: readonly string[]
  readonly globals: ReadonlyMap<string, Global>
  readonly module?: Module
}

/** What ordering must know about expressions and does not show in the program. */
export class Marks {
  /** Bodies that were written without braces: nothing outside them can be bound by them, and they bind nothing new. */
  readonly implicitBodies = new Set<Body>()
  /** Negations without `future.keywords.not`, whose refs are evaluated before them. */
  readonly unscoped = new Set<Expr>()

  implicit(body: Expr[]): Expr[] {
    this.implicitBodies.add(body)
    return body
  }
}

export abstract class Context {
  readonly settings: ResolveSettings
  readonly root: Node
  readonly place: Place
  readonly errors: RegoError[] = []
  readonly deprecated: RegoError[] = []
  readonly locals = new Locals()
  readonly marks = new Marks()
  protected scope: Scope

  constructor(settings: ResolveSettings, root: Node, place: Place, scope: Scope) {
    this.settings = settings
    this.root = root
    this.place = place
    this.scope = scope
  }

  protected error(code: RegoErrorCode, at: Span, message: string, details: readonly string[] = []): void {
    this.errors.push(errorAt(code, at, message, this.place.source, details))
  }

  protected inScope<T>(scope: Scope, run: () => T): T {
    const outer = this.scope
    this.scope = scope
    try {
      return run()
    } finally {
      this.scope = outer
    }
  }

  /** A local that no name stands for; wildcards are called `_` in messages. */
  protected fresh(at: Span, name: '' | '_' = ''): number {
    return this.locals.add(name, 'generated', at)
  }
}
