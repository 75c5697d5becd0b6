/** Bodies of generated programs: every kind of statement, over variables that are bound where they are used. */
import { type Body, type Draft, type Known, note, type Scope, type Variable } from './draft.ts'
import { comparison, documentRef, functionCall, membership, nameOf, term } from './terms.ts'
import { constant, typeNames } from './values.ts'

interface Statement {
  readonly text: string
  readonly binds: readonly Variable[]
}

const kinds = {
  assign: 6,
  unify: 4,
  pattern: 3,
  'some in': 6,
  'some declared': 3,
  iterate: 4,
  compare: 6,
  not: 4,
  every: 3,
  in: 4,
  expression: 3,
  walk: 1,
  'output operand': 2,
  'rule iterate': 3,
  logical: 3,
  'function mock': 1,
  print: 1,
} as const

export type StatementKind = keyof typeof kinds

/** Names by which coverage counts statements; `with` counts as one of its own. */
export const statementKinds: readonly string[] = [...Object.keys(kinds), 'with', 'not body', 'reordered']

/** Statements on lines of their own or after each other, at least one. */
export function writeBody(draft: Draft, outer: Scope, depth: number): Body {
  const { random } = draft
  let scope = outer
  const statements: Statement[] = []
  const size = 1 + random.below(depth > 1 ? 4 : 2)
  for (let i = 0; i < size; i++) {
    const statement = withMocks(draft, scope, writeStatement(draft, scope, depth))
    statements.push(statement)
    scope = [...scope, ...statement.binds]
  }
  // Unification says nothing of order: OPA finds one in which every variable is bound before it is needed.
  const movable = statements.every(({ text }) => !/:=|\bsome\b/.test(text))
  if (movable && statements.length > 1 && random.chance(0.5)) note(draft, 'statement:reordered')
  const ordered = movable && random.chance(0.5) ? random.shuffled(statements) : statements
  return { text: ordered.map(({ text }) => text).join('; '), scope }
}

function writeStatement(draft: Draft, scope: Scope, depth: number): Statement {
  const kind = draft.random.weighted(kinds)
  note(draft, `statement:${kind}`)
  return writers[kind](draft, scope, depth)
}

type Write = (draft: Draft, scope: Scope, depth: number) => Statement

const test = (text: string): Statement => ({ text, binds: [] })

function bind(draft: Draft, type: Known): Variable {
  return { name: draft.fresh('v'), type }
}

const writers: Record<StatementKind, Write> = {
  assign: (draft, scope, depth) => {
    const type = draft.random.pick([...typeNames, 'any' as const])
    const made = bind(draft, type)
    return { text: `${made.name} := ${term(draft, scope, type, depth)}`, binds: [made] }
  },
  unify: (draft, scope, depth) => {
    const type = draft.random.pick(typeNames)
    const made = bind(draft, type)
    const value = term(draft, scope, type, depth)
    return { text: draft.random.chance(0.5) ? `${made.name} = ${value}` : `${value} = ${made.name}`, binds: [made] }
  },
  pattern: writePattern,
  'some in': (draft, scope, depth) => {
    const domain = iterable(draft, scope, depth)
    const value = bind(draft, 'any')
    if (draft.random.chance(0.2)) {
      const second = bind(draft, 'any')
      return { text: `some [${value.name}, ${second.name}] in ${domain}`, binds: [value, second] }
    }
    if (draft.random.chance(0.5)) return { text: `some ${value.name} in ${domain}`, binds: [value] }
    const key = bind(draft, 'any')
    return { text: `some ${key.name}, ${value.name} in ${domain}`, binds: [key, value] }
  },
  'some declared': (draft, scope, depth) => {
    const key = bind(draft, 'any')
    const ref = iterated(draft, scope)
    const value = term(draft, scope, 'any', depth - 1)
    return {
      text: `some ${key.name}; ${ref}[${key.name}] ${draft.random.pick(['=', '!=', '=='])} ${value}`,
      binds: [key],
    }
  },
  iterate: (draft, scope) => {
    const key = bind(draft, 'any')
    const ref = iterated(draft, scope)
    if (draft.random.chance(0.3)) {
      const inner = bind(draft, 'any')
      return { text: `${ref}[${key.name}][${inner.name}]`, binds: [key, inner] }
    }
    if (draft.random.chance(0.4)) {
      const value = bind(draft, 'any')
      return { text: `${value.name} = ${ref}[${key.name}]`, binds: [key, value] }
    }
    if (draft.random.chance(0.3)) return test(`${ref}[_]${draft.random.pick(['', '.name', '[_]', '.roles[_]'])}`)
    return { text: `${ref}[${key.name}]`, binds: [key] }
  },
  compare: (draft, scope, depth) => {
    return test(comparison(draft, scope, draft.random.pick(['==', '==', '!=', '<', '<=', '>', '>=']), depth))
  },
  not: (draft, scope, depth) => {
    if (draft.keywords.has('not') && draft.random.chance(0.5)) {
      note(draft, 'statement:not body')
      return test(`not { ${draft.body(scope, depth - 1).text} }`)
    }
    return test(`not ${simpleTest(draft, scope, depth)}`)
  },
  every: (draft, scope, depth) => {
    const value = bind(draft, 'any')
    const key = bind(draft, 'any')
    const domain = iterable(draft, scope, depth)
    const declared = draft.random.chance(0.5) ? [key, value] : [value]
    const body = draft.body([...scope, ...declared], depth - 1)
    // A declared name that the body never uses is an error.
    const unused = declared.filter(({ name }) => !new RegExp(`\\b${name}\\b`).test(body.text))
    const uses = unused.map(({ name }) => `; ${name} != ${term(draft, scope, 'any', 0)}`)
    return test(`every ${declared.map(({ name }) => name).join(', ')} in ${domain} { ${body.text}${uses.join('')} }`)
  },
  in: (draft, scope, depth) => test(membership(draft, scope, depth)),
  expression: (draft, scope, depth) => test(term(draft, scope, draft.random.pick(['any', 'boolean']), depth)),
  walk: (draft, scope, depth) => {
    note(draft, 'builtin:walk')
    const path = bind(draft, 'array')
    const value = bind(draft, 'any')
    const form = draft.random.below(3)
    const output =
      form === 0 ? `[${path.name}, ${value.name}]` : form === 1 ? `[_, ${value.name}]` : `[${path.name}, _]`
    const binds = form === 0 ? [path, value] : form === 1 ? [value] : [path]
    return { text: `walk(${term(draft, scope, 'any', depth - 1)}, ${output})`, binds }
  },
  'output operand': (draft, scope, depth) => {
    const made = bind(draft, 'number')
    const [name, type] = draft.random.pick([
      ['count', 'array'],
      ['count', 'set'],
      ['sum', 'any'],
      ['abs', 'number'],
    ] as const)
    note(draft, `builtin:${name}`)
    const operand = type === 'any' ? documentRef(draft, scope, type) : term(draft, scope, type, depth - 1)
    return { text: `${name}(${operand}, ${made.name})`, binds: [made] }
  },
  'rule iterate': (draft, scope) => {
    const rules = draft.rules.filter(({ kind }) => kind === 'set' || kind === 'object')
    const key = bind(draft, 'any')
    if (rules.length === 0) return { text: `${documentRef(draft, scope, 'object')}[${key.name}]`, binds: [key] }
    const rule = draft.random.pick(rules)
    note(draft, `ref:rule ${rule.kind}`)
    const ref = nameOf(draft, rule)
    if (rule.kind === 'set' || draft.random.chance(0.5)) return { text: `${ref}[${key.name}]`, binds: [key] }
    const value = bind(draft, 'any')
    return { text: `${value.name} = ${ref}[${key.name}]`, binds: [key, value] }
  },
  logical: (draft, scope, depth) => {
    const words = (['and', 'or'] as const).filter((word) => draft.keywords.has(word))
    if (words.length === 0) return test(simpleTest(draft, scope, depth))
    const side = (): string => {
      const form = draft.random.below(4)
      if (form === 0) return `{ ${draft.body(scope, depth - 1).text} }`
      if (form === 1) return `not ${simpleTest(draft, scope, depth - 1)}`
      return simpleTest(draft, scope, depth - 1)
    }
    let text = side()
    for (let i = draft.random.below(2); i >= 0; i--) {
      const word = draft.random.pick(words)
      note(draft, `statement:${word}`)
      text += ` ${word} ${side()}`
    }
    return test(text)
  },
  'function mock': (draft, scope, depth) => {
    const functions = draft.rules.filter(({ kind }) => kind === 'function')
    const made = bind(draft, 'any')
    const mocked = draft.random.pick(['count', 'upper', 'abs', 'to_number'])
    const one = functions.filter(({ arity }) => arity === 1)
    const by = one.length > 0 && draft.random.chance(0.5) ? draft.random.pick(one).ref : constant(draft.random, 'any')
    if (functions.length > 0 && draft.random.chance(0.5)) {
      const rule = draft.random.pick(functions)
      const value = functions.filter(({ arity, ref }) => arity === rule.arity && ref !== rule.ref)
      const stand = value.length > 0 ? draft.random.pick(value).ref : constant(draft.random, 'any')
      return {
        text: `${made.name} := ${functionCall(draft, scope, rule, depth)} with ${rule.ref} as ${stand}`,
        binds: [made],
      }
    }
    note(draft, `builtin:${mocked}`)
    return {
      text: `${made.name} := ${mocked}(${documentRef(draft, scope, 'any')}) with ${mocked} as ${by}`,
      binds: [made],
    }
  },
  print: (draft, scope, depth) => test(`print(${term(draft, scope, 'any', depth - 1)})`),
}

function writePattern(draft: Draft, scope: Scope, depth: number): Statement {
  const { random } = draft
  const binds: Variable[] = []
  const declares = random.chance(0.3)
  const part = (left: number): string => {
    const form = random.below(left > 0 ? 7 : 5)
    if (form <= 2) {
      const made = bind(draft, 'any')
      binds.push(made)
      return made.name
    }
    // `:=` takes patterns of variables alone.
    if (form === 3 || (form === 4 && declares)) return '_'
    if (form === 4) return constant(random, 'any', 0)
    if (form === 5) return `[${part(left - 1)}, ${part(left - 1)}]`
    return `{${constant(random, 'string')}: ${part(left - 1)}}`
  }
  const array = random.chance(0.6)
  const keys = [...new Set([constant(random, 'string'), constant(random, 'string')])]
  const pattern = array
    ? `[${Array.from({ length: 1 + random.below(3) }, () => part(1)).join(', ')}]`
    : `{${keys.map((key) => `${key}: ${part(1)}`).join(', ')}}`
  // Often the same shape on the other side, so that the pattern matches.
  const other = random.chance(0.5)
    ? documentRef(draft, scope, 'any')
    : pattern.replace(/\bv\d+\b|\b_\b/g, () => term(draft, scope, 'any', Math.min(depth - 1, 1)))
  if (declares) return { text: `${pattern} := ${other}`, binds }
  return { text: random.chance(0.7) ? `${pattern} = ${other}` : `${other} = ${pattern}`, binds }
}

/** A test that binds nothing, as `not`, `and` and `or` want one. */
function simpleTest(draft: Draft, scope: Scope, depth: number): string {
  const text = anyTest(draft, scope, depth)
  // Where an operand begins with a brace, the brace opens a body.
  return text.startsWith('{') ? `[${text}] == [true]` : text
}

function anyTest(draft: Draft, scope: Scope, depth: number): string {
  const form = draft.random.below(4)
  if (form === 0) return membership(draft, scope, depth)
  if (form === 1) return term(draft, scope, 'boolean', depth - 1)
  if (form === 2) return documentRef(draft, scope, 'any')
  return comparison(draft, scope, draft.random.pick(['==', '!=', '<', '>=']), depth)
}

function iterable(draft: Draft, scope: Scope, depth: number): string {
  const type = draft.random.pick(['array', 'object', 'set', 'any'] as const)
  return draft.random.chance(0.75) ? documentRef(draft, scope, type) : term(draft, scope, type, depth - 1)
}

function iterated(draft: Draft, scope: Scope): string {
  const { random } = draft
  if (random.chance(0.15)) return random.pick(['input', 'data.base'])
  return documentRef(draft, scope, random.pick(['array', 'object', 'any']))
}

/** `with` on a statement, in some of all cases. */
function withMocks(draft: Draft, scope: Scope, statement: Statement): Statement {
  const { random } = draft
  if (!random.chance(0.12) || /^some |\bwith\b/.test(statement.text)) return statement
  note(draft, 'statement:with')
  const clauses = Array.from({ length: 1 + random.below(2) }, () => {
    const values = draft.rules.filter(({ kind }) => kind !== 'function')
    const target = random.weighted({ input: 3, inputPath: 3, data: 3, rule: values.length > 0 ? 3 : 0 })
    const value = term(draft, scope, 'any', 0)
    if (target === 'input') return `with input as ${value}`
    if (target === 'inputPath')
      return `with input.${random.pick(['n', 's', 'byName.admin', 'deep', 'new.path', 'xs'])} as ${value}`
    if (target === 'data') return `with data.base.${random.pick(['n', 'byName', 'deep.a', 'users', 'new'])} as ${value}`
    return `with ${random.pick(values).ref} as ${value}`
  })
  return { text: `${statement.text} ${clauses.join(' ')}`, binds: statement.binds }
}
