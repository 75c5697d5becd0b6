import { type Call, testCalls } from './calls.ts'

/** Calls of builtins on patterns and what OPA 1.20.2 gives for them, errors included. */
const calls: readonly Call[] = [
  ['regex.match', ['^a+$', 'aaa'], 'true'],
  ['regex.match', ['(', 'a'], 'eval_builtin_error: error parsing regexp: missing closing ): `(`'],
  ['regex.match', ['(?i)FOO', 'xfooy'], 'true'],
  [
    'regex.match',
    ['a(?=b)', 'ab'],
    'eval_builtin_error: error parsing regexp: invalid or unsupported Perl syntax: `(?=`',
  ],
  ['regex.is_valid', ['(?P<n>x)'], 'true'],
  ['regex.is_valid', ['\\1'], 'false'],
  ['regex.is_valid', [1], 'false'],
  ['regex.find_n', ['a*', 'baab', -1], '["","aa",""]'],
  ['regex.find_n', ['a', 'aaa', 2], '["a","a"]'],
  ['regex.find_all_string_submatch_n', ['(a)(b)?', 'ab a', -1], '[["ab","a","b"],["a","a",""]]'],
  ['regex.split', ['a*', 'baac'], '["b","c"]'],
  ['regex.split', ['x', ''], '[""]'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the braces are those of a regular expression's replacement
  ['regex.replace', ['abab', '(?P<x>a)(b)', '${x}-$2$$'], '"a-b$a-b$"'],
  ['regex.replace', ['ab', 'b*', '-'], '"-a-"'],
  ['regex.replace', ['ab', '(a)', '$1x'], '"b"'],
  ['regex.template_match', ['urn:{[a-z]+}', 'urn:abc', '{', '}'], 'true'],
  ['regex.template_match', ['a{', 'a', '{', '}'], 'eval_builtin_error: unbalanced braces in "a{"'],
  [
    'regex.template_match',
    ['a', 'a', '<<', '>'],
    'eval_builtin_error: start delimiter has to be exactly one character long but is 2 long',
  ],
  ['regex.globs_match', ['a.a.[0-9]+z', 'b*a.[a-z]+'], 'false'],
  ['regex.globs_match', ['a*', 'b'], 'false'],
  ['glob.match', ['*.github.com', [], 'api.github.com'], 'true'],
  ['glob.match', ['*.github.com', [], 'a.b.github.com'], 'false'],
  ['glob.match', ['**', ['/'], 'a/b'], 'true'],
  ['glob.match', ['*', null, 'a.b'], 'true'],
  ['glob.match', ['{cat,b?t}', [], 'bat'], 'true'],
  ['glob.match', ['[!a-c]x', [], 'dx'], 'true'],
  ['glob.match', ['[a', [], 'a'], 'eval_builtin_error: unexpected end of input'],
  ['glob.match', ['[]', [], 'a'], 'eval_builtin_error: could not parse range'],
  ['glob.match', ['a\\*', [], 'a*'], 'true'],
  ['glob.match', ['?', [], ''], 'true'],
  [
    'glob.match',
    ['a', ['ab'], 'a'],
    'eval_type_error: operand 2 must be array of runes but got array containing string',
  ],
  ['glob.quote_meta', ['*.a{b}'], '"\\\\*.a\\\\{b\\\\}"'],
]

testCalls(calls)
