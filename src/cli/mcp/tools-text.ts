/** Tools for a person: a table of all, everything about one, and what changed. What servers wrote is shown, never obeyed, and nothing of it is unseen. */
import { isJsonObject, type Json, type JsonObject, visible, visibleJson } from '../../model/index.ts'
import { printJson } from '../../wire/index.ts'
import { argumentsOf } from './schema.ts'
import { type ChangedTool, type Difference, isSame } from './tools-difference.ts'
import type { ListedTool } from './tools-listed.ts'
import { documentText, summaryOf } from './tools-saved.ts'

/** `sha256:` and so many digits tell the tools of one table apart; the whole digest is shown of one tool. */
const digestCharsShown = 7 + 12
/** Columns of a summary where the output is no terminal. */
const summaryColumns = 100
const summaryColumnsMin = 20
/** Characters of a value in a list of changes: descriptions are a few hundred, what is hidden in one shall be seen. */
const valueCharsMax = 2_000

/** Annotations that say what a tool does to the world (2026-07-28 "Tool"), with the words for true and for false. */
const hints: readonly (readonly [annotation: string, yes: string, no: string])[] = [
  ['readOnlyHint', 'reads', 'writes'],
  ['destructiveHint', 'destroys', ''],
  ['idempotentHint', 'repeatable', ''],
  ['openWorldHint', 'open', ''],
]

/** A line a tool: name, server where one is told, digest, what it says it does, summary. `columns`: of the terminal; 0: none. */
export function toolsTable(tools: readonly ListedTool[], columns: number): string {
  if (tools.length === 0) return 'the endpoint lists no tools for this caller\n'
  const told = tools.some(({ server }) => server !== undefined)
  const cells = tools.map(({ name, server, digest, definition }) => [
    visible(name),
    ...(told ? [visible(server ?? '-')] : []),
    digest.slice(0, digestCharsShown),
    hintsOf(definition) || '-',
    visible(summaryOf(definition)),
  ])
  const header = ['name', ...(told ? ['server'] : []), 'digest', 'hints', 'summary']
  const rows = [header, ...cells]
  const widths = header.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0)
  const room = columns === 0 ? summaryColumns : Math.max(summaryColumnsMin, columns - before)
  return rows.map((row) => `${lineOf(row, widths, room)}\n`).join('')
}

function lineOf(row: readonly string[], widths: readonly number[], room: number): string {
  const last = row.length - 1
  return row
    .map((cell, column) => (column < last ? cell.padEnd(widths[column] ?? 0) : shortened(cell, room)))
    .join('  ')
    .trimEnd()
}

function shortened(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, chars - 1)}…`
}

function hintsOf({ annotations }: JsonObject): string {
  if (!isJsonObject(annotations)) return ''
  const words = hints.map(([name, yes, no]) =>
    annotations[name] === true ? yes : annotations[name] === false ? no : '',
  )
  return words.filter((word) => word !== '').join(',')
}

/** Everything about one tool: arguments and results line by line, then the definition as it was listed. */
export function toolText({ name, server, ownName, digest, definition }: ListedTool): string {
  const { title, description, inputSchema, outputSchema, annotations } = definition
  const facts: readonly (readonly [string, string])[] = [
    ...(typeof title === 'string' ? [['title', visible(title)] as const] : []),
    ...(server === undefined ? [] : [['server', visible(server)] as const]),
    ...(ownName === name ? [] : [['there', visible(ownName)] as const]),
    ['digest', digest],
    ...(annotations === undefined ? [] : [['says', visibleJson(printJson(annotations))] as const]),
  ]
  const parts = [
    `${visible(name)}\n`,
    facts.map(([word, text]) => `  ${word.padEnd(8)}${text}\n`).join(''),
    typeof description === 'string' ? `\n${block(description, '  ')}` : '',
    `\narguments\n${argumentsText(inputSchema)}`,
    outputSchema === undefined ? '' : `\nresult\n${argumentsText(outputSchema)}`,
    `\ndefinition\n${documentText(definition)
      .trimEnd()
      .split('\n')
      .map((line) => `  ${visibleJson(line)}\n`)
      .join('')}`,
  ]
  return parts.join('')
}

function argumentsText(schema: Json | undefined): string {
  const all = argumentsOf(schema)
  if (all.length === 0) return '  none are declared\n'
  const nameWidth = Math.max(...all.map(({ path }) => visible(path).length))
  const typeWidth = Math.max(...all.map(({ type }) => type.length))
  return all
    .map(({ path, type, isRequired, bounds, description }) => {
      const head = `  ${visible(path).padEnd(nameWidth)}  ${type.padEnd(typeWidth)}  ${isRequired ? 'required' : 'optional'}`
      const more = [bounds, description].filter((text) => text !== '').join('. ')
      return `${head}${more === '' ? '' : `  ${visible(more.replace(/\s+/g, ' '))}`}\n`
    })
    .join('')
}

/** Lines of a text of others, each begun with `before`. */
function block(text: string, before: string): string {
  return text
    .trimEnd()
    .split(/\r\n|\n|\r/)
    .map((line) => `${before}${visible(line)}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('')
}

export function differenceText(difference: Difference): string {
  const { added, removed, changed } = difference
  if (isSame(difference)) return 'nothing differs\n'
  const lines = [
    ...removed.map(({ name, digest }) => `removed  ${visible(name)}  ${digest}`),
    ...added.map(({ name, digest }) => `added    ${visible(name)}  ${digest}`),
    ...changed.flatMap(changedLines),
    `${removed.length} removed, ${added.length} added, ${changed.length} changed`,
  ]
  return `${lines.join('\n')}\n`
}

function changedLines({ name, before, after, fields }: ChangedTool): string[] {
  return [
    `changed  ${visible(name)}`,
    ...(before.digest === after.digest ? [] : [`  digest  ${before.digest}`, `       -> ${after.digest}`]),
    ...fields.flatMap((field) => [
      `  ${visible(field.path)}`,
      ...(field.before === undefined ? [] : [`    - ${valueText(field.before)}`]),
      ...(field.after === undefined ? [] : [`    + ${valueText(field.after)}`]),
    ]),
  ]
}

function valueText(value: Json): string {
  const text = printJson(value)
  const shown = visibleJson(text.slice(0, valueCharsMax))
  return text.length <= valueCharsMax ? shown : `${shown}… (${text.length} characters; \`--format json\` has all)`
}

/** The same for programs. */
export function differenceDocument({ added, removed, changed }: Difference): JsonObject {
  const brief = ({ name, server, digest }: ListedTool): JsonObject => ({
    name,
    ...(server !== undefined && { server }),
    digest,
  })
  return {
    removed: removed.map(brief),
    added: added.map(brief),
    changed: changed.map(({ name, before, after, fields }) => ({
      name,
      digest_before: before.digest,
      digest_after: after.digest,
      fields: fields.map((field) => ({
        path: field.path,
        ...(field.before !== undefined && { before: field.before }),
        ...(field.after !== undefined && { after: field.after }),
      })),
    })),
  }
}
