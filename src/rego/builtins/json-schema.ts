/**
 * JSON Schema of drafts 4, 6 and 7 as OPA's library reads it, interpreted: a schema may come from a policy or its input, so it never becomes code, and its patterns
 * are RE2's. Without `$schema` all drafts' keywords count. A schema is checked as a whole before it is used.
 */
import { compareNumbers, type NumberValue, numberText, toDecimal } from '../number.ts'
import {
  canonicalText,
  getField,
  isNumber,
  isPlainObject,
  type PlainObject,
  sortedKeys,
  typeName,
  type Value,
} from '../value.ts'
import { type Builtin, BuiltinError } from './builtin.ts'
import { codePointCount } from './code-points.ts'
import { formatFloat } from './go/float-text.ts'
import { marshal, unmarshal } from './json.ts'
import { memo } from './memo.ts'
import { limitError } from './operands.ts'
import { compilePattern, occurs } from './pattern.ts'
import { formats } from './schema-formats.ts'

/** Steps of `$ref` and nesting that checking one value may take. */
const depthMax = 500

/** Something wrong with a schema. */
const invalid = (problem: string) => new BuiltinError(problem)

const typeNames = ['array', 'boolean', 'integer', 'number', 'null', 'object', 'string']

/** The drafts by the address in `$schema`; none means that keywords of all of them count. */
const drafts: Readonly<Record<string, number>> = {
  'http://json-schema.org/draft-04/schema': 4,
  'http://json-schema.org/draft-06/schema': 6,
  'http://json-schema.org/draft-07/schema': 7,
}

const hybrid = 100

/** Keywords whose value is a schema, or a list or an object of them. */
const schemaKeywords = [
  'additionalItems',
  'additionalProperties',
  'not',
  'propertyNames',
  'contains',
  'if',
  'then',
  'else',
]
const listKeywords = ['allOf', 'anyOf', 'oneOf']
const mapKeywords = ['definitions', 'properties', 'patternProperties']
const countKeywords = ['minLength', 'maxLength', 'minProperties', 'maxProperties', 'minItems', 'maxItems']

/** One failure of a value, in the library's words. */
interface Failure {
  readonly type: string
  readonly field: string
  readonly description: string
}

/** What checking one value against one schema came to; the score tells which alternative was nearest. */
interface Outcome {
  readonly failures: Failure[]
  score: number
}

/** Where a reference is read from: the address of the document that it stands in, and that document. */
interface Scope {
  readonly base: string
  readonly root: Value
}

/** The base of what gives itself no address. */
const noAddress = 'schema://none/'

/** An address as seen from another (RFC 3986, section 5); what is none stays as it is. */
function resolveAddress(address: string, base: string): string {
  return URL.parse(address, base)?.href ?? address
}

class Schema {
  readonly #root: Value
  readonly #anyPattern: boolean
  readonly #draft: number
  /** Schemas by the address they give themselves, as written and as seen from the schema around them. */
  readonly #named = new Map<string, Value>()
  /** What the references lead to, by the schema that has the reference. */
  readonly #targets = new Map<PlainObject, Value>()

  /** `anyPattern`: a `pattern` may be one that cannot be run, as of a language with look-ahead. */
  constructor(root: Value, options: { readonly anyPattern: boolean } = { anyPattern: false }) {
    this.#root = root
    this.#anyPattern = options.anyPattern
    const dialect = isPlainObject(root) ? getField(root, '$schema') : undefined
    this.#draft = typeof dialect === 'string' ? (drafts[dialect.replace(/#$/, '')] ?? hybrid) : hybrid
    if (typeof root !== 'boolean' && !isPlainObject(root)) throw invalid('schema is invalid')
    this.#check(root, { base: noAddress, root }, 0)
    this.#checkReferences(root, { base: noAddress, root }, 0)
  }

  validate(document: Value): readonly Failure[] {
    return this.#evaluate(this.#root, document, '(Root)', 0).failures
  }

  #check(schema: Value, outer: Scope, depth: number): void {
    if (depth > depthMax) throw limitError('the nesting of a JSON schema', `${depthMax} levels`)
    if (typeof schema === 'boolean' && this.#draft >= 6) return
    if (!isPlainObject(schema)) throw invalid('Expected: Valid Schema, given: Invalid JSON')
    const id = textKeyword(schema, this.#idKey(schema))
    const scope = this.#scopeOf(schema, outer)
    if (id !== undefined) {
      this.#named.set(id.replace(/#$/, ''), schema)
      this.#named.set(resolveAddress(id, outer.base).replace(/#$/, ''), schema)
    }
    for (const key of ['title', 'description', '$ref', 'format']) textKeyword(schema, key)
    if (Object.hasOwn(schema, '$ref')) return
    checkTypes(schema)
    checkNumbers(schema, this.#draft)
    checkPatterns(schema, this.#anyPattern)
    this.#checkChildren(schema, scope, depth)
    checkLists(schema)
  }

  #idKey(schema: PlainObject): string {
    return this.#draft === 4 || (this.#draft === hybrid && Object.hasOwn(schema, 'id')) ? 'id' : '$id'
  }

  /** A schema that gives itself an address is a document of its own to the references in it. */
  #scopeOf(schema: PlainObject, outer: Scope): Scope {
    const id = getField(schema, this.#idKey(schema))
    if (typeof id !== 'string' || id.startsWith('#')) return outer
    return { base: resolveAddress(id, outer.base).replace(/#$/, ''), root: schema }
  }

  #checkChildren(schema: PlainObject, scope: Scope, depth: number): void {
    for (const key of mapKeywords) {
      const map = getField(schema, key)
      if (map === undefined) continue
      if (!isPlainObject(map)) {
        throw invalid(
          key === 'definitions'
            ? `Invalid type. Expected: Array Of Schemas, given: ${key}`
            : 'Properties must be of type object',
        )
      }
      for (const name of sortedKeys(map)) this.#check(map[name] as Value, scope, depth + 1)
    }
    for (const key of schemaKeywords) {
      const inner = getField(schema, key)
      const since = ['propertyNames', 'contains'].includes(key) ? 6 : ['if', 'then', 'else'].includes(key) ? 7 : 4
      if (inner === undefined || this.#draft < since) continue
      if (key.startsWith('additional') && typeof inner === 'boolean') continue
      if (typeof inner !== 'boolean' && !isPlainObject(inner)) {
        throw invalid(
          key.startsWith('additional')
            ? `Invalid type. Expected: boolean/Valid Schema, given: ${key}`
            : `${key} must be of an object`,
        )
      }
      this.#check(inner, scope, depth + 1)
    }
    for (const key of listKeywords)
      for (const inner of listKeyword(schema, key) ?? []) this.#check(inner, scope, depth + 1)
    const items = getField(schema, 'items')
    for (const inner of items === undefined ? [] : Array.isArray(items) ? items : [items]) {
      if (typeof inner !== 'boolean' && !isPlainObject(inner))
        throw invalid('Invalid type. Expected: Valid Schema/Array Of Schemas, given: items')
      this.#check(inner, scope, depth + 1)
    }
    const dependencies = getField(schema, 'dependencies')
    if (dependencies === undefined) return
    if (!isPlainObject(dependencies)) throw invalid('Invalid type. Expected: Dependency, given: dependencies')
    for (const name of sortedKeys(dependencies)) {
      const dependency = dependencies[name] as Value
      if (!Array.isArray(dependency)) this.#check(dependency, scope, depth + 1)
      else if (dependency.some((item) => typeof item !== 'string')) {
        throw invalid('Invalid type. Expected: Schema Or Array Of Strings, given: dependency')
      }
    }
  }

  /** Every reference leads to a schema of this document: none is fetched. */
  #checkReferences(part: Value, outer: Scope, depth: number): void {
    if (depth > depthMax) throw limitError('the nesting of a JSON schema', `${depthMax} levels`)
    if (Array.isArray(part)) for (const item of part) this.#checkReferences(item, outer, depth + 1)
    if (!isPlainObject(part)) return
    const scope = this.#scopeOf(part, outer)
    if (typeof part.$ref === 'string') this.#targets.set(part, this.#resolve(part.$ref, scope))
    for (const key of Object.keys(part))
      if (key !== 'enum' && key !== 'const') this.#checkReferences(part[key] as Value, scope, depth + 1)
  }

  #resolve(reference: string, scope: Scope): Value {
    const hash = reference.indexOf('#')
    const address = hash < 0 ? reference : reference.slice(0, hash)
    const pointer = hash < 0 ? '' : reference.slice(hash + 1)
    const start =
      address === '' ? scope.root : (this.#named.get(address) ?? this.#named.get(resolveAddress(address, scope.base)))
    const byAnchor = pointer.startsWith('/')
      ? undefined
      : (this.#named.get(resolveAddress(reference, scope.base)) ??
        this.#named.get(reference) ??
        (pointer === '' ? start : undefined))
    if (byAnchor !== undefined) return byAnchor
    if (start === undefined || !pointer.startsWith('/'))
      throw invalid(`remote reference loading disabled: ${reference}`)
    let found: Value | undefined = start
    for (const part of pointer.slice(1).split('/')) {
      const key = decodePointer(part)
      found = Array.isArray(found) ? found[Number(key)] : isPlainObject(found) ? getField(found, key) : undefined
      if (found === undefined) throw invalid(`Object has no key '${key}'`)
    }
    return found
  }

  #evaluate(schema: Value, value: Value, field: string, depth: number): Outcome {
    if (depth > depthMax) throw limitError('the references of a JSON schema', `${depthMax} steps for one value`)
    const outcome: Outcome = { failures: [], score: 0 }
    if (typeof schema === 'boolean') {
      if (!schema) fail(outcome, 'false', field, 'False always fails validation')
      return outcome
    }
    const object = schema as PlainObject
    if (typeof object.$ref === 'string') {
      // What stands below `enum` or `const` is no schema until something refers to it.
      const target = this.#targets.get(object) ?? this.#resolve(object.$ref, { base: noAddress, root: this.#root })
      return this.#evaluate(target, value, field, depth + 1)
    }
    const types = typesOf(object)
    if (types.length > 0 && !types.some((type) => hasType(value, type))) {
      const given = isNumber(value) ? (isInteger(value) ? 'integer' : 'number') : typeName(value)
      fail(
        outcome,
        'invalid_type',
        field,
        `Invalid type. Expected: ${types.length === 1 ? types[0] : `[${types.join(',')}]`}, given: ${given}`,
      )
      return outcome
    }
    this.#combine(object, value, field, outcome, depth)
    if (Array.isArray(value)) this.#checkArray(object, value, field, outcome, depth)
    else if (isPlainObject(value)) this.#checkObject(object, value, field, outcome, depth)
    checkAllowed(object, value, field, outcome)
    if (isNumber(value)) checkNumber(object, value, field, outcome)
    if (typeof value === 'string') checkString(object, value, field, outcome)
    if (isPlainObject(value)) {
      const properties = getField(object, 'properties')
      for (const key of isPlainObject(properties) ? sortedKeys(properties) : []) {
        const item = getField(value, key)
        if (item !== undefined)
          merge(outcome, this.#evaluate((properties as PlainObject)[key] as Value, item, `${field}.${key}`, depth + 1))
      }
    }
    outcome.score += 1
    return outcome
  }

  #combine(schema: PlainObject, value: Value, field: string, outcome: Outcome, depth: number): void {
    const results = (key: string) =>
      (listKeyword(schema, key) ?? []).map((inner) => this.#evaluate(inner, value, field, depth + 1))
    const any = results('anyOf')
    if (any.length > 0 && any.every(({ failures }) => failures.length > 0)) {
      fail(outcome, 'number_any_of', field, 'Must validate at least one schema (anyOf)')
      merge(outcome, nearest(any))
    }
    const one = results('oneOf')
    const valid = one.filter(({ failures }) => failures.length === 0).length
    if (one.length > 0 && valid !== 1) {
      fail(outcome, 'number_one_of', field, 'Must validate one and only one schema (oneOf)')
      if (valid === 0) merge(outcome, nearest(one))
    }
    const all = results('allOf')
    for (const result of all) merge(outcome, result)
    if (all.some(({ failures }) => failures.length > 0))
      fail(outcome, 'number_all_of', field, 'Must validate all the schemas (allOf)')
    const not = getField(schema, 'not')
    if (not !== undefined && this.#evaluate(not, value, field, depth + 1).failures.length === 0) {
      fail(outcome, 'number_not', field, 'Must not validate the schema (not)')
    }
    if (isPlainObject(value)) this.#checkDependencies(schema, value, field, outcome, depth)
    this.#checkCondition(schema, value, field, outcome, depth)
    outcome.score += 1
  }

  #checkDependencies(schema: PlainObject, value: PlainObject, field: string, outcome: Outcome, depth: number): void {
    const dependencies = getField(schema, 'dependencies')
    if (!isPlainObject(dependencies)) return
    for (const key of sortedKeys(value)) {
      const dependency = getField(dependencies, key)
      if (dependency === undefined) continue
      if (!Array.isArray(dependency)) merge(outcome, this.#evaluate(dependency, value, field, depth + 1))
      else {
        for (const name of dependency) {
          if (!Object.hasOwn(value, name as string))
            fail(outcome, 'missing_dependency', field, `Has a dependency on ${name}`)
        }
      }
    }
  }

  #checkCondition(schema: PlainObject, value: Value, field: string, outcome: Outcome, depth: number): void {
    const condition = getField(schema, 'if')
    if (condition === undefined || this.#draft < 7) return
    const holds = this.#evaluate(condition, value, field, depth + 1).failures.length === 0
    const branch = getField(schema, holds ? 'then' : 'else')
    const result = branch === undefined ? undefined : this.#evaluate(branch, value, field, depth + 1)
    if (result === undefined || result.failures.length === 0) return
    const which = holds
      ? ['condition_then', 'Must validate "then" as "if" was valid']
      : ['condition_else', 'Must validate "else" as "if" was not valid']
    fail(outcome, which[0] as string, field, which[1] as string)
    merge(outcome, result)
  }

  #checkArray(schema: PlainObject, value: readonly Value[], field: string, outcome: Outcome, depth: number): void {
    const items = getField(schema, 'items')
    const each = (inner: Value, i: number) =>
      merge(outcome, this.#evaluate(inner, value[i] as Value, `${field}.${i}`, depth + 1))
    if (Array.isArray(items)) {
      for (let i = 0; i < items.length && i < value.length; i++) each(items[i] as Value, i)
      const more = getField(schema, 'additionalItems')
      if (items.length > 0 && value.length > items.length && more !== undefined) {
        if (more === false) fail(outcome, 'array_no_additional_items', field, 'No additional items allowed on array')
        else if (more !== true) for (let i = items.length; i < value.length; i++) each(more, i)
      }
    } else if (items !== undefined) {
      for (let i = 0; i < value.length; i++) each(items, i)
    }
    const least = countOf(schema, 'minItems')
    if (least !== undefined && value.length < least)
      fail(outcome, 'array_min_items', field, `Array must have at least ${least} items`)
    const most = countOf(schema, 'maxItems')
    if (most !== undefined && value.length > most)
      fail(outcome, 'array_max_items', field, `Array must have at most ${most} items`)
    if (getField(schema, 'uniqueItems') === true) checkUnique(value, field, outcome)
    const contains = getField(schema, 'contains')
    if (contains !== undefined && this.#draft >= 6) {
      const results = value.map((item, i) => this.#evaluate(contains, item, `${field}.${i}`, depth + 1))
      if (!results.some(({ failures }) => failures.length === 0)) {
        fail(outcome, 'contains', field, 'At least one of the items must match')
        if (results.length > 0) merge(outcome, nearest(results))
      }
    }
    outcome.score += 1
  }

  #checkObject(schema: PlainObject, value: PlainObject, field: string, outcome: Outcome, depth: number): void {
    const keys = sortedKeys(value)
    const least = countOf(schema, 'minProperties')
    if (least !== undefined && keys.length < least)
      fail(outcome, 'array_min_properties', field, `Must have at least ${least} properties`)
    const most = countOf(schema, 'maxProperties')
    if (most !== undefined && keys.length > most)
      fail(outcome, 'array_max_properties', field, `Must have at most ${most} properties`)
    for (const name of listKeyword(schema, 'required') ?? []) {
      if (Object.hasOwn(value, name as string)) outcome.score += 1
      else fail(outcome, 'required', field, `${name} is required`)
    }
    const properties = getField(schema, 'properties')
    const patterns = getField(schema, 'patternProperties')
    const more = getField(schema, 'additionalProperties')
    for (const key of keys) {
      const item = value[key] as Value
      let described = isPlainObject(properties) && Object.hasOwn(properties, key)
      for (const pattern of isPlainObject(patterns) ? sortedKeys(patterns) : []) {
        if (!occurs(pattern, key)) continue
        described = true
        merge(outcome, this.#evaluate((patterns as PlainObject)[pattern] as Value, item, `${field}.${key}`, depth + 1))
      }
      if (described || more === undefined || more === true) continue
      if (more === false)
        fail(outcome, 'additional_property_not_allowed', field, `Additional property ${key} is not allowed`)
      else merge(outcome, this.#evaluate(more, item, `${field}.${key}`, depth + 1))
    }
    const names = getField(schema, 'propertyNames')
    for (const key of names === undefined || this.#draft < 6 ? [] : keys) {
      const result = this.#evaluate(names as Value, key, field, depth + 1)
      if (result.failures.length === 0) continue
      fail(outcome, 'invalid_property_name', field, `Property name of "${key}" does not match`)
      merge(outcome, result)
    }
    outcome.score += 1
  }
}

function decodePointer(part: string): string {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return part
  }
}

function fail(outcome: Outcome, type: string, field: string, description: string): void {
  outcome.failures.push({ type, field: field.replace(/^\(Root\)\./, ''), description })
  outcome.score -= 2
}

function merge(outcome: Outcome, other: Outcome): void {
  outcome.failures.push(...other.failures)
  outcome.score += other.score
}

/** The first of the failed outcomes with the best score: probably what was meant. */
function nearest(outcomes: readonly Outcome[]): Outcome {
  return outcomes.reduce((best, outcome) => (outcome.score > best.score ? outcome : best))
}

function isInteger(value: NumberValue): boolean {
  return typeof value === 'number' ? Number.isInteger(value) : toDecimal(value).exponent >= 0
}

function hasType(value: Value, type: string): boolean {
  if (type === 'integer') return isNumber(value) && isInteger(value)
  return typeName(value) === type
}

function typesOf(schema: PlainObject): readonly string[] {
  const type = getField(schema, 'type')
  return type === undefined ? [] : ((Array.isArray(type) ? type : [type]) as string[])
}

function textKeyword(schema: PlainObject, key: string): string | undefined {
  const text = getField(schema, key)
  if (text === undefined || typeof text === 'string') return text
  throw invalid(`Invalid type. Expected: string, given: ${key}`)
}

function listKeyword(schema: PlainObject, key: string): readonly Value[] | undefined {
  const list = getField(schema, key)
  if (list === undefined || Array.isArray(list)) return list
  throw invalid(`${key} must be of an array`)
}

function countOf(schema: PlainObject, key: string): number | undefined {
  const count = getField(schema, key)
  return isNumber(count) ? Number(numberText(count)) : undefined
}

function checkTypes(schema: PlainObject): void {
  const type = getField(schema, 'type')
  if (type === undefined) return
  const seen = new Set<string>()
  for (const name of Array.isArray(type) ? type : [type]) {
    if (typeof name !== 'string') throw invalid('Invalid type. Expected: type, given: string/Array Of Strings')
    if (!typeNames.includes(name)) {
      throw invalid(
        `has a primitive type that is NOT VALID -- given: /${name}/ Expected valid values are:[${typeNames.join(' ')}]`,
      )
    }
    if (seen.has(name)) throw invalid(`${name} type is duplicated`)
    seen.add(name)
  }
}

function checkNumbers(schema: PlainObject, draft: number): void {
  const multiple = getField(schema, 'multipleOf')
  if (multiple !== undefined) {
    if (!isNumber(multiple)) throw invalid('Invalid type. Expected: Number, given: multipleOf')
    if (compareNumbers(multiple, 0) <= 0) throw invalid('multipleOf must be strictly greater than 0')
  }
  for (const [key, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const) {
    const bound = getField(schema, key)
    if (bound !== undefined && !isNumber(bound)) throw invalid(`${key} must be of a Number`)
    const strict = getField(schema, exclusive)
    if (strict === undefined) continue
    if (typeof strict === 'boolean' && (draft === 4 || draft === hybrid)) {
      if (bound === undefined) throw invalid(`${exclusive} cannot be used without ${key}`)
    } else if (!isNumber(strict) || draft === 4) {
      throw invalid(
        `Invalid type. Expected: ${draft === 4 ? 'boolean' : draft === hybrid ? 'boolean/number' : 'number'}, given: ${exclusive}`,
      )
    }
  }
  for (const key of countKeywords) {
    const count = getField(schema, key)
    if (count === undefined) continue
    if (!isNumber(count) || !isInteger(count)) throw invalid(`${key} must be of an integer`)
    if (compareNumbers(count, 0) < 0) throw invalid(`${key} must be greater than or equal to 0`)
  }
  const above = (least: string, most: string) =>
    (countOf(schema, least) ?? 0) > (countOf(schema, most) ?? Number.POSITIVE_INFINITY)
  if (above('minLength', 'maxLength')) throw invalid('minLength cannot be greater than maxLength')
  if (above('minProperties', 'maxProperties')) throw invalid('minProperties cannot be greater than maxProperties')
}

function checkPatterns(schema: PlainObject, anyPattern: boolean): void {
  const compiles = (pattern: string, problem: string) => {
    try {
      compilePattern(pattern)
    } catch (error) {
      if (error instanceof BuiltinError && !error.halts) throw invalid(problem)
      throw error
    }
  }
  const pattern = textKeyword(schema, 'pattern')
  if (pattern !== undefined && !anyPattern) compiles(pattern, 'pattern must be a valid regex')
  const properties = getField(schema, 'patternProperties')
  for (const key of isPlainObject(properties) ? sortedKeys(properties) : [])
    compiles(key, `Invalid regex pattern '${key}'`)
}

function checkLists(schema: PlainObject): void {
  const unique = getField(schema, 'uniqueItems')
  if (unique !== undefined && typeof unique !== 'boolean') throw invalid('uniqueItems must be of a boolean')
  const required = listKeyword(schema, 'required') ?? []
  if (required.some((name) => typeof name !== 'string'))
    throw invalid('Invalid type. Expected: string, given: required')
  for (const [key, list] of [
    ['required', required],
    ['enum', listKeyword(schema, 'enum') ?? []],
  ] as const) {
    if (new Set(list.map(canonicalText)).size < list.length) throw invalid(`${key} items must be unique`)
  }
}

function checkAllowed(schema: PlainObject, value: Value, field: string, outcome: Outcome): void {
  const shown = field.replace(/^\(Root\)\./, '')
  const constant = getField(schema, 'const')
  const text = canonicalText(value)
  if (constant !== undefined && canonicalText(constant) !== text)
    fail(outcome, 'const', field, `${shown} does not match: ${marshal(constant)}`)
  const allowed = listKeyword(schema, 'enum')
  if (allowed !== undefined && !allowed.some((item) => canonicalText(item) === text)) {
    fail(
      outcome,
      'enum',
      field,
      `${shown} must be one of the following: ${allowed.map((item) => marshal(item)).join(', ')}`,
    )
  }
  const format = getField(schema, 'format')
  if (
    typeof format === 'string' &&
    typeof value === 'string' &&
    Object.hasOwn(formats, format) &&
    formats[format]?.(value) === false
  ) {
    fail(outcome, 'format', field, `Does not match format '${format}'`)
  }
  outcome.score += 1
}

function checkUnique(list: readonly Value[], field: string, outcome: Outcome): void {
  const seen = new Map<string, number>()
  for (const [j, item] of list.entries()) {
    const text = canonicalText(item)
    const i = seen.get(text)
    if (i !== undefined) fail(outcome, 'unique', field, `array items[${i},${j}] must be unique`)
    seen.set(text, j)
  }
}

function checkString(schema: PlainObject, value: string, field: string, outcome: Outcome): void {
  const least = countOf(schema, 'minLength')
  const most = countOf(schema, 'maxLength')
  const length = least === undefined && most === undefined ? 0 : codePointCount(value)
  if (least !== undefined && length < least)
    fail(outcome, 'string_gte', field, `String length must be greater than or equal to ${least}`)
  if (most !== undefined && length > most)
    fail(outcome, 'string_lte', field, `String length must be less than or equal to ${most}`)
  const pattern = getField(schema, 'pattern')
  if (typeof pattern === 'string' && !occurs(pattern, value))
    fail(outcome, 'pattern', field, `Does not match pattern '${pattern}'`)
  outcome.score += 1
}

/** How the library prints a bound. */
function boundText(bound: NumberValue): string {
  return formatFloat(Number(numberText(bound)), 'g', -1)
}

function checkNumber(schema: PlainObject, value: NumberValue, field: string, outcome: Outcome): void {
  const multiple = getField(schema, 'multipleOf')
  if (isNumber(multiple) && !isMultiple(value, multiple))
    fail(outcome, 'multiple_of', field, `Must be a multiple of ${boundText(multiple)}`)
  const check = (key: string, strictKey: string, sign: 1 | -1, names: readonly [string, string], words: string) => {
    const bound = getField(schema, key)
    const strict = getField(schema, strictKey)
    const limit = isNumber(strict) ? strict : strict === true ? bound : undefined
    if (isNumber(bound) && strict !== true && compareNumbers(value, bound) * sign > 0) {
      fail(outcome, names[0], field, `Must be ${words} than or equal to ${boundText(bound)}`)
    }
    if (isNumber(limit) && compareNumbers(value, limit) * sign >= 0)
      fail(outcome, names[1], field, `Must be ${words} than ${boundText(limit)}`)
  }
  check('maximum', 'exclusiveMaximum', 1, ['number_lte', 'number_lt'], 'less')
  check('minimum', 'exclusiveMinimum', -1, ['number_gte', 'number_gt'], 'greater')
  outcome.score += 1
}

/** Powers of ten that `multipleOf` brings two numbers to; beyond, nothing is a multiple of anything else. */
const exponentMax = 5000

function isMultiple(value: NumberValue, multiple: NumberValue): boolean {
  const a = toDecimal(value)
  const b = toDecimal(multiple)
  const low = Math.min(a.exponent, b.exponent)
  if (Math.max(a.exponent, b.exponent) - low > exponentMax) return a.coefficient === 0n
  return (a.coefficient * 10n ** BigInt(a.exponent - low)) % (b.coefficient * 10n ** BigInt(b.exponent - low)) === 0n
}

/** A document as an operand: an object or array, or JSON text. */
function documentOf(value: Value): Value {
  if (typeof value === 'string') {
    try {
      return unmarshal(value)
    } catch (error) {
      if (error instanceof BuiltinError && !error.halts) throw invalid('invalid JSON string')
      throw error
    }
  }
  if (isPlainObject(value) || Array.isArray(value)) return value
  // Keys that are no strings and sets become what they are in JSON.
  if (typeName(value) === 'object') return unmarshal(marshal(value))
  throw invalid('wrong type, expected string or object')
}

const schemaByText: (text: string) => Schema = memo((text) => new Schema(unmarshal(text)))

function schemaOf(value: Value): Schema {
  return schemaByText(marshal(documentOf(value)))
}

/** Why a value is no schema that types can be read from, where no `pattern` is ever run; undefined where it is one. */
export function schemaProblem(schema: Value): string | undefined {
  return problemOf(() => new Schema(documentOf(schema), { anyPattern: true }))
}

function problemOf(read: () => Schema): string | undefined {
  try {
    read()
    return undefined
  } catch (error) {
    if (error instanceof BuiltinError && !error.halts) return error.message
    throw error
  }
}

function verify(schema: Value): Value {
  const problem = problemOf(() => schemaOf(schema))
  return problem === undefined ? [true, null] : [false, `jsonschema: ${problem}`]
}

function match(document: Value, schema: Value): Value {
  const value = unmarshal(marshal(documentOf(document)))
  const failures = schemaOf(schema).validate(value)
  const shown = failures.map(({ type, field, description }) => ({
    error: `${field}: ${description}`,
    type,
    field,
    desc: description,
  }))
  return [failures.length === 0, shown]
}

export const jsonSchema: Record<string, Builtin> = {
  'json.verify_schema': { run: (_, schema) => verify(schema) },
  'json.match_schema': { run: (_, document, schema) => match(document, schema) },
}
