/** Strict JSON: what is refused and where, what is kept, and that the fast and the exact reader never differ. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Json, limits, rawNumber } from '../../../src/model/index.ts'
import { JsonError, parseBody, parseJson, printJson } from '../../../src/wire/index.ts'
import { readExactly } from '../../../src/wire/json-exact.ts'

const bytesOf = (text: string): Uint8Array => Buffer.from(text)

function errorOf(bytes: Uint8Array): JsonError {
  try {
    parseJson(bytes)
  } catch (cause) {
    if (cause instanceof JsonError) return cause
    throw cause
  }
  throw new Error(`\`${Buffer.from(bytes).toString()}\` was accepted`)
}

describe('what is refused', () => {
  const rows: readonly [note: string, text: string | Uint8Array, message: string][] = [
    ['nothing', '', 'row 1, column 1 (byte 0): the end of the text where a value was expected'],
    ['white space alone', ' \n\t', 'row 2, column 2 (byte 3): the end of the text where a value was expected'],
    ['a duplicate key', '{"a":1,"a":2}', 'row 1, column 8 (byte 7): the key `a` comes twice in one object'],
    [
      'a duplicate key deep inside',
      '[{"b":{"x":[],"c":1,"x":2}}]',
      'row 1, column 21 (byte 20): the key `x` comes twice in one object',
    ],
    [
      'a duplicate key behind an escape',
      '{"a":1,"\\u0061":2}',
      'row 1, column 8 (byte 7): the key `a` comes twice in one object',
    ],
    [
      'a duplicate `__proto__`',
      '{"__proto__":1,"__proto__":2}',
      'row 1, column 16 (byte 15): the key `__proto__` comes twice in one object',
    ],
    [
      'a duplicate key that hides one elsewhere',
      '{"a":{"b":1,"b":2},"c":{}}',
      'row 1, column 13 (byte 12): the key `b` comes twice in one object',
    ],
    ['a duplicate empty key', '{"":1,"":2}', 'row 1, column 7 (byte 6): the key `` comes twice in one object'],
    ['a duplicate index-like key', '{"1":1,"1":2}', 'row 1, column 8 (byte 7): the key `1` comes twice in one object'],
    ['a byte order mark', Buffer.from('\ufeff{}'), 'row 1, column 1 (byte 0): the text begins with a byte order mark'],
    [
      'a lone continuation byte',
      Buffer.from([0x22, 0x80, 0x22]),
      'row 1, column 2 (byte 1): the byte `0x80` begins no UTF-8 character',
    ],
    [
      'an overlong slash',
      Buffer.from([0x22, 0xc0, 0xaf, 0x22]),
      'row 1, column 2 (byte 1): the byte `0xc0` begins no UTF-8 character',
    ],
    [
      'a surrogate in UTF-8',
      Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
      'row 1, column 2 (byte 1): the byte `0xed` begins no UTF-8 character',
    ],
    [
      'a character cut at the end',
      Buffer.from([0x22, 0xc3, 0xa4, 0xe2, 0x82]),
      'row 1, column 3 (byte 3): the byte `0xe2` begins no UTF-8 character',
    ],
    [
      'UTF-16',
      Buffer.from('{}', 'utf16le'),
      'row 1, column 2 (byte 1): U+0000 where a key in double quotes was expected',
    ],
    ['half a surrogate pair', '"\\ud800"', 'row 1, column 2 (byte 1): `\\ud800` is half of a surrogate pair'],
    ['the other half alone', '"\\uDFFF"', 'row 1, column 2 (byte 1): `\\uDFFF` is half of a surrogate pair'],
    ['two high halves', '"\\uD83D\\uD83D"', 'row 1, column 2 (byte 1): `\\uD83D` is half of a surrogate pair'],
    [
      'a trailing comma in an object',
      '{"a":1,}',
      'row 1, column 8 (byte 7): `}` where a key in double quotes was expected',
    ],
    ['a trailing comma in an array', '[1,]', 'row 1, column 4 (byte 3): `]` where a value was expected'],
    ['a comment', '{} // x', 'row 1, column 4 (byte 3): `/` follows the value, expected nothing'],
    ['two values', '1 2', 'row 1, column 3 (byte 2): `2` follows the value, expected nothing'],
    ['single quotes', "{'a':1}", "row 1, column 2 (byte 1): `'` where a key in double quotes was expected"],
    ['a bare key', '{a:1}', 'row 1, column 2 (byte 1): `a` where a key in double quotes was expected'],
    ['NaN', 'NaN', 'row 1, column 1 (byte 0): `N` where a value was expected'],
    ['a plus sign', '+1', 'row 1, column 1 (byte 0): `+` where a value was expected'],
    ['a leading zero', '01', 'row 1, column 2 (byte 1): `1` follows the value, expected nothing'],
    ['a bare fraction', '.5', 'row 1, column 1 (byte 0): `.` where a value was expected'],
    ['an open fraction', '1.', 'row 1, column 2 (byte 1): `.` follows the value, expected nothing'],
    ['a hexadecimal number', '0x10', 'row 1, column 2 (byte 1): `x` follows the value, expected nothing'],
    [
      'a newline in a string',
      '{\n "a": "x\ny"}',
      'row 2, column 9 (byte 10): U+000A in a string, which must be written as an escape',
    ],
    ['an unknown escape', '"\\x41"', 'row 1, column 2 (byte 1): `\\x` is no escape'],
    [
      'a short unicode escape',
      '"\\u12"',
      'row 1, column 2 (byte 1): `\\u` must be followed by four hexadecimal digits',
    ],
    ['a string that does not end', '{"a', 'row 1, column 2 (byte 1): the string does not end'],
    ['a value that does not end', '[1', 'row 1, column 3 (byte 2): the end of the text where `,` or `]` was expected'],
    ['a NUL after the value', '{}\0', 'row 1, column 3 (byte 2): U+0000 follows the value, expected nothing'],
    [
      'a place after characters of several bytes',
      '{"ä€😀":1,"a":x}',
      'row 1, column 15 (byte 19): `x` where a value was expected',
    ],
    [
      'a number too long to compute with',
      `[${'1'.repeat(limits.jsonNumberDigitsMax + 1)}]`,
      `row 1, column 2 (byte 1): a number has more than ${limits.jsonNumberDigitsMax} digits, also when written out`,
    ],
    [
      'an exponent too large to write out',
      '1e999999999',
      `row 1, column 1 (byte 0): a number has more than ${limits.jsonNumberDigitsMax} digits, also when written out`,
    ],
    [
      'an exponent beyond every double',
      `1e${'9'.repeat(50)}`,
      `row 1, column 1 (byte 0): a number has more than ${limits.jsonNumberDigitsMax} digits, also when written out`,
    ],
  ]
  it.each(rows)('refuses %s and says where', (_note, text, message) => {
    const error = errorOf(typeof text === 'string' ? bytesOf(text) : text)
    expect(error.message).toBe(message)
    expect(error.kind).toBe('malformed')
  })

  it('takes the deepest nesting that is allowed and not one level more', () => {
    const nested = (levels: number): Uint8Array => bytesOf(`${'[{"a":'.repeat(levels / 2)}1${'}]'.repeat(levels / 2)}`)
    expect(() => parseJson(nested(limits.jsonDepthMax))).not.toThrow()
    const error = errorOf(nested(limits.jsonDepthMax + 2))
    expect(error.kind).toBe('too_deep')
    expect(error.message).toContain(`more than ${limits.jsonDepthMax} levels of nesting`)
  })

  it('refuses megabytes of opening brackets without recursion', () => {
    expect(errorOf(Buffer.alloc(4_000_000, '[')).kind).toBe('too_deep')
  })

  it('tells an agent the place in its own body', () => {
    expect(() => parseBody(bytesOf('{"a":1,"a":2}'))).toThrow(
      expect.objectContaining({
        code: 'body_malformed',
        publicDetail: 'the body at row 1, column 8 (byte 7): the key `a` comes twice in one object',
      }),
    )
    expect(() => parseBody(Buffer.alloc(200, '['))).toThrow(expect.objectContaining({ code: 'body_too_deep' }))
  })
})

describe('numbers', () => {
  const rows: readonly [text: string, wanted: Json][] = [
    ['0', 0],
    ['-0', -0],
    ['1.50', 1.5],
    ['1e2', 100],
    ['1E-2', 0.01],
    ['0.1', 0.1],
    ['0.30000000000000004', 0.30000000000000004],
    ['123456789012345.6', 123456789012345.6],
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['-9007199254740993', -9007199254740993n],
    ['123456789012345678901234567890', 123456789012345678901234567890n],
    ['0.1000000000000000055511151231257827', rawNumber('0.1000000000000000055511151231257827')],
    ['12345678901234567890.0', rawNumber('12345678901234567890.0')],
    ['1e390', rawNumber('1e390')],
    ['1e-390', rawNumber('1e-390')],
    ['0e0', 0],
    ['0.000e5', 0],
    ['1e20', 1e20],
    ['5e-324', 5e-324],
  ]
  it.each(rows)('keeps %s as it was written', (text, wanted) => {
    for (const [value, expected] of [
      [parseJson(bytesOf(text)), wanted],
      [parseJson(bytesOf(`{"a":[1,${text}]}`)), { a: [1, wanted] }],
    ])
      expect(value).toEqual(expected)
  })

  it('prints long integers and raw numbers digit for digit', () => {
    const text = '{"a":123456789012345678901234567890,"b":[1e390,0.5],"c":"9007199254740993"}'
    expect(printJson(parseJson(bytesOf(text)))).toBe(text)
  })
})

describe('keys', () => {
  it('keeps `__proto__`, `constructor` and `toJSON` as own keys that reach no prototype and print again', () => {
    const text = '{"__proto__":{"admin":true},"constructor":1,"toJSON":2,"hasOwnProperty":3}'
    for (const value of [parseJson(bytesOf(text)), readExactly(text)]) {
      expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor', 'toJSON', 'hasOwnProperty'])
      expect((value as { admin?: unknown }).admin).toBeUndefined()
      expect(printJson(value)).toBe(text)
    }
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
  })
})

describe('the two readers', () => {
  it('agree on every value that JSON.stringify prints, and it prints again', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 1), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent)
        const read = parseJson(bytesOf(text))
        expect(readExactly(text)).toEqual(read)
        expect(printJson(read)).toBe(JSON.stringify(value))
      }),
      { numRuns: 300 },
    )
  })

  it('reads an escaped key as itself, whatever objects alike came before', () => {
    const rows: readonly [before: string, text: string, keys: readonly string[]][] = [
      ['{"a":1,"\\\\u0061":2}', '{"a":1,"\\u0061mount":2}', ['a', 'amount']],
      ['{"b":1,"\\\\":2}', '{"b":1,"\\n":2}', ['b', '\n']],
      ['{"c":1,"\\\\":2}', '{"c":1,"\\u0000" :2}', ['c', '\0']],
      ['{"d":[{"e":1,"\\\\u":2}]}', '{"d":[{"e":1,"\\u0041B":2}]}', ['d']],
    ]
    for (const [before, text, keys] of rows) {
      for (let times = 0; times < 3; times++) parseJson(bytesOf(before))
      const read = parseJson(bytesOf(text))
      expect(Object.keys(read as object)).toEqual(keys)
      expect(read).toEqual(readExactly(text))
    }
  })

  it('agree on which mangled texts are JSON, except for what is refused on purpose', () => {
    const pieces = fc.array(
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"',
        '"a"',
        '"a":',
        '\\',
        '\\u0061',
        '\\ud83d\\ude00',
        '\\ud83d',
        '1',
        '-',
        '.5',
        'e1',
        '0',
        'true',
        'null',
        ' ',
        '\n',
        'é',
      ),
      { maxLength: 14 },
    )
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = parts.join('')
        const native = outcome(() => JSON.parse(text))
        const exact = outcome(() => readExactly(text))
        const strict = outcome(() => parseJson(bytesOf(text)))
        expect(strict).toEqual(exact)
        if (native === undefined) expect(exact).toBeUndefined()
        else if (exact !== undefined) expect(exact).toEqual(native)
      }),
      { numRuns: 5000 },
    )
  })
})

function outcome(read: () => unknown): { value: unknown } | undefined {
  try {
    return { value: read() }
  } catch {
    return undefined
  }
}
