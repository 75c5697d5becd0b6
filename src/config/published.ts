/** What is made from the schema for others: the JSON Schema for editors and the reference page. */
import { type Described, described } from './issues.ts'

/** The text of `gatehouse.schema.json`. */
export function jsonSchema(): string {
  const schema = { ...described, title: 'Configuration of Gatehouse (gatehouse.yaml)' }
  return `${JSON.stringify(schema, null, 2)}\n`
}

/** The text of `docs/reference/configuration.md`. */
export function referencePage(): string {
  const sections = Object.entries(described.properties ?? {})
    .filter(([name]) => name !== '$schema')
    .map(([name, setting]) => sectionOf(name, setting))
  return `${introduction}\n${sections.join('\n')}`
}

/** The example of the page: production, with everything that most gateways need. */
const example = `# yaml-language-server: $schema=./gatehouse.schema.json
listeners:
  agents:
    host: 0.0.0.0
    port: 8443
    tls:
      certificate: tls/certificate.pem
      key: tls/key.pem
  operators:
    # Whoever scrapes metrics from another machine sends this token; without \`host\` the port is on loopback and needs none.
    host: 0.0.0.0
    token: file:secrets/operators
    hosts: [gatehouse.internal.example.com]

data: /var/lib/gatehouse

issuers:
  - issuer: https://login.example.com/
    keys:
      url: https://login.example.com/.well-known/jwks.json
    audiences: [gatehouse]

agents:
  - id: buyer
    owner: procurement@example.com
    identity:
      value: 6f1c0a7e-client-id-at-the-issuer

upstreams:
  - id: erp
    url: https://erp.internal.example.com/api
    credential:
      value: Bearer \${ERP_TOKEN}

routes:
  - id: erp
    path: /erp
    upstream: erp
    description: erp.openapi.yaml

policy:
  paths: [policies]
`

const introduction = `# Configuration

<!-- Made from the schema in src/config/schema.ts by \`npm run generate\`; a test compares. -->

One YAML file, \`gatehouse.yaml\`, says everything. \`gatehouse check\` reads it as \`gatehouse start\` does and lists all that is wrong
with it, each with its line and what to write instead. Editors that know the YAML language server complete and check it by its first
line: \`# yaml-language-server: $schema=./gatehouse.schema.json\`.

- **Paths** are relative to the folder of the file.
- **Lengths of time** are whole numbers with a unit, \`ms\`, \`s\`, \`m\`, \`h\` or \`d\`: \`30s\`. **Sizes** likewise, \`B\`, \`KiB\`, \`MiB\` or
  \`GiB\`: \`64MiB\`.
- **Secrets** are never written into the file. \`\${VARIABLE}\` stands for an environment variable, \`file:PATH\` for the content of a file
  without its last line break, and \`\${file:PATH}\` for the same inside other text: \`Bearer \${file:secrets/erp}\`. They are printed
  nowhere.
- **Unknown keys**, keys that come twice, anchors, aliases and tags are errors.
- **Changes** of the file, and of the files that it names, are in force within seconds, whole or not at all. A change with an error is
  refused; the log and readiness say so, and what was in force stays. So is a change of \`mode\`, \`listeners\`, \`data\`, \`log\` or
  \`timing\`, which are taken at start; of them only \`public_url\` and \`drain_max\` can change in between.

## A whole one

In front of one service, for the agents of one issuer, over TLS. A test reads it as \`gatehouse check\` would.

\`\`\`yaml
${example}\`\`\`
`

interface Row {
  readonly path: string
  readonly setting: Described
  readonly needed: boolean
}

function sectionOf(name: string, setting: Described): string {
  const rows: Row[] = []
  collect(name, setting, false, rows)
  const table = rows.map(
    ({ path, setting: one, needed }) =>
      `| \`${path}\` | ${kindOf(one)} | ${standardOf(one, needed)} | ${cell(one.description ?? '')} |`,
  )
  return `## ${name}\n\n| setting | kind | without it | meaning |\n| --- | --- | --- | --- |\n${table.join('\n')}\n`
}

/** Depth first, in the order of the schema: groups before what is in them. */
function collect(path: string, setting: Described, needed: boolean, rows: Row[]): void {
  rows.push({ path, setting, needed })
  const group = setting.items?.properties === undefined ? setting : setting.items
  const inner = group === setting ? path : `${path}[]`
  for (const [name, one] of Object.entries(group.properties ?? {}))
    collect(`${inner}.${name}`, one, group.required?.includes(name) ?? false, rows)
}

function kindOf(setting: Described): string {
  if (setting.enum !== undefined) return setting.enum.map((one) => `\`${String(one)}\``).join(', ')
  if (setting.const !== undefined) return `\`${String(setting.const)}\``
  if (setting.type === 'array') return setting.items?.properties === undefined ? 'list of text' : 'list'
  if (setting.type === 'object') return setting.properties === undefined ? 'names and values' : 'group'
  return (
    { string: 'text', integer: 'whole number', boolean: '`true`, `false`' }[String(setting.type)] ??
    String(setting.type)
  )
}

function standardOf(setting: Described, needed: boolean): string {
  if (needed) return '**needed**'
  if (setting.default === undefined || (setting.type === 'object' && setting.properties !== undefined)) return ''
  if (typeof setting.default === 'object')
    return Object.keys(setting.default ?? {}).length === 0 ? 'none' : `\`${JSON.stringify(setting.default)}\``
  return `\`${String(setting.default)}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
