/**
 * Go's `text/template` language, read into a tree: text, actions, and the control structures between `{{` and `}}`.
 */

/** A template that is none, or that failed on its data. */
export class TemplateError extends Error {}

export type Literal =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'nil' }

/** One word of a command. `fields` are read one inside the other. */
export type Operand =
  | Literal
  | { readonly kind: 'dot'; readonly fields: readonly string[] }
  | { readonly kind: 'variable'; readonly name: string; readonly fields: readonly string[] }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'pipe'; readonly pipe: Pipe; readonly fields: readonly string[] }

export interface Pipe {
  /** Variables that take the value, two for `range`. */
  readonly variables: readonly string[]
  /** `:=` rather than `=`. */
  readonly declares: boolean
  readonly commands: readonly (readonly Operand[])[]
}

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipe: Pipe }
  | {
      readonly kind: 'if' | 'with' | 'range'
      readonly pipe: Pipe
      readonly body: readonly Node[]
      readonly otherwise: readonly Node[]
    }
  | { readonly kind: 'template'; readonly name: string; readonly pipe: Pipe | undefined }
  | { readonly kind: 'break' | 'continue' }

export interface Template {
  readonly body: readonly Node[]
  readonly named: ReadonlyMap<string, readonly Node[]>
}

/** Structures inside each other. */
const depthMax = 200

type Piece = { readonly text: string } | { readonly tokens: readonly string[] }

const tokenPattern =
  /\s+|"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)+'|:=|[|(),=]|\$[\p{L}\p{Nd}_]*|\.[\p{L}_][\p{L}\p{Nd}_]*|[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*)?\.?\d[\d_]*(?:[eE][+-]?\d+)?)|\.|[\p{L}_][\p{L}\p{Nd}_]*/uy

function tokenize(action: string): string[] {
  const tokens: string[] = []
  tokenPattern.lastIndex = 0
  while (tokenPattern.lastIndex < action.length) {
    const at = tokenPattern.lastIndex
    const found = tokenPattern.exec(action)
    if (found === null) throw new TemplateError(`template: unexpected ${JSON.stringify(action[at])} in command`)
    // Blanks matter: `.a .b` is two words, `.a.b` one.
    tokens.push(/^\s/.test(found[0]) ? ' ' : found[0])
  }
  return tokens
}

/** Texts and actions in order; trim markers and comments are gone. */
function pieces(source: string): Piece[] {
  const list: Piece[] = []
  let at = 0
  let trimNext = false
  while (at <= source.length) {
    const open = source.indexOf('{{', at)
    let text = source.slice(at, open < 0 ? source.length : open)
    if (trimNext) text = text.replace(/^[ \t\r\n]+/, '')
    const trimBefore = open >= 0 && /^\{\{-[ \t\r\n]/.test(source.slice(open, open + 4))
    if (trimBefore) text = text.replace(/[ \t\r\n]+$/, '')
    if (text !== '') list.push({ text })
    if (open < 0) break
    const start = open + (trimBefore ? 3 : 2)
    const comment = /^\s*\/\*[\s\S]*?\*\//.exec(source.slice(start))
    const close = closeOf(source, start + (comment?.[0].length ?? 0))
    const inner = source.slice(start, close)
    trimNext = /[ \t\r\n]-$/.test(inner)
    if (comment === null) list.push({ tokens: tokenize((trimNext ? inner.slice(0, -1) : inner).trim()) })
    at = close + 2
  }
  return list
}

function closeOf(source: string, from: number): number {
  const strings = /"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)+'|\}\}/g
  strings.lastIndex = from
  for (let found = strings.exec(source); found !== null; found = strings.exec(source))
    if (found[0] === '}}') return found.index
  throw new TemplateError('template: template:1: unclosed action')
}

class Parser {
  readonly #pieces: readonly Piece[]
  readonly #named = new Map<string, readonly Node[]>()
  readonly #functions: ReadonlySet<string>
  #at = 0
  /** How many bodies of `range` stand around this place. */
  #ranges = 0

  constructor(source: string, functions: ReadonlySet<string>) {
    this.#pieces = pieces(source)
    this.#functions = functions
  }

  template(): Template {
    const { nodes, end } = this.#list(0)
    if (end !== undefined) throw new TemplateError(`template: template:1: unexpected {{${end[0]}}}`)
    return { body: nodes, named: this.#named }
  }

  /** Nodes up to `else`, `end` or the end of the source. */
  #list(depth: number): { nodes: Node[]; end: readonly string[] | undefined } {
    if (depth > depthMax) throw new TemplateError(`template: structures are nested more than ${depthMax} deep`)
    const nodes: Node[] = []
    while (this.#at < this.#pieces.length) {
      const piece = this.#pieces[this.#at++] as Piece
      if ('text' in piece) {
        nodes.push({ kind: 'text', text: piece.text })
        continue
      }
      const [first, ...rest] = piece.tokens
      if (first === 'end' || first === 'else') return { nodes, end: piece.tokens }
      const node = this.#node(first ?? '', rest, piece.tokens, depth)
      if (node !== undefined) nodes.push(node)
    }
    return { nodes, end: undefined }
  }

  #node(first: string, rest: readonly string[], tokens: readonly string[], depth: number): Node | undefined {
    switch (first) {
      case 'if':
      case 'with':
      case 'range':
        return this.#branch(first, rest, depth)
      case 'break':
      case 'continue':
        if (this.#ranges === 0) throw new TemplateError(`template: template:1: {{${first}}} outside {{range}}`)
        return { kind: first }
      case 'template':
      case 'block': {
        const words = rest.filter((token, i) => token !== ' ' || i > 0)
        const name = stringOf(words[0] ?? '')
        const argument = words.slice(1)
        const pipe = argument.some((token) => token !== ' ') ? this.#pipe(argument) : undefined
        if (first === 'block') this.#define(name, depth)
        return { kind: 'template', name, pipe }
      }
      case 'define':
        this.#define(stringOf(rest.find((token) => token !== ' ') ?? ''), depth)
        return undefined
      default:
        return { kind: 'action', pipe: this.#pipe(tokens) }
    }
  }

  #define(name: string, depth: number): void {
    const outer = this.#ranges
    this.#ranges = 0
    const { nodes, end } = this.#list(depth + 1)
    this.#ranges = outer
    if (end?.[0] !== 'end') throw new TemplateError('template: template:1: unexpected EOF')
    this.#named.set(name, nodes)
  }

  #branch(kind: 'if' | 'with' | 'range', tokens: readonly string[], depth: number): Node {
    const pipe = this.#pipe(tokens)
    if (kind === 'range') this.#ranges += 1
    const { nodes, end } = this.#list(depth + 1)
    if (kind === 'range') this.#ranges -= 1
    if (end === undefined) throw new TemplateError('template: template:1: unexpected EOF')
    if (end[0] === 'end') return { kind, pipe, body: nodes, otherwise: [] }
    const chained = end.slice(1).filter((token) => token !== ' ')[0]
    if (chained === 'if' || chained === 'with') {
      const nested = this.#branch(chained, end.slice(end.indexOf(chained) + 1), depth + 1)
      return { kind, pipe, body: nodes, otherwise: [nested] }
    }
    const last = this.#list(depth + 1)
    if (last.end?.[0] !== 'end') throw new TemplateError('template: template:1: expected end; found {{else}}')
    return { kind, pipe, body: nodes, otherwise: last.nodes }
  }

  #pipe(tokens: readonly string[]): Pipe {
    const words = [...tokens]
    const assign = words.findIndex((token) => token === ':=' || token === '=')
    const paren = words.indexOf('(')
    if (assign < 0 || (paren >= 0 && paren < assign))
      return { variables: [], declares: false, commands: this.#commands(words) }
    const variables = words.slice(0, assign).filter((token) => token.startsWith('$'))
    return { variables, declares: words[assign] === ':=', commands: this.#commands(words.slice(assign + 1)) }
  }

  /** Takes words from the front of the list until it ends or a parenthesis closes. */
  #commands(words: string[]): Operand[][] {
    const commands: Operand[][] = [[]]
    for (let token = words.shift(); token !== undefined && token !== ')'; token = words.shift()) {
      if (token === ' ') continue
      if (token === '|') commands.push([])
      else (commands.at(-1) as Operand[]).push(this.#operand(token, words))
    }
    if (commands.some((command) => command.length === 0))
      throw new TemplateError('template: template:1: missing value for command')
    return commands
  }

  #operand(token: string, words: string[]): Operand {
    if (token === '(') {
      const commands = this.#commands(words)
      return { kind: 'pipe', pipe: { variables: [], declares: false, commands }, fields: fieldsOf(words) }
    }
    if (token === '.') return { kind: 'dot', fields: [] }
    if (/^\.[\p{L}_]/u.test(token)) return { kind: 'dot', fields: [token.slice(1), ...fieldsOf(words)] }
    if (token.startsWith('$')) return { kind: 'variable', name: token, fields: fieldsOf(words) }
    if (token === 'true' || token === 'false') return { kind: 'bool', value: token === 'true' }
    if (token === 'nil') return { kind: 'nil' }
    if (/^["`]/.test(token)) return { kind: 'string', value: stringOf(token) }
    if (token.startsWith("'"))
      return { kind: 'int', value: BigInt(stringOf(`"${token.slice(1, -1)}"`).codePointAt(0) ?? 0) }
    if (/^[+-]?\.?\d/.test(token)) return numberOf(token)
    if (this.#functions.has(token)) return { kind: 'function', name: token }
    throw new TemplateError(`template: template:1: function ${JSON.stringify(token)} not defined`)
  }
}

/** `.b.c` right behind an operand. */
function fieldsOf(words: string[]): string[] {
  const fields: string[] = []
  while (words[0] !== undefined && /^\.[\p{L}_]/u.test(words[0])) fields.push((words.shift() as string).slice(1))
  return fields
}

function stringOf(token: string): string {
  if (/^`[^`]*`$/.test(token)) return token.slice(1, -1)
  if (!/^"[\s\S]*"$/.test(token))
    throw new TemplateError(`template: template:1: unexpected ${JSON.stringify(token)} in template clause`)
  const named: Record<string, string> = { a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }
  return token
    .slice(1, -1)
    .replace(
      /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))/gs,
      (_, x, u, big, octal, char) => {
        const hex = x ?? u ?? big
        if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
        if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8))
        return named[char] ?? char
      },
    )
}

function numberOf(token: string): Literal {
  const digits = token.replaceAll('_', '')
  const unsigned = digits.replace(/^[+-]/, '')
  const negative = digits.startsWith('-')
  if (/^(?:\d+|0[xXbBoO].*)$/.test(unsigned)) {
    const octal = /^0\d+$/.test(unsigned) ? `0o${unsigned.slice(1)}` : unsigned
    const size = BigInt(octal)
    return { kind: 'int', value: negative ? -size : size }
  }
  const value = Number(digits)
  // A constant like `1e3` is a whole number too.
  return Number.isSafeInteger(value) && !digits.includes('.')
    ? { kind: 'int', value: BigInt(value) }
    : { kind: 'float', value }
}

/** Throws `TemplateError` where the source is no template, or calls a function that is not in `functions`. */
export function parseTemplate(source: string, functions: ReadonlySet<string>): Template {
  return new Parser(source, functions).template()
}
