/**
 * The grammar of rules: heads, values, bodies, `else` and `default`, and the refusal of Rego v0 with what to write instead.
 */

import type { Body, ElseDecl, Expr, Head, Ref, RuleDecl, Span, Term, Var } from '../ast.ts'
import { declarations } from '../builtins/declarations.ts'
import { keywordsOfV1, nestingMax } from './cursor.ts'
import { Expressions } from './expressions.ts'
import type { Token } from './lex.ts'
import { termName } from './terms.ts'

/** Each `else` is inside of the one before, in syntax trees and in what is formatted. */
const elsesMax = 1000

const v0Hint = 'this is Rego v0: migrate the file with `opa fmt --v0-v1`'

export abstract class Rules extends Expressions {
  /** One rule, or several where more bodies in braces follow the first. */
  protected rules(): RuleDecl[] {
    const start = this.token
    const isDefault = this.isKeyword('default')
    if (isDefault) this.next()
    if (!this.isName() && !this.isRefAhead()) return this.noRule(isDefault)
    const head = this.head(isDefault, start)
    if (head === undefined) return []
    if (isDefault) return [this.defaultRule(head, start)]
    // Right after a name `if` is always the keyword, whatever follows it.
    const ifs = this.isKeyword('if') || (head.value === undefined && this.token.text === 'if' && this.is('name'))
    if (ifs) this.next()
    const body = ifs ? this.ruleBody() : this.is('{') ? this.bodyOfV0(head) : undefined
    if (body === undefined) return this.isDefinition(head, start) ? [this.rule(head, body, [], start)] : []
    const chain = this.isKeyword('else') ? this.elseChain(head) : []
    const first = this.rule(head, body, chain, start)
    return [first, ...this.moreBodies(head, chain.length > 0, ifs)]
  }

  private rule(head: Head, body: Body | undefined, chain: readonly ElseDecl[], start: Token): RuleDecl {
    const rule = { default: false, head, else: chain, annotations: [], at: this.since(start) }
    return body === undefined ? rule : { ...rule, body }
  }

  /** `p if { a } { b }`: each further body is a rule of its own with the same head. */
  private moreBodies(head: Head, hasElse: boolean, ifs: boolean): RuleDecl[] {
    const rules: RuleDecl[] = []
    while (this.is('{')) {
      if (hasElse) this.fail('expected else keyword')
      const start = this.token
      const body = this.block()
      const at = this.since(start)
      const args = this.freshWildcards(head.args)
      const next: Head = args === undefined ? { ...head, at } : { ...head, args, at }
      if (!ifs) this.refuseV0(next)
      rules.push(this.rule(next, body, [], start))
    }
    return rules
  }

  /** The arguments with new names for wildcards; undefined where there is none among them. */
  private freshWildcards(args: readonly Term[] | undefined): Term[] | undefined {
    if (args?.some((arg) => arg.kind === 'var' && arg.wildcard) !== true) return undefined
    return args.map((arg) => (arg.kind === 'var' && arg.wildcard ? this.wildcard(arg.at) : arg))
  }

  private head(isDefault: boolean, start: Token): Head | undefined {
    const from = this.token
    const ref = this.headName()
    const name = ref.kind === 'call' ? ref.operator : ref
    if (name.kind === 'ref' && name.head.kind !== 'var') this.fail('rule head ref must begin with a name', name.at)
    if (name.kind !== 'var' && name.kind !== 'ref') {
      this.noRule(isDefault)
      return undefined
    }
    if (name.kind === 'ref') this.checkDocumentPath(name)
    const text = this.text(name.at)
    // `f() := 1` is OPA's way to write the rule `f`: what has no argument is not a function.
    const base = ref.kind === 'call' && ref.args.length > 0 ? { ref: name, args: ref.args } : { ref: name }
    // After a head even `contains[1]` is the keyword.
    if (this.is('name') && this.token.text === 'contains' && this.keywords.has('contains')) {
      if (ref.kind === 'call')
        this.unexpected(
          `the contains keyword can only be used with multi-value rule definitions (e.g., ${text} contains <VALUE> { ... })`,
        )
      this.next()
      const value = this.headValue(`expected rule key term (e.g., ${text} contains <VALUE> { ... })`)
      return { ...base, contains: true, value, assign: false, at: this.since(from) }
    }
    const assign = this.is(':=')
    if (!assign && !this.is('=')) {
      this.refuseReserved(name, ref, start)
      return { ...base, contains: false, assign: false, at: this.since(from) }
    }
    this.next()
    const value = this.headValue(valueNote(text, ref.kind === 'call', isDefault))
    this.refuseReserved(name, ref, start)
    return { ...base, contains: false, value, assign, at: this.since(from) }
  }

  /** Documents stand in a tree, which the later passes walk by calling themselves. */
  protected checkDocumentPath({ path, at }: Ref): void {
    if (path.length >= nestingMax) this.fail(`a path of documents has at most ${nestingMax} names`, at)
  }

  /** The name with its path and arguments. White space may stand before its first `.`, `[` or `(`. */
  private headName(): Term {
    const name = this.variable()
    return this.is('.') || this.is('[') || this.is('(') ? this.path(name) : name
  }

  private headValue(note: string): Term {
    const { kind, text } = this.token
    const startless = kind === 'eof' || kind === '}' || kind === ']' || kind === ')' || kind === ',' || kind === ';'
    if (startless || (kind === 'name' && (text === 'if' || text === 'else'))) this.unexpected(note)
    return this.term(true)
  }

  private refuseReserved(name: Term, ref: Term, start: Token): void {
    if (name.kind === 'var' && ref.kind !== 'call' && name.wildcard)
      this.fail('var cannot be used for rule name', name.at)
    if (name.kind === 'var' && keywordsOfV1.has(name.name))
      this.fail(`${name.name} keyword cannot be used for rule name`, this.since(start))
  }

  private ruleBody(): Body {
    if (!this.is('{')) return [this.literal()]
    const { index } = this
    const read = this.attempt(() => this.block())
    const isBody = 'value' in read && !this.continuesTerm() && !mayComprehend(read.value)
    if (isBody) return read.value
    // The braces may also begin a term, as in `p if {1} == {x | ...}`; a set alone never is one, it could not fail.
    this.back(index)
    const literal = this.attempt(() => this.literal())
    if ('value' in literal && !(literal.value.kind === 'term' && literal.value.term.kind === 'set'))
      return [literal.value]
    if ('fault' in read) throw read.fault
    this.back(index)
    return this.block()
  }

  /** What follows `}` shows that the braces belong to a longer expression. */
  private continuesTerm(): boolean {
    const { kind, gap } = this.token
    if (kind === 'name') return ['in', 'and', 'or', 'with'].some((word) => this.isKeyword(word))
    if ((kind === '.' || kind === '[' || kind === '(') && !gap) return true
    return this.isInfix() || kind === '=' || kind === ':='
  }

  private defaultRule(head: Head, start: Token): RuleDecl {
    const at = this.since(start)
    if (head.contains || (head.value === undefined && head.ref.kind === 'ref' && head.ref.path.length === 1))
      this.fail('illegal default rule (must have a value)', at)
    const found = head.value === undefined ? undefined : forbiddenInDefault(head.value)
    if (found !== undefined) this.fail(`illegal default rule (value cannot contain ${found})`, at)
    const seen = new Set<string>()
    for (const arg of head.args ?? []) {
      if (arg.kind !== 'var') this.fail(`illegal default rule (arguments cannot contain ${termName(arg)})`, at)
      if (seen.has(arg.name)) this.fail(`illegal default rule (arguments cannot be repeated ${arg.name})`, at)
      seen.add(arg.name)
    }
    return { default: true, head, else: [], annotations: [], at }
  }

  private elseChain(head: Head): ElseDecl[] {
    if (isDynamic(head.ref)) this.fail('else keyword cannot be used on rules with variables in head')
    if (head.contains) this.fail('else keyword cannot be used on multi-value rules')
    const chain: ElseDecl[] = []
    while (this.isKeyword('else')) {
      const start = this.token
      if (chain.length >= elsesMax) this.fail(`a rule has at most ${elsesMax} \`else\``)
      const args = this.freshWildcards(head.args)
      this.next()
      const assign = this.is(':=')
      let value: Term | undefined
      if (assign || this.is('=')) {
        this.next()
        value = this.term(true)
      } else if (!this.isKeyword('if') && !this.is('{')) this.unexpected('expected else value term or rule body')
      const ifs = this.isKeyword('if')
      if (ifs) this.next()
      if (ifs && this.is('eof')) this.unexpected('rule body expected')
      const isV0 = !ifs && this.is('{')
      // Braces after `else if` are always a body.
      const body = isV0 || this.is('{') ? this.block() : ifs ? [this.literal()] : undefined
      if (isV0) this.refuseV0Else(head, this.since(start))
      // An `else` without a body always holds, so that none can follow it.
      if (body === undefined && this.isKeyword('else')) this.unexpected()
      const part = { assign, at: this.since(start), ...(args === undefined ? {} : { args }) }
      const valued = value === undefined ? part : { ...part, value }
      chain.push(body === undefined ? valued : { ...valued, body })
    }
    return chain
  }

  /** The body of `p { ... }`, `p[x] { ... }`: is read, so that what is wrong inside is not blamed on the version. */
  private bodyOfV0(head: Head): Body {
    const body = this.block()
    this.refuseV0(head)
    return body
  }

  private refuseV0({ ref, args, value, contains, at }: Head): void {
    const what = args === undefined ? 'rule' : 'function'
    const isSet = !contains && args === undefined && value === undefined && ref.kind === 'ref' && ref.path.length === 1
    const [element] = ref.kind === 'ref' ? ref.path : []
    const fix =
      isSet && element !== undefined
        ? `write \`${this.source.slice(ref.at.start, ref.head.at.end)} contains ${this.text(element.at)} if { ... }\``
        : `write \`${this.text(at)} if { ... }\``
    // A word after another rule, such as `elsif`, is no sign of an older Rego.
    const hint = this.beginsRow(at) ? ` (hint: ${v0Hint}, or ${fix})` : ''
    this.refuse(`\`if\` keyword is required before ${what} body${hint}`, at)
  }

  private beginsRow(at: Span): boolean {
    return this.source.slice(this.source.lastIndexOf('\n', at.start - 1) + 1, at.start).trim() === ''
  }

  private refuseV0Else({ args }: Head, at: Span): void {
    const what = args === undefined ? 'rule' : 'function'
    this.refuse(`\`if\` keyword is required before ${what} body (hint: ${v0Hint}, or write \`else if { ... }\`)`, at)
  }

  /** Whether a head without a body is a rule: it must define something. */
  private isDefinition(head: Head, start: Token): boolean {
    const at = this.since(start)
    if (this.isKeyword('with')) this.fail('expressions using with keyword cannot be used for rule head', at)
    if (this.isKeyword('and') || this.isKeyword('or')) this.fail('expression cannot be used for rule head', at)
    if (head.value !== undefined) return !this.isOneOfMany(at)
    if (this.isKeyword('in') || this.isInfix()) {
      this.back(this.tokens.indexOf(start))
      this.noRule(false)
      return false
    }
    if (this.is('name') || this.is('eof') || this.token.newline || this.is(';')) return this.definesBare(head, at)
    return this.unexpected()
  }

  private definesBare(head: Head, at: Span): boolean {
    const name = this.text(head.ref.at)
    const refuse = (message: string): false => {
      this.refuse(message, at)
      return false
    }
    if (this.isOneOfMany(at)) return false
    if (this.source[head.ref.at.end] === '(') {
      if (Object.hasOwn(declarations, name)) return refuse('rule name conflicts with built-in function')
      if (head.args === undefined) return refuse('rule argument list must take at least one argument')
      return true
    }
    if (head.ref.kind === 'var') return refuse('var cannot be used for rule name')
    const element = this.text((head.ref.path[0] as Term).at)
    const set = this.text(head.ref.head.at)
    this.refuse(
      head.ref.path.length > 1
        ? 'rule must have value assignment and/or body declaration'
        : `\`contains\` keyword is required for partial set rules (hint: write \`${set} contains ${element}\`)`,
      at,
    )
    return true
  }

  /** What stands here is neither a package nor an import nor a rule. */
  private noRule(isDefault: boolean): never[] {
    if (isDefault) this.unexpected('expected rule head name')
    const expr = this.literal()
    if (!this.isOneOfMany(expr.at)) this.refuse(whyNoRule(expr), expr.at)
    return []
  }

  /** `p := 1; q`: expressions one after another are no rule. */
  private isOneOfMany(first: Span): boolean {
    if (!this.is(';')) return false
    while (this.is(';')) {
      this.next()
      if (this.is('eof')) this.unexpected()
      this.literal()
    }
    this.refuse('multiple expressions cannot be used for rule head', first)
    return true
  }
}

function whyNoRule(expr: Expr): string {
  if (expr.with.length > 0) return 'expressions using with keyword cannot be used for rule head'
  if (expr.kind === 'not') return 'negated expressions cannot be used for rule head'
  if (expr.kind === 'some' || expr.kind === 'someIn') return "'some' declarations cannot be used for rule head"
  if (expr.kind !== 'term') return 'expression cannot be used for rule head'
  const { term } = expr
  if (term.kind !== 'call') return `${termName(term)} cannot be used for rule name`
  if (term.infix === '=' || term.infix === ':=') return `${termName(term.args[0] as Term)} cannot be used for rule name`
  return 'rule name conflicts with built-in function'
}

function valueNote(name: string, isFunction: boolean, isDefault: boolean): string {
  if (isFunction) return `expected function value term (e.g., ${name}(...) := <VALUE> { ... })`
  if (isDefault) return `expected default rule value term (e.g., default ${name} := <VALUE>)`
  return `expected rule value term (e.g., ${name} := <VALUE> { ... })`
}

function isDynamic(ref: Var | Ref): boolean {
  return ref.kind === 'ref' && ref.path.some((part) => !isGround(part))
}

function isGround(term: Term): boolean {
  switch (term.kind) {
    case 'null':
    case 'boolean':
    case 'number':
    case 'string':
      return true
    case 'array':
    case 'set':
      return term.items.every(isGround)
    case 'object':
      return term.entries.every(([key, value]) => isGround(key) && isGround(value))
    default:
      return false
  }
}

/** The body is one union, `{ a | b }`, or begins with one: OPA reads such braces as a comprehension where it can. */
function mayComprehend(body: Body): boolean {
  let expr = body[0]
  while (expr !== undefined && (expr.kind === 'and' || expr.kind === 'or')) expr = expr.left.body[0]
  if (expr?.kind !== 'term') return false
  let term = expr.term
  while (term.kind === 'call' && term.infix !== undefined && term.at.start === (term.args[0] as Term).at.start) {
    if (term.infix === '|') return true
    term = term.args[0] as Term
  }
  return false
}

/** The first part of a default's value that would have to be evaluated; comprehensions are closed and may stand. */
function forbiddenInDefault(term: Term): string | undefined {
  switch (term.kind) {
    case 'var':
    case 'call':
      return term.kind
    case 'ref':
      return 'ref'
    case 'array':
    case 'set':
      return firstOf(term.items)
    case 'object':
      return firstOf(term.entries.flat())
    default:
      return undefined
  }
}

function firstOf(terms: readonly Term[]): string | undefined {
  for (const term of terms) {
    const found = forbiddenInDefault(term)
    if (found !== undefined) return found
  }
  return undefined
}
