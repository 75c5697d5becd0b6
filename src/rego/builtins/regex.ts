/**
 * `regex.*`.
 */
import type { Value } from '../value.ts'
import { type Builtin, BuiltinError } from './builtin.ts'
import { byteCount } from './code-points.ts'
import { globsIntersect } from './glob-intersection.ts'
import { quote } from './go/quote.ts'
import { checkTextLength } from './limits.ts'
import { intOperand, stringOperand } from './operands.ts'
import { compilePattern, findAll, type Match, occurs, quotePattern } from './pattern.ts'

function isValid(pattern: Value): boolean {
  if (typeof pattern !== 'string') return false
  try {
    compilePattern(pattern)
    return true
  } catch (error) {
    if (error instanceof BuiltinError && !error.halts) return false
    throw error
  }
}

/** The part of `text` that a group matched; a group that took no part is empty. */
function groupText(text: string, match: Match, group: number): string {
  const place = match[group]
  return place === undefined || place.start < 0 ? '' : text.slice(place.start, place.end)
}

function findN(pattern: Value, value: Value, limit: Value): string[] {
  const expression = stringOperand(pattern, 1)
  const text = stringOperand(value, 2)
  return findAll(expression, text, intOperand(limit, 3)).map((match) => groupText(text, match, 0))
}

function findSubmatches(pattern: Value, value: Value, limit: Value): string[][] {
  const expression = stringOperand(pattern, 1)
  const text = stringOperand(value, 2)
  return findAll(expression, text, intOperand(limit, 3)).map((match) =>
    match.map((_, group) => groupText(text, match, group)),
  )
}

function split(pattern: Value, value: Value): string[] {
  const expression = stringOperand(pattern, 1)
  const text = stringOperand(value, 2)
  compilePattern(expression)
  if (expression !== '' && text === '') return ['']
  const parts: string[] = []
  let begin = 0
  let end = 0
  for (const [match] of findAll(expression, text, -1)) {
    if (match === undefined) continue
    end = match.start
    if (match.end !== 0) parts.push(text.slice(begin, end))
    begin = match.end
  }
  if (end !== text.length) parts.push(text.slice(begin))
  return parts
}

/** A piece of a replacement: text, or a group by number or name. */
type Piece = string | { readonly group: number | string }

const reference = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))?/gu

/** A replacement in Go's notation: `$1`, `$name`, `${name}`, `$$`; any other `$` is itself. */
function parseReplacement(template: string): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  for (const found of template.matchAll(reference)) {
    pieces.push(template.slice(at, found.index))
    at = found.index + found[0].length
    const name = found[1] ?? found[2]
    if (name === undefined) pieces.push('$')
    else pieces.push({ group: /^(?:0|[1-9]\d{0,7})$/.test(name) ? Number(name) : name })
  }
  pieces.push(template.slice(at))
  return pieces
}

function replace(value: Value, pattern: Value, replacement: Value): string {
  const text = stringOperand(value, 1)
  const expression = stringOperand(pattern, 2)
  const pieces = parseReplacement(stringOperand(replacement, 3))
  const names = compilePattern(expression).namedGroups()
  let made = ''
  let copied = 0
  for (const match of findAll(expression, text, -1)) {
    const whole = match[0] as { start: number; end: number }
    made += text.slice(copied, whole.start)
    for (const piece of pieces) {
      if (typeof piece === 'string') made += piece
      else if (typeof piece.group === 'number') made += groupText(text, match, piece.group)
      else if (Object.hasOwn(names, piece.group)) made += groupText(text, match, names[piece.group] as number)
    }
    copied = whole.end
    checkTextLength(made.length)
  }
  return made + text.slice(copied)
}

/** The regular expression of a template: literal text with expressions between delimiters, which may nest. */
function templatePattern(template: string, open: string, close: string): string {
  const unbalanced = () => new BuiltinError(`unbalanced braces in ${quote(template)}`)
  let pattern = '^'
  let literal = 0
  let level = 0
  let start = 0
  for (let i = 0; i < template.length; i++) {
    if (template[i] === open) {
      level += 1
      if (level === 1) start = i
    } else if (template[i] === close) {
      level -= 1
      if (level < 0) throw unbalanced()
      if (level > 0) continue
      const inner = template.slice(start + 1, i)
      compilePattern(`^${inner}$`)
      pattern += `${quotePattern(template.slice(literal, start))}(${inner})`
      literal = i + 1
    }
  }
  if (level !== 0) throw unbalanced()
  return `${pattern}${quotePattern(template.slice(literal))}$`
}

function templateMatch(template: Value, value: Value, open: Value, close: Value): boolean {
  const text = stringOperand(template, 1)
  const match = stringOperand(value, 2)
  const start = stringOperand(open, 3)
  const end = stringOperand(close, 4)
  if (byteCount(start) !== 1) throw delimiterError('start', start)
  if (byteCount(end) !== 1) throw delimiterError('end', end)
  return occurs(templatePattern(text, start, end), match)
}

function delimiterError(which: string, delimiter: string): BuiltinError {
  return new BuiltinError(`${which} delimiter has to be exactly one character long but is ${byteCount(delimiter)} long`)
}

const match: Builtin = { run: (_, pattern, value) => occurs(stringOperand(pattern, 1), stringOperand(value, 2)) }

export const regex: Record<string, Builtin> = {
  'regex.match': match,
  re_match: match,
  'regex.is_valid': { run: (_, pattern) => isValid(pattern) },
  'regex.find_n': { run: (_, pattern, value, limit) => findN(pattern, value, limit) },
  'regex.find_all_string_submatch_n': { run: (_, pattern, value, limit) => findSubmatches(pattern, value, limit) },
  'regex.split': { run: (_, pattern, value) => split(pattern, value) },
  'regex.replace': { run: (_, value, pattern, replacement) => replace(value, pattern, replacement) },
  'regex.template_match': { run: (_, template, value, open, close) => templateMatch(template, value, open, close) },
  'regex.globs_match': { run: (_, a, b) => globsIntersect(stringOperand(a, 1), stringOperand(b, 2)) },
}
