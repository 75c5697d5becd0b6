import { RegoSet, type Value } from '../../../../src/rego/value.ts'
import { type Call, testCalls } from './calls.ts'

const set = (...members: Value[]): Value => RegoSet.from(members)

/** Calls of builtins on strings and what OPA 1.20.2 gives for them, errors included. */
const calls: readonly Call[] = [
  ['concat', [',', set('a', 'b')], '"a,b"'],
  ['concat', [',', [1]], 'eval_type_error: operand 2 must be array of strings but got array containing number'],
  ['contains', ['😀a', 'a'], 'true'],
  ['indexof', ['😀a', 'a'], '1'],
  ['indexof', ['a', ''], 'eval_builtin_error: empty search character'],
  ['indexof_n', ['aaa', 'aa'], '[0,1]'],
  ['substring', ['a😀b', 1, 1], '"😀"'],
  ['substring', ['abc', -1, 1], 'eval_builtin_error: negative offset'],
  ['substring', ['abc', 1.5, 1], 'eval_type_error: operand 2 must be integer number but got floating-point number'],
  ['substring', ['abc', 5, -1], '""'],
  ['split', ['', ''], '[]'],
  ['split', ['a😀', ''], '["a","😀"]'],
  ['split', ['abc', 'x'], '["abc"]'],
  ['strings.split_n', ['aXbXc', 'X', 2], '["a","b"]'],
  ['strings.split_n', ['aXbXc', 'X', -2], '["b","c"]'],
  ['strings.count', ['aaaa', 'aa'], '2'],
  ['strings.count', ['é😀', ''], '3'],
  ['upper', ['ß ŉ ᾳ i'], '"ß ŉ ᾼ I"'],
  ['lower', ['İ ΑΣ'], '"i ασ"'],
  ['trim', ['xxaxx', 'x'], '"a"'],
  ['trim_left', ['😀a', '😀'], '"a"'],
  ['trim_right', ['a😀', '😀'], '"a"'],
  ['trim_prefix', ['aab', 'a'], '"ab"'],
  ['trim_suffix', ['abb', 'b'], '"ab"'],
  ['trim_space', [' \t\u0085x\u00a0'], '"x"'],
  ['trim_space', ['\ufeffx'], '"\ufeffx"'],
  ['replace', ['abc', '', '-'], '"-a-b-c-"'],
  ['replace', ['aaa', 'aa', 'b'], '"ba"'],
  ['strings.replace_n', [{ a: '1', ab: '2' }, 'abab'], '"1b1b"'],
  ['strings.replace_n', [{ a: 'b', b: 'a' }, 'abba'], '"baab"'],
  ['strings.replace_n', [{ a: 1 }, 'a'], 'eval_type_error: operand 1 non-string value found in pattern object'],
  ['strings.reverse', ['a😀é'], '"é😀a"'],
  ['strings.any_prefix_match', [['abc'], set('ab', 'x')], 'true'],
  ['strings.any_suffix_match', ['abc', ['1', '2', '3', '4', 'bc']], 'true'],
  [
    'strings.any_prefix_match',
    [1, 'a'],
    'eval_type_error: operand 1 must be one of {string, set, array} but got number',
  ],
]

testCalls(calls)
