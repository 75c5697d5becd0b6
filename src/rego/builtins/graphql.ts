/**
 * `graphql.*`: queries and schemas as values, and whether a query fits a schema.
 */
import { type DocumentNode, type GraphQLError, type GraphQLSchema, Kind, specifiedRules, validate } from 'graphql'
import { isObject, type PlainObject, toJson, typeName, type Value } from '../value.ts'
import { type Builtin, BuiltinError, operandTypeError } from './builtin.ts'
import { documentTree, parseDocument } from './graphql-document.ts'
import { schemaOf } from './graphql-schema.ts'
import { queryText, schemaText } from './graphql-text.ts'
import { checkTextLength } from './limits.ts'
import { memo } from './memo.ts'
import { stringOperand } from './operands.ts'

function sourceOf(value: Value, position: number, kind: 'query' | 'schema'): string {
  // OPA reads a tree as JSON, in which every key is a text.
  const tree = isObject(value) ? (toJson(value) as PlainObject) : undefined
  const text = tree === undefined ? value : kind === 'query' ? queryText(tree) : schemaText(tree)
  if (typeof text !== 'string') throw operandTypeError(position, typeName(value), ['string', 'object'])
  checkTextLength(text.length)
  return text
}

/** A schema by its text, as often as it is asked for. */
const schemaByText: (text: string) => GraphQLSchema = memo((text) => schemaOf(parseDocument(text, 'schema')))

/** The tree of a schema by its text. */
const schemaTree: (text: string) => PlainObject = memo((text) => documentTree(parseDocument(text, 'schema'), 'schema'))

function problemText(error: GraphQLError): string {
  const { line, column } = error.locations?.[0] ?? { line: 1, column: 1 }
  const message = error.message
    .replace(/\.$/, '')
    .replace(/^Argument "\w+\.(\w+)\((\w+):\)" of type/, 'Field "$1" argument "$2" of type')
  return `${message} in GraphQL string at location ${line}:${column}`
}

function checkQuery(schema: GraphQLSchema, query: DocumentNode | undefined): void {
  for (const definition of query?.definitions ?? []) {
    if (definition.kind !== Kind.OPERATION_DEFINITION || schema.getRootType(definition.operation)) continue
    throw new BuiltinError(`Schema does not support operation type "${definition.operation}"`)
  }
  const [first] = query === undefined ? [] : validate(schema, query, specifiedRules, { maxErrors: 1 })
  if (first !== undefined) throw new BuiltinError(problemText(first), { cause: first })
}

/** Query and schema as trees, once the query is known to fit. */
function parseBoth(query: Value, schema: Value): [PlainObject, PlainObject] {
  const document = parseDocument(sourceOf(query, 0, 'query'), 'query')
  const text = sourceOf(schema, 1, 'schema')
  checkQuery(schemaByText(text), document)
  return [documentTree(document, 'query'), schemaTree(text)]
}

/** What `make` gives, or `otherwise` where it fails for a reason that lies in its operands. */
function unlessInvalid<T>(make: () => T, otherwise: T): T {
  try {
    return make()
  } catch (error) {
    if (error instanceof BuiltinError && !error.halts) return otherwise
    throw error
  }
}

function isValid(query: Value, schema: Value): boolean {
  return unlessInvalid(() => {
    checkQuery(schemaByText(sourceOf(schema, 1, 'schema')), parseDocument(sourceOf(query, 0, 'query'), 'query'))
    return true
  }, false)
}

function schemaIsValid(schema: Value): boolean {
  return unlessInvalid(() => schemaByText(sourceOf(schema, 1, 'schema')) !== undefined, false)
}

export const graphql: Record<string, Builtin> = {
  'graphql.parse': { run: (_, query, schema) => parseBoth(query, schema) },
  'graphql.parse_and_verify': {
    run: (_, query, schema) => unlessInvalid<Value>(() => [true, ...parseBoth(query, schema)], [false, {}, {}]),
  },
  'graphql.parse_query': { run: (_, query) => documentTree(parseDocument(stringOperand(query, 1), 'query'), 'query') },
  'graphql.parse_schema': { run: (_, schema) => schemaTree(stringOperand(schema, 1)) },
  'graphql.is_valid': { run: (_, query, schema) => isValid(query, schema) },
  'graphql.schema_is_valid': { run: (_, schema) => schemaIsValid(schema) },
}
