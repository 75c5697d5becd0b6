/**
 * GraphQL documents as Rego values, in the shape that OPA gives them: the syntax tree of the Go library gqlparser without positions, nulls and empty lists. A tree
 * is made from text by graphql-js; the other way a tree becomes text again, so that checking starts from one form.
 */
import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  GraphQLError,
  type InputValueDefinitionNode,
  Kind,
  type Location,
  parse,
  type SelectionNode,
  type StringValueNode,
  type Token,
  TokenKind,
  type TypeNode,
  type ValueNode,
  type VariableDefinitionNode,
  visit,
} from 'graphql'
import { isPlainObject, type PlainObject, type Value } from '../value.ts'
import { BuiltinError } from './builtin.ts'
import { quote } from './go/quote.ts'

/** Tokens of one document: graphql-js goes down by calling itself. */
const tokensMax = 100_000

type Fields = Record<string, Value | undefined>

/** An object of what is given; null, empty lists and empty objects are left out, as OPA does. */
function node(fields: Fields): PlainObject {
  const kept: PlainObject = {}
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue
    if (Array.isArray(value) ? value.length === 0 : isPlainObject(value) && Object.keys(value).length === 0) continue
    kept[name] = value
  }
  return kept
}

/** The comments that stand directly before a token. */
function commentsBefore(token: Token | null | undefined): Value | undefined {
  const list: Value[] = []
  for (let before = token?.prev; before?.kind === TokenKind.COMMENT; before = before.prev)
    list.unshift({ Value: `#${before.value}` })
  return list.length === 0 ? undefined : { List: list }
}

const commentOf = (part: { readonly loc?: Location | undefined }) => commentsBefore(part.loc?.startToken)

/** Comments of a definition: before its description, before what follows that, and before its closing brace. */
function definitionComments(part: {
  readonly loc?: Location | undefined
  readonly description?: StringValueNode | undefined
}): Fields {
  const start = part.loc?.startToken
  const end = part.loc?.endToken
  const described = part.description === undefined
  let keyword = start
  if (!described)
    for (keyword = start?.next ?? start; keyword?.kind === TokenKind.COMMENT; ) keyword = keyword.next ?? keyword
  return {
    BeforeDescriptionComment: described ? undefined : commentsBefore(start),
    AfterDescriptionComment: commentsBefore(keyword),
    EndOfDefinitionComment: end?.kind === TokenKind.BRACE_R ? commentsBefore(end) : undefined,
  }
}

function memberComments(part: {
  readonly loc?: Location | undefined
  readonly description?: StringValueNode | undefined
}): Fields {
  return { ...definitionComments(part), EndOfDefinitionComment: undefined }
}

const valueKinds: Readonly<Record<ValueNode['kind'], number>> = {
  Variable: 0,
  IntValue: 1,
  FloatValue: 2,
  StringValue: 3,
  BooleanValue: 5,
  NullValue: 6,
  EnumValue: 7,
  ListValue: 8,
  ObjectValue: 9,
}

function rawText(value: ValueNode): string {
  switch (value.kind) {
    case Kind.VARIABLE:
      return value.name.value
    case Kind.NULL:
      return 'null'
    case Kind.LIST:
    case Kind.OBJECT:
      return ''
    default:
      return String(value.value)
  }
}

function valueTree(value: ValueNode): PlainObject {
  const children =
    value.kind === Kind.LIST
      ? value.values.map((item) => node({ Name: '', Value: valueTree(item) }))
      : value.kind === Kind.OBJECT
        ? value.fields.map((field) => node({ Name: field.name.value, Value: valueTree(field.value) }))
        : []
  const block = value.kind === Kind.STRING && value.block === true
  return node({
    Raw: rawText(value),
    Children: children,
    Kind: block ? 4 : valueKinds[value.kind],
    ExpectedTypeHasDefault: false,
  })
}

function typeTree(type: TypeNode): PlainObject {
  const nonNull = type.kind === Kind.NON_NULL_TYPE
  const inner = nonNull ? type.type : type
  if (inner.kind === Kind.NAMED_TYPE) return { NamedType: inner.name.value, NonNull: nonNull }
  return { NamedType: '', Elem: typeTree(inner.type), NonNull: nonNull }
}

function argumentTrees(list: DirectiveNode['arguments']): PlainObject[] {
  return (list ?? []).map((item) =>
    node({ Name: item.name.value, Value: valueTree(item.value), Comment: commentOf(item) }),
  )
}

function directiveTrees(list: readonly (DirectiveNode | ConstDirectiveNode)[] | undefined): PlainObject[] {
  return (list ?? []).map((item) =>
    node({ Name: item.name.value, Arguments: argumentTrees(item.arguments), Location: '' }),
  )
}

function variableTree(item: VariableDefinitionNode): PlainObject {
  return node({
    Variable: item.variable.name.value,
    Type: typeTree(item.type),
    DefaultValue: item.defaultValue === undefined ? undefined : valueTree(item.defaultValue),
    Directives: directiveTrees(item.directives),
    Comment: commentOf(item),
    Used: false,
  })
}

function selectionTrees(list: readonly SelectionNode[]): PlainObject[] {
  return list.map((item) => {
    const Comment = commentOf(item)
    const Directives = directiveTrees(item.directives)
    if (item.kind === Kind.FRAGMENT_SPREAD) return node({ Name: item.name.value, Directives, Comment })
    if (item.kind === Kind.INLINE_FRAGMENT) {
      const TypeCondition = item.typeCondition?.name.value ?? ''
      return node({ TypeCondition, Directives, SelectionSet: selectionTrees(item.selectionSet.selections), Comment })
    }
    return node({
      Alias: (item.alias ?? item.name).value,
      Name: item.name.value,
      Arguments: argumentTrees(item.arguments),
      Directives,
      SelectionSet: selectionTrees(item.selectionSet?.selections ?? []),
      Comment,
    })
  })
}

function inputTree(item: InputValueDefinitionNode): PlainObject {
  return node({
    Description: item.description?.value ?? '',
    Name: item.name.value,
    DefaultValue: item.defaultValue === undefined ? undefined : valueTree(item.defaultValue),
    Type: typeTree(item.type),
    Directives: directiveTrees(item.directives),
    ...memberComments(item),
  })
}

function fieldTree(item: FieldDefinitionNode): PlainObject {
  return node({
    Description: item.description?.value ?? '',
    Name: item.name.value,
    Arguments: (item.arguments ?? []).map(inputTree),
    Type: typeTree(item.type),
    Directives: directiveTrees(item.directives),
    ...memberComments(item),
  })
}

/** `section` is the list of the document that a definition belongs to. */
interface Placed {
  readonly section: string
  readonly tree: PlainObject
}

function place(definition: DefinitionNode): Placed {
  switch (definition.kind) {
    case Kind.OPERATION_DEFINITION:
      return {
        section: 'Operations',
        tree: node({
          Operation: definition.operation,
          Name: definition.name?.value ?? '',
          VariableDefinitions: (definition.variableDefinitions ?? []).map(variableTree),
          Directives: directiveTrees(definition.directives),
          SelectionSet: selectionTrees(definition.selectionSet.selections),
          Comment: commentOf(definition),
        }),
      }
    case Kind.FRAGMENT_DEFINITION:
      return {
        section: 'Fragments',
        tree: node({
          Name: definition.name.value,
          VariableDefinition: (definition.variableDefinitions ?? []).map(variableTree),
          TypeCondition: definition.typeCondition.name.value,
          Directives: directiveTrees(definition.directives),
          SelectionSet: selectionTrees(definition.selectionSet.selections),
          Comment: commentOf(definition),
        }),
      }
    case Kind.SCHEMA_DEFINITION:
    case Kind.SCHEMA_EXTENSION:
      return {
        section: definition.kind === Kind.SCHEMA_DEFINITION ? 'Schema' : 'SchemaExtension',
        tree: node({
          Description: ('description' in definition ? definition.description?.value : undefined) ?? '',
          Directives: directiveTrees(definition.directives),
          OperationTypes: (definition.operationTypes ?? []).map((item) => ({
            Operation: item.operation,
            Type: item.type.name.value,
          })),
          ...definitionComments(definition),
        }),
      }
    case Kind.DIRECTIVE_DEFINITION:
      return {
        section: 'Directives',
        tree: node({
          Description: definition.description?.value ?? '',
          Name: definition.name.value,
          Arguments: (definition.arguments ?? []).map(inputTree),
          Locations: definition.locations.map((item) => item.value),
          IsRepeatable: definition.repeatable,
          ...memberComments(definition),
        }),
      }
    default:
      return placeType(definition)
  }
}

const typeKinds: Readonly<Record<string, string>> = {
  ScalarType: 'SCALAR',
  ObjectType: 'OBJECT',
  InterfaceType: 'INTERFACE',
  UnionType: 'UNION',
  EnumType: 'ENUM',
  InputObjectType: 'INPUT_OBJECT',
}

function placeType(definition: DefinitionNode): Placed {
  const extension = definition.kind.endsWith('Extension')
  const kind = typeKinds[definition.kind.replace(/Definition$|Extension$/, '')]
  if (kind === undefined || !('name' in definition) || definition.name === undefined || !('directives' in definition)) {
    throw new BuiltinError(`${definition.kind} is not supported in a schema`)
  }
  const fields = 'fields' in definition ? (definition.fields ?? []) : []
  return {
    section: extension ? 'Extensions' : 'Definitions',
    tree: node({
      Kind: kind,
      Description: ('description' in definition ? definition.description?.value : undefined) ?? '',
      Name: definition.name.value,
      Directives: directiveTrees(definition.directives),
      Interfaces: 'interfaces' in definition ? (definition.interfaces ?? []).map((item) => item.name.value) : undefined,
      Fields: fields.map((item) => (item.kind === Kind.FIELD_DEFINITION ? fieldTree(item) : inputTree(item))),
      Types: 'types' in definition ? (definition.types ?? []).map((item) => item.name.value) : undefined,
      EnumValues:
        'values' in definition
          ? (definition.values ?? []).map((item) =>
              node({
                Description: item.description?.value ?? '',
                Name: item.name.value,
                Directives: directiveTrees(item.directives),
                ...memberComments(item),
              }),
            )
          : undefined,
      BuiltIn: false,
      ...definitionComments(definition),
    }),
  }
}

const executable = new Set<string>([Kind.OPERATION_DEFINITION, Kind.FRAGMENT_DEFINITION])

/** The syntax tree of a query or schema; undefined when the text has no definitions at all. Throws `BuiltinError` in gqlparser's words. */
export function parseDocument(text: string, kind: 'query' | 'schema'): DocumentNode | undefined {
  if (/^(?:[\t\n\r ,\ufeff]|#[^\n\r]*)*$/.test(text)) return undefined
  let document: DocumentNode
  try {
    document = parse(text, {
      maxTokens: tokensMax,
      experimentalFragmentArguments: true,
      allowLegacyFragmentVariables: true,
    } as object)
  } catch (error) {
    if (error instanceof GraphQLError) throw new BuiltinError(syntaxProblem(error), { cause: error })
    throw error
  }
  for (const definition of document.definitions) {
    if (executable.has(definition.kind) === (kind === 'query')) continue
    throw new BuiltinError(
      `Unexpected ${tokenText(definition.loc?.startToken)} in GraphQL string at location ${placeText(definition.loc?.startToken)}`,
    )
  }
  // graphql-js takes an empty selection after a fragment; the language does not.
  visit(document, {
    SelectionSet(set) {
      if (set.selections.length > 0) return
      throw new BuiltinError(
        `expected at least one definition, found } in GraphQL string at location ${placeText(set.loc?.endToken)}`,
      )
    },
  })
  return document
}

/** The document as a value. */
export function documentTree(document: DocumentNode | undefined, kind: 'query' | 'schema'): PlainObject {
  const sections: Record<string, Value[]> = {}
  for (const definition of document?.definitions ?? []) {
    const { section, tree } = place(definition)
    const list = sections[section] ?? []
    list.push(tree)
    sections[section] = list
  }
  const end = kind === 'schema' ? commentsBefore(document?.loc?.endToken) : undefined
  return node({ ...sections, Comment: end })
}

function tokenText(token: Token | undefined): string {
  if (token === undefined) return '<EOF>'
  return token.value === undefined || token.value === '' ? token.kind : `${token.kind} ${quote(token.value)}`
}

function placeText(token: Token | undefined): string {
  return `${token?.line ?? 1}:${token?.column ?? 1}`
}

const punctuation = /"(\.\.\.|[!$&():=@[\]{}|])"/g

/** What graphql-js says about a text, in the words of gqlparser. */
function syntaxProblem(error: GraphQLError): string {
  const { line, column } = error.locations?.[0] ?? { line: 1, column: 1 }
  const body = error.source?.body ?? ''
  const at = error.positions?.[0] ?? 0
  let message = error.message
    .replace(/^Syntax Error: /, '')
    .replace(/\.$/, '')
    .replace(punctuation, '$1')
  const described = /^"""([\s\S]*?)"""|^"([^"\n]*)"/.exec(body.slice(at))
  if (message.startsWith('Unexpected description'))
    message = `Unexpected String ${quote(described?.[2] ?? described?.[1] ?? '')}`
  // gqlparser counts a string from after its quote.
  if (message.startsWith('Unexpected String')) return `${message} in GraphQL string at location ${line}:${column + 1}`
  if (/^(?:Invalid character|Cannot contain|Unterminated|Invalid |Unexpected (?:single quote|character))/.test(message))
    message = 'Unexpected <Invalid>'
  else if (/^Expected .*, found \}$/.test(message) && /\{[\s,]*$/.test(body.slice(0, at)))
    message = 'expected at least one definition, found }'
  return `${message} in GraphQL string at location ${line}:${column}`
}
