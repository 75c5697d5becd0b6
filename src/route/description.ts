/**
 * An OpenAPI description (3.0 or 3.1) becomes operations that are found by method and path. Everything that is wrong with it
 * is said when it is read, with the place and what to write instead; a call meets only descriptions that hold.
 */
import { type Flaw, Flaws, type Json, messageOf, type Operation, type RouteRule } from '../model/index.ts'
import { type DescribedOperation, type OperationDraft, readOperation } from './operation.ts'
import { asObject, type Document, flawed, type Located, member, members, resolve, textMember } from './references.ts'
import { makeSchemas, type Schemas } from './schema.ts'
import { clashes, isParameter, makeTemplateTree, type OtherMethods } from './templates.ts'
import type { Tool } from './tool.ts'
import type { MakeValidator, Validator } from './validate.ts'

export interface Description {
  readonly tools: readonly Tool[]
  /** The operation at a path counted from segment `from`; `OtherMethods` where only the path is known. */
  find(method: string, segments: readonly string[], from: number): Operation | OtherMethods | undefined
}

export interface DescriptionSource {
  /** For messages. */
  readonly file: string
  /** The file as parsed, JSON or YAML. */
  readonly document: Json
  /** Id of the upstream: `call.tool.server`. */
  readonly server: string
  readonly renames: RouteRule['renames']
  /** Segments of the route's prefix: what is removed before a path of the description begins. */
  readonly prefixLength: number
  readonly makeValidator: MakeValidator
}

/** OpenAPI 3.1 section 4.8.9: the fixed fields of a path item that are methods. */
const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']
/** Beyond it a description is not one service, and comparing every path with every other takes seconds. */
const operationsMax = 2_000
/** Flaws told at once. */
const flawsMax = 50

/** Throws `Flaws`. */
export function readDescription(source: DescriptionSource): Description {
  const document: Document = { file: source.file, root: source.document, version: versionOf(source) }
  const schemas = makeSchemas(document)
  const flaws: Flaw[] = []
  const attempt = <T>(run: () => T): T | undefined => {
    try {
      return run()
    } catch (cause) {
      if (!(cause instanceof Flaws)) throw cause
      flaws.push(...cause.flaws)
      return undefined
    }
  }
  const { drafts, names } = attempt(() => readPaths(document, schemas, source, attempt)) ?? nothing
  attempt(() => checkNames(document, drafts, names, source.renames))
  attempt(() => checkPaths(document, drafts))
  if (flaws.length > 0) throw new Flaws(flaws.slice(0, flawsMax))
  const validator = validatorOf(document, schemas, source)
  const operations = drafts
    .map((draft) => attempt(() => draft.finish(validator)))
    .filter((operation) => operation !== undefined)
  if (flaws.length > 0) throw new Flaws(flaws.slice(0, flawsMax))
  return describe(operations)
}

function validatorOf(document: Document, { definitions }: Schemas, { makeValidator }: DescriptionSource): Validator {
  try {
    return makeValidator(definitions)
  } catch (cause) {
    const what = messageOf(cause)
    const fix = 'correct the schema that is named'
    throw flawed(document, { value: document.root, pointer: '' }, `a schema is not valid: ${what}`, fix)
  }
}

function describe(operations: readonly DescribedOperation[]): Description {
  const tree = makeTemplateTree(
    operations.map((operation) => ({
      template: operation.template,
      method: operation.method,
      value: operation.operation,
    })),
  )
  return { tools: operations.map(({ tool }) => tool), find: tree.find }
}

function versionOf({ file, document }: DescriptionSource): Document['version'] {
  const top = { file, root: document, version: '3.1' } as const
  const at: Located = { value: document, pointer: '' }
  asObject(top, at)
  const version = textMember(at, 'openapi') ?? ''
  if (/^3\.0\.\d+$/.test(version)) return '3.0'
  if (/^3\.1\.\d+$/.test(version)) return '3.1'
  const said = version === '' ? 'there is no `openapi`' : `\`openapi\` is \`${version}\``
  throw flawed(top, at, said, 'write a description of OpenAPI 3.0 or 3.1, e.g. `openapi: 3.1.0`')
}

interface Read {
  readonly drafts: readonly OperationDraft[]
  /** Every operationId there is, also of operations that have a flaw. */
  readonly names: ReadonlySet<string>
}

const nothing: Read = { drafts: [], names: new Set() }

function readPaths(
  document: Document,
  schemas: Schemas,
  { server, renames, prefixLength }: DescriptionSource,
  attempt: <T>(run: () => T) => T | undefined,
): Read {
  const paths = member({ value: document.root, pointer: '' }, 'paths')
  if (paths === undefined)
    throw flawed(document, { value: document.root, pointer: '' }, 'there is no `paths`', 'describe at least one path')
  asObject(document, paths)
  const drafts: OperationDraft[] = []
  const names = new Set<string>()
  for (const [path, part] of members(paths)) {
    if (path.startsWith('x-')) continue
    const template = attempt(() => templateOf(document, path, part))
    const pathItem = attempt(() => resolve(document, part))
    if (template === undefined || pathItem === undefined) continue
    for (const method of methods) {
      const at = member(pathItem, method)
      if (at === undefined) continue
      if (drafts.length === operationsMax)
        throw flawed(document, at, `there are more than ${operationsMax} operations`, 'divide the description')
      const name = textMember(at, 'operationId') ?? ''
      names.add(name)
      const own = Object.hasOwn(renames, name) ? (renames[name] ?? {}) : {}
      const operation = {
        document,
        schemas,
        server,
        method: method.toUpperCase(),
        template,
        pathItem,
        at,
        prefixLength,
        renames: own,
      }
      const draft = attempt(() => readOperation(operation))
      if (draft !== undefined) drafts.push(draft)
    }
  }
  return { drafts, names }
}

function templateOf(document: Document, path: string, at: Located): readonly string[] {
  if (!path.startsWith('/') || path.includes('?') || path.includes('#'))
    throw flawed(
      document,
      at,
      `the path \`${path}\` does not begin with \`/\`, or has a query`,
      'write e.g. `/orders/{id}`',
    )
  const segments = path === '/' ? [] : path.slice(1).split('/')
  const names = new Set<string>()
  return segments.map((segment, index) => {
    if (segment === '' && index < segments.length - 1)
      throw flawed(document, at, `the path \`${path}\` has an empty segment`, 'remove one `/`')
    if (isParameter(segment) && !/[{}]/.test(segment.slice(1, -1)) && segment.length > 2) {
      if (names.has(segment)) throw flawed(document, at, `the path has \`${segment}\` twice`, 'rename one')
      names.add(segment)
      return segment
    }
    if (/[{}]/.test(segment))
      throw flawed(document, at, `\`${segment}\` is a parameter and more`, 'let a parameter be a whole segment')
    return decoded(document, at, segment)
  })
}

function decoded(document: Document, at: Located, segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw flawed(document, at, `\`${segment}\` is not percent-encoded UTF-8`, 'correct it')
  }
}

function checkNames(
  document: Document,
  drafts: readonly OperationDraft[],
  names: ReadonlySet<string>,
  renames: RouteRule['renames'],
): void {
  const flaws: Flaw[] = []
  const byName = new Map<string, OperationDraft>()
  for (const draft of drafts) {
    const other = byName.get(draft.name)
    if (other !== undefined)
      flaws.push(
        ...flawed(
          document,
          draft.at,
          `the operationId \`${draft.name}\` is also that of ${other.method} \`/${other.template.join('/')}\``,
          'give each operation its own',
        ).flaws,
      )
    byName.set(draft.name, draft)
  }
  for (const name of Object.keys(renames))
    if (!names.has(name))
      flaws.push({
        file: document.file,
        place: '',
        message: `\`renames\` of the route names the operation \`${name}\`, which is not here`,
        fix: 'correct the name, or remove it',
      })
  if (flaws.length > 0) throw new Flaws(flaws)
}

function checkPaths(document: Document, drafts: readonly OperationDraft[]): void {
  for (const [index, draft] of drafts.entries())
    for (const other of drafts.slice(0, index))
      if (draft.method === other.method && clashes(draft.template, other.template))
        throw flawed(
          document,
          draft.at,
          `the paths \`/${draft.template.join('/')}\` and \`/${other.template.join('/')}\` fit the same calls`,
          'make one of them more special, or remove it',
        )
}
