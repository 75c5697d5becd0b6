/** The text of `docs/reference/decision-log.md`, made from the schema of the log's lines. */
import { decisionLogSchema } from '../../src/record/index.ts'

interface Field {
  readonly type?: string
  readonly const?: string
  readonly enum?: readonly string[]
  readonly description?: string
  readonly properties?: { readonly [name: string]: Field }
  readonly required?: readonly string[]
  readonly items?: Field
}

export function decisionLogPage(): string {
  const { oneOf } = decisionLogSchema() as unknown as { readonly oneOf: readonly Field[] }
  return `${introduction}\n${oneOf.map(sectionOf).join('\n')}`
}

const introduction = `# Decision log

<!-- Made from src/record/schema.ts by \`npm run generate\`; a test compares. -->

\`data/log/NNNNNNNNNN.jsonl\`: one record a line, minimal JSON, appended and never changed. [decision-log.schema.json](decision-log.schema.json)
says the same to programs. Every call has a \`decision\` and an \`outcome\` with the same \`decision_id\`, which the agent got as
\`Gatehouse-Decision\`; what the gateway itself did is \`admin\`; bytes that were no call are a \`fault\`; a
\`checkpoint\` vouches for the lines before it. Fields that OPA's decision logs have
too mean the same as there. **there**: in every such record, and within an object or a list in every such entry; otherwise only where
it applies. \`npx gatehouse tail\` shows the newest records and finds those of an agent, a route, a decision or a code.
`

function sectionOf(record: Field): string {
  const rows: string[] = []
  collect('', record, rows)
  const title = record.properties?.type?.const ?? ''
  return `## ${title}\n\n| field | kind | there | meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`
}

/** Depth first, in the order of the line. */
function collect(prefix: string, group: Field, rows: string[]): void {
  for (const [name, field] of Object.entries(group.properties ?? {})) {
    const there = group.required?.includes(name) === true ? 'always' : ''
    rows.push(`| \`${prefix}${name}\` | ${kindOf(field)} | ${there} | ${field.description ?? ''} |`)
    if (field.properties !== undefined) collect(`${prefix}${name}.`, field, rows)
    else if (field.items?.properties !== undefined) collect(`${prefix}${name}[].`, field.items, rows)
  }
}

function kindOf({ const: only, enum: words, type, items }: Field): string {
  if (only !== undefined) return `\`${only}\``
  if (words !== undefined) return words.map((word) => `\`${word}\``).join(', ')
  if (type === 'array') return items?.type === 'string' ? 'list of text' : 'list'
  return { string: 'text', integer: 'whole number', boolean: '`true`, `false`', object: 'object' }[type ?? ''] ?? 'any'
}
