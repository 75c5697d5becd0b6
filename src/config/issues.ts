/** What the schema found wrong, as findings for a person: every issue gets a sentence and what to write instead. */
import { z } from 'zod'
import { nearest } from '../model/index.ts'
import { markAt } from '../settings/index.ts'
import { type Finding, formatPath, type Path } from './errors.ts'
import { fileSchema } from './schema.ts'

/** Characters of an offending value that an error repeats. */
const echoCharsMax = 60
/** The least that a gateway needs. */
const wholeFileFix = 'write `issuers:`, `upstreams:` and `routes:` (docs/reference/configuration.md has an example)'
/** Names that an error lists before it says only how many there are. */
const namesMax = 20

/** As much of JSON Schema as the errors and the reference page read. */
export interface Described {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly properties?: { readonly [name: string]: Described }
  readonly required?: readonly string[]
  readonly items?: Described
  readonly additionalProperties?: Described | boolean
  readonly anyOf?: readonly Described[]
}

/** The schema of the file as JSON Schema, draft 7: what editors read. */
export const described = z.toJSONSchema(fileSchema, { io: 'input', target: 'draft-7' }) as Described

/** Everything that the schema finds wrong with `value`. */
export function schemaFindings(value: unknown): Finding[] {
  const result = fileSchema.safeParse(value)
  const findings = result.success ? [] : result.error.issues.flatMap((issue) => findingsOf(issue, value))
  const wrong = new Set(findings.map(({ path }) => formatPath(path)))
  return [...findings, ...strayReferences(value, []).filter(({ path }) => !wrong.has(formatPath(path)))]
}

/** References outside secrets: taken as they stand they would be neither what was meant nor noticed. */
function strayReferences(value: unknown, path: Path): Finding[] {
  if (typeof value === 'string')
    return value.includes('${') && !isSecret(path)
      ? [{ path, message: 'references are followed in secrets only', fix: 'write the value itself' }]
      : []
  if (Array.isArray(value)) return value.flatMap((one, index) => strayReferences(one, [...path, index]))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, one]) => strayReferences(one, [...path, name]))
}

type Issue = z.core.$ZodIssue

function findingsOf(issue: Issue, root: unknown): Finding[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key))
  if (issue.code === 'invalid_key') {
    const message = `the name ${issue.issues[0]?.message ?? 'is not allowed'}`
    return [{ path, at: 'key', message, fix: 'write another name' }]
  }
  const value = valueAt(root, path)
  const name = String(path.at(-1) ?? '')
  const wanted = descriptionAt(path)
  if (path.length === 0 && (value === undefined || value === null))
    return [{ path, message: 'the file says nothing', fix: wholeFileFix }]
  if (value === undefined || value === null)
    return [
      {
        path,
        message: value === null ? 'has no value' : 'is missing',
        fix: exampleOf(name, wanted) ?? `write \`${name}:\` and its value`,
      },
    ]
  const said = messageOf(issue, wanted)
  const given = isSecret(path) || isRightKind(issue, value) ? '' : `, not ${echo(value)}`
  return [{ path, message: `${said}${given}`, fix: fixOf(issue, value, name, wanted) }]
}

/** A list that is too short is still a list: repeating that says nothing. */
function isRightKind(issue: Issue, value: unknown): boolean {
  return typeof value === 'object' && issue.code !== 'invalid_type' && issue.code !== 'invalid_union'
}

function messageOf(
  issue: Exclude<Issue, { code: 'unrecognized_keys' | 'invalid_key' }>,
  wanted: Described | undefined,
): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeWords[wanted?.type === 'integer' ? 'int' : issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return issue.values.length === 1
        ? `can only be ${code(issue.values[0])}`
        : `must be one of ${issue.values.map(code).join(', ')}`
    case 'too_small':
      return `must ${amount(issue.origin, 'at least', issue.minimum)}`
    case 'too_big':
      return `must ${amount(issue.origin, 'at most', issue.maximum)}`
    case 'invalid_union':
      return 'must be text, a number, `true`, `false` or a list of them'
    default:
      return issue.message
  }
}

function amount(origin: string, bound: string, count: number | bigint): string {
  if (origin !== 'array' && origin !== 'string') return `be ${bound} ${count}`
  const [one, many] = origin === 'array' ? ['entry', 'entries'] : ['character', 'characters']
  return `have ${bound} ${count} ${Number(count) === 1 ? one : many}`
}

const typeWords: { readonly [type: string]: string } = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: '`true` or `false`',
  array: 'a list',
  object: 'a group of settings',
  record: 'a group of names and values',
}

function fixOf(issue: Issue, value: unknown, name: string, wanted: Described | undefined): string {
  if (issue.code === 'custom' && typeof issue.params?.fix === 'string') return issue.params.fix
  if (issue.code === 'invalid_value' && typeof value === 'string') {
    const meant = nearest(value, issue.values.map(String))
    if (meant !== undefined) return `did you mean \`${meant}\`?`
  }
  if (issue.code === 'invalid_type' && issue.expected === 'array') return `begin each entry with \`- \``
  if (issue.code === 'invalid_type' && issue.expected === 'string' && typeof value !== 'object')
    return exampleOf(name, wanted) ?? `put it in quotes: \`"${String(value)}"\``
  return exampleOf(name, wanted) ?? 'see docs/reference/configuration.md'
}

function unknownKey(path: Path, key: string): Finding {
  const known = Object.keys(descriptionAt(path)?.properties ?? {})
  const meant = nearest(key, known)
  const listed = known.slice(0, namesMax).map(code).join(', ')
  return {
    path: [...path, key],
    at: 'key',
    message: 'there is no such setting',
    fix: meant === undefined ? `settings here are ${listed}` : `did you mean \`${meant}\`?`,
  }
}

/** What the schema says at a path of the file. */
function descriptionAt(path: Path): Described | undefined {
  let node: Described | undefined = described
  for (const part of path) {
    if (typeof part === 'number') node = node?.items
    else {
      const more: Described | boolean | undefined = node?.additionalProperties
      node = node?.properties?.[part] ?? (typeof more === 'object' ? more : undefined)
    }
  }
  return node
}

function exampleOf(name: string, wanted: Described | undefined): string | undefined {
  const example = wanted?.examples?.[0] ?? wanted?.default
  if (example === undefined || (typeof example === 'object' && wanted?.examples === undefined)) return undefined
  return `write for example \`${name}: ${typeof example === 'string' ? example : JSON.stringify(example)}\``
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as { readonly [key: string | number]: unknown })[part]
  }
  return value
}

/** A setting whose value is a secret: errors never repeat it. */
function isSecret(path: Path): boolean {
  return markAt(fileSchema, path) === 'secret'
}

function echo(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a group of settings'
  return code(typeof value === 'string' ? value.slice(0, echoCharsMax) : value)
}

function code(value: unknown): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a control character must not reach a terminal
  return `\`${String(value).replace(/[\u0000-\u001f\u007f-\u009f`]/g, '?')}\``
}
