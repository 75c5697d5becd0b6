/** The text of `docs/formats.md`: the prose, and the table of places that the formats are held to. */
import { columns, placedFields } from './format-places.ts'

const titles = { opa: 'OPA', ocsf: 'OCSF', ecs: 'ECS', cef: 'CEF', syslog: 'syslog' } as const

export function formatsPage(): string {
  const types = [...new Set(placedFields.map(({ type }) => type))]
  return `${introduction}\n${types.map(sectionOf).join('\n')}`
}

function sectionOf(type: string): string {
  const head = `| field | ${columns.map((column) => titles[column]).join(' | ')} |\n| --- |${' --- |'.repeat(columns.length)}`
  const rows = placedFields
    .filter((one) => one.type === type)
    .map(({ field, places }) => `| \`${field}\` | ${columns.map((column) => cell(places[column])).join(' | ')} |`)
  return `## ${type}\n\n${head}\n${rows.join('\n')}\n`
}

function cell(places: string): string {
  if (places === '-') return ''
  return places
    .split(' ')
    .map((place) => (place === 'whole' ? 'whole record' : `\`${place}\``))
    .join(', ')
}

const introduction = `# Formats of the log for receivers

<!-- Made from test/support/format-places.ts by \`npm run generate\`; a test looks every place up in a formatted record. -->

A sink sends each record of the [decision log](reference/decision-log.md) in one of six formats. What a record becomes depends on the record and
the gateway alone: a record that is sent twice is the same bytes twice, and \`seq\` tells that it is the same.

| \`format\` | is | media type | holds |
| --- | --- | --- | --- |
| \`native\` | the line of the log, byte for byte | \`application/json\` | everything; the only one that [\`audit prove\`](audit.md) can prove |
| \`opa\` | OPA's decision-log event (EventV1 of OPA 1.20) | \`application/json\` | everything; what OPA has no field for is under \`custom.gatehouse\` |
| \`cloudevents\` | CloudEvents 1.0, structured JSON | \`application/cloudevents+json\` | everything: \`data\` is the line of the log |
| \`ocsf\` | OCSF 1.8.0 | \`application/json\` | everything: \`raw_data\` is the line of the log, \`unmapped\` what OCSF has no attribute for |
| \`ecs\` | Elastic Common Schema 9.4 | \`application/json\` | everything: \`event.original\` is the line of the log, \`gatehouse\` what ECS has no field for |
| \`cef\` | ArcSight Common Event Format 0 | \`text/plain\` | all but documents: no input, result, reply |

An outcome does not repeat who called what: it has the \`decision_id\` of its decision, in every format, to join by.

**OPA**: a decision keeps its \`decision_id\`. Other records are events too, with the \`path\` \`gatehouse/log/TYPE\` and a \`decision_id\` of their own
(\`ID/outcome\`, \`admin/SEQ\`), because receivers drop a second event with the same one.

**CloudEvents**: \`source\` is the log's origin, \`id\` the \`seq\`, \`subject\` the \`decision_id\`, \`time\` the \`timestamp\`, \`sequence\` (the extension) the
\`seq\` in sixteen digits. \`type\` is \`gatehouse.decision.DECISION\`, \`gatehouse.outcome.OUTCOME\`, else \`gatehouse.TYPE\`. Sinks with headers
say the media type in \`content-type\`, which is how receivers know a structured event.

**OCSF**: decisions, outcomes and faults are API Activity (6003) with the profiles \`ai_operation\`, \`security_control\`, \`trace\` and \`datetime\`; \`activity_id\` follows
the method of HTTP or MCP. Admin records are Application Lifecycle (6002), checkpoints Base Event (0). \`action_id\` and \`disposition_id\` say what became of the
call: 1 allowed, 2 denied (blocked, or 23 where policy asks for a person), 27 where it failed. In an outcome, \`actor\` is the gateway. An address that is no IP address is
\`src_endpoint.name\`; a method that OCSF does not list is in \`unmapped.method\` only.

**ECS**: a fault has \`client.ip\` only where the address is one. Dots in names of labels become \`_\`. \`obligations\` are JSON texts, so that no
policy can fill an index with fields.

**CEF**: keys of the extension dictionary, cut to its lengths; what it has no key for is \`GatehouseGateway...\`, cut to 4,000 characters. \`src\` is an
IPv4 address, \`c6a2\` an IPv6 address, \`shost\` anything else. \`\\\`, \`=\` and ends of lines are escaped; other control characters become U+FFFD. Severity is 1, 3 (the house said no)
or 5 (something broke), as \`event.severity\` in ECS; OCSF has 1, 2, 3 for the same.

**syslog** is a frame around any of them: RFC 5424 with the record's type as MSGID and the columns below as structured data \`gatehouse@NUMBER\`, counted in octets
(RFC 6587, RFC 5425).
`
