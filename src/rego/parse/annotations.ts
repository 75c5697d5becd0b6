/**
 * `# METADATA` blocks: from comments to `Annotations`, and each to the rule or package that follows it.
 */

import type { Annotations, Comment, Module, Plain, RuleDecl, SchemaAnnotation, Span } from '../ast.ts'
import { parseYaml } from '../builtins/annotation-yaml.ts'
import { parseUrl, UrlError } from '../builtins/go/url.ts'
import { SyntaxFault } from './cursor.ts'

type Fields = { readonly [key: string]: Plain }
type Scope = Annotations['scope']

/** Annotations as read: the scope may still follow from where they stand. */
export type LooseAnnotations = Omit<Annotations, 'scope'> & { readonly scope?: string }

const scopes: readonly string[] = ['rule', 'document', 'package', 'subpackages']

/** The annotations among the comments of a file. Throws `SyntaxFault` on the first that is not valid. */
export function readAnnotations(
  comments: readonly Comment[],
  parsePath: (text: string) => readonly string[] | undefined,
): LooseAnnotations[] {
  const found: LooseAnnotations[] = []
  for (let i = 0; i < comments.length; i++) {
    const first = comments[i] as Comment
    if (!isMetadata(first)) continue
    const block: Comment[] = []
    for (
      let next = comments[i + 1];
      next !== undefined && continues(next, comments[i] as Comment);
      next = comments[i + 1]
    ) {
      block.push(next)
      i++
    }
    found.push(readBlock(first, block, parsePath))
  }
  return found
}

function isMetadata(comment: Comment): boolean {
  return comment.at.col === 1 && comment.text.trim().startsWith('METADATA')
}

function continues(comment: Comment, previous: Comment): boolean {
  return comment.at.col === 1 && comment.at.row === previous.at.row + 1 && !isMetadata(comment)
}

function readBlock(
  first: Comment,
  block: readonly Comment[],
  parsePath: (text: string) => readonly string[] | undefined,
): LooseAnnotations {
  const text = block.map((comment) => comment.text.replace(/^ /, '')).join('\n')
  if (text.trim() === '') throw new SyntaxFault('expected METADATA block, found whitespace', first.at)
  const parsed = parseYaml(`${text}\n`)
  if ('problem' in parsed) {
    const line = block[Math.min(parsed.line, block.length) - 1] ?? first
    throw new SyntaxFault(`yaml: line ${parsed.line}: ${parsed.problem}`, line.at)
  }
  const at: Span = { ...first.at, end: (block.at(-1) ?? first).at.end }
  const placeOf = (name: string): Span => block[(parsed.lines.get(name) ?? 0) - 1]?.at ?? at
  return new Block((parsed.value ?? {}) as Fields, { at, placeOf }, parsePath).annotations()
}

/** Reads the fields of one block. Fields that annotations do not have are ignored, as OPA does. */
class Block {
  readonly fields: Fields
  readonly at: Span
  /** The line on which a field's value begins. */
  readonly placeOf: (name: string) => Span
  readonly parsePath: (text: string) => readonly string[] | undefined

  constructor(
    fields: Fields,
    { at, placeOf }: { readonly at: Span; readonly placeOf: (name: string) => Span },
    parsePath: (text: string) => readonly string[] | undefined,
  ) {
    this.fields = fields
    this.at = at
    this.placeOf = placeOf
    this.parsePath = parsePath
  }

  fail(message: string): never {
    throw new SyntaxFault(message, this.at)
  }

  private wrongType(name: string, wanted: string): never {
    throw new SyntaxFault(`annotation \`${name}\` must be ${wanted}`, this.placeOf(name))
  }

  annotations(): LooseAnnotations {
    const scope = this.text('scope')
    const title = this.text('title')
    const description = this.text('description')
    const entrypoint = this.fields.entrypoint
    if (entrypoint !== undefined && entrypoint !== null && typeof entrypoint !== 'boolean')
      this.wrongType('entrypoint', 'a boolean')
    const organizations = this.list('organizations')?.map((each) => this.asText(each, 'organizations'))
    const authors = this.list('authors')?.map((each) => this.author(each))
    const relatedResources = this.list('related_resources')?.map((each) => this.resource(each))
    const schemas = this.list('schemas')?.map((each) => this.schema(each))
    const custom = this.map('custom')
    const labels = this.map('labels')
    const compile = this.compile()
    return {
      at: this.at,
      ...(scope ? { scope } : {}),
      ...(title ? { title } : {}),
      ...(description ? { description } : {}),
      ...(entrypoint === true ? { entrypoint } : {}),
      ...(organizations?.length ? { organizations } : {}),
      ...(authors?.length ? { authors } : {}),
      ...(relatedResources?.length ? { relatedResources } : {}),
      ...(schemas?.length ? { schemas } : {}),
      ...(custom && Object.keys(custom).length > 0 ? { custom } : {}),
      ...(labels && Object.keys(labels).length > 0 ? { labels } : {}),
      ...(compile ? { compile } : {}),
    }
  }

  private text(name: string): string | undefined {
    const value = this.fields[name]
    return value === undefined || value === null ? undefined : this.asText(value, name)
  }

  private asText(value: Plain, name: string): string {
    if (typeof value === 'object') this.wrongType(name, 'a string')
    return String(value)
  }

  private list(name: string): readonly Plain[] | undefined {
    const value = this.fields[name]
    if (value === undefined || value === null) return undefined
    if (!Array.isArray(value)) this.wrongType(name, 'a list')
    return value
  }

  private map(name: string): Fields | undefined {
    const value = this.fields[name]
    if (value === undefined || value === null) return undefined
    if (!isFields(value)) this.wrongType(name, 'a map')
    return value
  }

  private author(value: Plain): { readonly name: string; readonly email?: string } {
    const invalid = `invalid author definition ${show(value)}: `
    if (typeof value === 'string') {
      const words = value.split(/\s+/).filter((word) => word !== '')
      if (words.length === 0) this.fail(`${invalid}author is an empty string`)
      const last = words.at(-1) ?? ''
      const email = last.startsWith('<') && last.endsWith('>') ? last.slice(1, -1) : ''
      if (last.startsWith('<') && last.endsWith('>')) words.pop()
      return email === '' ? { name: words.join(' ') } : { name: words.join(' '), email }
    }
    if (!isFields(value)) this.fail(`${invalid}invalid value type, must be string or map`)
    const name = textField(value, 'name')
    const email = textField(value, 'email')
    if (name === '' && email === '') this.fail(`${invalid}'name' and/or 'email' values required in object`)
    return email === '' ? { name } : { name, email }
  }

  private resource(value: Plain): { readonly ref: string; readonly description?: string } {
    const invalid = `invalid related-resource definition ${show(value)}: `
    if (typeof value === 'string') {
      if (value === '') this.fail(`${invalid}ref URL may not be empty string`)
      return { ref: this.url(value, invalid) }
    }
    if (!isFields(value)) this.fail(`${invalid}invalid value type, must be string or map`)
    const ref = textField(value, 'ref')
    const description = textField(value, 'description')
    if (ref === '') this.fail(`${invalid}'ref' value required in object`)
    this.url(ref, invalid)
    return description === '' ? { ref } : { ref, description }
  }

  private url(text: string, invalid: string): string {
    try {
      parseUrl(text)
      return text
    } catch (cause) {
      if (cause instanceof UrlError) return this.fail(`${invalid}${cause.message}`)
      throw cause
    }
  }

  private schema(value: Plain): SchemaAnnotation {
    if (!isFields(value)) this.wrongType('schemas', 'a list of maps')
    const [entry] = Object.entries(value)
    if (entry === undefined) return this.fail('invalid document reference')
    const [place, given] = entry
    const path = this.parsePath(place)
    if (path === undefined || (path[0] !== 'input' && path[0] !== 'data')) this.fail('invalid document reference')
    if (typeof given === 'string') {
      const ref = this.parsePath(given)
      if (ref?.[0] !== 'schema') this.fail('invalid schema reference')
      return { path, ref }
    }
    if (!isFields(given)) this.fail(`invalid schema declaration for path "${place}"`)
    return { path, definition: given }
  }

  private compile(): Annotations['compile'] {
    const fields = this.map('compile')
    if (fields === undefined) return undefined
    const unknowns = Array.isArray(fields.unknowns)
      ? fields.unknowns.map((each: Plain) => {
          const path = typeof each === 'string' ? this.parsePath(each) : undefined
          return path ?? this.fail(`invalid unknowns element "${show(each)}"`)
        })
      : undefined
    const mask = fields.mask_rule
    const maskRule = typeof mask === 'string' ? this.parsePath(mask) : undefined
    if (typeof mask === 'string' && maskRule === undefined) this.fail(`invalid mask_rule annotation "${mask}"`)
    return { ...(unknowns ? { unknowns } : {}), ...(maskRule ? { maskRule } : {}) }
  }
}

function isFields(value: Plain | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textField(fields: Fields, name: string): string {
  const value = fields[name]
  return typeof value === 'string' ? value.trim() : ''
}

function show(value: Plain): string {
  return typeof value === 'string'
    ? value
    : JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? String(each) : each))
}

/** The module with each annotation at the statement that follows it. Throws `SyntaxFault` where that cannot carry it. */
export function attachAnnotations(module: Module, loose: readonly LooseAnnotations[]): Module {
  if (loose.length === 0) return module
  const ofModule: Annotations[] = []
  const ofRules = new Map<RuleDecl, Annotations[]>()
  const statements = [
    { kind: 'package' as const, row: module.packageAt.row, rule: undefined },
    ...module.imports.map((each) => ({ kind: 'import' as const, row: each.at.row, rule: undefined })),
    ...module.rules.map((rule) => ({ kind: 'rule' as const, row: rule.at.row, rule })),
  ].sort((a, b) => a.row - b.row)
  let next = 0
  for (const each of loose) {
    while (next < statements.length && (statements[next]?.row ?? 0) <= each.at.row) next++
    const statement = statements[next]
    const annotations = scoped(each, statement?.kind)
    if (statement?.rule === undefined) ofModule.push(annotations)
    else {
      const list = ofRules.get(statement.rule) ?? []
      ofRules.set(statement.rule, [annotations, ...list])
    }
  }
  const rules = module.rules.map((rule) => {
    const annotations = ofRules.get(rule)
    return annotations === undefined ? rule : { ...rule, annotations }
  })
  return { ...module, rules, annotations: ofModule }
}

function scoped(loose: LooseAnnotations, statement: 'package' | 'import' | 'rule' | undefined): Annotations {
  const { at, entrypoint } = loose
  const implied = statement === 'rule' ? (entrypoint ? 'document' : 'rule') : (statement ?? '')
  const scope = loose.scope ?? implied
  if (!scopes.includes(scope))
    throw new SyntaxFault(
      `invalid annotation scope '${scope}'. Use one of 'rule', 'document', 'package', or 'subpackages'`,
      at,
    )
  const wanted = scope === 'rule' || scope === 'document' ? 'rule' : 'package'
  if (statement !== wanted) {
    const have = statement === undefined ? '' : ` (have ${statement})`
    throw new SyntaxFault(`annotation scope '${scope}' must be applied to ${wanted}${have}`, at)
  }
  if (entrypoint && scope !== 'document' && scope !== 'package')
    throw new SyntaxFault(`annotation entrypoint applied to non-document or package scope '${scope}'`, at)
  return { ...loose, scope: scope as Scope }
}
