/** Rules of generated programs, of every kind: each is text that refers only to rules written before it. */
import { type Draft, type Known, type KnownRule, note, type Scope, type Variable } from './draft.ts'
import { documentRef, term } from './terms.ts'
import { constant, plainString, typeNames } from './values.ts'

const kinds = {
  constant: 3,
  complete: 7,
  boolean: 4,
  'complete incremental': 3,
  guarded: 4,
  else: 3,
  default: 3,
  'partial set': 5,
  'partial object': 5,
  'ref head': 3,
  'ref head variable': 4,
  'ref head set': 2,
  function: 5,
  'function pattern': 2,
  'function else': 2,
  'function default': 1,
  annotated: 1,
  conflicting: 1,
} as const

export type RuleKind = keyof typeof kinds

export const ruleKinds = Object.keys(kinds) as readonly RuleKind[]

interface Written {
  readonly text: string
  readonly rule: Omit<KnownRule, 'ref' | 'pkg'>
  /** The name that the head begins with, where it is not all of the path. */
  readonly path?: string
}

/** Writes one rule, with all its definitions, and makes it known to those that follow. */
export function writeRule(draft: Draft, kind: RuleKind | undefined = undefined): string {
  const chosen = kind ?? draft.random.weighted(kinds)
  note(draft, `rule:${chosen}`)
  const name = draft.fresh('r')
  const { text, rule, path } = writers[chosen](draft, name)
  draft.rules.push({ ...rule, pkg: draft.pkg, ref: `data.${draft.pkg}.${path ?? name}` })
  return text
}

const value = (type: Known): Written['rule'] => ({ kind: 'value', type, arity: 0 })
const depth = 2

function typed(draft: Draft): Known {
  return draft.random.pick([...typeNames, 'any' as const])
}

/** ` := term if { body }` with the body's variables in the term. */
function conditional(draft: Draft, scope: Scope, type: Known, sign = ':='): string {
  const body = draft.body(scope, depth)
  const head = term(draft, body.scope, type, depth - 1)
  return `${sign} ${head} if { ${body.text} }`
}

function definitions(draft: Draft, most: number, write: () => string): string {
  return Array.from({ length: 1 + draft.random.below(most) }, write).join('\n')
}

const writers: Record<RuleKind, (draft: Draft, name: string) => Written> = {
  constant: (draft, name) => {
    const type = typed(draft)
    return {
      text: `${name} := ${draft.random.chance(0.5) ? constant(draft.random, type) : term(draft, [], type, depth)}`,
      rule: value(type),
    }
  },
  complete: (draft, name) => {
    const type = typed(draft)
    return { text: `${name} ${conditional(draft, [], type, draft.random.pick([':=', '=']))}`, rule: value(type) }
  },
  boolean: (draft, name) => ({
    text: definitions(draft, 3, () =>
      draft.random.chance(0.7)
        ? `${name} if { ${draft.body([], depth).text} }`
        : `${name} if ${term(draft, [], 'boolean', depth)}`,
    ),
    rule: value('boolean'),
  }),
  'complete incremental': (draft, name) => {
    const same = constant(draft.random, 'any', 1)
    return {
      text: definitions(draft, 4, () => `${name} := ${same} if { ${draft.body([], depth).text} }`),
      rule: value('any'),
    }
  },
  guarded: (draft, name) => {
    const path = draft.random.pick([
      'input.role',
      'input.s',
      'input.users[0].name',
      'input.byName.admin',
      'data.base.role',
    ])
    const guards = [
      () => `${path} == ${constant(draft.random, 'string')}`,
      () => `${constant(draft.random, 'string')} = ${path}`,
      () => `${path} in {${constant(draft.random, 'string')}, ${constant(draft.random, 'string')}, "admin"}`,
      () => `startswith(${path}, ${constant(draft.random, 'string')})`,
      () => `endswith(${path}, ${constant(draft.random, 'string')})`,
      () => `glob.match(${constant(draft.random, 'string')}, [], ${path})`,
      () => `[${path}, input.n] = [${constant(draft.random, 'string')}, ${constant(draft.random, 'number')}]`,
      () => `${constant(draft.random, 'string')} in input.words`,
      () => path,
      () => `input.n == ${constant(draft.random, 'number')}`,
      () => `v := ${path}; v == ${constant(draft.random, 'string')}`,
    ]
    const set = draft.random.chance(0.5)
    const text = Array.from({ length: 2 + draft.random.below(6) }, (_, i) => {
      const body = `${draft.random.pick(guards)()}${draft.random.chance(0.3) ? `; ${draft.random.pick(guards.slice(0, 9))()}` : ''}`
      return set
        ? `${name} contains ${i} if { ${body} }`
        : `${name} := ${draft.random.below(12) === 0 ? i : 0} if { ${body} }`
    }).join('\n')
    return { text, rule: set ? { kind: 'set', type: 'set', arity: 0 } : value('any') }
  },
  else: (draft, name) => {
    const type = typed(draft)
    const rest = Array.from({ length: 1 + draft.random.below(3) }, () => `else ${conditional(draft, [], type)}`)
    if (draft.random.chance(0.3)) rest.push(`else := ${constant(draft.random, type)}`)
    return { text: `${name} ${conditional(draft, [], type)} ${rest.join(' ')}`, rule: value(type) }
  },
  default: (draft, name) => {
    const type = typed(draft)
    const lines = [`default ${name} := ${constant(draft.random, type)}`, `${name} ${conditional(draft, [], type)}`]
    return { text: draft.random.shuffled(lines).join('\n'), rule: value(type) }
  },
  'partial set': (draft, name) => ({
    text: definitions(draft, 3, () => {
      if (draft.random.chance(0.2)) return `${name} contains ${constant(draft.random, 'any')}`
      const body = draft.body([], depth)
      return `${name} contains ${term(draft, body.scope, 'any', depth - 1)} if { ${body.text} }`
    }),
    rule: { kind: 'set', type: 'set', arity: 0 },
  }),
  'partial object': (draft, name) => ({
    text: definitions(draft, 2, () => {
      const body = draft.body([], depth)
      const key = keyOf(draft, body.scope)
      return `${name}[${key}] ${draft.random.pick([':=', '='])} ${term(draft, body.scope, 'any', depth - 1)} if { ${body.text} }`
    }),
    rule: { kind: 'object', type: 'object', arity: 0 },
  }),
  'ref head': (draft, name) => {
    const fields = ['a', 'b.c', '["x y"].d', '["__proto__"]', 'if', 'a2["constructor"]']
    const chosen = draft.random.shuffled(fields).slice(0, 1 + draft.random.below(3))
    const lines = chosen.map(
      (field) => `${name}${field.startsWith('[') ? '' : '.'}${field} ${conditional(draft, [], 'any')}`,
    )
    return { text: lines.join('\n'), rule: { kind: 'object', type: 'object', arity: 0 } }
  },
  'ref head variable': (draft, name) => {
    const tails = ['', '.q', '["r s"]', '[y]']
    const lines = definitions(draft, 2, () => {
      const tail = draft.random.pick(tails)
      const body = draft.body([], depth)
      const key = keyOf(draft, body.scope)
      const second = tail === '[y]' ? `[${keyOf(draft, body.scope)}]` : tail
      const first = draft.random.chance(0.5) ? '.m' : ''
      return `${name}${first}[${key}]${second} := ${term(draft, body.scope, 'any', 1)} if { ${body.text} }`
    })
    return { text: lines, rule: { kind: 'object', type: 'object', arity: 0 } }
  },
  'ref head set': (draft, name) => ({
    text: definitions(draft, 2, () => {
      const body = draft.body([], depth)
      const key = draft.random.chance(0.5) ? `[${keyOf(draft, body.scope)}]` : '.k'
      return `${name}${key} contains ${term(draft, body.scope, 'any', 1)} if { ${body.text} }`
    }),
    rule: { kind: 'object', type: 'object', arity: 0 },
  }),
  function: (draft, name) => {
    const operands = operandNames(draft)
    const type = typed(draft)
    const head = `${name}(${operands.map((each) => each.name).join(', ')})`
    return {
      text: definitions(draft, 2, () => `${head} ${conditional(draft, operands, type)}`),
      rule: { kind: 'function', type, arity: operands.length },
    }
  },
  'function pattern': (draft, name) => {
    const names: Variable[] = operandNames(draft)
    const [first] = names as [Variable]
    const patterns = [
      `[${first.name}, _]`,
      `{"a": ${first.name}}`,
      `[${first.name}, ${constant(draft.random, 'number')}]`,
      constant(draft.random, 'any', 1),
    ]
    const text = definitions(draft, 3, () => {
      const pattern = draft.random.pick(patterns)
      const scope = pattern.includes(first.name) ? [first] : []
      return `${name}(${pattern}) ${conditional(draft, scope, 'any')}`
    })
    return { text, rule: { kind: 'function', type: 'any', arity: 1 } }
  },
  'function else': (draft, name) => {
    const operands = operandNames(draft)
    const head = `${name}(${operands.map((each) => each.name).join(', ')})`
    return {
      text: `${head} ${conditional(draft, operands, 'any')} else ${conditional(draft, operands, 'any')} else := ${constant(draft.random, 'any')}`,
      rule: { kind: 'function', type: 'any', arity: operands.length },
    }
  },
  'function default': (draft, name) => {
    const operands = operandNames(draft)
    const head = `${name}(${operands.map((each) => each.name).join(', ')})`
    return {
      text: `default ${name}(${operands.map(() => '_').join(', ')}) := ${constant(draft.random, 'any')}\n${head} ${conditional(draft, operands, 'any')}`,
      rule: { kind: 'function', type: 'any', arity: operands.length },
    }
  },
  annotated: (draft, name) => {
    note(draft, 'builtin:rego.metadata.rule')
    note(draft, 'builtin:rego.metadata.chain')
    const title = JSON.stringify(plainString(draft.random)).replace(/[\u007f\ufeff\uffff]/g, '')
    const asked = draft.random.pick([
      'rego.metadata.rule()',
      '[each.annotations | some each in rego.metadata.chain()]',
      'rego.metadata.chain()',
    ])
    return { text: `# METADATA\n# title: ${title}\n# custom:\n#   level: 3\n${name} := ${asked}`, rule: value('any') }
  },
  conflicting: (draft, name) => ({
    text: `${name} := 1 if { ${draft.body([], 1).text} }\n${name} := 2 if { ${draft.body([], 1).text} }`,
    rule: value('any'),
  }),
}

/** A key of a partial rule: of any type at run time, a string where it is constant. */
function keyOf(draft: Draft, scope: Scope): string {
  if (scope.length > 0 && draft.random.chance(0.6)) return draft.random.pick(scope).name
  if (draft.random.chance(0.5)) return documentRef(draft, scope, 'any')
  return constant(draft.random, 'string')
}

function operandNames(draft: Draft): Variable[] {
  return Array.from({ length: 1 + draft.random.below(2) }, () => ({ name: draft.fresh('a'), type: 'any' as const }))
}
