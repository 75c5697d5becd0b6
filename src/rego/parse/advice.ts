/**
 * What the author of a text that cannot be parsed probably meant, judged from the tokens around the place of the error.
 * It changes no error: each piece of advice is one sentence for its details, and where nothing is certain there is none.
 */

import { closest } from '../resolve/suggest.ts'
import { keywordsOfV1, type SyntaxFault } from './cursor.ts'
import { lex, sourceCharsMax, type Token } from './lex.ts'

/** The place of an error among the tokens. */
interface Place {
  readonly source: string
  readonly token: Token
  readonly previous: Token | undefined
  readonly next: Token | undefined
  /** The token before the previous one. */
  readonly earlier: Token | undefined
  /** The innermost bracket that is open here. */
  readonly open: Token | undefined
  /** Expressions stand here, and not rules: inside braces, or in a query. */
  readonly inBody: boolean
}

/** At most one sentence about a fault in `source`; `unit` says whether rules or expressions stand outermost. */
export function adviceFor(fault: SyntaxFault, source: string, unit: 'module' | 'query'): readonly string[] {
  if (source.length > sourceCharsMax) return []
  const { tokens } = lex(source, fault.at.file)
  const index = tokens.findIndex(({ start, kind }) => start >= fault.at.start || kind === 'eof')
  const token = tokens[index]
  if (token === undefined || token.start !== fault.at.start) return []
  const open = openBrackets(tokens, index).at(-1)
  const place: Place = {
    source,
    token,
    previous: tokens[index - 1],
    earlier: tokens[index - 2],
    next: tokens[index + 1],
    open,
    inBody: open?.kind === '{' || (open === undefined && unit === 'query'),
  }
  for (const rule of rules) {
    const found = rule(place)
    if (found !== undefined) return [found]
  }
  return []
}

type Rule = (place: Place) => string | undefined

const rules: readonly Rule[] = [
  packageFirst,
  bracket,
  foreignSign,
  packageName,
  keywordAsName,
  (place) => (place.inBody ? wordInBody(place) : wordBetweenRules(place)),
]

const pairs: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }

function openBrackets(tokens: readonly Token[], end: number): Token[] {
  const open: Token[] = []
  for (const token of tokens.slice(0, end)) {
    if (token.kind === '(' || token.kind === '[' || token.kind === '{') open.push(token)
    else if (open.at(-1)?.kind === pairs[token.kind]) open.pop()
  }
  return open
}

function packageFirst({ token, previous }: Place): string | undefined {
  if (previous !== undefined || (token.kind === 'name' && token.text === 'package')) return undefined
  const meant = token.kind === 'name' ? closest(token.text, ['package']) : undefined
  return meant === undefined ? 'a module begins with its package, such as `package authz`' : didYouMean(meant)
}

/** A bracket that is not closed where something else ends, or closed where none is open. */
function bracket({ source, token, previous, open }: Place): string | undefined {
  const wanted = pairs[token.kind]
  if (wanted !== undefined && open === undefined) return `no \`${wanted}\` is open here`
  if (open === undefined && token.kind === 'eof' && previous !== undefined)
    return `the text ends where something must follow \`${source.slice(previous.start, previous.end)}\``
  if (open === undefined || (token.kind !== 'eof' && (wanted === undefined || wanted === open.kind))) return undefined
  return `the \`${open.kind}\` of row ${open.row}, column ${open.col} is not closed`
}

const commentSigns = new Set(['//', '/*'])

/** Signs of other languages. */
function foreignSign({ source, token, previous, earlier, inBody }: Place): string | undefined {
  const at = source.charAt(token.start)
  const before = previous !== undefined && !token.gap ? previous.kind : ''
  if (token.kind === 'illegal') {
    if (at === "'") return 'strings stand in double quotes or backticks'
    if (at === '!') return 'negation is written `not`'
    return token.text === '' ? `Rego has no \`${at}\`` : undefined
  }
  if (
    commentSigns.has(source.slice(token.start - 1, token.start + 1)) ||
    commentSigns.has(source.slice(token.start, token.start + 2))
  )
    return 'comments begin with `#`'
  if (token.kind === '=' && before === '==') return didYouMean('==')
  if (token.kind === '=' && ['+', '-', '*', '/', '%'].includes(before) && earlier?.kind === 'name')
    return `variables never change: give the new value a new name, \`y := ${earlier.text} ${before} ...\``
  if (token.kind === before && (before === '+' || before === '-')) return 'variables never change'
  if (token.kind === '&' && before === '&') return 'conditions that must all hold are separated by `;` or a new line'
  if (token.kind === '|' && before === '|')
    return 'alternatives are several rules of one name, or `or` with `import future.keywords.or`'
  if (token.kind === ',' && inBody) return 'conditions are separated by `;` or a new line'
  return undefined
}

/** `package a-b` */
function packageName({ source, token, previous, earlier }: Place): string | undefined {
  if (token.kind !== '-' || token.newline || previous?.kind !== 'name') return undefined
  const line = source.slice(source.lastIndexOf('\n', token.start) + 1, token.start)
  if (!/^\s*package\s/.test(line)) return undefined
  return earlier?.kind === '.'
    ? `a part of a package that is not a plain name stands in brackets: \`["${previous.text}-..."]\``
    : 'the first part of a package is a plain name: letters, digits and `_`'
}

function keywordAsName({ token, previous, next, inBody }: Place): string | undefined {
  const assigns = (sign: Token | undefined): boolean => sign?.kind === ':=' || sign?.kind === '='
  const isKeyword = (word: Token | undefined): word is Token => word?.kind === 'name' && keywordsOfV1.has(word.text)
  const found = assigns(token) && isKeyword(previous) ? previous : assigns(next) && isKeyword(token) ? token : undefined
  return found === undefined
    ? undefined
    : `\`${found.text}\` is a keyword: call the ${inBody ? 'variable' : 'rule'} something else`
}

/** Words that other languages put before what they declare. */
const declarators = new Set(['let', 'var', 'const', 'def', 'fn', 'func', 'function', 'rule'])

/** Two words side by side in a body. */
function wordInBody({ token, previous, earlier }: Place): string | undefined {
  if (previous?.kind !== 'name' || token.newline || token.kind === 'eof') return undefined
  const startsHere = earlier === undefined || earlier.kind === '{' || earlier.kind === ';' || previous.newline
  const isWord = token.kind === 'name'
  if (startsHere && isWord) {
    const meant = closest(previous.text, ['some', 'every', 'not'])
    if (meant !== undefined) return didYouMean(meant)
    if (previous.text === 'for' || previous.text === 'foreach')
      return '`some x in xs` takes each element, `every x in xs { ... }` asks that all of them fit'
    if (declarators.has(previous.text)) return `variables need no word before them: leave out \`${previous.text}\``
  }
  if (startsHere && previous.text === 'return') return 'a body holds conditions: leave out `return`'
  if (!isWord) return undefined
  if (token.text === 'and' || token.text === 'or') return needsImport(token.text)
  const meant = closest(token.text, ['with', 'in', 'as'])
  return meant === undefined ? undefined : didYouMean(meant)
}

/** A word that begins no rule, or a word after a rule that nothing connects with it. */
function wordBetweenRules({ source, token, previous, next }: Place): string | undefined {
  if (token.kind !== 'name' || keywordsOfV1.has(token.text)) return undefined
  const follows = next !== undefined && !next.newline && next.kind === 'name' ? next.text : undefined
  if (previous !== undefined && !token.newline) return wordAfterRule(token.text, isImport(source, token))
  if (next?.newline !== false || next.kind === 'eof')
    return `a rule has a value or a condition: \`${token.text} := ...\` or \`${token.text} if ...\``
  if (follows === undefined) return undefined
  const statement = closest(token.text, ['package', 'import', 'default'])
  if (statement !== undefined) return didYouMean(statement)
  if (declarators.has(token.text)) return `a rule begins with its name: leave out \`${token.text}\``
  const meant = closest(follows, ['contains', 'if'])
  if (meant !== undefined) return didYouMean(meant)
  return `after \`${token.text}\` come \`if\`, \`contains\` or \`:=\`, not \`${follows}\``
}

const elseIfs = new Set(['elif', 'elsif', 'elseif'])

function wordAfterRule(word: string, isImport: boolean): string | undefined {
  if (word === 'and' || word === 'or') return needsImport(word)
  if (elseIfs.has(word)) return didYouMean('else if')
  const meant = closest(word, isImport ? ['as'] : ['else', 'if', 'with', 'in'])
  return meant === undefined ? undefined : didYouMean(meant)
}

function isImport(source: string, { start }: Token): boolean {
  return /^\s*import\s/.test(source.slice(source.lastIndexOf('\n', start - 1) + 1, start))
}

function needsImport(word: string): string {
  return `\`${word}\` between conditions needs \`import future.keywords.${word}\``
}

function didYouMean(meant: string): string {
  return `did you mean \`${meant}\`?`
}
