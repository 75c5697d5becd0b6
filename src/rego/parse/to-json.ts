/**
 * A parsed module as OPA's JSON for syntax trees: what `opa parse --format json` prints and `rego.parse_module` gives.
 * The shapes are those of OPA 1.20's `v1/ast` package.
 */

import type {
  Annotations,
  Body,
  Comment,
  ElseDecl,
  Expr,
  Head,
  Import,
  Module,
  Operand,
  Plain,
  Ref,
  RuleDecl,
  Term,
  Var,
  With,
} from '../ast.ts'
import { compareTerms } from './compare-terms.ts'

/** JSON whose numbers keep the text that the author wrote. */
export type AstJson =
  | null
  | boolean
  | number
  | bigint
  | string
  | RawText
  | readonly AstJson[]
  | { readonly [key: string]: AstJson }

/** What `JSON.rawJSON` gives. */
export interface RawText {
  readonly rawJSON: string
}

/** The module as OPA's JSON. */
export function moduleToJson(module: Module): AstJson {
  const { imports, rules } = module
  const annotations = allAnnotations(module)
  return {
    package: { path: path('data', module.package) },
    ...(imports.length > 0 ? { imports: imports.map(importToJson) } : {}),
    ...(annotations.length > 0 ? { annotations: annotations.map(annotationsToJson) } : {}),
    ...(rules.length > 0 ? { rules: rulesToJson(rules, annotations) } : {}),
    ...(module.comments.length > 0 ? { comments: module.comments.map(commentToJson) } : {}),
  }
}

/** The expressions of a query as OPA's JSON. */
export function bodyToJson(body: Body): AstJson {
  return body.map(exprToJson)
}

function allAnnotations(module: Module): Annotations[] {
  const all = [...module.annotations, ...module.rules.flatMap((rule) => rule.annotations)]
  return all.sort((a, b) => a.at.start - b.at.start)
}

function path(root: string, rest: readonly string[]): AstJson {
  return [variable(root), ...rest.map(text)]
}

function variable(value: string): AstJson {
  return { type: 'var', value }
}

function text(value: string): AstJson {
  return { type: 'string', value }
}

function importToJson({ path: [root = '', ...rest], alias }: Import): AstJson {
  return { ...(alias === undefined ? {} : { alias }), path: { type: 'ref', value: path(root, rest) } }
}

function commentToJson({ text: content, at }: Comment): AstJson {
  const { file, row, col } = at
  return { Text: base64(content), Location: { file, row, col } }
}

function base64(content: string): string {
  const bytes = new TextEncoder().encode(content)
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

/**
 * OPA shows the annotations of a name at all rules of that name: those of the document at each, those of a rule at the rules below them, of which the
 * last is used up by the first rule that has it.
 */
function rulesToJson(rules: readonly RuleDecl[], annotations: readonly Annotations[]): AstJson[] {
  const targets = new Map(rules.flatMap((rule) => rule.annotations.map((each) => [each, groundName(rule)] as const)))
  const left = annotations.filter((each) => targets.has(each))
  return rules.map((rule) => {
    const name = groundName(rule)
    const found = left.filter(
      (each) => targets.get(each) === name && (each.scope === 'document' || rule.at.row > each.at.row),
    )
    const last = found.findLast(({ scope }) => scope === 'rule')
    if (last !== undefined) left.splice(left.indexOf(last), 1)
    return ruleToJson(rule, found)
  })
}

/** A text that two rules share when their names are equal up to the first part with a variable; OPA takes what a ref begins with for none. */
function groundName({ head: { ref } }: RuleDecl): string {
  if (ref.kind === 'var') return JSON.stringify(refParts(ref))
  const open = ref.path.findIndex((part) => (part.kind === 'ref' ? !part.path.every(isGround) : !isGround(part)))
  return JSON.stringify(refParts(open < 0 ? ref : { ...ref, path: ref.path.slice(0, open) }))
}

function ruleToJson(rule: RuleDecl, annotations: readonly Annotations[]): AstJson {
  const chain = elseToJson(rule.head, rule.else)
  return {
    ...(annotations.length > 0 ? { annotations: annotations.map(annotationsToJson) } : {}),
    body: rule.body === undefined ? trueBody : bodyToJson(rule.body),
    ...(rule.default ? { default: true } : {}),
    ...(chain === undefined ? {} : { else: chain }),
    head: headToJson(rule.head, rule.body !== undefined, rule.default),
  }
}

const trueBody: AstJson = [{ index: 0, terms: { type: 'boolean', value: true } }]

/** The chain from its end: each `else` holds the next, and a chain may be longer than calls can nest. */
function elseToJson(head: Head, chain: readonly ElseDecl[]): AstJson | undefined {
  const { value: _, ...base } = head
  return chain.reduceRight<AstJson | undefined>((rest, each) => {
    const args = each.args === undefined ? {} : { args: each.args }
    const value = each.value === undefined ? {} : { value: each.value }
    const assign = each.value === undefined ? head.assign : each.assign
    const own: Head = { ...base, ...args, ...value, assign }
    return {
      body: each.body === undefined ? trueBody : bodyToJson(each.body),
      ...(rest === undefined ? {} : { else: rest }),
      head: headToJson(own, true, false),
    }
  }, undefined)
}

function headToJson(head: Head, hasBody: boolean, isDefault: boolean): AstJson {
  const { ref, args, value, assign, contains } = head
  const parts = ref.kind === 'var' ? [] : ref.path
  const [only] = parts
  // For names of two parts OPA keeps the form that it had before names could have more, but for defaults.
  const isOldForm = !isDefault && !contains && args === undefined && parts.length === 1 && only !== undefined
  const isNamed = !isDefault && parts.length === 1 && !contains && (args === undefined ? value !== undefined : hasBody)
  const named = parts.length === 0 || isNamed
  const key = contains ? value : isOldForm && (!hasBody || !isGround(only)) ? only : undefined
  const result = contains ? undefined : (value ?? { kind: 'boolean', value: true, at: head.at })
  return {
    ...(named ? { name: nameOf(ref) } : {}),
    ...(args === undefined ? {} : { args: args.map(termToJson) }),
    ...(key === undefined ? {} : { key: termToJson(key) }),
    ...(result === undefined ? {} : { value: termToJson(result) }),
    ...(assign ? { assign: true } : {}),
    ref: refParts(ref),
  }
}

function nameOf(ref: Var | Ref): string {
  const head = ref.kind === 'var' ? ref : ref.head
  return head.kind === 'var' ? head.name : ''
}

function refParts(ref: Var | Ref): AstJson {
  if (ref.kind === 'var') return [variable(ref.name)]
  const head = ref.head.kind === 'var' ? variable(ref.head.name) : termToJson(ref.head)
  return [head, ...ref.path.map(termToJson)]
}

function isGround(term: Term): boolean {
  return term.kind === 'string' || term.kind === 'number' || term.kind === 'boolean' || term.kind === 'null'
}

function exprToJson(expr: Expr, index: number): AstJson {
  const negated = expr.kind === 'not' && !expr.scoped
  const inner = negated ? expr.operand.body[0] : undefined
  return {
    index,
    ...(negated ? { negated } : {}),
    terms: termsToJson(inner ?? expr),
    ...(expr.with.length > 0 ? { with: expr.with.map(withToJson) } : {}),
  }
}

function withToJson({ target, value }: With): AstJson {
  return { target: termToJson(target), value: termToJson(value) }
}

function termsToJson(expr: Expr): AstJson {
  switch (expr.kind) {
    case 'term':
      return expr.term.kind === 'call' ? callParts(expr.term) : termToJson(expr.term)
    case 'some':
      return { symbols: expr.vars.map(termToJson) }
    case 'someIn': {
      const { key, value, domain } = expr
      const args = key === undefined ? [value, domain] : [key, value, domain]
      const operator = { type: 'ref', value: path('internal', [key === undefined ? 'member_2' : 'member_3']) }
      return { symbols: [{ type: 'call', value: [operator, ...args.map(termToJson)] }] }
    }
    case 'every':
      return {
        body: bodyToJson(expr.body),
        domain: termToJson(expr.domain),
        key: expr.key === undefined ? null : termToJson(expr.key),
        value: termToJson(expr.value),
      }
    case 'not':
      return { body: bodyToJson(expr.operand.body), explicit_body: expr.operand.explicit, type: 'not' }
    case 'and':
    case 'or':
      return {
        ...explicit('lhs', expr.left),
        ...explicit('rhs', expr.right),
        lhs: bodyToJson(expr.left.body),
        rhs: bodyToJson(expr.right.body),
        type: expr.kind,
      }
  }
}

function explicit(side: 'lhs' | 'rhs', operand: Operand): { readonly [key: string]: AstJson } {
  return operand.explicit ? { [`explicit_${side}`]: true } : {}
}

function callParts(call: Extract<Term, { kind: 'call' }>): AstJson[] {
  const { operator } = call
  const written = operator.kind === 'var' && call.infix !== undefined ? operator.name.split('.') : undefined
  const [head = '', ...rest] = written ?? []
  const value = written === undefined ? refParts(operator) : path(head, rest)
  return [{ type: 'ref', value }, ...call.args.map(termToJson)]
}

function termToJson(term: Term): AstJson {
  switch (term.kind) {
    case 'null':
      return { type: 'null', value: {} }
    case 'boolean':
    case 'string':
      return { type: term.kind, value: term.value }
    case 'number':
      return { type: 'number', value: numberToJson(term.text) }
    case 'var':
      // A root alone is a ref of one part.
      return term.name === 'input' || term.name === 'data'
        ? { type: 'ref', value: [variable(term.name)] }
        : variable(term.name)
    case 'ref':
      return { type: 'ref', value: refParts(term) }
    case 'call':
      return { type: 'call', value: callParts(term) }
    case 'array':
      return { type: 'array', value: term.items.map(termToJson) }
    case 'set':
      return { type: 'set', value: sorted(term.items).map(termToJson) }
    case 'object': {
      const entries = [...(term.written ?? term.entries)].sort(([a], [b]) => compareTerms(a, b))
      return { type: 'object', value: entries.map(([key, value]) => [termToJson(key), termToJson(value)]) }
    }
    case 'comprehension':
      return {
        type: `${term.of}comprehension`,
        value: {
          ...(term.key === undefined
            ? { term: termToJson(term.value) }
            : { key: termToJson(term.key), value: termToJson(term.value) }),
          body: bodyToJson(term.body),
        },
      }
    case 'template':
      return {
        type: 'templatestring',
        value: { parts: term.parts.length === 0 ? null : term.parts.map(partToJson), multi_line: term.raw },
      }
  }
}

function partToJson(part: string | Expr): AstJson {
  if (typeof part === 'string') return text(part)
  if (part.kind === 'term' && part.with.length === 0 && isGround(part.term)) return termToJson(part.term)
  return exprToJson(part, 0)
}

/** Elements of a set in Rego's order, each once. */
function sorted(items: readonly Term[]): Term[] {
  const all = [...items].sort(compareTerms)
  return all.filter((item, i) => i === 0 || compareTerms(all[i - 1] as Term, item) !== 0)
}

function numberToJson(written: string): AstJson {
  const number = Number(written)
  if (String(number) === written) return number
  const json = written.replace(/^(-?)\./, '$10.')
  return (JSON as unknown as { rawJSON(text: string): RawText }).rawJSON(json)
}

function annotationsToJson(found: Annotations): AstJson {
  const {
    scope,
    title,
    description,
    entrypoint,
    organizations,
    relatedResources,
    authors,
    schemas,
    custom,
    labels,
    compile,
  } = found
  // In the order of their names, as OPA prints them.
  return {
    ...(authors === undefined
      ? {}
      : { authors: authors.map(({ name, email }) => ({ name, ...(email === undefined ? {} : { email }) })) }),
    ...(compile === undefined ? {} : { compile: compileToJson(compile) }),
    ...(custom === undefined ? {} : { custom: custom as AstJson }),
    ...(description === undefined ? {} : { description }),
    ...(entrypoint ? { entrypoint } : {}),
    ...(labels === undefined ? {} : { labels: labels as AstJson }),
    ...(organizations === undefined ? {} : { organizations }),
    ...(relatedResources === undefined
      ? {}
      : {
          related_resources: relatedResources.map((each) => ({
            ...(each.description ? { description: each.description } : {}),
            ref: each.ref,
          })),
        }),
    ...(schemas === undefined ? {} : { schemas: schemas.map(schemaToJson) }),
    scope,
    ...(title === undefined ? {} : { title }),
  }
}

function schemaToJson(schema: NonNullable<Annotations['schemas']>[number]): AstJson {
  const [root = '', ...rest] = schema.path
  const [schemaRoot = '', ...schemaRest] = schema.ref ?? []
  return {
    path: path(root, rest),
    ...(schema.ref === undefined ? {} : { schema: path(schemaRoot, schemaRest) }),
    ...(schema.definition === undefined ? {} : { definition: schema.definition as Plain as AstJson }),
  }
}

function compileToJson(compile: NonNullable<Annotations['compile']>): AstJson {
  const ref = ([root = '', ...rest]: readonly string[]): AstJson => path(root, rest)
  return {
    ...(compile.unknowns === undefined ? {} : { unknowns: compile.unknowns.map(ref) }),
    ...(compile.maskRule === undefined ? {} : { mask_rule: ref(compile.maskRule) }),
  }
}
