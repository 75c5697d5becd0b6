import { parseNumber } from '../../../../src/rego/number.ts'
import { makeObject, RegoSet, type Value } from '../../../../src/rego/value.ts'
import { type Call, testCalls } from './calls.ts'

const number = (text: string): Value => parseNumber(text) ?? text
const object = (...entries: [Value, Value][]): Value => makeObject(entries)
const set = (...members: Value[]): Value => RegoSet.from(members)

/** Calls of builtins on encodings and what OPA 1.20.2 gives for them, errors included. */
const calls: readonly Call[] = [
  [
    'json.marshal',
    [{ a: [set(1, 2), number('12345678901234567890.5')], b: '<&>\u2028' }],
    '"{\\"a\\":[[1,2],12345678901234567890.5],\\"b\\":\\"\\\\u003c\\\\u0026\\\\u003e\\\\u2028\\"}"',
  ],
  ['json.marshal', [object([null, 0], [1, 'a'], ['1', 'b'])], '"{\\"1\\":\\"b\\",\\"null\\":0}"'],
  [
    'json.marshal_with_options',
    [{ a: [{}, [1]] }, { pretty: true }],
    '"{\\n\\t\\"a\\": [\\n\\t\\t{},\\n\\t\\t[\\n\\t\\t\\t1\\n\\t\\t]\\n\\t]\\n}"',
  ],
  ['json.marshal_with_options', [[1], { indent: ' ', prefix: '|' }], '"|[\\n| 1\\n|]"'],
  ['json.marshal_with_options', [1, { x: 1 }], 'eval_type_error: operand 2 object contained unknown key "x"'],
  [
    'json.unmarshal',
    ['{"a":1e400,"__proto__":[123456789012345678901]}'],
    '{"__proto__":[123456789012345678901],"a":1e400}',
  ],
  ['json.unmarshal', ['"\\ud800"'], '"�"'],
  // The engine's own reader takes the escaped key of the second for that of the first.
  ['json.unmarshal', ['{"a":1,"\\\\u0061":2}'], '{"\\\\u0061":2,"a":1}'],
  ['json.unmarshal', ['{"a":1,"\\u0061mount":[true,{"\\ud800":1e400}]}'], '{"a":1,"amount":[true,{"�":1e400}]}'],
  ['json.unmarshal', ['{"\\u0061":'], 'eval_builtin_error: invalid JSON: Unexpected end of JSON input'],
  ['json.is_valid', ['01'], 'false'],
  ['json.is_valid', [1], 'false'],
  ['base64.encode', ['é'], '"w6k="'],
  ['base64.decode', ['YQ'], 'eval_builtin_error: illegal base64 data at input byte 0'],
  ['base64.decode', ['YWI='], '"ab"'],
  ['base64.is_valid', ['!!'], 'false'],
  ['base64url.decode', ['YWI'], '"ab"'],
  ['base64url.decode', ['Y'], 'eval_builtin_error: illegal base64url string: Y'],
  ['base64url.encode', ['?>~'], '"Pz5-"'],
  ['base64url.encode_no_pad', ['a'], '"YQ"'],
  ['hex.decode', ['616'], 'eval_builtin_error: encoding/hex: odd length hex string'],
  ['hex.decode', ['zz'], "eval_builtin_error: encoding/hex: invalid byte: U+007A 'z'"],
  ['hex.encode', ['é'], '"c3a9"'],
  ['urlquery.encode', ['a b&é/~*'], '"a+b%26%C3%A9%2F~%2A"'],
  ['urlquery.decode', ['a%20b+c'], '"a b c"'],
  ['urlquery.decode', ['%zz'], 'eval_builtin_error: invalid URL escape "%zz"'],
  ['urlquery.encode_object', [{ a: '1 2', b: set('x', 'y') }], '"a=1+2\\u0026b=x\\u0026b=y"'],
  [
    'urlquery.encode_object',
    [{ a: 1 }],
    'eval_type_error: operand 1 values must be string, array[string], or set[string]',
  ],
  ['urlquery.decode_object', ['a=1&b=2&a=3'], '{"a":["1","3"],"b":["2"]}'],
  ['urlquery.decode_object', ['a;b'], 'eval_builtin_error: invalid semicolon separator in query'],
  [
    'uri.parse',
    ['http://user@h:80/p/a%2fb?q=1#f%20x'],
    '{"fragment":"f x","hostname":"h","path":"/p/a/b","port":"80","raw_path":"/p/a%2fb","raw_query":"q=1","scheme":"http"}',
  ],
  ['uri.parse', ['http://[::1%25en0]/'], '{"hostname":"::1%en0","path":"/","raw_path":"/","scheme":"http"}'],
  ['uri.parse', ['http://a b/'], 'eval_builtin_error: parse "http://a b/": invalid character " " in host name'],
  ['uri.parse', ['a b:c'], 'eval_builtin_error: parse "a b:c": first path segment in URL cannot contain colon'],
  ['uri.is_valid', [''], 'false'],
  ['uri.is_valid', ['http://[::1'], 'false'],
  [
    'yaml.marshal',
    [{ '10': null, '9': 'yes', a: ['b: c', { d: 'x\ny\n' }] }],
    '"\\"9\\": \\"yes\\"\\n\\"10\\": null\\na:\\n- \'b: c\'\\n- d: |\\n    x\\n    y\\n"',
  ],
  ['yaml.unmarshal', ['a: &x {b: 0x10}\nc: *x\nd: yes'], '{"a":{"b":16},"c":{"b":16},"d":true}'],
  ['yaml.unmarshal', ['a: .inf'], 'eval_builtin_error: error converting YAML to JSON: json: unsupported value'],
  ['yaml.is_valid', ['a: ['], 'false'],
  ['yaml.is_valid', ['&a [*a]'], 'false'],
  ['crypto.sha256', ['a'], '"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"'],
  ['crypto.hmac.md5', ['x', 'k'], '"442ba079e8ec6206f7f5534d4653db0f"'],
  ['crypto.hmac.equal', ['a', 'b'], 'false'],
]

testCalls(calls)
