/** Proves how text becomes tokens: literals decoded, places counted in code points, and what Rego does not have kept as illegal. */
import { describe, expect, test } from 'vitest'
import { lex } from '../../../src/rego/parse/lex.ts'

function kinds(source: string): string[] {
  const { tokens } = lex(source, 't.rego')
  return tokens.slice(0, -1).map(({ kind, text }) => (kind === text ? kind : `${kind} ${text}`))
}

const rows: readonly { note: string; source: string; tokens: readonly string[] }[] = [
  { note: 'an empty text has no tokens', source: '', tokens: [] },
  { note: 'escapes of strings are decoded', source: String.raw`"a\n\t\"\\\/\u0041"`, tokens: ['string a\n\t"\\/A'] },
  { note: 'a surrogate pair of escapes is one character', source: String.raw`"\ud83d\ude00"`, tokens: ['string 😀'] },
  { note: 'half a surrogate pair becomes U+FFFD', source: String.raw`"\ud83dx"`, tokens: ['string \ufffdx'] },
  { note: 'an unknown escape is illegal', source: String.raw`"\x"`, tokens: ['illegal illegal escape sequence'] },
  { note: 'a short unicode escape is illegal', source: String.raw`"\u12"`, tokens: ['illegal illegal string literal'] },
  { note: 'a string ends with its line', source: '"a\nb', tokens: ['illegal non-terminated string', 'name b'] },
  { note: 'a raw string keeps backslashes and lines', source: '`a\\n\nb`', tokens: ['string a\\n\nb'] },
  { note: 'a raw string must end', source: '`a', tokens: ['illegal non-terminated string'] },
  {
    note: 'operators are read as long as they can be',
    source: '=<=>=!==:=',
    tokens: ['=', '<=', '>=', '!=', '=', ':='],
  },
  { note: '`!` alone is illegal', source: '!x', tokens: ['illegal illegal ! character', 'name x'] },
  { note: '`$` alone is illegal', source: '$x', tokens: ['illegal illegal $ character', 'name x'] },
  { note: 'a fraction needs digits', source: '1.', tokens: ['illegal expected fraction'] },
  { note: 'an exponent needs digits', source: '1e+', tokens: ['illegal expected exponent'] },
  { note: 'letters cannot follow a number', source: '1a2', tokens: ['illegal illegal number format'] },
  { note: 'numbers keep their text', source: '1.50e+03 0', tokens: ['number 1.50e+03', 'number 0'] },
  {
    note: 'a null character is illegal',
    source: 'a\0b',
    tokens: ['name a', 'illegal illegal null character', 'name b'],
  },
  { note: 'a null character in a string is illegal', source: '"\0"', tokens: ['illegal illegal null character'] },
  {
    note: 'a byte-order mark may stand only at the beginning',
    source: '\ufeffa\ufeff',
    tokens: ['name a', 'illegal illegal byte-order mark'],
  },
  { note: 'a lone surrogate is illegal', source: '\ud800', tokens: ['illegal illegal utf-8 character'] },
  { note: 'characters that Rego does not have are illegal', source: '@ é', tokens: ['illegal ', 'illegal '] },
  {
    note: 'a template is cut at its expressions',
    source: '$"a{x}b"',
    tokens: ['template a', 'name x', '}', 'template b'],
  },
  {
    note: 'braces in a template’s expression belong to it',
    source: '$"{ {"a": 1} }"',
    tokens: ['template ', '{', 'string a', ':', 'number 1', '}', '}', 'template '],
  },
  {
    note: 'templates nest',
    source: '$"{$"{x}"}"',
    tokens: ['template ', 'template ', 'name x', '}', 'template ', '}', 'template '],
  },
  { note: 'a brace in a template can be escaped', source: String.raw`$"\{x}"`, tokens: ['template {x}'] },
  {
    note: 'a raw template keeps other backslashes',
    source: '$`\\n\\{{x}`',
    tokens: ['template \\n{', 'name x', '}', 'template '],
  },
  { note: 'a name may have digits of any script', source: 'x٣', tokens: ['name x٣'] },
]

describe('lex', () => {
  test.each(rows)('$note', ({ source, tokens }) => {
    expect(kinds(source)).toEqual(tokens)
  })

  test('columns count code points, rows count line feeds', () => {
    const { tokens } = lex('"😀" x\r\n  y `\n` z', 't.rego')
    expect(tokens.map(({ row, col, text }) => [text, row, col])).toEqual([
      ['😀', 1, 1],
      ['x', 1, 5],
      ['y', 2, 3],
      ['\n', 2, 5],
      ['z', 3, 3],
      ['', 3, 4],
    ])
  })

  test('tokens say whether white space or a line end precedes them', () => {
    const { tokens } = lex('a.b [c]\n d # e\nf', 't.rego')
    expect(tokens.map(({ text, gap, newline }) => `${text}${gap ? ' gap' : ''}${newline ? ' newline' : ''}`)).toEqual([
      'a',
      '.',
      'b',
      '[ gap',
      'c',
      ']',
      'd gap newline',
      'f gap newline',
      '',
    ])
  })

  test('comments are kept without the `#` and a carriage return', () => {
    const { comments } = lex('# a\r\nx #b', 't.rego')
    expect(comments.map(({ text, at }) => [text, at.row, at.col])).toEqual([
      [' a', 1, 1],
      ['b', 2, 3],
    ])
  })
})
