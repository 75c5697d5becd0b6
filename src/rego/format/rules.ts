/** Rules as text: heads, bodies in one line or in a block, `else`, and which rules stand together without a blank line. */

import type { Body, ElseDecl, Head, RuleDecl, Term } from '../ast.ts'
import { Expressions } from './expressions.ts'
import { braces, exprEnd, type Place, parentheses, square } from './places.ts'
import { isSameRule } from './same.ts'
import { commentText, type Mark } from './sheet.ts'
import { plainText } from './words.ts'

/** A rule or an `else` of one, as the layout sees it. */
interface Clause {
  readonly row: number
  readonly place: Place
  readonly headPlace: Place
  readonly body: Body | undefined
  /** Where all of the body counts as standing, if it does. */
  readonly bodyPin: Place | undefined
  readonly isElse: boolean
  readonly writeHead: (isConstant: boolean) => void
  /** What the search for the closing brace passes over: the head's own brackets. */
  readonly skips: typeof parentheses | undefined
  readonly next: Clause | undefined
}

export abstract class Rules extends Expressions {
  /** A rule of the module has a name of three parts, or adds to a set with one of two: then all names are written with dots. */
  private hasLongNames: boolean | undefined

  protected rules(rules: readonly RuleDecl[]): void {
    for (const [i, rule] of rules.entries()) {
      const clause = this.clauseOf(rule)
      this.checkRule(rule)
      this.yielding(() => this.sheet.reach(clause.row))
      const mark = this.sheet.mark()
      this.hasClashed = false
      this.yielding(() => this.clause(clause))
      if ((this.isCareful || this.hasClashed) && !this.saysTheSame(rule, mark)) this.keep(rule, mark)
      const next = rules[i + 1]
      const grouped = next !== undefined && isOneLiner(rule) && isOneLiner(next) && next.at.row === rule.at.row + 1
      if (!grouped) this.sheet.blankLine()
    }
  }

  /** Whether the text since `mark` is the rule with all its comments: where comments clash, OPA loses some, or code. */
  private saysTheSame(rule: RuleDecl, mark: Mark): boolean {
    const { sheet } = this
    if (sheet.hasForgotten) return false
    const text = sheet.text.slice(mark.length)
    const waiting = sheet.trailing === undefined ? '' : ` ${commentText(sheet.trailing)}`
    return isSameRule(this.module, rule, `${text}${waiting}`, sheet.consumedSince(mark))
  }

  /** Writes the rule as its author did. */
  private keep({ at }: RuleDecl, mark: Mark): void {
    this.sheet.restore(mark)
    this.sheet.trailing = undefined
    this.sheet.startLine()
    this.commentFollows = true
    this.asWritten(at, mark)
  }

  private clauseOf(rule: RuleDecl): Clause {
    const { head, body } = rule
    const isFurther = this.isFurtherBody(rule)
    const headPlace = this.headPlace(rule)
    const isGiven = rule.default || (body === undefined && head.contains)
    return {
      row: rule.at.row,
      place: isGiven ? { ...headPlace, row: rule.at.row } : rule.at,
      headPlace,
      body,
      bodyPin: undefined,
      isElse: false,
      skips: head.args !== undefined ? parentheses : keyOf(rule) !== undefined ? square : undefined,
      writeHead: (isConstant) => this.head(rule, headPlace, isFurther, isConstant),
      next: this.elseClause(rule, 0),
    }
  }

  /** `{ ... }` after the body of the rule before: its head is that rule's, and counts as standing where the body does. */
  private isFurtherBody({ head, at }: RuleDecl): boolean {
    return head.at.start === at.start && this.module.source[at.start] === '{'
  }

  private headPlace({ head, body }: RuleDecl): Place {
    const isBareCall = head.args !== undefined && body === undefined && head.value === undefined
    return isBareCall ? head.ref.at : head.at
  }

  private elseClause(rule: RuleDecl, index: number): Clause | undefined {
    const part = rule.else[index]
    if (part === undefined) return undefined
    const { at, value, body } = part
    const headPlace = { ...at, end: value?.at.end ?? at.start + 'else'.length }
    const place = { ...at, end: rule.at.end }
    const last = body?.at(-1)
    const isInline = last !== undefined && exprEnd(last) === at.end
    return {
      row: at.row,
      place,
      headPlace,
      body,
      bodyPin: isInline ? place : undefined,
      isElse: true,
      skips: undefined,
      writeHead: (isConstant) => this.elseHead(part, headPlace, isConstant),
      next: this.elseClause(rule, index + 1),
    }
  }

  private clause(clause: Clause): void {
    const { body, next, headPlace, bodyPin } = clause
    if (!clause.isElse) this.sheet.startLine()
    // `p := 1` and `p := 1 if true` are the same rule; both are written the first way.
    const isConstant = body === undefined || (isTrue(body) && next === undefined)
    this.commentFollows = isConstant
    const clashed = this.yielding(() => clause.writeHead(isConstant))
    if (isConstant || body === undefined) {
      this.sheet.endLine()
      return
    }
    this.commentFollows = true
    this.sheet.write(' if')
    const [only] = body
    const row = only === undefined ? 0 : (bodyPin ?? this.places.expr(only)).row
    const isInline = body.length === 1 && only !== undefined && row === this.places.endRow(headPlace)
    this.losing(() => {
      if (isInline && !isSetAlone(body)) {
        this.sheet.write(' ')
        this.places.pin(bodyPin, () => this.expr(only))
        this.sheet.endLine()
      } else this.bracedBody(clause, body, clashed)
      if (next !== undefined) this.else(clause, next)
    })
  }

  private bracedBody(clause: Clause, body: Body, clashed: boolean): void {
    const [first] = body
    this.sheet.write(' {')
    if (clashed && this.sheet.upcoming() !== undefined) this.sheet.write(' ')
    else this.sheet.endLine()
    if (!clause.isElse && first !== undefined) this.wrapLeadingUnion(first)
    this.sheet.up()
    this.yielding(() => this.places.pin(clause.bodyPin, () => this.body(body)))
    this.sheet.reach(this.places.closingRow(clause.place, braces, clause.skips))
    this.sheet.down()
    this.sheet.startLine()
    this.sheet.write('}')
  }

  private else(before: Clause, clause: Clause): void {
    const line = this.places.lineOf(clause.place.start)
    const wasInline = clause.row > before.row && !line.startsWith('else')
    const above = this.sheet.upcoming()
    const hasComment = (above !== undefined && above.at.row < clause.row) || this.sheet.trailing !== undefined
    if (wasInline && !hasComment) this.sheet.write(' ')
    else {
      this.sheet.blankLine()
      this.sheet.startLine()
    }
    this.sheet.reach(clause.row)
    if (hasComment && !wasInline) this.sheet.startLine()
    this.clause(clause)
  }

  private elseHead({ value }: ElseDecl, place: Place, isConstant: boolean): void {
    this.losing(() => this.sheet.reach(place.row))
    this.sheet.needLine()
    this.sheet.write('else')
    if (isTrueTerm(value) && !isConstant) return
    this.sheet.write(' := ')
    if (value === undefined) {
      this.sheet.write('true')
      return
    }
    this.places.move(value, place)
    this.term(value)
  }

  private head(rule: RuleDecl, place: Place, isFurther: boolean, isConstant: boolean): void {
    const { head } = rule
    if (rule.default) this.sheet.write('default ')
    if (this.name(head, place)) return
    this.places.pin(isFurther ? place : undefined, () => {
      if (head.args !== undefined) this.args(head.args, place)
      if (head.contains && head.value !== undefined) {
        this.sheet.write(' contains ')
        this.term(head.value)
      } else if (this.writesValue(rule, isFurther, isConstant)) {
        this.sheet.write(' := ')
        if (head.value === undefined) this.sheet.write('true')
        else this.term(head.value)
      }
    })
  }

  /** The rule's name. Gives whether that was the whole head, kept as it was because a comment stands in it. */
  private name({ ref }: Head, place: Place): boolean {
    const parts = ref.kind === 'var' ? [ref] : [ref.head, ...ref.path]
    const [root, key] = parts
    if (root === undefined || key === undefined || parts.length > 2 || this.longNames()) {
      this.losing(() => this.ref(parts))
      return false
    }
    if (this.sheet.upcoming()?.at.row === this.places.term(key).row) {
      this.asWritten(place)
      this.hasClashed = true
      return true
    }
    const { source } = this.module
    this.sheet.write(`${plainText(root, source)}[${plainText(key, source)}]`)
    return false
  }

  private longNames(): boolean {
    this.hasLongNames ??= this.module.rules.some(({ head: { ref, contains } }) => {
      const parts = ref.kind === 'var' ? 0 : ref.path.length
      return parts > 1 || (parts === 1 && contains)
    })
    return this.hasLongNames
  }

  private args(args: readonly Term[], place: Place): void {
    this.between('(', ')', () =>
      this.list(this.itemsOf(args, false), place, this.places.closingRow(place, parentheses)),
    )
  }

  private writesValue(rule: RuleDecl, isFurther: boolean, isConstant: boolean): boolean {
    const { head, body } = rule
    const hasKey = keyOf(rule) !== undefined
    if (!isTrueTerm(head.value) || rule.default) return true
    if (!hasKey && !isConstant) return false
    // From here on the value is `true`: it is left out where nobody wrote it and the head says enough without it.
    const isBareCall = head.args !== undefined && body === undefined && head.value === undefined
    const isImplied =
      head.value === undefined && head.ref.kind === 'ref' && head.ref.path.length === 1 && body !== undefined
    if (!isFurther && !isBareCall && !isImplied) return true
    return isConstant && head.args === undefined
  }

  private checkRule({ head, at }: RuleDecl): void {
    const root = head.ref.kind === 'var' ? head.ref : head.ref.head
    const isRoot = (term: Term): boolean => term.kind === 'var' && (term.name === 'input' || term.name === 'data')
    if (isRoot(root) && root.kind === 'var')
      this.refuse('rego_compile_error', at, `rules must not shadow ${root.name} (use a different rule name)`)
    for (const arg of head.args ?? [])
      if (isRoot(arg) && arg.kind === 'var')
        this.refuse('rego_compile_error', arg.at, `args must not shadow ${arg.name} (use a different variable name)`)
  }
}

/** The part of a name that OPA keeps as the rule's key. */
function keyOf({ head, body, default: isDefault }: RuleDecl): Term | undefined {
  if (head.contains) return head.value
  if (isDefault || head.args !== undefined || head.ref.kind === 'var' || head.ref.path.length !== 1) return undefined
  const [part] = head.ref.path
  return part !== undefined && (body === undefined || part.kind === 'ref' || !isGround(part)) ? part : undefined
}

function isGround(term: Term): boolean {
  switch (term.kind) {
    case 'var':
    case 'comprehension':
    case 'template':
      return term.kind !== 'var'
    case 'array':
    case 'set':
      return term.items.every(isGround)
    case 'object':
      return term.entries.every(([key, value]) => isGround(key) && isGround(value))
    case 'call':
      return term.args.every(isGround)
    default:
      return true
  }
}

function isTrueTerm(value: Term | undefined): boolean {
  return value === undefined || (value.kind === 'boolean' && value.value)
}

function isTrue(body: Body): boolean {
  const [only] = body
  return (
    body.length === 1 &&
    only?.kind === 'term' &&
    only.with.length === 0 &&
    only.term.kind === 'boolean' &&
    only.term.value
  )
}

/** One set as a body keeps its braces, and those of the body. */
function isSetAlone([only, ...rest]: Body): boolean {
  return rest.length === 0 && only?.kind === 'term' && only.term.kind === 'set'
}

/** Written in one line, so that it may stand right above the next. */
function isOneLiner({ body, default: isDefault, else: chain }: RuleDecl): boolean {
  return (body === undefined || (body.length === 1 && !isSetAlone(body))) && !isDefault && chain.length === 0
}
