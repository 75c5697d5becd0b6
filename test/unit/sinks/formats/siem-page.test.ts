/** The searches of docs/siem.md name fields that the formats write: a search for another one finds nothing, and nobody would notice. */
import { describe, expect, it } from 'vitest'
import { formats } from '../../../../src/sinks/format.ts'
import { lineOf, sender, wholeRecords } from '../../../support/sink-records.ts'
import { textOf } from '../../../support/sources.ts'

function blocks(language: string): string[] {
  const pattern = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm')
  return [...textOf('docs/siem.md').matchAll(pattern)].map((match) => match[1] as string)
}

/** Every path of every kind of record, elements of lists as one. */
function pathsOf(name: 'ecs' | 'native'): Map<string, string> {
  const paths = new Map<string, string>()
  const visit = (value: unknown, path: string): void => {
    paths.set(path, typeof value)
    if (Array.isArray(value)) for (const one of value) visit(one, path)
    else if (typeof value === 'object' && value !== null)
      for (const [key, one] of Object.entries(value)) visit(one, path === '' ? key : `${path}.${key}`)
  }
  for (const record of wholeRecords) visit(JSON.parse(formats[name](sender).write(lineOf(record))), '')
  return paths
}

/** Names that a search gives to what it has computed. */
const named = (search: string, pattern: RegExp) =>
  new Set([...search.matchAll(pattern)].map((match) => match[1] as string))

const withoutTexts = (search: string) => search.replaceAll(/"[^"]*"/g, '""')

const esql = blocks('esql').map((search) => ({ search, note: search.split('\n')[1] as string }))
const spl = blocks('spl').map((search) => ({ search, note: search.split('\n')[0] as string }))

describe('the searches for Elasticsearch', () => {
  const paths = pathsOf('ecs')

  it.each(esql)('name fields of ECS events: $note', ({ search }) => {
    const [from, ...commands] = withoutTexts(search).split('\n')
    expect(from).toBe('FROM logs-gatehouse.log-*')
    const fields = commands.join('\n').match(/@timestamp|\b[a-z_]+\.[a-z_.]+\b/g) ?? []
    expect(fields.length).toBeGreaterThan(0)
    expect(fields.filter((field) => !paths.has(field))).toEqual([])
  })

  it('have a template whose rules are for what the format writes under `gatehouse`', () => {
    const [template] = blocks('json').map((text) => JSON.parse(text))
    const { mappings } = template['PUT _index_template/logs-gatehouse'].template
    const rules: { path_match: string; match_mapping_type?: string }[] = mappings.dynamic_templates.flatMap(
      Object.values,
    )
    const isMatched = (path: string, type: string) =>
      rules.some(
        ({ path_match, match_mapping_type }) =>
          path.startsWith(path_match.slice(0, -1)) && (match_mapping_type ?? type) === type,
      )
    const own = [...paths].filter(([path]) => path.startsWith('gatehouse.'))
    const texts = own.filter(([, type]) => type === 'string')
    expect(texts.filter(([path, type]) => !isMatched(path, type))).toEqual([])
    const metrics = own.filter(([path]) => path.startsWith('gatehouse.metrics.'))
    expect(metrics.map(([, type]) => type)).toEqual(metrics.map(() => 'number'))
  })
})

describe('the searches for Splunk', () => {
  const paths = pathsOf('native')
  const words =
    /\b(?:by|as|stats|count|latest|sort|table|where|eval|bin|span|index|gatehouse|values|min|max|dc|or|and|_time)\b/gi

  it.each(spl)('name fields of records: $note', ({ search }) => {
    const own = named(search, /\bAS (\w+)/g)
    for (const name of named(search, /\beval (\w+)/g)) own.add(name)
    const fields = withoutTexts(search)
      .replaceAll(/=\S+|[<>]\S+/g, ' ')
      .replaceAll(words, ' ')
      .match(/[a-z_]+(?:\.[a-z_*]+)*/g)
    const unknown = (fields ?? []).filter(
      (field) => !own.has(field) && !paths.has(field.replace('.*', '')) && field !== 'host',
    )
    expect(unknown).toEqual([])
  })
})

it('docs/siem.md has the same questions for both', () => {
  expect(esql.length).toBe(spl.length)
  expect(esql.length).toBeGreaterThan(5)
})
