/**
 * Trees of GraphQL documents as text again. Trees may come from a policy or its input, so whatever is put into the text is either quoted or checked to be a name.
 */
import { isPlainObject, type PlainObject, type Value } from '../value.ts'
import { BuiltinError } from './builtin.ts'

function field(tree: Value | undefined, name: string): Value | undefined {
  return isPlainObject(tree) && Object.hasOwn(tree, name) ? tree[name] : undefined
}

function list(tree: Value | undefined, name: string): readonly Value[] {
  const items = field(tree, name)
  if (items === undefined || items === null) return []
  if (Array.isArray(items)) return items
  throw new BuiltinError(`the GraphQL document has no list at ${name}`)
}

function text(tree: Value | undefined, name: string): string {
  const value = field(tree, name) ?? ''
  if (typeof value === 'string') return value
  throw new BuiltinError(`the GraphQL document has no string at ${name}`)
}

function name(tree: Value | undefined, key: string): string {
  return checkedName(text(tree, key))
}

function checkedName(value: Value): string {
  if (typeof value === 'string' && /^[_A-Za-z][_0-9A-Za-z]*$/.test(value)) return value
  throw new BuiltinError('the GraphQL document has a name that is none')
}

function description(tree: Value): string {
  const words = text(tree, 'Description')
  return words === '' ? '' : `${JSON.stringify(words)} `
}

function between(open: string, items: readonly string[], close: string): string {
  return items.length === 0 ? '' : `${open}${items.join(' ')}${close}`
}

function valueText(tree: Value | undefined): string {
  const raw = text(tree, 'Raw')
  const children = list(tree, 'Children')
  switch (field(tree, 'Kind')) {
    case 0:
      return `$${checkedName(raw)}`
    case 1:
    case 2:
      if (!/^-?[0-9][0-9.eE+-]*$/.test(raw)) throw new BuiltinError('the GraphQL document has a number that is none')
      return raw
    case 3:
    case 4:
      return JSON.stringify(raw)
    case 5:
    case 6:
    case 7:
      return checkedName(raw)
    case 8:
      return `[${children.map((child) => valueText(field(child, 'Value'))).join(' ')}]`
    case 9:
      return `{${children.map((child) => `${name(child, 'Name')}: ${valueText(field(child, 'Value'))}`).join(' ')}}`
    default:
      throw new BuiltinError('the GraphQL document has a value of no known kind')
  }
}

/** A type reference as it is written: `[Int!]`. */
export function typeText(tree: Value | undefined): string {
  const inner = field(tree, 'Elem')
  const named = inner === undefined || inner === null ? name(tree, 'NamedType') : `[${typeText(inner)}]`
  return field(tree, 'NonNull') === true ? `${named}!` : named
}

function argumentTexts(tree: Value): string {
  return between(
    '(',
    list(tree, 'Arguments').map((item) => `${name(item, 'Name')}: ${valueText(field(item, 'Value'))}`),
    ')',
  )
}

function directiveTexts(tree: Value): string {
  return list(tree, 'Directives')
    .map((item) => ` @${name(item, 'Name')}${argumentTexts(item)}`)
    .join('')
}

function defaultText(tree: Value): string {
  const value = field(tree, 'DefaultValue')
  return value === undefined || value === null ? '' : ` = ${valueText(value)}`
}

function variableTexts(tree: Value, key: string): string {
  const items = list(tree, key).map(
    (item) => `$${name(item, 'Variable')}: ${typeText(field(item, 'Type'))}${defaultText(item)}${directiveTexts(item)}`,
  )
  return between('(', items, ')')
}

function selectionTexts(tree: Value): string {
  return between(' {', list(tree, 'SelectionSet').map(selectionText), '}')
}

function selectionText(tree: Value): string {
  if (field(tree, 'Alias') !== undefined) {
    const alias = text(tree, 'Alias')
    const named = alias === '' || alias === text(tree, 'Name') ? '' : `${checkedName(alias)}: `
    return `${named}${name(tree, 'Name')}${argumentTexts(tree)}${directiveTexts(tree)}${selectionTexts(tree)}`
  }
  if (field(tree, 'TypeCondition') === undefined) return `...${name(tree, 'Name')}${directiveTexts(tree)}`
  const on = text(tree, 'TypeCondition')
  return `...${on === '' ? '' : ` on ${checkedName(on)}`}${directiveTexts(tree)}${selectionTexts(tree)}`
}

/** The text of a query's tree. */
export function queryText(tree: PlainObject): string {
  const operations = list(tree, 'Operations').map((item) => {
    const title = text(item, 'Name')
    const head = `${checkedName(text(item, 'Operation'))} ${title === '' ? '' : checkedName(title)}`
    return `${head}${variableTexts(item, 'VariableDefinitions')}${directiveTexts(item)}${selectionTexts(item)}`
  })
  const fragments = list(tree, 'Fragments').map((item) => {
    const head = `fragment ${name(item, 'Name')}${variableTexts(item, 'VariableDefinition')} on ${name(item, 'TypeCondition')}`
    return `${head}${directiveTexts(item)}${selectionTexts(item)}`
  })
  return [...operations, ...fragments].join('\n')
}

function inputText(tree: Value): string {
  return `${description(tree)}${name(tree, 'Name')}: ${typeText(field(tree, 'Type'))}${defaultText(tree)}${directiveTexts(tree)}`
}

function fieldText(tree: Value): string {
  const inputs = between('(', list(tree, 'Arguments').map(inputText), ')')
  return `${description(tree)}${name(tree, 'Name')}${inputs}: ${typeText(field(tree, 'Type'))}${directiveTexts(tree)}`
}

function typeDefinitionText(tree: Value): string {
  const title = `${name(tree, 'Name')}`
  const directives = directiveTexts(tree)
  const interfaces = between(
    ' implements ',
    [list(tree, 'Interfaces').map(checkedName).join(' & ')].filter(Boolean),
    '',
  )
  switch (text(tree, 'Kind')) {
    case 'SCALAR':
      return `scalar ${title}${directives}`
    case 'OBJECT':
      return `type ${title}${interfaces}${directives}${between(' {', list(tree, 'Fields').map(fieldText), '}')}`
    case 'INTERFACE':
      return `interface ${title}${interfaces}${directives}${between(' {', list(tree, 'Fields').map(fieldText), '}')}`
    case 'UNION':
      return `union ${title}${directives}${between(' = ', [list(tree, 'Types').map(checkedName).join(' | ')].filter(Boolean), '')}`
    case 'ENUM': {
      const values = list(tree, 'EnumValues').map(
        (item) => `${description(item)}${name(item, 'Name')}${directiveTexts(item)}`,
      )
      return `enum ${title}${directives}${between(' {', values, '}')}`
    }
    case 'INPUT_OBJECT':
      return `input ${title}${directives}${between(' {', list(tree, 'Fields').map(inputText), '}')}`
    default:
      throw new BuiltinError('the GraphQL document has a type of no known kind')
  }
}

function schemaDefinitionText(tree: Value): string {
  const roots = list(tree, 'OperationTypes').map((item) => `${name(item, 'Operation')}: ${name(item, 'Type')}`)
  return `schema${directiveTexts(tree)}${between(' {', roots, '}')}`
}

/** The text of a schema's tree. */
export function schemaText(tree: PlainObject): string {
  const directives = list(tree, 'Directives').map((item) => {
    const repeatable = field(item, 'IsRepeatable') === true ? ' repeatable' : ''
    const inputs = between('(', list(item, 'Arguments').map(inputText), ')')
    return `${description(item)}directive @${name(item, 'Name')}${inputs}${repeatable} on ${list(item, 'Locations').map(checkedName).join(' | ')}`
  })
  return [
    ...list(tree, 'Schema').map((item) => description(item) + schemaDefinitionText(item)),
    ...list(tree, 'SchemaExtension').map((item) => `extend ${schemaDefinitionText(item)}`),
    ...directives,
    ...list(tree, 'Definitions').map((item) => description(item) + typeDefinitionText(item)),
    ...list(tree, 'Extensions').map((item) => `extend ${typeDefinitionText(item)}`),
  ].join('\n')
}
