/**
 * Type checking: calls against declarations, refs against the documents that rules make, unifications against each
 * other. Rules are checked in dependency order, so that what a rule reads has its type already.
 */

import type { Span } from '../ast.ts'
import type { BuiltinDecl } from '../builtins/type-decl.ts'
import { errorAt, type RegoError } from '../errors.ts'
import type { Body, Call, Callee, Expr, Local, Program, Query, Ref, Rule, Term, With } from '../program.ts'
import { didYouMean } from '../resolve/suggest.ts'
import { formatPath } from '../resolve/terms.ts'
import { closuresOf, termsOf } from '../resolve/vars.ts'
import { Dependents } from './dependents.ts'
import { constantKey, TypeEnv, TypeTree } from './env.ts'
import { Inference, type Known } from './infer.ts'
import {
  anyType,
  bounded,
  either,
  type FunctionType,
  fromDecl,
  isPartial,
  type Key,
  keysOf,
  select,
  show,
  type Type,
  unifies,
  unwrap,
  valuesOf,
} from './type.ts'

/** A schema's type for a document, for the rules that an annotation covers. */
export interface Typed {
  readonly path: readonly string[]
  readonly type: Type
}

export interface CheckOptions {
  readonly builtins: ReadonlyMap<string, BuiltinDecl>
  /** The type of `input` everywhere. Default any. */
  readonly input?: Type
  /** What schema annotations say in a rule. */
  readonly schemasOf: (rule: Rule) => readonly Typed[]
}

/** The types of a whole program, as the queries on it are checked. */
export interface CheckedTypes {
  readonly tree: TypeTree
  readonly dependents: Dependents
  readonly errors: readonly RegoError[]
}

/** Checks all rules. */
export function checkProgram(program: Program, options: CheckOptions): CheckedTypes {
  const tree = new TypeTree()
  const dependents = new Dependents(program)
  if (options.input !== undefined) tree.ensure(['input']).type = options.input
  const errors: RegoError[] = []
  for (const rule of program.rules) {
    const overlay = new TypeTree()
    for (const { path, type } of options.schemasOf(rule)) overlay.ensure(path).type = type
    const env = new TypeEnv(overlay.children.size > 0 ? [overlay, tree] : [tree])
    const source = program.files[rule.module]?.source ?? ''
    const checker = new Checker(env, options.builtins, rule.locals, source, { equalityUnifies: true, dependents })
    const type = checker.rule(rule)
    errors.push(...checker.errors)
    // A rule with an error must not be the cause of errors where it is read.
    tree.insert(['data', ...rule.path], checker.errors.length > 0 ? anyType : (type ?? anyType))
  }
  return {
    tree,
    dependents,
    errors: errors.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.row - b.row || a.col - b.col)),
  }
}

/** Checks a query against a checked program. */
export function checkQuery(query: Query, types: CheckedTypes, options: CheckOptions): readonly RegoError[] {
  const checker = new Checker(new TypeEnv([types.tree]), options.builtins, query.locals, query.source, {
    equalityUnifies: false,
    dependents: types.dependents,
  })
  checker.body(query.body)
  return checker.errors
}

interface ClauseTypes {
  readonly args: readonly (Type | undefined)[]
  readonly result: Type | undefined
}

class Checker implements Known {
  readonly errors: RegoError[] = []
  private readonly builtins: ReadonlyMap<string, BuiltinDecl>
  private readonly locals: readonly Local[]
  private readonly source: string
  private readonly comprehensions = new Map<Term, Type | undefined>()
  /** Calls that are wrong: what they would give is no cause of further errors. */
  private readonly wrongCalls = new Set<Call>()
  /** In rules `==` is checked as unification is; in queries its value may be asked for. */
  private readonly equalityUnifies: boolean
  private readonly dependents: Dependents
  private env: TypeEnv
  private infer: Inference

  constructor(
    env: TypeEnv,
    builtins: ReadonlyMap<string, BuiltinDecl>,
    locals: readonly Local[],
    source: string,
    more: { readonly equalityUnifies: boolean; readonly dependents: Dependents },
  ) {
    this.equalityUnifies = more.equalityUnifies
    this.dependents = more.dependents
    this.env = env
    this.infer = new Inference(env, this)
    this.builtins = builtins
    this.locals = locals
    this.source = source
  }

  /** A rule that is called must be able to be a function, as far as its type says. */
  private called(term: Ref): void {
    const type = this.infer.typeOf(term)
    if (type === undefined || (type.kind === 'any' && type.of.length === 0)) return
    const path = term.path.map((part) => (part.kind === 'string' ? part.value : ''))
    const hint = `\`${path.at(-1)}\` is a rule without arguments`
    this.error(term.at, `undefined function ${formatPath(['data', ...path])}`, [hint])
  }

  private error(at: Span, message: string, details: readonly string[] = []): void {
    this.errors.push(errorAt('rego_type_error', at, message, this.source, details.map(shortened)))
  }

  /** Checks a rule and gives the type of its document or function. */
  rule(rule: Rule): Type | undefined {
    const clauses = rule.clauses.map((clause) => this.clause(rule, clause))
    const result = clauses.map((each) => each.result).reduce(either, undefined)
    if (rule.kind === 'function') {
      // Each `else` says for itself what it does with the arguments.
      const args = rule.args.map((_, i) => clauses.map(({ args }) => args[i]).reduce(either, undefined))
      return { kind: 'function', args, result: result ?? anyType }
    }
    const own: Type | undefined =
      rule.kind === 'contains' && result !== undefined ? bounded({ kind: 'set', of: result }) : result
    if (own === undefined) return undefined
    return rule.dynamic.reduceRight<Type>((value, part) => {
      const key = this.infer.typeOf(part) ?? anyType
      return bounded({ kind: 'object', static: [], dynamic: { key, value } })
    }, own)
  }

  private clause({ args }: Rule, { body, value }: Rule['clauses'][number]): ClauseTypes {
    for (const arg of args) for (const local of localsOf(arg)) this.env.locals.delete(local)
    this.body(body)
    this.terms([value])
    for (const arg of args) this.unknownAreAny(arg)
    return { args: args.map((arg) => this.infer.typeOf(arg)), result: this.infer.typeOf(value) }
  }

  private unknownAreAny(arg: Term): void {
    if (arg.kind === 'local' && !this.env.locals.has(arg.local)) this.env.locals.set(arg.local, anyType)
    else if (arg.kind === 'array') for (const item of arg.items) this.unknownAreAny(item)
    else if (arg.kind === 'object') for (const [, value] of arg.entries) this.unknownAreAny(value)
  }

  body(body: Body): void {
    for (const expr of body) this.expression(expr)
  }

  private expression(expr: Expr): void {
    if (expr.with.length === 0) {
      this.checked(expr)
      return
    }
    const { env, infer } = this
    this.terms(expr.with.flatMap(({ value }) => (value.kind === 'callee' ? [] : [value])))
    this.env = env.under(this.replaced(expr.with))
    this.infer = new Inference(this.env, this)
    for (const each of expr.with) this.mock(each, env)
    this.checked(expr)
    this.env = env
    this.infer = infer
  }

  /** The types of what modifiers replace: the old one or the new one; and nothing known of what depends on it. */
  private replaced(modifiers: readonly With[]): TypeTree[] {
    const targets = new TypeTree()
    const relaxed = new TypeTree()
    for (const { target, value } of modifiers) {
      if (target.kind === 'builtin') continue
      const rules = target.kind === 'input' ? [] : this.dependents.of(target.path)
      // The declaration of a replaced function stays: what stands in for it must fit.
      const others = target.kind === 'function' ? rules.filter(({ path }) => !isSame(path, target.path)) : rules
      for (const rule of others) relaxed.ensure(['data', ...rule.path]).type = anyType
      if (target.kind === 'function' || value.kind === 'callee') continue
      const at: Ref = { kind: 'ref', root: { kind: target.kind }, path: strings(target.path, value.at), at: value.at }
      const type = either(this.infer.typeOf(at), this.infer.typeOf(value) ?? anyType)
      targets.ensure([target.kind, ...target.path]).type = type ?? anyType
    }
    return [targets, relaxed]
  }

  /** A function that stands in for another must take the same arguments. */
  private mock({ target, value, at }: With, before: TypeEnv): void {
    if ((target.kind !== 'builtin' && target.kind !== 'function') || value.kind !== 'callee') return
    const wanted = this.functionType(target, before)
    const given = this.functionType(value.callee, before)
    if (wanted === undefined || given === undefined || unifies(wanted, given)) return
    // Nothing is known of a function that calls the one it stands in for, but how many arguments it takes.
    if (this.functionType(value.callee) === undefined && wanted.args.length === given.args.length) return
    const details = [`have: (${given.args.map(show).join(', ')})`, `want: (${wanted.args.map(show).join(', ')})`]
    this.error(at, `${calleeName(target)}: arity mismatch`, details)
  }

  private checked(expr: Expr): void {
    switch (expr.kind) {
      case 'test':
        this.test(expr.term, expr.at)
        return
      case 'unify': {
        const before = this.errors.length
        this.terms([expr.left, expr.right])
        if (expr.from === 'output' && expr.right.kind === 'call') this.output(expr.left, expr.right)
        else this.match(expr.at, expr.left, expr.right, before)
        return
      }
      case 'not': {
        const [only] = expr.body
        if (!expr.scoped && only !== undefined) this.expression(only)
        else this.inner(expr.body)
        return
      }
      case 'and':
      case 'or':
        this.inner(expr.left)
        this.inner(expr.right)
        return
      case 'every':
        this.terms([expr.domain])
        this.inner(expr.body)
        return
      case 'print':
        for (const hole of expr.args) this.inner(hole.body)
    }
  }

  private test(term: Term, at: Span): void {
    if (term.kind !== 'call') {
      this.terms([term])
      return
    }
    const before = this.errors.length
    this.terms(term.args)
    const [left, right] = term.args
    if (this.equalityUnifies && isEqual(term) && left !== undefined && right !== undefined)
      this.match(at, left, right, before)
    else this.checkCall(term, at)
  }

  /** Two terms that must be equal; `before` is how many errors there were before they were looked into. */
  private match(at: Span, left: Term, right: Term, before: number): void {
    if (this.infer.unify(left, right)) return
    const a = this.infer.typeOf(left)
    const b = this.infer.typeOf(right)
    // An error inside says more than that the whole has no type.
    if (this.errors.length > before && (isPartial(a) || isPartial(b))) return
    this.error(at, 'match error', [`left  : ${show(a)}`, `right : ${show(b)}`])
  }

  /** The argument that a call's result is unified with. */
  private output(term: Term, call: Call): void {
    const type = this.functionType(call.callee)
    if (type?.result === undefined || this.infer.fits(term, type.result)) return
    this.wrongArguments(call, type, [...call.args, term], call.at)
  }

  /** Of bodies that only succeed or fail OPA checks the refs and the comprehensions. */
  private inner(body: Body): void {
    for (const expr of body) {
      for (const term of termsOf(expr)) this.visit(term, false)
      for (const closure of closuresOf(expr).bodies)
        if (expr.kind !== 'test' && expr.kind !== 'unify') this.inner(closure.body)
    }
  }

  private terms(terms: readonly Term[]): void {
    for (const term of terms) this.visit(term, true)
  }

  /** Checks comprehensions, then refs, then calls in a term. */
  private visit(term: Term, calls: boolean): void {
    switch (term.kind) {
      case 'comprehension':
        this.comprehensionType(term)
        return
      case 'template':
        for (const part of term.parts) {
          if (typeof part === 'string') continue
          this.body(part.body)
          // A variable in a template may print anything, and OPA then takes it for anything everywhere.
          if (part.value.kind === 'local') this.infer.fits(part.value, anyType, true)
        }
        return
      case 'array':
      case 'set':
        for (const item of term.items) this.visit(item, calls)
        return
      case 'object':
        for (const [key, value] of term.entries) {
          this.visit(key, calls)
          this.visit(value, calls)
        }
        return
      case 'ref':
        if (term.root.kind === 'term') {
          const { term: root } = term.root
          this.visit(root, calls)
          // What nothing is known of yet may be anything; only of a comprehension's elements OPA says that they are nothing.
          if ((root.kind === 'array' || root.kind === 'object') && isPartial(this.infer.typeOf(root)))
            this.infer.fits(root, anyType)
        }
        for (const part of term.path) this.visit(part, calls)
        if (term.called) this.called(term)
        // Of a body that only succeeds or fails OPA does not know what a term in it is.
        if (calls || term.root.kind !== 'term') this.ref(term)
        return
      case 'call':
        for (const arg of term.args) this.visit(arg, calls)
        if (calls) this.checkCall(term, term.at)
    }
  }

  comprehension(term: Extract<Term, { kind: 'comprehension' }>): Type | undefined {
    return this.comprehensions.has(term) ? this.comprehensions.get(term) : this.comprehensionType(term)
  }

  private comprehensionType(term: Extract<Term, { kind: 'comprehension' }>): Type | undefined {
    if (this.comprehensions.has(term)) return this.comprehensions.get(term)
    const before = this.errors.length
    const outside = [...this.env.locals]
    this.body(term.body)
    this.terms(term.key === undefined ? [term.value] : [term.key, term.value])
    const value = this.infer.typeOf(term.value)
    const key = term.key === undefined ? undefined : this.infer.typeOf(term.key)
    const type: Type | undefined =
      this.errors.length > before
        ? undefined
        : bounded(
            term.of === 'array'
              ? { kind: 'array', static: [], dynamic: value }
              : term.of === 'set'
                ? { kind: 'set', of: value }
                : { kind: 'object', static: [], dynamic: { key, value } },
          )
    this.comprehensions.set(term, type)
    // What a comprehension finds out about the variables around it is its own knowledge.
    this.env.locals.clear()
    for (const [local, known] of outside) this.env.locals.set(local, known)
    return type
  }

  call(term: Call): Type | undefined {
    if (this.wrongCalls.has(term)) return anyType
    const type = this.functionType(term.callee)
    return type === undefined ? anyType : (type.result ?? anyType)
  }

  private functionType(callee: Callee, env: TypeEnv = this.env): FunctionType | undefined {
    if (callee.kind === 'builtin') {
      const decl = this.builtins.get(callee.name)
      if (decl === undefined || decl.variadic !== undefined) return undefined
      const names = decl.args.map(({ name }) => name ?? '')
      return { kind: 'function', args: decl.args.map(fromDecl), result: decl.result && fromDecl(decl.result), names }
    }
    for (const layer of env.layersOf('data')) {
      const type = layer.find(callee.path)?.type
      if (type !== undefined) return type.kind === 'function' ? type : undefined
    }
    return undefined
  }

  private checkCall(call: Call, at: Span): void {
    const type = this.functionType(call.callee)
    if (type === undefined) return
    const types = call.args.map((arg) => this.infer.typeOf(arg))
    for (const [i, arg] of call.args.entries()) {
      const wanted = type.args[i] ?? anyType
      const known = types[i]
      const fits = (known === undefined || isPartial(known) || unifies(known, wanted)) && this.infer.fits(arg, wanted)
      if (fits) continue
      this.wrongArguments(call, type, call.args, at)
      return
    }
  }

  private wrongArguments(call: Call, type: FunctionType, args: readonly Term[], at: Span): void {
    this.wrongCalls.add(call)
    const have = args.map((each) => this.infer.typeOf(each))
    if (have.includes(undefined) && this.errors.length > 0) return
    const name = calleeName(call.callee)
    const want = type.args.map((each, i) => `${type.names?.[i] ? `${type.names[i]}: ` : ''}${show(each)}`)
    if (args.length > type.args.length) want.push(show(type.result))
    const details = [`have: (${have.map(show).join(', ')})`, `want: (${want.join(', ')})`]
    const isText = have.some((each) => each !== undefined && unwrap(each).kind === 'string')
    const joins = name === 'plus' && isText ? ['`+` adds numbers: texts are joined by `concat` or `sprintf`'] : []
    this.error(at, `${name}: invalid argument(s)`, [...details, ...joins])
  }

  private ref(ref: Ref): void {
    const { root, path } = ref
    if (root.kind === 'local' || root.kind === 'term') {
      const type = (root.kind === 'local' ? this.env.locals.get(root.local) : this.infer.typeOf(root.term)) ?? anyType
      if (root.kind === 'local') this.env.locals.set(root.local, type)
      this.inside(type, ref, 0)
      return
    }
    for (const layer of this.env.layersOf(root.kind)) if (this.inTree(layer, ref)) return
    this.inside(anyType, ref, 0, path)
  }

  /** Checks a ref in a tree of documents; false where the tree knows nothing of it. */
  private inTree(top: TypeTree, ref: Ref): boolean {
    let node = top
    for (const [i, part] of ref.path.entries()) {
      if (node.type !== undefined) {
        this.leaf(node.type, ref, i)
        return true
      }
      if (part.kind !== 'string') {
        const keys = keysOf(node.extent())
        if (part.kind === 'local') this.key(part.local, keys ?? anyType, ref, i, [...node.children.keys()])
        return true
      }
      const child = node.children.get(part.value)
      if (child === undefined) return false
      node = child
    }
    if (node.type?.kind === 'function') this.error(ref.at, `function ${this.show(ref)} used as reference, not called`)
    return true
  }

  private leaf(type: Type, ref: Ref, index: number): void {
    if (type.kind === 'function') this.error(ref.at, `function ${this.show(ref)} used as reference, not called`)
    else this.inside(type, ref, index)
  }

  /** Checks what follows `index` in a ref against the type of what is before. */
  private inside(type: Type, ref: Ref, index: number, path: readonly Term[] = ref.path): void {
    let current: Type | undefined = type
    for (let i = index; i < path.length; i++) {
      const part = path[i] as Term
      const keys: Type | undefined = current === undefined ? undefined : keysOf(current)
      if (current === undefined || keys === undefined) {
        const at = this.show({ ...ref, path: path.slice(0, i) })
        this.error(ref.at, `undefined ref: ${this.show(ref)}`, [
          `\`${at}\` is ${withArticle(current)}, which has nothing inside`,
        ])
        return
      }
      const constant = constantKey(part)
      if (constant !== undefined) {
        const child = select(current, constant)
        if (child === undefined) {
          this.undefinedRef(ref, i, constant, current, keys)
          return
        }
        current = child
        continue
      }
      if (part.kind === 'local') {
        if (!this.key(part.local, keys, ref, i, namesOf(current))) return
      } else if (part.kind === 'ref' || part.kind === 'array' || part.kind === 'object' || part.kind === 'set') {
        const have = this.infer.typeOf(part)
        const fits = part.kind === 'ref' ? have === undefined || unifies(have, keys) : this.infer.fits(part, keys)
        if (!fits) {
          this.wrongKey(ref, i, have, keys)
          return
        }
      }
      current = valuesOf(current)
    }
  }

  private key(local: number, keys: Type, ref: Ref, index: number, names: readonly string[]): boolean {
    const have = this.env.locals.get(local)
    if (have === undefined) this.env.locals.set(local, keys)
    else if (!unifies(have, keys)) {
      this.wrongKey(ref, index, have, keys, names)
      return false
    }
    return true
  }

  private wrongKey(ref: Ref, index: number, have: Type | undefined, want: Type, names: readonly string[] = []): void {
    const part = this.text(ref.path[index] as Term)
    const oneOf = names.length > 0 ? `one of ${names.map((name) => JSON.stringify(name)).join(', ')}` : show(want)
    this.error(ref.at, `undefined ref: ${this.show(ref)}`, [`\`${part}\` is ${show(have)}`, `want: ${oneOf}`])
  }

  private undefinedRef(ref: Ref, index: number, key: Key, type: Type, keys: Type): void {
    const names = namesOf(type)
    const before = this.show({ ...ref, path: ref.path.slice(0, index) })
    const want =
      names.length > 0
        ? `one of ${names.map((name) => JSON.stringify(name)).join(', ')}`
        : `a key of type ${show(keys)}`
    const hint = key.kind === 'string' ? didYouMean(key.text, names) : ''
    this.error(ref.at, `undefined ref: ${this.show(ref)}`, [
      `\`${before}\` has no \`${key.text}\`${hint}`,
      `want: ${want}`,
    ])
  }

  /** A ref as OPA prints it, with the names that the author gave. */
  private show(ref: Ref): string {
    const { root } = ref
    const head =
      root.kind === 'local' ? this.localName(root.local) : root.kind === 'term' ? this.text(root.term) : root.kind
    return ref.path.reduce<string>((text, part) => {
      if (part.kind === 'string') return formatPath([text, part.value])
      return `${text}[${this.text(part)}]`
    }, head)
  }

  private localName(local: number): string {
    const entry = this.locals[local]
    if (entry === undefined) return '_'
    return entry.generated ? this.source.slice(entry.at.start, entry.at.end) || '_' : entry.name
  }

  private text(term: Term): string {
    return term.kind === 'local' ? this.localName(term.local) : this.source.slice(term.at.start, term.at.end)
  }
}

function withArticle(type: Type | undefined): string {
  const isPlain = type?.kind === 'boolean' || type?.kind === 'number' || type?.kind === 'string'
  return isPlain ? `a ${show(type)}` : show(type)
}

/** UTF-16 units of a detail: types of large documents would fill the screen many times over. */
const detailMax = 1_000

function shortened(detail: string): string {
  return detail.length <= detailMax ? detail : `${detail.slice(0, detailMax)}…`
}

/** The locals of an argument's pattern. */
function localsOf(arg: Term): number[] {
  if (arg.kind === 'local') return [arg.local]
  if (arg.kind === 'array') return arg.items.flatMap(localsOf)
  return arg.kind === 'object' ? arg.entries.flatMap(([, value]) => localsOf(value)) : []
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i])
}

function strings(path: readonly string[], at: Span): Term[] {
  return path.map((value) => ({ kind: 'string', value, at }))
}

function calleeName(callee: Callee): string {
  return callee.kind === 'builtin' ? callee.name : formatPath(['data', ...callee.path])
}

function isEqual({ callee, args }: Call): boolean {
  return callee.kind === 'builtin' && callee.name === 'equal' && args.length === 2
}

/** The fixed keys that a type has. */
function namesOf(given: Type): string[] {
  const type = unwrap(given)
  if (type.kind === 'object') return type.static.map(({ key }) => key.text)
  return type.kind === 'any' ? [...new Set(type.of.flatMap(namesOf))].sort() : []
}
