/** What is made from the schema for others, and the embedded default, which must be what the schema says. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { jsonSchema, loadConfig, referencePage } from '../../../src/config/index.ts'
import { faults } from '../../../src/model/index.ts'

const root = join(import.meta.dirname, '../../..')

describe('published files', () => {
  it('gatehouse.schema.json is what the schema says (npm run generate writes it)', async () => {
    await expect(jsonSchema()).toMatchFileSnapshot('../../../gatehouse.schema.json')
  })

  it('docs/reference/configuration.md is what the schema says', async () => {
    await expect(referencePage()).toMatchFileSnapshot('../../../docs/reference/configuration.md')
  })

  it('docs/reference/faults.md is what the fault table says', async () => {
    await expect(faultsPage()).toMatchFileSnapshot('../../../docs/reference/faults.md')
  })
})

describe('the fault table', () => {
  it('says what helps wherever somebody reads it', () => {
    // Of these nobody reads an answer: no bytes are sent, or whoever sent them speaks no HTTP or is gone.
    const unread = ['http_malformed', 'agent_gone']
    const silent = Object.entries(faults).filter(([, row]) => row.status > 0 && !('remedy' in row))
    expect(silent.map(([code]) => code)).toEqual(unread)
  })
})

describe('the example of the configuration page', () => {
  const example = /^```yaml\n([\s\S]*?)^```$/m.exec(referencePage())?.[1] ?? ''

  it('is a configuration that can be run', () => {
    const secrets: { readonly [path: string]: string } = { '/etc/gatehouse/secrets/operators': 'sixteen-characters' }
    const config = loadConfig('/etc/gatehouse/gatehouse.yaml', {
      environment: { ERP_TOKEN: 'a-secret-of-the-erp' },
      files: {
        read: (path) => new TextEncoder().encode(path.endsWith('.yaml') ? example : secrets[path]),
        kind: (path) => (path.endsWith('/policies') ? 'folder' : 'file'),
      },
      developmentIssuer: undefined,
    })
    expect(config).toMatchObject({ mode: 'production', dataDirectory: '/var/lib/gatehouse' })
    expect(config.upstreams[0]?.credential?.value).toBe('Bearer a-secret-of-the-erp')
  })
})

describe('the JSON Schema', () => {
  const validate = new Ajv({ strict: true, allErrors: true }).compile(JSON.parse(jsonSchema()))

  it('takes the embedded default, whose first line names it', () => {
    const text = readFileSync(join(root, 'gatehouse.yaml'), 'utf8')
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./gatehouse.schema.json')
    expect([validate(parse(text)), validate.errors]).toEqual([true, null])
  })

  it.each([
    { note: 'an unknown key', value: { mod: 'development' } },
    { note: 'a wrong word', value: { mode: 'dev' } },
    { note: 'a missing key', value: { upstreams: [{ id: 'a' }] } },
    { note: 'a length of time without unit', value: { timing: { call_max: '30' } } },
  ])('refuses $note', ({ value }) => {
    expect(validate(value)).toBe(false)
  })

  it('says of every setting what it is for', () => {
    const silent: string[] = []
    const visit = (path: string, setting: { [name: string]: unknown }): void => {
      if (typeof setting.description !== 'string' || setting.description.length < 10) silent.push(path)
      const group = (setting.items as typeof setting | undefined)?.properties ?? setting.properties ?? {}
      for (const [name, one] of Object.entries(group)) visit(`${path}.${name}`, one as typeof setting)
    }
    for (const [name, one] of Object.entries(JSON.parse(jsonSchema()).properties)) visit(name, one as never)
    expect(silent).toEqual([])
  })
})

/** The page is as plain as the table: its only reader besides people is the test that compares the two. */
function faultsPage(): string {
  const rows = Object.entries(faults).map(([code, row]) => {
    const remedy = 'remedy' in row ? row.remedy : ''
    return `| \`${code}\` | ${row.status} | ${row.source} | ${row.retry} | ${row.says} | ${remedy} |`
  })
  return `# Faults

<!-- Made from the table in src/model/fault.ts by \`npm run generate\`; a test compares. -->

Everything that can go wrong on a call's way has a code. The agent reads it as \`code\` of an \`application/problem+json\` document
(RFC 9457), with the sentence as \`title\`; what really happened stands in the decision log under the \`decision_id\` of that document.
Status 0 is not a call: the connection is closed, or answered by the parser, and one fault record is written.

**source**: who has to change something. **again**: whether the same call may succeed when it is sent again; \`if-idempotent\` where the
service may have acted.

| code | status | source | again | says | what helps |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`
}
