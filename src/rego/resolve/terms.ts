/**
 * Terms from the surface tree to the program: names get their meaning, and calls inside other terms are lifted out into
 * `unify` expressions before the one that needs them, so that ordering sees what each call needs and gives.
 */

import type * as ast from '../ast.ts'
import type { BuiltinDecl } from '../builtins/type-decl.ts'
import { errorAt } from '../errors.ts'
import type { Call, Callee, Comprehension, Expr, Hole, Ref, Root, Term, With } from '../program.ts'
import { Context } from './context.ts'
import { likelyFunction, likelyPath, packageCalled, replacementOf } from './likely.ts'
import { namesIn, Scope } from './scope.ts'
import type { Declared } from './tree.ts'

/** Where lifted expressions go, and the modifiers that they run under. */
export interface Target {
  readonly body: Expr[]
  readonly with: readonly With[]
}

/** What a name or the static beginning of a ref means. */
type Meaning =
  | { readonly kind: 'local'; readonly local: number }
  | { readonly kind: 'path'; readonly path: readonly string[] }
  | { readonly kind: 'unknown' }

export abstract class TermResolver extends Context {
  /** Resolves a closure's body in the scope that is current. */
  protected abstract closure(body: ast.Body): Expr[]
  protected abstract metadata(name: string, at: ast.Span): Term | undefined

  /** A term whose calls are lifted to `target`. */
  protected term(term: ast.Term, target: Target): Term {
    const result = this.direct(term, target)
    if (result.kind !== 'call') return result
    return this.lift(result, target)
  }

  /** The local that `term` is bound to, by an expression added to `target`. */
  protected lift(term: Term, target: Target): Term {
    const local = this.fresh(term.at)
    const left: Term = { kind: 'local', local, at: term.at }
    target.body.push({ kind: 'unify', left, right: term, from: 'lifted', with: target.with, at: term.at })
    return left
  }

  /** A term that may itself be a call; only what is inside it is lifted. */
  protected direct(term: ast.Term, target: Target): Term {
    switch (term.kind) {
      case 'var':
        return this.variable(term)
      case 'ref':
        return this.ref(term, target)
      case 'call':
        return this.call(term, target)
      case 'array':
      case 'set':
        return { kind: term.kind, items: term.items.map((item) => this.term(item, target)), at: term.at }
      case 'object':
        return {
          kind: 'object',
          entries: term.entries.map(([k, v]) => [this.term(k, target), this.term(v, target)]),
          at: term.at,
        }
      case 'comprehension':
        return this.comprehension(term)
      case 'template':
        return { kind: 'template', parts: term.parts.map((part) => this.templatePart(part)), at: term.at }
      default:
        return term
    }
  }

  protected meaning(name: string): Meaning {
    const local = this.scope.find(name)
    if (local !== undefined) return { kind: 'local', local }
    const global = this.place.globals.get(name)
    if (name === 'input' || name === 'data') {
      // `import input` gives what is there without it, and whatever names it uses the import.
      if (global !== undefined) global.used = true
      return { kind: 'path', path: [name] }
    }
    if (global === undefined || this.scope.shadows(name)) return { kind: 'unknown' }
    global.used = true
    return { kind: 'path', path: global.path }
  }

  private variable(term: ast.Var): Term {
    const { name, at } = term
    if (term.wildcard) return { kind: 'local', local: this.fresh(at, '_'), at }
    const meaning = this.meaning(name)
    if (meaning.kind === 'path') return pathRef(meaning.path, [], at)
    return { kind: 'local', local: this.use(meaning, name, at), at }
  }

  private use(meaning: Exclude<Meaning, { kind: 'path' }>, name: string, at: ast.Span): number {
    const local = meaning.kind === 'local' ? meaning.local : this.scope.implicit(name, this.locals, at)
    const entry = this.locals.entries[local]
    if (entry !== undefined) entry.uses++
    return local
  }

  private ref(term: ast.Ref, target: Target): Term {
    const { head, at } = term
    if (head.kind === 'var' && !head.wildcard) {
      const meaning = this.meaning(head.name)
      const root: Root | undefined =
        meaning.kind === 'path' ? undefined : { kind: 'local', local: this.use(meaning, head.name, head.at) }
      const path = term.path.map((part) => this.term(part, target))
      if (root === undefined) return pathRef(meaning.kind === 'path' ? meaning.path : [], path, at)
      return { kind: 'ref', root, path, at }
    }
    const resolved = this.term(head, target)
    const path = term.path.map((part) => this.term(part, target))
    if (resolved.kind === 'ref') return { ...resolved, path: [...resolved.path, ...path], at }
    if (resolved.kind === 'local') return { kind: 'ref', root: { kind: 'local', local: resolved.local }, path, at }
    return { kind: 'ref', root: { kind: 'term', term: resolved }, path, at }
  }

  private comprehension(term: ast.Comprehension): Comprehension {
    const heads = term.key === undefined ? [term.value] : [term.key, term.value]
    return this.inScope(new Scope(this.scope, namesIn(term.body, heads)), () => {
      const body = this.closure(term.body)
      const target: Target = { body, with: [] }
      const key = term.key === undefined ? undefined : this.headTerm(term.key, target)
      const value = this.headTerm(term.value, target)
      this.checkUnused()
      const base = { kind: 'comprehension' as const, of: term.of, value, body, at: term.at }
      return key === undefined ? base : { ...base, key }
    })
  }

  protected abstract checkUnused(): void

  /** A term in a head: what must be evaluated becomes the last expression of the body, so that it can bind there. */
  protected headTerm(term: ast.Term, target: Target): Term {
    const resolved = this.direct(term, target)
    return needsEvaluation(resolved) ? this.lift(resolved, target) : resolved
  }

  private templatePart(part: string | ast.Expr): string | Hole {
    if (typeof part === 'string') return part
    if (part.kind !== 'term') throw new TypeError(`a template holds a ${part.kind} expression`)
    return this.hole(part.term, part.with)
  }

  /** A term that is evaluated for itself. Its names come from outside, so it has no scope of its own. */
  protected hole(term: ast.Term, modifiers: readonly ast.With[]): Hole {
    const body: Expr[] = []
    const withs = this.modifiers(modifiers, { body, with: [] })
    const resolved = this.direct(term, { body, with: withs })
    if (resolved.kind === 'call' && resolved.callee.kind === 'builtin') {
      const { name } = resolved.callee
      if (this.settings.builtins.get(name)?.relation)
        this.error(
          'rego_compile_error',
          term.at,
          `illegal call to relation built-in '${name}' that may cause multiple outputs`,
        )
    }
    const simple = withs.length === 0 && (resolved.kind === 'local' || isScalar(resolved))
    const value = simple ? resolved : this.lift(resolved, { body, with: withs })
    return { body, value, at: term.at }
  }

  protected abstract modifiers(modifiers: readonly ast.With[], target: Target): With[]

  /** A call in a place where its value is used. */
  private call(term: ast.Call, target: Target): Term {
    if (term.args.length === 0 && this.isRuleCall(term)) return this.calledRule(term, target)
    const callee = this.callee(term)
    const args = term.args.map((arg) => this.term(arg, target))
    if (callee === undefined) return { kind: 'null', at: term.at }
    if (callee.kind === 'builtin') {
      const constant = term.args.length === 0 ? this.metadata(callee.name, term.at) : undefined
      if (constant !== undefined) return constant
      if (
        this.settings.builtins.get(callee.name)?.result === undefined &&
        callee.name !== 'eq' &&
        callee.name !== 'assign'
      ) {
        this.error('rego_type_error', term.at, `${this.sourceText(term.at)} used as value`)
        return { kind: 'null', at: term.at }
      }
    }
    return this.withArity({ kind: 'call', callee, args, at: term.at }, term, false)
  }

  /** Checks the number of arguments; `statement` allows one more, which the result is unified with. */
  protected withArity(call: Call, term: ast.Call, statement: boolean): Call {
    const { callee } = call
    const declared = callee.kind === 'builtin' ? this.settings.builtins.get(callee.name) : undefined
    if (declared?.variadic !== undefined) return call
    const wanted = callee.kind === 'builtin' ? declared?.args.length : this.root.arity(callee.path)
    const given = call.args.length
    if (wanted === undefined || given === wanted || (statement && given === wanted + 1)) return call
    if (callee.kind === 'builtin' && declared !== undefined)
      this.error('rego_type_error', term.at, `${callee.name}: arity mismatch`, [takes(callee.name, declared, given)])
    else if (callee.kind === 'function') {
      const name = this.shortName(callee.path)
      this.error(
        'rego_type_error',
        term.at,
        `function ${name} has arity ${wanted}, got ${given} argument${given === 1 ? '' : 's'}`,
      )
    }
    return call
  }

  private shortName(path: readonly string[]): string {
    return formatPath(['data', ...path])
  }

  /** What a call calls. Unknown functions are errors. */
  protected callee(term: ast.Call, statement = false): Callee | undefined {
    const { operator } = term
    if (operator.kind === 'var' && term.infix !== undefined) {
      const { name } = operator
      if (!isAlwaysThere(name) && !this.settings.builtins.has(name)) {
        this.error('rego_type_error', term.at, `undefined function ${name}`)
        return undefined
      }
      return { kind: 'builtin', name }
    }
    const head = operator.kind === 'var' ? operator : operator.head
    const parts = operator.kind === 'var' ? [] : operator.path
    if (head.kind !== 'var' || parts.some((part) => part.kind !== 'string')) {
      this.error('rego_type_error', term.at, `undefined function ${this.sourceText(operator.at)}`)
      return undefined
    }
    const rest = parts.map((part) => (part.kind === 'string' ? part.value : ''))
    const found = this.functionNamed(head.name, rest)
    if (found === 'shadowed' && statement) {
      const name = this.sourceText(operator.at)
      const hint = `a variable called \`${name}\` stands in the way`
      this.error('rego_type_error', term.at, `undefined function ${name}`, [hint])
    } else if (found === 'shadowed')
      this.error('rego_compile_error', term.at, `called function ${this.sourceText(operator.at)} shadowed`)
    else if (found === undefined) this.undefinedFunction(term, { name: head.name, rest, statement })
    else {
      this.checkDeprecated(found, term.at)
      return found
    }
    return undefined
  }

  private checkDeprecated(callee: Callee, at: ast.Span): void {
    if (callee.kind !== 'builtin' || this.settings.builtins.get(callee.name)?.deprecated !== true) return
    const message = `deprecated built-in function calls in expression: ${callee.name}`
    this.deprecated.push(errorAt('rego_type_error', at, message, this.place.source, replacementOf(callee.name)))
  }

  /** The function that a name with its path is, if there is one. */
  protected functionNamed(name: string, rest: readonly string[]): Callee | 'shadowed' | undefined {
    if (this.scope.find(name) !== undefined) return 'shadowed'
    const meaning = this.meaning(name)
    if (meaning.kind === 'path') {
      // A rule or an import hides the builtins that begin with its name.
      const [root, ...path] = [...meaning.path, ...rest]
      return root === 'data' && this.root.arity(path) !== undefined ? { kind: 'function', path } : undefined
    }
    const full = [name, ...rest].join('.')
    return this.settings.builtins.has(full) ? { kind: 'builtin', name: full } : undefined
  }

  protected calledRule({ operator }: ast.Call, target: Target): Term {
    const value = this.direct(operator, target)
    return value.kind === 'ref' ? { ...value, called: true } : value
  }

  /** `p()` of a rule without arguments is its value: rules may be written with empty parentheses too. */
  protected isRuleCall({ operator, infix }: ast.Call): boolean {
    const head = operator.kind === 'var' ? operator : operator.head
    const rest = operator.kind === 'var' ? [] : operator.path
    if (infix !== undefined || head.kind !== 'var' || this.scope.find(head.name) !== undefined) return false
    const meaning = this.meaning(head.name)
    if (meaning.kind !== 'path' || rest.some((part) => part.kind !== 'string')) return false
    const [root, ...path] = [...meaning.path, ...rest.map((part) => (part.kind === 'string' ? part.value : ''))]
    const declared = root === 'data' ? (this.root.find(path)?.declared ?? []) : []
    return declared.length > 0 && declared.every((each) => isCompleteRule(each))
  }

  private undefinedFunction(
    { args, at }: ast.Call,
    called: { readonly name: string; readonly rest: readonly string[]; readonly statement: boolean },
  ): void {
    const { name, rest } = called
    const meaning = this.meaning(name)
    const written = [name.startsWith('$') ? '_' : name, ...rest]
    const path = meaning.kind === 'path' ? [...meaning.path, ...rest] : written
    const isRule = path[0] === 'data' && (this.root.find(path.slice(1))?.declared.length ?? 0) > 0
    if (isRule && args.length > (called.statement ? 1 : 0)) {
      const given = `${args.length} argument${args.length === 1 ? '' : 's'}`
      this.error('rego_type_error', at, `function ${formatPath(path)} has arity 0, got ${given}`)
      return
    }
    this.error(
      'rego_type_error',
      at,
      `undefined function ${formatPath(path)}`,
      this.functionHint(path, written, isRule),
    )
  }

  /** What a function that does not exist probably is, in one line. */
  protected functionHint(path: readonly string[], written: readonly string[], isRule: boolean): readonly string[] {
    if (isRule) return [`\`${written.join('.')}\` is a rule without arguments`]
    if (path[0] === 'data') {
      const meant = likelyPath(this.root, path.slice(1))
      const parent = ['data', ...path.slice(1, -1)]
      if (meant === undefined || this.root.arity(meant) === undefined)
        return this.root.find(parent.slice(1)) === undefined
          ? [`nothing is declared below \`${formatPath(parent)}\``]
          : []
      const imported = path.length - written.length
      const isHere = imported > 0 && meant.slice(0, imported).every((name, i) => name === path[i + 1])
      const shown = isHere ? [written[0] ?? '', ...meant.slice(imported)] : ['data', ...meant]
      return [`did you mean \`${formatPath(shown)}\`?`]
    }
    const [head = '', ...rest] = written
    const unimported = rest.length === 0 ? undefined : packageCalled(this.root, head)
    if (unimported !== undefined) return [needsImport(unimported)]
    const own = [...this.place.globals.keys()].filter((each) => this.functionNamed(each, []) !== undefined)
    const meant = likelyFunction(written.join('.'), own, this.settings.builtins)
    return meant === undefined ? [] : [`did you mean \`${meant}\`?`]
  }

  protected sourceText(at: ast.Span): string {
    return this.place.source.slice(at.start, at.end)
  }
}

/** Says how a package comes to be known by its last name. */
export function needsImport(packagePath: readonly string[]): string {
  return `\`${packagePath.at(-1)}\` is known after \`import ${formatPath(['data', ...packagePath])}\``
}

/** A ref from a full path, `input` or `data` first, and what follows it. */
export function pathRef(full: readonly string[], rest: readonly Term[], at: ast.Span): Ref {
  const [root, ...names] = full
  const path: Term[] = names.map((value) => ({ kind: 'string', value, at }))
  return { kind: 'ref', root: { kind: root === 'input' ? 'input' : 'data' }, path: [...path, ...rest], at }
}

export function isScalar(term: Term): boolean {
  return term.kind === 'null' || term.kind === 'boolean' || term.kind === 'number' || term.kind === 'string'
}

/** Anything in the term is a ref or a call, or the term is a comprehension or a template. */
export function needsEvaluation(term: Term): boolean {
  switch (term.kind) {
    case 'ref':
    case 'call':
    case 'comprehension':
    case 'template':
      return true
    case 'array':
    case 'set':
      return term.items.some(needsEvaluation)
    case 'object':
      return term.entries.some(([key, value]) => needsEvaluation(key) || needsEvaluation(value))
    default:
      return false
  }
}

function takes(name: string, { args }: BuiltinDecl, given: number): string {
  const names = args.map((arg) => arg.name ?? '').filter((each) => each !== '')
  const list = names.length === args.length && names.length > 0 ? ` (${names.join(', ')})` : ''
  return `\`${name}\` takes ${args.length} argument${args.length === 1 ? '' : 's'}${list}, got ${given}`
}

const plainName = /^[A-Za-z_][A-Za-z0-9_]*$/

/** `data.a["b-c"].d`, as OPA prints refs. */
export function formatPath(path: readonly string[]): string {
  const [head = '', ...rest] = path
  return head + rest.map((part) => (plainName.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`)).join('')
}

/** A rule of one value, without arguments and keys. */
function isCompleteRule({ rule, dynamic }: Declared): boolean {
  return rule.head.args === undefined && !rule.head.contains && dynamic.length === 0
}

/** Unification and assignment belong to the language, whatever capabilities say. */
function isAlwaysThere(operator: string): boolean {
  return operator === 'eq' || operator === 'assign'
}
