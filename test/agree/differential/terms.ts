/** Terms of generated programs: each has a type that is known or `any`, so that most programs pass OPA's type checker and still meet at run time. */
import { type BuiltinDecl, declarations, type TypeDecl } from '../../../src/rego/builtins/declarations.ts'
import { hintedOperand } from './builtin-operands.ts'
import { type Draft, type Known, type KnownRule, knownType, note, type Scope } from './draft.ts'
import { constant, documentPaths, plainString, stringLiteral, typeNames } from './values.ts'

/** Builtins that a term may call anywhere: the same operands always give the same result, and no syntax of their own. */
const callable = Object.entries(declarations).filter(
  ([name, { nondeterministic, relation, deprecated, infix, result }]) =>
    !nondeterministic &&
    !relation &&
    !deprecated &&
    infix === undefined &&
    result !== undefined &&
    !/^(internal|rego)\./.test(name),
)

const callableByType = new Map(
  typeNames.map((type) => [type as Known, callable.filter(([, { result }]) => result?.type === type)]),
)

/** A term whose type is `type`, or not known to be another. */
export function term(draft: Draft, scope: Scope, type: Known, depth: number): string {
  const { random } = draft
  if (depth <= 0) return leaf(draft, scope, type)
  const way = random.weighted({ leaf: 5, collection: 3, call: 2, operator: 2, rule: 2, special: 2 })
  const wanted = type === 'any' ? random.pick(typeNames) : type
  switch (way) {
    case 'leaf':
      return leaf(draft, scope, type)
    case 'collection':
      return collection(draft, scope, wanted, depth)
    case 'call':
      return builtinTerm(draft, scope, wanted, depth) ?? leaf(draft, scope, wanted)
    case 'operator':
      return operator(draft, scope, wanted, depth)
    case 'rule':
      return ruleTerm(draft, scope, type, depth) ?? leaf(draft, scope, type)
    case 'special':
      return special(draft, scope, wanted, depth)
  }
}

function leaf(draft: Draft, scope: Scope, type: Known): string {
  const { random } = draft
  const fitting = scope.filter(
    (each) => type === 'any' || each.type === type || (each.type === 'any' && random.chance(0.3)),
  )
  if (fitting.length > 0 && random.chance(0.55)) return random.pick(fitting).name
  if (random.chance(0.45)) return documentRef(draft, scope, type)
  return constant(random, type, 2)
}

/** A ref into a base document; one that reads `type` where the frame of the documents says so. */
export function documentRef(draft: Draft, scope: Scope, type: Known): string {
  const { random } = draft
  const fitting = documentPaths.filter((each) => type === 'any' || each[1] === type || each[1] === 'any')
  const [path] = random.pick(fitting)
  const root = random.pick(['input', 'input', 'input', 'data.base', ...draft.imported])
  note(draft, root === 'input' ? 'ref:input' : root === 'data.base' ? 'ref:data' : 'ref:import')
  const bound = scope.filter((each) => each.type === 'string' || each.type === 'number' || each.type === 'any')
  if (bound.length > 0 && random.chance(0.2)) {
    note(draft, 'ref:by variable')
    return `${root}${path.replace(/(\.\w+|\[[^\]]*\])$/, '')}[${random.pick(bound).name}]`
  }
  return `${root}${path}`
}

function collection(draft: Draft, scope: Scope, type: Known, depth: number): string {
  const { random } = draft
  if (random.chance(0.35) && (type === 'array' || type === 'set' || type === 'object')) {
    return comprehension(draft, scope, type, depth)
  }
  const items = Array.from({ length: random.below(4) }, () => term(draft, scope, 'any', depth - 1))
  const tail = random.chance(0.05) ? ',' : ''
  switch (type) {
    case 'array':
      return `[${items.join(', ')}${items.length > 0 ? tail : ''}]`
    case 'set':
      return items.length === 0 ? 'set()' : `{${items.join(', ')}${tail}}`
    case 'object': {
      const keyed = items.map(
        (item) => `${random.chance(0.7) ? constant(random, 'string') : term(draft, scope, 'any', depth - 1)}: ${item}`,
      )
      return `{${keyed.join(', ')}${keyed.length > 0 ? tail : ''}}`
    }
    default:
      return leaf(draft, scope, type)
  }
}

function comprehension(draft: Draft, scope: Scope, type: 'array' | 'set' | 'object', depth: number): string {
  note(draft, `comprehension:${type}`)
  const body = draft.body(scope, depth - 1)
  const item = () => term(draft, body.scope, 'any', depth - 1)
  if (type === 'array') return `[${item()} | ${body.text}]`
  if (type === 'set') return `{${item()} | ${body.text}}`
  return `{${item()}: ${item()} | ${body.text}}`
}

function operator(draft: Draft, scope: Scope, type: Known, depth: number): string {
  const { random } = draft
  const two = (of: Known, sign: string) =>
    `(${term(draft, scope, of, depth - 1)} ${sign} ${term(draft, scope, of, depth - 1)})`
  const infix = (name: string) => {
    note(draft, `builtin:${name}`)
    return declarations[name]?.infix ?? name
  }
  switch (type) {
    case 'number':
      return two('number', infix(random.pick(['plus', 'minus', 'mul', 'div', 'rem'])))
    case 'set':
      return two('set', infix(random.pick(['and', 'or', 'minus'])))
    case 'boolean': {
      if (random.chance(0.3)) return `(${membership(draft, scope, depth)})`
      return `(${comparison(draft, scope, infix(random.pick(['equal', 'neq', 'lt', 'lte', 'gt', 'gte'])), depth)})`
    }
    default:
      return leaf(draft, scope, type)
  }
}

/** Two terms around an operator. Mostly the checker knows nothing of one of them: literals of two shapes are a type error. */
export function comparison(draft: Draft, scope: Scope, sign: string, depth: number): string {
  const { random } = draft
  const simple = random.pick(['number', 'string', 'boolean'] as const)
  const sides = random.chance(0.4)
    ? [term(draft, scope, simple, depth - 1), term(draft, scope, simple, depth - 1)]
    : [documentRef(draft, scope, 'any'), term(draft, scope, 'any', depth - 1)]
  return random.shuffled(sides).join(` ${sign} `)
}

/** `x in xs` or `k, x in xs`, without parentheses. */
export function membership(draft: Draft, scope: Scope, depth: number): string {
  const { random } = draft
  const where = term(draft, scope, random.pick(['array', 'object', 'set', 'any']), depth - 1)
  const item = term(draft, scope, 'any', depth - 1)
  if (random.chance(0.6)) {
    note(draft, 'builtin:internal.member_2')
    return `${item} in ${where}`
  }
  note(draft, 'builtin:internal.member_3')
  return `${term(draft, scope, 'any', depth - 1)}, ${item} in ${where}`
}

function ruleTerm(draft: Draft, scope: Scope, type: Known, depth: number): string | undefined {
  const { random } = draft
  const fitting = draft.rules.filter((rule) => type === 'any' || rule.type === type || rule.type === 'any')
  if (fitting.length === 0) return undefined
  const rule = random.pick(fitting)
  if (rule.kind === 'function') return functionCall(draft, scope, rule, depth)
  note(draft, `ref:rule ${rule.kind}`)
  const ref = nameOf(draft, rule)
  if (type !== 'any' || rule.kind === 'value' || random.chance(0.7)) return ref
  return `${ref}[${term(draft, scope, random.pick(['string', 'number']), 0)}]`
}

export function functionCall(draft: Draft, scope: Scope, rule: KnownRule, depth: number): string {
  note(draft, 'ref:function')
  const operands = Array.from({ length: rule.arity }, () =>
    draft.random.chance(0.7) ? documentRef(draft, scope, 'any') : term(draft, scope, 'any', depth - 1),
  )
  return `${nameOf(draft, rule)}(${operands.join(', ')})`
}

/** How the package being written may call a rule: by its bare name when it is its own. */
export function nameOf(draft: Draft, rule: KnownRule): string {
  const own = `data.${draft.pkg}.`
  return rule.pkg === draft.pkg && draft.random.chance(0.8) && rule.ref.startsWith(own)
    ? rule.ref.slice(own.length)
    : rule.ref
}

function builtinTerm(draft: Draft, scope: Scope, type: Known, depth: number): string | undefined {
  const fitting = callableByType.get(type) ?? []
  if (fitting.length === 0) return undefined
  const [name, decl] = draft.random.pick(fitting)
  return builtinCall(draft, scope, name, decl, depth)
}

/** A call with operands of the declared types: texts that the builtin understands, or any of the type. */
export function builtinCall(draft: Draft, scope: Scope, name: string, decl: BuiltinDecl, depth: number): string {
  note(draft, `builtin:${name}`)
  const operands = decl.args.map((arg) => {
    const hinted = draft.random.chance(name === 'time.add_date' ? 1 : 0.7)
      ? hintedOperand(draft.random, name, arg.name ?? '')
      : undefined
    return hinted ?? operand(draft, scope, arg, depth - 1)
  })
  return `${name}(${operands.join(', ')})`
}

function operand(draft: Draft, scope: Scope, decl: TypeDecl, depth: number): string {
  const { random } = draft
  const type = knownType(decl)
  // Of a collection the checker knows the elements too, so that only constants made for the operand and documents pass.
  const composite = type === 'array' || type === 'set' || type === 'object' || (type === 'any' && 'of' in decl)
  if (!composite && depth > 0 && random.chance(0.5)) return term(draft, scope, type, depth - 1)
  if (composite && random.chance(0.1)) return term(draft, scope, type, depth - 1)
  if (random.chance(0.35)) return documentRef(draft, scope, composite ? 'any' : type)
  return constantOf(draft, decl, depth)
}

/** A constant of a declared type, the types of its elements included. */
export function constantOf(draft: Draft, decl: TypeDecl, depth: number): string {
  const { random } = draft
  const several = <T>(make: () => T): T[] => Array.from({ length: random.below(4) }, make)
  switch (decl.type) {
    case 'any':
      return decl.of === undefined ? constant(random, 'any', 2) : constantOf(draft, random.pick(decl.of), depth)
    case 'array': {
      const first = (decl.static ?? []).map((each) => constantOf(draft, each, depth - 1))
      const { dynamic } = decl
      const more = dynamic === undefined ? [] : several(() => constantOf(draft, dynamic, depth - 1))
      return `[${[...first, ...more].join(', ')}]`
    }
    case 'set': {
      const items = several(() => constantOf(draft, decl.of, depth - 1))
      return items.length === 0 ? 'set()' : `{${items.join(', ')}}`
    }
    case 'object': {
      const fields = (decl.static ?? []).map(({ key, value }) => `"${key}": ${constantOf(draft, value, depth - 1)}`)
      const { dynamic } = decl
      const more =
        dynamic === undefined
          ? []
          : several(() => `${constantOf(draft, dynamic.key, 0)}: ${constantOf(draft, dynamic.value, depth - 1)}`)
      return `{${[...fields, ...more].join(', ')}}`
    }
    default:
      return constant(random, decl.type)
  }
}

function special(draft: Draft, scope: Scope, type: Known, depth: number): string {
  const { random } = draft
  if (type === 'string') {
    note(draft, 'term:template string')
    const raw = random.chance(0.2)
    const text = () => {
      const value = plainString(random).replace(/[{}`\r\\\0\ufeff]/g, '')
      return raw ? value : JSON.stringify(value).slice(1, -1)
    }
    const parts = Array.from(
      { length: 1 + random.below(3) },
      () => `${text()}{${term(draft, scope, 'any', depth - 1)}}`,
    )
    return raw ? `$\`${parts.join('')}${text()}\`` : `$"${parts.join('')}${text()}"`
  }
  if (type === 'number' && random.chance(0.3)) {
    note(draft, 'term:negated')
    return `-${documentRef(draft, scope, 'number')}`
  }
  if (random.chance(0.5)) {
    note(draft, 'ref:into a literal')
    const key = stringLiteral(random, plainString(random))
    return `{${key}: ${term(draft, scope, type, depth - 1)}}[${key}]`
  }
  note(draft, 'ref:into a comprehension')
  const body = draft.body(scope, depth - 1)
  return `[${term(draft, body.scope, type, depth - 1)} | ${body.text}][${random.below(2)}]`
}
