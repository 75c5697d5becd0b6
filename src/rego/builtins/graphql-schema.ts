/**
 * Whether a GraphQL schema is one, by the rules that OPA's library applies: types may be extended before they exist, a schema needs no Query type, and much of what
 * graphql-js demands is not looked at. The schema that comes out is graphql-js's own, for checking queries.
 */
import {
  type ASTNode,
  buildASTSchema,
  type ConstDirectiveNode,
  type DirectiveDefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type GraphQLSchema,
  type InputValueDefinitionNode,
  Kind,
  parse,
  type TypeNode,
  type TypeSystemExtensionNode,
} from 'graphql'
import { BuiltinError } from './builtin.ts'

type Field = FieldDefinitionNode | InputValueDefinitionNode

/** A type with everything its extensions add. */
interface TypeInfo {
  readonly kind: string
  readonly name: string
  readonly builtIn: boolean
  readonly fields: Field[]
  readonly interfaces: string[]
  readonly members: string[]
  readonly values: { readonly name: string; readonly directives: readonly ConstDirectiveNode[] }[]
  readonly directives: ConstDirectiveNode[]
}

/** Scalars and directives that every schema has. */
const prelude = parse(`
  scalar Int scalar Float scalar String scalar Boolean scalar ID
  directive @defer(if: Boolean = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
  directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
  directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
  directive @deprecated(reason: String = "No longer supported") on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
  directive @specifiedBy(url: String!) on SCALAR
  directive @oneOf on INPUT_OBJECT
`)

const introspectionTypes = [
  '__Schema',
  '__Type',
  '__Field',
  '__InputValue',
  '__EnumValue',
  '__TypeKind',
  '__Directive',
  '__DirectiveLocation',
]

/** Directives that a schema may define again. */
const redefinable = new Set(['include', 'skip', 'deprecated', 'specifiedBy', 'defer', 'oneOf'])

const kinds: Readonly<Record<string, string>> = {
  ScalarType: 'SCALAR',
  ObjectType: 'OBJECT',
  InterfaceType: 'INTERFACE',
  UnionType: 'UNION',
  EnumType: 'ENUM',
  InputObjectType: 'INPUT_OBJECT',
}

function problem(message: string): BuiltinError {
  return new BuiltinError(`Error in gqlparser SchemaDocument to Schema conversion: ${message}`)
}

class Checker {
  readonly #types = new Map<string, TypeInfo>()
  readonly #directives = new Map<string, DirectiveDefinitionNode>()
  readonly #roots = new Map<string, string>()
  readonly #explicit: boolean

  constructor(document: DocumentNode) {
    for (const name of introspectionTypes) this.#types.set(name, emptyType('OBJECT', name, true))
    for (const definition of prelude.definitions) this.#declare(definition, true)
    for (const definition of document.definitions) this.#declare(definition, false)
    for (const definition of document.definitions)
      if (definition.kind.endsWith('TypeExtension')) this.#extend(definition)
    const schemas = document.definitions.filter((definition) => definition.kind === Kind.SCHEMA_DEFINITION)
    if (schemas.length > 1)
      throw problem('Cannot have multiple schema entry points, consider schema extensions instead.')
    this.#explicit = schemas.length === 1
    for (const definition of document.definitions) {
      if (definition.kind === Kind.SCHEMA_DEFINITION || definition.kind === Kind.SCHEMA_EXTENSION)
        this.#readRoots(definition)
    }
  }

  /** Checks everything in the order of names; gives the root type of each operation. */
  check(): ReadonlyMap<string, string> {
    for (const name of [...this.#types.keys()].sort()) this.#checkType(this.#types.get(name) as TypeInfo)
    for (const name of [...this.#directives.keys()].sort()) {
      const definition = this.#directives.get(name) as DirectiveDefinitionNode
      checkName(name)
      this.#checkArguments(definition.arguments ?? [], name)
    }
    if (!this.#explicit) {
      for (const operation of ['query', 'mutation', 'subscription']) {
        const conventional = operation[0]?.toUpperCase() + operation.slice(1)
        if (!this.#roots.has(operation) && this.#types.has(conventional)) this.#roots.set(operation, conventional)
      }
    }
    return this.#roots
  }

  #declare(definition: ASTNode, builtIn: boolean): void {
    if (definition.kind === Kind.DIRECTIVE_DEFINITION) {
      const name = definition.name.value
      if (this.#directives.has(name) && !redefinable.has(name)) throw problem(`Cannot redeclare directive ${name}.`)
      this.#directives.set(name, definition)
      return
    }
    const kind = kinds[definition.kind.replace(/Definition$/, '')]
    if (kind === undefined || !('name' in definition) || definition.name === undefined || !('value' in definition.name))
      return
    const name = definition.name.value
    if (this.#types.has(name)) throw problem(`Cannot redeclare type ${name}.`)
    const type = emptyType(kind, name, builtIn)
    addParts(type, definition as TypeSystemExtensionNode)
    this.#types.set(name, type)
  }

  #extend(definition: ASTNode): void {
    const extension = definition as TypeSystemExtensionNode
    if (!('name' in extension) || extension.name === undefined || !('value' in extension.name)) return
    const kind = kinds[extension.kind.replace(/Extension$/, '')] ?? ''
    const name = extension.name.value
    const known = this.#types.get(name)
    const type = known ?? emptyType(kind, name, false)
    if (known === undefined) this.#types.set(name, type)
    if (type.kind !== kind)
      throw problem(`Cannot extend type ${name} because the base type is a ${type.kind}, not ${kind}.`)
    addParts(type, extension)
  }

  #readRoots(definition: {
    readonly operationTypes?: readonly { readonly operation: string; readonly type: TypeNode }[] | undefined
    readonly directives?: readonly ConstDirectiveNode[] | undefined
  }): void {
    for (const { operation, type } of definition.operationTypes ?? []) {
      const name = namedType(type)
      if (!this.#types.has(name))
        throw problem(`Schema root ${operation} refers to a type ${name} that does not exist.`)
      this.#roots.set(operation, name)
    }
    this.#checkDirectives(definition.directives ?? [], 'SCHEMA', undefined, true)
  }

  #checkType(type: TypeInfo): void {
    if (introspectionTypes.includes(type.name) && type.builtIn) return
    for (const field of type.fields) this.#checkField(field, type.kind)
    for (const member of type.members) {
      const found = this.#types.get(member)
      if (found === undefined) throw problem(`Undefined type "${member}".`)
      if (found.kind !== 'OBJECT') throw problem(`${type.kind} type "${member}" must be OBJECT.`)
    }
    for (const name of type.interfaces) this.#checkImplements(type, name)
    this.#checkContents(type)
    unique(
      type.fields.map((field) => field.name.value),
      (name) => `Field ${type.name}.${name} can only be defined once.`,
    )
    unique(
      type.values.map((value) => value.name),
      (name) => `Enum value ${type.name}.${name} can only be defined once.`,
    )
    unique(type.members, (name) => `Union type ${type.name} can only include type ${name} once.`)
    if (!type.builtIn) checkName(type.name)
    this.#checkDirectives(type.directives, type.kind, undefined, false)
  }

  #checkField(field: Field, kind: string): void {
    checkName(field.name.value)
    this.#checkReference(field.type)
    this.#checkArguments('arguments' in field ? (field.arguments ?? []) : [], undefined)
    const location = kind === 'INPUT_OBJECT' ? 'INPUT_FIELD_DEFINITION' : 'FIELD_DEFINITION'
    this.#checkDirectives(field.directives ?? [], location, undefined, true)
  }

  #checkContents(type: TypeInfo): void {
    const input = type.kind === 'INPUT_OBJECT'
    if (input || type.kind === 'OBJECT' || type.kind === 'INTERFACE') {
      if (type.fields.length === 0)
        throw problem(`${type.kind} ${type.name}: must define one or more ${input ? 'input ' : ''}fields.`)
      const allowed = input ? ['SCALAR', 'ENUM', 'INPUT_OBJECT'] : ['SCALAR', 'OBJECT', 'INTERFACE', 'UNION', 'ENUM']
      for (const field of type.fields) {
        const found = this.#types.get(namedType(field.type))
        if (found !== undefined && !allowed.includes(found.kind))
          throw problem(`${type.kind} ${type.name}: field must be one of ${allowed.join(', ')}.`)
      }
    }
    if (type.kind !== 'ENUM') return
    if (type.values.length === 0)
      throw problem(`${type.kind} ${type.name}: must define one or more unique enum values.`)
    for (const { name, directives } of type.values) {
      if (['true', 'false', 'null'].includes(name)) throw problem(`${type.kind} ${type.name}: non-enum value ${name}.`)
      this.#checkDirectives(directives, 'ENUM_VALUE', undefined, true)
    }
  }

  #checkReference(type: TypeNode): void {
    const name = namedType(type)
    if (!this.#types.has(name)) throw problem(`Undefined type ${name}.`)
  }

  #checkArguments(list: readonly InputValueDefinitionNode[], directive: string | undefined): void {
    for (const argument of list) {
      checkName(argument.name.value)
      this.#checkReference(argument.type)
      const { kind } = this.#types.get(namedType(argument.type)) as TypeInfo
      if (!['SCALAR', 'ENUM', 'INPUT_OBJECT'].includes(kind)) {
        throw problem(
          `cannot use ${typeName(argument.type)} as argument ${argument.name.value} because ${kind} is not a valid input type`,
        )
      }
      this.#checkDirectives(argument.directives ?? [], 'ARGUMENT_DEFINITION', directive, true)
    }
  }

  #checkDirectives(
    list: readonly ConstDirectiveNode[],
    location: string,
    inside: string | undefined,
    once: boolean,
  ): void {
    const seen = new Set<string>()
    for (const directive of list) {
      const name = directive.name.value
      checkName(name)
      if (name === inside) throw problem(`Directive ${name} cannot refer to itself.`)
      const definition = this.#directives.get(name)
      if (definition === undefined) throw problem(`Undefined directive ${name}.`)
      if (once && seen.has(name) && !definition.repeatable)
        throw problem(`The directive ${name} can only be used once at this location.`)
      seen.add(name)
      if (!definition.locations.some((known) => known.value === location))
        throw problem(`Directive ${name} is not applicable on ${location}.`)
      const given = new Map((directive.arguments ?? []).map((argument) => [argument.name.value, argument.value.kind]))
      const known = definition.arguments ?? []
      for (const argument of given.keys()) {
        if (!known.some((item) => item.name.value === argument))
          throw problem(`Undefined argument ${argument} for directive ${name}.`)
      }
      for (const { name: argument, type, defaultValue } of known) {
        if (type.kind !== Kind.NON_NULL_TYPE || defaultValue !== undefined) continue
        if ((given.get(argument.value) ?? Kind.NULL) === Kind.NULL)
          throw problem(`Argument ${argument.value} for directive ${name} cannot be null.`)
      }
    }
  }

  #checkImplements(type: TypeInfo, name: string): void {
    const contract = this.#types.get(name)
    if (contract === undefined) throw problem(`Undefined type "${name}".`)
    if (contract.kind !== 'INTERFACE') throw problem(`"${name}" is a non interface type ${contract.kind}.`)
    const must = `For ${type.name} to implement ${name}`
    for (const wanted of contract.fields) {
      const found = type.fields.find((field) => field.name.value === wanted.name.value)
      if (found === undefined) throw problem(`${must} it must have a field called ${wanted.name.value}.`)
      if (!this.#covariant(wanted.type, found.type)) {
        throw problem(`${must} the field ${wanted.name.value} must have type ${typeName(wanted.type)}.`)
      }
      this.#checkImplementedArguments(must, wanted, found)
    }
    for (const ancestor of contract.interfaces) {
      if (ancestor === type.name)
        throw problem(`Type ${type.name} cannot implement ${name} because it would create a circular reference.`)
      if (!type.interfaces.includes(ancestor))
        throw problem(`Type ${type.name} must implement ${ancestor} because it is implemented by ${name}.`)
    }
  }

  #checkImplementedArguments(must: string, wanted: Field, found: Field): void {
    const wantedArguments = 'arguments' in wanted ? (wanted.arguments ?? []) : []
    const foundArguments = 'arguments' in found ? (found.arguments ?? []) : []
    const same = `${must} the field ${wanted.name.value} must have the same arguments but`
    for (const argument of wantedArguments) {
      const other = foundArguments.find((item) => item.name.value === argument.name.value)
      if (other === undefined) throw problem(`${same} it is missing ${argument.name.value}.`)
      if (!compatible(argument.type, other.type)) throw problem(`${same} ${argument.name.value} has the wrong type.`)
    }
    for (const argument of foundArguments) {
      const extra = !wantedArguments.some((item) => item.name.value === argument.name.value)
      if (extra && argument.type.kind === Kind.NON_NULL_TYPE && argument.defaultValue === undefined) {
        throw problem(
          `${must} any additional arguments on ${found.name.value} must be optional or have a default value but ${argument.name.value} is required.`,
        )
      }
    }
  }

  /** Whether a field of type `actual` may stand where `required` is promised. */
  #covariant(required: TypeNode, actual: TypeNode): boolean {
    if (required.kind === Kind.NON_NULL_TYPE)
      return actual.kind === Kind.NON_NULL_TYPE && this.#covariant(required.type, actual.type)
    const inner = actual.kind === Kind.NON_NULL_TYPE ? actual.type : actual
    if (required.kind === Kind.LIST_TYPE)
      return inner.kind === Kind.LIST_TYPE && this.#covariant(required.type, inner.type)
    if (inner.kind === Kind.LIST_TYPE) return false
    const name = inner.name.value
    if (name === required.name.value) return true
    const contract = this.#types.get(required.name.value)
    return (
      contract?.members.includes(name) === true ||
      this.#types.get(name)?.interfaces.includes(required.name.value) === true
    )
  }
}

function emptyType(kind: string, name: string, builtIn: boolean): TypeInfo {
  return { kind, name, builtIn, fields: [], interfaces: [], members: [], values: [], directives: [] }
}

function addParts(type: TypeInfo, definition: TypeSystemExtensionNode): void {
  type.directives.push(...(definition.directives ?? []))
  if ('fields' in definition) type.fields.push(...(definition.fields ?? []))
  if ('interfaces' in definition) type.interfaces.push(...(definition.interfaces ?? []).map((item) => item.name.value))
  if ('types' in definition) type.members.push(...(definition.types ?? []).map((item) => item.name.value))
  if ('values' in definition)
    type.values.push(
      ...(definition.values ?? []).map((item) => ({ name: item.name.value, directives: item.directives ?? [] })),
    )
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type)
}

function typeName(type: TypeNode): string {
  if (type.kind === Kind.NAMED_TYPE) return type.name.value
  return type.kind === Kind.LIST_TYPE ? `[${typeName(type.type)}]` : `${typeName(type.type)}!`
}

/** Whether an argument of type `wanted` takes everything that one of type `other` does. */
function compatible(wanted: TypeNode, other: TypeNode): boolean {
  if (other.kind === Kind.NON_NULL_TYPE)
    return wanted.kind === Kind.NON_NULL_TYPE && compatible(wanted.type, other.type)
  const inner = wanted.kind === Kind.NON_NULL_TYPE ? wanted.type : wanted
  if (inner.kind === Kind.LIST_TYPE) return other.kind === Kind.LIST_TYPE && compatible(inner.type, other.type)
  return other.kind === Kind.NAMED_TYPE && inner.name.value === other.name.value
}

function checkName(name: string): void {
  if (name.startsWith('__'))
    throw problem(`Name "${name}" must not begin with "__", which is reserved by GraphQL introspection.`)
}

function unique(names: readonly string[], message: (name: string) => string): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) throw problem(message(name))
    seen.add(name)
  }
}

/** The schema that a document describes. Throws `BuiltinError` when it describes none. */
export function schemaOf(document: DocumentNode | undefined): GraphQLSchema {
  const definitions = document?.definitions ?? []
  const roots = new Checker(document ?? { kind: Kind.DOCUMENT, definitions }).check()
  const known = new Set(
    definitions
      .filter((item) => item.kind.endsWith('TypeDefinition'))
      .map((item) => ('name' in item ? item.name?.value : undefined)),
  )
  const settled: ASTNode[] = []
  for (const definition of definitions) {
    if (definition.kind === Kind.SCHEMA_DEFINITION || definition.kind === Kind.SCHEMA_EXTENSION) continue
    // What graphql-js brings itself stays its own.
    if (definition.kind === Kind.DIRECTIVE_DEFINITION && redefinable.has(definition.name.value)) continue
    const name = 'name' in definition ? definition.name?.value : undefined
    if (!definition.kind.endsWith('TypeExtension') || known.has(name)) {
      settled.push(definition)
      continue
    }
    // The first extension of a type that nobody defines is its definition.
    known.add(name)
    settled.push({ ...definition, kind: definition.kind.replace('Extension', 'Definition') } as ASTNode)
  }
  const rootLines = [...roots].map(([operation, type]) => `${operation}: ${type}`)
  const root = rootLines.length === 0 ? [] : parse(`schema { ${rootLines.join(' ')} }`).definitions
  const whole = { kind: Kind.DOCUMENT, definitions: [...root, ...settled] } as DocumentNode
  return buildASTSchema(whole, { assumeValid: true, assumeValidSDL: true })
}
