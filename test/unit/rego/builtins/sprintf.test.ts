import { parseNumber } from '../../../../src/rego/number.ts'
import { makeObject, RegoSet, type Value } from '../../../../src/rego/value.ts'
import { type Call, testCalls } from './calls.ts'

const number = (text: string): Value => parseNumber(text) ?? text
const object = (...entries: [Value, Value][]): Value => makeObject(entries)
const set = (...members: Value[]): Value => RegoSet.from(members)

/** Calls of builtins on sprintf and what OPA 1.20.2 gives for them, errors included. */
const calls: readonly Call[] = [
  ['sprintf', ['%d %s %v', [1, 'a', [1, 'x']]], '"1 a [1, \\"x\\"]"'],
  ['sprintf', ['%d', ['x']], '"%!d(string=x)"'],
  ['sprintf', ['%s', [1]], '"%!s(int64=1)"'],
  ['sprintf', ['%d %d', [1]], '"1 %!d(MISSING)"'],
  ['sprintf', ['%d', [1, 2]], '"1%!(EXTRA int64=2)"'],
  ['sprintf', ['%', []], '"%!(NOVERB)"'],
  ['sprintf', ['%%|%5%|', [1]], '"%|%|%!(EXTRA int64=1)"'],
  ['sprintf', ['%[2]d %[1]d', [1, 2]], '"2 1"'],
  ['sprintf', ['%[3]d', [1]], '"%!d(BADINDEX)"'],
  ['sprintf', ['%[x]d', [1]], '"%!d(BADINDEX)"'],
  ['sprintf', ['%*d|%-*d|', [5, 6, 4, 7]], '"    6|7   |"'],
  ['sprintf', ['%.*f', [2, 3.25159]], '"3.25"'],
  ['sprintf', ['%*d', ['a', 5]], '"%!(BADWIDTH)5"'],
  ['sprintf', ['%v %v %v', [1234567.5, 0.00001, 0.1]], '"1.2345675e+06 1e-05 0.1"'],
  ['sprintf', ['%6.2f|%-8.3e|%08.3f|%+g', [3.25159, 12345.678, -3.5, 2.5]], '"  3.25|1.235e+04|-003.500|+2.5"'],
  ['sprintf', ['%.0f %.0f %.1f', [0.5, 2.5, 0.25]], '"0 2 0.2"'],
  ['sprintf', ['%x %X %#x %o %b %O', [255, 255, 255, 8, 5, 8]], '"ff FF 0xff 10 101 0o10"'],
  ['sprintf', ['%x|% x|%#X|%.2x', ['hé', 'hé', 'hé', 'hé']], '"68c3a9|68 c3 a9|0X68C3A9|68c3"'],
  ['sprintf', ['%q %+q %#q', ['a"\n', 'é😀', 'x`y']], '"\\"a\\\\\\"\\\\n\\" \\"\\\\u00e9\\\\U0001f600\\" \\"x`y\\""'],
  ['sprintf', ['%c|%U|%#U|%q', [128512, 128512, 128512, 65]], "\"😀|U+1F600|U+1F600 '😀'|'A'\""],
  ['sprintf', ['%05d|%-5d|%+d|% d|%.3d|%8.3d', [42, 42, 42, 42, 7, 7]], '"00042|42   |+42| 42|007|     007"'],
  ['sprintf', ['%5s|%-5s|%.2s|%05s', ['é', 'é', 'héé', 'x']], '"    é|é    |hé|0000x"'],
  [
    'sprintf',
    [
      '%s %d %x %+d %030d',
      [
        123456789123456789123n,
        123456789123456789123n,
        123456789123456789123n,
        123456789123456789123n,
        123456789123456789123n,
      ],
    ],
    '"123456789123456789123 123456789123456789123 6b14e9f9b0df36a83 +123456789123456789123 000000000123456789123456789123"',
  ],
  ['sprintf', ['%T %T %T %T', [1, 'x', 1.5, 123456789123456789123n]], '"int64 string float64 *big.Int"'],
  ['sprintf', ['%v %v %v', [set(), { a: [1, null] }, object([1, 'x'])]], '"set() {\\"a\\": [1, null]} {1: \\"x\\"}"'],
  ['sprintf', ['%t %t', [true, 'x']], '"%!t(string=true) %!t(string=x)"'],
  ['sprintf', ['%v %v %v', [number('1e400'), number('1e30'), number('2.5e300')]], '"1e400 1e30 2.5e+300"'],
  ['sprintf', ['%é', [1]], '"%!é(int64=1)"'],
  ['sprintf', ['%10.3v|%#v', ['abcdef', 'x']], '"       abc|\\"x\\""'],
  ['sprintf', [1, []], 'eval_type_error: operand 1 must be string but got number'],
  ['sprintf', ['a', 1], 'eval_type_error: operand 2 must be array but got number'],
]

testCalls(calls)
