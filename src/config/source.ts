/**
 * The text of a configuration as a tree that knows its places. Strict YAML 1.2: one document, keys that are text and come
 * once, no anchors, aliases, merges or tags, so that what is written is what is meant and nothing can grow.
 */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
} from 'yaml'
import { limits } from '../model/index.ts'
import { type ConfigError, type Finding, formatPath, type Path } from './errors.ts'

/** Collections within collections: the schema needs 6. */
const depthMax = 24
/** Errors told at once: beyond it the file is not a configuration at all. */
const syntaxErrorsMax = 20

export interface Source {
  readonly file: string
  /** Plain values: objects, arrays, text, numbers, booleans, null. */
  readonly value: unknown
  /** What the YAML itself has wrong; `value` is of no use then. */
  readonly errors: readonly ConfigError[]
  /** Puts a finding in its place: of the value, else of its key, else of the nearest thing around it that exists. */
  place(finding: Finding): ConfigError
}

/** Sentences of our own for the errors of the `yaml` package, whose messages may quote the line, which may hold a secret. */
const syntax: { readonly [code: string]: readonly [message: string, fix: string] } = {
  DUPLICATE_KEY: ['this key comes twice', 'keep one of them'],
  NON_STRING_KEY: ['this key is not text', 'put the key in quotes'],
  MULTIPLE_DOCS: ['the file holds more than one YAML document', 'remove the line `---` and what belongs to the others'],
  TAB_AS_INDENT: ['a tab is used to indent', 'indent with spaces'],
  BAD_INDENT: ['the indentation does not fit the lines around', 'align this line with its siblings'],
  BAD_DQ_ESCAPE: ['an escape in double quotes is not known to YAML', 'use single quotes, or double the backslash'],
  MISSING_CHAR: ['a closing quote, bracket, comma or colon is missing', 'close what is open on this line or above'],
  BLOCK_AS_IMPLICIT_KEY: ['a key has no space or line break after its colon', 'write `key: value`'],
  BAD_SCALAR_START: ['plain text may not begin with this character', 'put the text in quotes'],
  RESOURCE_EXHAUSTION: ['the file is nested too deeply to be read', 'remove the nesting'],
  UNEXPECTED_TOKEN: ['this does not fit here', 'put text with special characters in quotes'],
  KEY_OVER_1024_CHARS: ['this key is longer than 1,024 characters', 'shorten it'],
}

const notYaml = ['this is not YAML', 'see https://yaml.org/spec/1.2.2/ or use an editor that knows YAML'] as const

/** YAML 1.2 section 10.3: what plain values resolve to. */
const coreTags: ReadonlySet<string> = new Set(
  ['map', 'seq', 'str', 'null', 'bool', 'int', 'float'].map((name) => `tag:yaml.org,2002:${name}`),
)

/** Never throws: what is wrong stands in `errors`. */
export function readSource(file: string, bytes: Uint8Array): Source {
  const whole = (message: string, fix: string): Source => {
    const place = (finding: Finding): ConfigError => ({ file, line: 1, column: 1, ...wordsOf(finding) })
    return { file, value: undefined, errors: [place({ path: [], message, fix })], place }
  }
  if (bytes.length > limits.configurationBytesMax)
    return whole(
      `the file has more than ${limits.configurationBytesMax} bytes`,
      'move what is not configuration elsewhere',
    )
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return whole('the file is not UTF-8', 'save it as UTF-8')
  }
  const lines = new LineCounter()
  try {
    return treeOf(file, text, lines)
  } catch (cause) {
    // The parser recurses: a file of brackets alone ends its stack.
    if (cause instanceof RangeError) return whole('the file is nested too deeply to be read', 'remove the nesting')
    throw cause
  }
}

function treeOf(file: string, text: string, lines: LineCounter): Source {
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: true,
    merge: false,
    version: '1.2',
    schema: 'core',
    // Not `silent`: that would take a second document without a word.
    logLevel: 'error',
  })
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  // Tags are told of by `refusedNodes`, which also finds those that YAML would accept.
  const broken = [...document.errors, ...document.warnings].filter(({ code }) => code !== 'TAG_RESOLVE_FAILED')
  const errors: ConfigError[] = []
  const told = new Set<string>()
  const tell = (offset: number, message: string, fix: string): void => {
    const error = { file, ...at(offset), path: '', message, fix }
    // One slip of a bracket is found again at each character of its line.
    const once = `${error.line} ${message}`
    if (!told.has(once) && errors.length < syntaxErrorsMax) errors.push(error)
    told.add(once)
  }
  for (const error of broken) tell(error.pos[0], ...(syntax[error.code] ?? notYaml))
  for (const { offset, message, fix } of refusedNodes(document)) tell(offset, message, fix)
  const place = (finding: Finding): ConfigError => ({
    file,
    ...at(offsetOf(document, finding.path, finding.at ?? 'value')),
    ...wordsOf(finding),
  })
  return { file, value: errors.length > 0 ? undefined : document.toJS({ maxAliasCount: 0 }), errors, place }
}

function wordsOf(finding: Finding): { path: string; message: string; fix: string } {
  return { path: formatPath(finding.path), message: finding.message, fix: finding.fix }
}

/** What YAML allows and a configuration does without. */
function refusedNodes(document: Document): { offset: number; message: string; fix: string }[] {
  const found: { offset: number; message: string; fix: string }[] = []
  visit(document, (_key, node, ancestors) => {
    if (!isNode(node)) return undefined
    const offset = node.range?.[0] ?? 0
    if (isAlias(node)) found.push({ offset, message: 'YAML aliases are not read here', fix: 'write the value out' })
    else if (node.anchor !== undefined)
      found.push({ offset, message: 'YAML anchors are not read here', fix: `remove \`&${node.anchor}\`` })
    else if (node.tag !== undefined && !coreTags.has(node.tag))
      found.push({ offset, message: 'YAML tags are not read here', fix: 'remove the `!` and the word after it' })
    else if (isScalar(node) && node.value === '__proto__' && ancestors.length > 0)
      found.push({ offset, message: '`__proto__` is not a name that can be used here', fix: 'choose another name' })
    if (isCollection(node) && ancestors.filter(isCollection).length >= depthMax) {
      found.push({ offset, message: `more than ${depthMax} levels are nested here`, fix: 'remove the nesting' })
      return visit.SKIP
    }
    return undefined
  })
  return found
}

function offsetOf(document: Document, path: Path, want: 'key' | 'value'): number {
  let node: unknown = document.contents
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0
  for (const [index, part] of path.entries()) {
    const isLast = index === path.length - 1
    let next: unknown
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === part)
      const key = pair?.key
      if (isNode(key) && key.range) offset = key.range[0]
      if (pair === undefined || (isLast && want === 'key')) return offset
      next = pair.value
    } else if (isSeq(node) && typeof part === 'number') next = node.items[part]
    if (!isNode(next)) return offset
    node = next
    if (next.range) offset = next.range[0]
  }
  return offset
}
