/**
 * Operands that builtins understand, as Rego texts: where a builtin reads a language of its own (patterns, layouts, tokens, certificates),
 * texts of the right type by chance would only ever be refused.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from './random.ts'

interface KeyMaterial {
  readonly rsaKey: string
  readonly pkcs8Key: string
  readonly edKey: string
  readonly request: string
  readonly authority: string
  readonly leaf: string
  readonly tokens: Readonly<Record<string, { readonly token: string; readonly pem?: string; readonly jwk?: string }>>
}

const keys = JSON.parse(readFileSync(join(import.meta.dirname, 'key-material.json'), 'utf8')) as KeyMaterial

const quoted = (...texts: readonly string[]): string[] => texts.map((text) => JSON.stringify(text))

const tokens = quoted(...Object.values(keys.tokens).map(({ token }) => token), 'a.b.c', 'eyJhbGciOiJub25lIn0.e30.')

/** The key of one algorithm and, now and then, of another. */
const verification = (...algorithms: readonly string[]): string[] =>
  algorithms.flatMap((algorithm) => quoted(keys.tokens[algorithm]?.pem ?? '', keys.tokens[algorithm]?.jwk ?? ''))

const verify = (family: string, ...sizes: readonly string[]) =>
  Object.fromEntries(
    sizes.map((size) => {
      const algorithm = `${family}${size}`
      const token = quoted(keys.tokens[algorithm]?.token ?? '')
      const certificate = [
        ...verification(algorithm),
        ...verification('ES256'),
        '"not a key"',
        JSON.stringify(keys.leaf),
      ]
      return [`io.jwt.verify_${algorithm.toLowerCase()}`, { jwt: [...token, ...token, ...tokens], certificate }]
    }),
  )

const symmetric = Object.fromEntries(
  ['256', '384', '512'].map((size) => {
    const token = quoted(keys.tokens[`HS${size}`]?.token ?? '')
    return [`io.jwt.verify_hs${size}`, { jwt: [...token, ...tokens], secret: quoted('secret', 'other', '') }]
  }),
)

const patterns = quoted(
  'a',
  'a+',
  '[a-c]+',
  '^a',
  'b$',
  '(a)(b)?',
  '(?i)ADMIN',
  '\\d+',
  '\\w*',
  '.',
  '',
  'a|b',
  '(?P<x>a)b',
  '[[:alpha:]]',
  '\\p{L}+',
  'x*',
  '(',
  '[z-a]',
  '(?=a)',
  '\\',
  'a{2,1}',
  'a{1,2}',
  '\\bfoo\\b',
  '(?s).',
  '[^a]',
  '\\x{1F600}',
  '$',
  '(?m)^b',
  'a**',
  '\\Qa.b\\E',
)
const subjects = quoted(
  'a',
  'aab',
  'abcabc',
  'foo bar',
  'ADMIN',
  '12 34',
  '',
  'a\nb',
  '\u{1f600}a',
  '\u00e9',
  'a.b',
  'xaxbx',
  '日本語',
)
const globs = quoted(
  '*',
  '**',
  'a*',
  '*.com',
  'a?c',
  '[a-c]',
  '[!a]*',
  '{a,b}*',
  'a.*.c',
  '',
  '\\*',
  '[',
  'a{b,c',
  '**.b',
  '[^a]',
)
const globSubjects = quoted('a', 'abc', 'a.com', 'a.b.c', '', 'a/b', '*', 'b', '\u{1f600}', 'api.github.com')
const layouts = quoted(
  'RFC3339',
  'RFC3339Nano',
  'RFC822',
  'RFC1123Z',
  'UnixDate',
  'ANSIC',
  'Kitchen',
  '2006-01-02',
  '2006-01-02 15:04:05',
  'Mon, 02 Jan 2006',
  '15:04:05.000',
  '2006-01-02T15:04:05Z07:00',
  '3:04PM',
  '02/01/06',
  '2006-002',
  'x',
  '',
)
const dates = quoted(
  '2021-03-04T05:06:07Z',
  '2021-03-04T05:06:07.123456789+02:00',
  '2021-03-04',
  '2021-03-04 05:06:07',
  '0001-01-01T00:00:00Z',
  '1677-09-21T00:12:43Z',
  '2262-04-11T23:47:16Z',
  '2262-04-12T00:00:00Z',
  'Thu, 04 Mar 2021',
  '5:06AM',
  '2021-02-30',
  '04/03/21',
  '',
  'x',
  '2021-3-4',
  '05:06:07.250',
)
const instants = [
  '0',
  '1',
  '-1',
  '1614834367000000000',
  '1614834367123456789',
  '9223372036854775807',
  '-9223372036854775808',
  '1.5',
  '1e18',
  '9223372036854775808',
  '[1614834367000000000, "Europe/London"]',
  '[1614834367000000000, "America/New_York"]',
  '[1614834367000000000, "UTC"]',
  '[0, ""]',
  '[1, "Nowhere/Zone"]',
  '[1616893200000000000, "Europe/London"]',
]
const formats = [
  ...instants,
  '[1614834367123456789, "Europe/London", "RFC3339Nano"]',
  '[0, "UTC", "2006-01-02"]',
  '[0, "UTC", "Mon Jan _2 15:04:05 MST 2006"]',
]
const durations = quoted(
  '1s',
  '1h30m',
  '-1.5h',
  '300ms',
  '1us',
  '1µs',
  '10ns',
  '',
  '1',
  '1d',
  '2562047h47m16.854775807s',
  '0',
  '.5s',
  '1h-1m',
)
const small = [
  '0',
  '1',
  '2',
  '-1',
  '3',
  '5',
  '10',
  '1.5',
  '9007199254740993',
  '9223372036854775807',
  '-9223372036854775808',
  '64',
  '1e3',
]
/** Go's dates wrap around silently beyond these. */
const spans = ['0', '1', '-1', '12', '-13', '400', '1.5', '100000']
const cidrs = quoted(
  '10.0.0.0/8',
  '10.1.0.0/16',
  '192.168.1.0/24',
  '192.168.1.5/24',
  '10.0.0.1',
  '::/0',
  '2001:db8::/32',
  '2001:db8::1',
  '10.0.0.0/33',
  'x',
  '',
  '::ffff:10.0.0.1',
  '10.0.0.0/30',
  '010.0.0.1',
)
const cidrLists = [
  '["10.0.0.0/8", "10.0.0.1"]',
  '{"10.0.0.0/8", "192.168.0.0/16"}',
  '[["10.0.0.0/8", "a"], ["::/0", 1]]',
  '{"x": "10.0.0.0/8", "y": ["10.1.0.0/16", 2]}',
  ...cidrs,
]
const json = quoted(
  '{"a":[1,2.50,null]}',
  '[1e400,-0]',
  '"a"',
  ' 1 ',
  '{"a":1,"a":2}',
  '{',
  '',
  '1 2',
  '"\\ud83d\\ude00"',
  '"\\ud83d"',
  'nul',
  '9007199254740993',
  '01',
  '{"__proto__":1}',
  '[1,]',
  '1.0',
)
const yaml = quoted(
  'a: 1\nb: [x, y]\n',
  '- 1\n- 2.50\n',
  'x: &a {k: v}\ny: *a\n',
  'yes',
  '~',
  '0x1F',
  '"a',
  'a: b: c',
  '1: 2\ntrue: x',
  '',
  '1e3',
  '2021-01-01',
  '|\n text\n',
  '__proto__: 1',
  '0o17',
  'a: 1\na: 2',
)
const encoded = quoted(
  'YQ==',
  'YWI',
  '8J-YgA',
  '8J+YgA==',
  'Y Q',
  '====',
  '',
  '_-8=',
  '/+8=',
  'YQ',
  'YWJj',
  '77+9',
  '/w==',
)
const queries = quoted('a=1&b=2', 'a=1&a=2', 'a', '', '%zz', 'a%20b=c+d', 'a=1;b=2', '=x', '%F0%9F%98%80')
const versions = quoted(
  '1.0.0',
  '1.2.3-alpha.1',
  '1.2.3+build',
  '1.2',
  'v1.2.3',
  '2.0.0',
  '1.0.0-rc.1',
  '1.0.0-rc.11',
  '01.2.3',
  '99999999999999999999.0.0',
  '',
)
const quantities = quoted(
  '1',
  '1K',
  '1Ki',
  '1.5M',
  '10GB',
  '1m',
  '100Mi',
  'x',
  '',
  '1 K',
  '1e3',
  '-1',
  '0.0005',
  '1e',
  '1Pi',
  '200MB',
  '1kb',
  '1KIB',
)
const urls = quoted(
  'https://user:pw@example.com:8443/a/b?x=1&y=2#f',
  'http://[::1]:80/',
  '/a',
  'a:b',
  '',
  '%',
  'http://a b/',
  'mailto:a@b',
  'http://x/%zz',
  'https://日本.jp/é',
)
const uuids = quoted(
  '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  '00000000-0000-4000-8000-000000000000',
  '{6ba7b810-9dad-11d1-80b4-00c04fd430c8}',
  'urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  'x',
  '',
  '6ba7b8109dad11d180b400c04fd430c8',
  '1ef21d2f-1207-6660-8c4f-419efbd44d48',
)
const schemaText = 'type Query { user(id: ID!): User } type User { id: ID! name: String tags: [String!]! }'
const schemas = quoted(
  schemaText,
  'type Query { a: Int }',
  'type Query { a: Missing }',
  '',
  '}',
  'schema { query: Q } type Q { b: Boolean }',
  'type Query { a: Int } extend type Query { b(x: Int = 3): Float }',
)
const documents = quoted(
  '{ user(id: "1") { id name } }',
  'query Q($i: ID!) { user(id: $i) { tags } }',
  '{ a }',
  '{ b }',
  '{',
  '',
  'fragment F on User { id } { user(id: 1) { ...F } }',
  '{ a: a @include(if: true) }',
  'mutation { x }',
)
const patches = [
  '[{"op": "add", "path": "/a", "value": 1}]',
  '[{"op": "remove", "path": "a/b"}]',
  '[{"op": "replace", "path": ["a", 0], "value": null}]',
  '[{"op": "move", "from": "/a", "path": "/b"}, {"op": "test", "path": "/b", "value": {"b": [1]}}]',
  '[{"op": "copy", "from": "/a", "path": "/c/-"}]',
  '[{"op": "add", "path": "/a/b/-", "value": {1}}]',
  '[{"op": "nope", "path": "/"}]',
  '[]',
  '[{"op": "add", "path": "/__proto__", "value": 1}]',
  '[{"op": "add", "path": "", "value": 2}]',
]
const nested = [
  '{"a": {"b": [1, 2, {"c": 3}]}, "d": null}',
  '{"a": {"b": 1}, "constructor": {"b": 2}}',
  '{"a": [{"b": 1}, {"b": 2}]}',
  '{}',
  '{1: {"a": 2}, "1": 3}',
  '{"__proto__": {"a": 1}}',
]
const paths = [
  '["a/b", "d"]',
  '{"a"}',
  '[["a", "b"]]',
  '["a/b/0"]',
  '[["a", 0, "b"], "x/y"]',
  '["/a"]',
  '[]',
  '["__proto__/a"]',
  '["a~1b"]',
  '{["a"], "d"}',
]
const jsonSchemas = [
  '{"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}',
  '"{\\"type\\": \\"string\\"}"',
  '{"type": "nope"}',
  '{"minimum": 3}',
  '{}',
  '"{"',
  '{"enum": [1, "a"]}',
  '{"pattern": "("}',
]
const graphs = [
  '{"a": ["b"], "b": ["c", "a"], "c": []}',
  '{"a": {"b", "c"}, "b": set()}',
  '{1: [2], 2: [1]}',
  '{}',
  '{"a": ["__proto__"], "__proto__": ["a"]}',
  '{"a": ["missing"]}',
]
const printf = [
  ['"%d %s"', '[1, "a"]'],
  ['"%v"', '[{"a": {1, [2]}}]'],
  ['"%5.2f|%-6s|%+d"', '[3.14159, "ab", 7]'],
  ['"%x %X %o %b"', '[255, 255, 8, 5]'],
  ['"%q"', '["a\\"b"]'],
  ['"%d"', '["x"]'],
  ['"%s"', '[1]'],
  ['"%"', '[]'],
  ['"%d %d"', '[1]'],
  ['"%v"', '[1, 2]'],
  ['"%e %g"', '[1234567.891, 1e21]'],
  ['"%t %c %U"', '[true, 65, 128512]'],
  ['"%05d|%+.1e"', '[-42, 12345.678]'],
  ['"%[2]d %[1]d"', '[1, 2]'],
  ['"%*d"', '[5, 42]'],
  ['"%v %v"', '[9007199254740993, 1e400]'],
  ['"%d"', '[1.5]'],
  ['"%s"', '[null]'],
  ['"%6.3v|%T"', '[1.23456, 1]'],
  ['"%%"', '[]'],
] as const

/** Builtin -> operand by its declared name -> texts. */
const hints: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  ...verify('RS', '256', '384', '512'),
  ...verify('PS', '256', '384', '512'),
  ...verify('ES', '256', '384', '512'),
  ...verify('EdDSA', ''),
  ...symmetric,
  'io.jwt.decode': { jwt: tokens },
  'io.jwt.decode_verify': {
    jwt: tokens,
    constraints: [
      '{"secret": "secret", "aud": "tools", "time": 1700000000000000000}',
      '{"secret": "secret", "time": 1700000000000000000}',
      `{"cert": ${JSON.stringify(keys.tokens.RS256?.pem)}, "aud": "tools", "iss": "gatehouse", "time": 1700000000000000000}`,
      `{"cert": ${JSON.stringify(keys.tokens.ES256?.jwk)}, "alg": "ES256", "aud": "tools", "time": 5000000000000000000}`,
      '{"secret": "secret", "aud": "other", "time": 1}',
      '{"time": "x"}',
      '{"secret": "secret", "unknown": 1}',
    ],
  },
  'io.jwt.encode_sign': {
    headers: [
      '{"alg": "HS256", "typ": "JWT"}',
      '{"alg": "HS512"}',
      '{"alg": "none"}',
      '{}',
      '{"alg": "HS384", "typ": "text/plain"}',
    ],
    payload: ['{"a": 1, "__proto__": [null]}', '{}', '{"n": 1e400, "s": "<&>"}'],
    key: ['{"kty": "oct", "k": "c2VjcmV0"}', '{"kty": "oct"}', '{"kty": "nope"}'],
  },
  'io.jwt.encode_sign_raw': {
    headers: quoted(
      '{"alg":"HS256","typ":"JWT"}',
      '{"typ":"JWT","alg":"HS384"}',
      '{',
      '{"alg":"HS256","typ":"text/plain"}',
    ),
    payload: quoted('{"a": 1}', '{"b":[1, 2]}', 'x', ''),
    key: quoted('{"kty":"oct","k":"c2VjcmV0"}', '{}', 'x'),
  },
  'crypto.x509.parse_certificates': { certs: quoted(keys.leaf, keys.leaf + keys.authority, '', 'x') },
  'crypto.x509.parse_and_verify_certificates': {
    certs: quoted(keys.authority + keys.leaf, keys.leaf + keys.authority, keys.leaf, 'x'),
  },
  'crypto.x509.parse_and_verify_certificates_with_options': {
    certs: quoted(keys.authority + keys.leaf, keys.leaf),
    options: [
      '{"CurrentTime": 4000000000000000000, "KeyUsages": ["KeyUsageServerAuth"]}',
      '{"DNSName": "leaf.example.com"}',
      '{"DNSName": "x.example.com"}',
      '{}',
      '{"CurrentTime": 0}',
      '{"MaxConstraintComparisons": 1}',
      '{"Nope": 1}',
    ],
  },
  'crypto.x509.parse_certificate_request': { csr: quoted(keys.request, 'x') },
  'crypto.x509.parse_rsa_private_key': { pem: quoted(keys.rsaKey, keys.pkcs8Key, 'x') },
  'crypto.x509.parse_keypair': { cert: quoted(keys.leaf, keys.authority), pem: quoted(keys.pkcs8Key, keys.rsaKey) },
  'crypto.parse_private_keys': { keys: quoted(keys.rsaKey, keys.rsaKey + keys.pkcs8Key, keys.edKey, '', 'x') },
  'regex.match': { pattern: patterns, value: subjects },
  re_match: { x: patterns, y: subjects },
  'regex.is_valid': { pattern: patterns },
  'regex.find_n': { pattern: patterns, value: subjects, number: ['-1', '0', '1', '2'] },
  'regex.find_all_string_submatch_n': { pattern: patterns, value: subjects, number: ['-1', '0', '1', '2'] },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: `${1}` is a group of the pattern
  'regex.replace': { s: subjects, pattern: patterns, value: quoted('x', '$1', '${1}y', '$x', '$$', '', '${x}-$0') },
  'regex.split': { pattern: patterns, value: subjects },
  'regex.globs_match': {
    glob1: quoted('a.*', '[a-c]+', '.', 'abc', '', 'a**', '[', '\\.'),
    glob2: quoted('a.b', '[b-d]+', 'x', 'abc*', '', '.+'),
  },
  'regex.template_match': {
    template: quoted('urn:foo:{.*}', 'a{[0-9]+}b', '{', 'x', '{a}{b}', '<a+>'),
    value: quoted('urn:foo:bar', 'a12b', 'ab', 'x', ''),
    delimiter_start: quoted('{', '<', '', 'ab'),
    delimiter_end: quoted('}', '>', '}'),
  },
  'glob.match': {
    pattern: globs,
    delimiters: ['[]', 'null', '["."]', '["/", ":"]', '["ab"]', '[""]'],
    match: globSubjects,
  },
  'glob.quote_meta': { pattern: globs },
  'time.parse_ns': { layout: layouts, value: dates },
  'time.parse_rfc3339_ns': { value: dates },
  'time.parse_duration_ns': { duration: durations },
  'time.add_date': { ns: instants, years: spans, months: spans, days: spans },
  'time.clock': { x: instants },
  'time.date': { x: instants },
  'time.weekday': { x: instants },
  'time.diff': { ns1: instants, ns2: instants },
  'time.format': { x: formats },
  'net.cidr_contains': { cidr: cidrs, cidr_or_ip: cidrs },
  'net.cidr_contains_matches': { cidrs: cidrLists, cidrs_or_ips: cidrLists },
  'net.cidr_expand': { cidr: quoted('10.0.0.0/30', '10.0.0.5/32', '2001:db8::/127', 'x', '10.0.0.255/29') },
  'net.cidr_intersects': { cidr1: cidrs, cidr2: cidrs },
  'net.cidr_overlap': { x: cidrs, y: cidrs },
  'net.cidr_is_valid': { cidr: cidrs },
  'net.cidr_merge': {
    addrs: [
      '["10.0.0.0/9", "10.128.0.0/9"]',
      '{"10.0.0.1", "10.0.0.0"}',
      '["::/1", "8000::/1", "10.0.0.0/8"]',
      '["x"]',
      '[]',
      '["10.0.0.0/8", "10.1.0.0/16"]',
    ],
  },
  'net.lookup_ip_addr': { name: quoted('127.0.0.1', '::1') },
  'json.unmarshal': { x: json },
  'json.is_valid': { x: json },
  'json.marshal_with_options': {
    opts: [
      '{"pretty": true}',
      '{"indent": "  ", "prefix": ">"}',
      '{"pretty": false, "indent": "x"}',
      '{}',
      '{"indent": 1}',
      '{"nope": 1}',
    ],
  },
  'yaml.unmarshal': { x: yaml },
  'yaml.is_valid': { x: yaml },
  'base64.decode': { x: encoded },
  'base64.is_valid': { x: encoded },
  'base64url.decode': { x: encoded },
  'hex.decode': { x: quoted('6162', '6G', '6', '', 'F09F9880', 'ff') },
  'urlquery.decode': { x: queries },
  'urlquery.decode_object': { x: queries },
  'urlquery.encode_object': { object: ['{"a": "b c", "d": ["x", "y"]}', '{"z": {"2", "1"}}', '{"é": "&="}', '{}'] },
  'semver.compare': { a: versions, b: versions },
  'semver.is_valid': { vsn: [...versions, '1'] },
  'units.parse': { x: quantities },
  'units.parse_bytes': { x: quantities },
  'uri.parse': { uri: urls },
  'uri.is_valid': { uri: urls },
  'uuid.parse': { uuid: uuids },
  'graphql.is_valid': { query: documents, schema: schemas },
  'graphql.parse': { query: documents, schema: schemas },
  'graphql.parse_and_verify': { query: documents, schema: schemas },
  'graphql.parse_query': { query: documents },
  'graphql.parse_schema': { schema: schemas },
  'graphql.schema_is_valid': { schema: schemas },
  'json.patch': { target: nested, patches },
  'json.filter': { object: nested, paths },
  'json.remove': { object: nested, paths },
  'json.match_schema': {
    document: ['{"a": 1}', '{"a": "x"}', '"{\\"a\\": 1}"', '"5"', '{}', '"x"'],
    schema: jsonSchemas,
  },
  'json.verify_schema': { schema: jsonSchemas },
  'object.get': {
    object: nested,
    key: ['"a"', '["a", "b"]', '["a", "b", 0]', '[]', '1', '"constructor"', '"toString"', '["a", 0, "b"]'],
  },
  'object.filter': { object: nested, keys: ['["a"]', '{"a", "__proto__"}', '{"d": 1}', '[1]'] },
  'object.remove': { object: nested, keys: ['["a"]', '{"a", "constructor"}', '{"d": 1}', '[1]'] },
  'object.union': { a: nested, b: nested },
  'object.union_n': { objects: nested.map((each) => `[${each}, ${nested[0]}]`) },
  'object.subset': {
    super: [...nested, '{1, 2, 3}', '[1, 2, 3]'],
    sub: ['{"a": {}}', '{1}', '[2, 3]', '{}', '[]', 'set()', '{1: {}}', '{1, 4}'],
  },
  'graph.reachable': { graph: graphs, initial: ['["a"]', '{"a", "b"}', '[1]', '[]', '["missing"]'] },
  'graph.reachable_paths': { graph: graphs, initial: ['["a"]', '{"a", "b"}', '[1]', '[]', '["missing"]'] },
  sprintf: { format: printf.map(([format]) => format), values: printf.map(([, values]) => values) },
  format_int: { number: [...small, '255', '-255', '15.9'], base: ['2', '8', '10', '16', '3', '36'] },
  'numbers.range': { a: ['0', '3', '-2', '1.5', '9007199254740991'], b: ['3', '0', '5', '9007199254740993', '2.5'] },
  'numbers.range_step': { a: ['0', '5', '-3'], b: ['10', '0', '1'], step: ['1', '2', '0', '-1', '1.5'] },
  'bits.and': { x: small, y: small },
  'bits.or': { x: small, y: small },
  'bits.xor': { x: small, y: small },
  'bits.lsh': { x: small, s: ['0', '1', '5', '63', '64', '-1', '1.5'] },
  'bits.rsh': { x: small, s: ['0', '1', '5', '63', '64', '-1', '1.5'] },
  'bits.negate': { x: small },
  to_number: { value: quoted('1', '1.50', 'x', '', '1e400', '0x1F', ' 1', '+1', '.5', 'Infinity', 'NaN', '-0', '1e5') },
  substring: { offset: ['0', '1', '3', '-1', '100'], length: ['0', '1', '2', '-1', '100'] },
  'strings.split_n': { n: ['-1', '0', '1', '2', '1.5'] },
  'strings.render_template': {
    value: quoted(
      'a {{.x}} b',
      '{{range .xs}}[{{.}}]{{end}}',
      '{{.missing}}',
      '{{',
      '{{if .x}}y{{else}}n{{end}}',
      '{{printf "%v" .x}}',
    ),
    vars: ['{"x": 1, "xs": ["a", 2]}', '{"x": "<&>"}', '{}', '{"x": {"y": null}, "xs": []}'],
  },
  'strings.replace_n': {
    patterns: ['{"a": "b", "b": "c"}', '{"ab": "1", "a": "2"}', '{}', '{"\u{1f600}": "s"}'],
  },
  'array.slice': { start: ['0', '1', '-1', '5', '1.5'], stop: ['0', '2', '-1', '100'] },
  'rego.parse_module': {
    filename: quoted('x.rego', ''),
    rego: quoted('package a\np := 1', 'package a', 'x', '', 'package a\np contains x if some x in input.xs'),
  },
  'providers.aws.sign_req': {
    request: [
      '{"method": "get", "url": "https://example.com/a?b=c"}',
      '{"method": "post", "url": "https://x.s3.amazonaws.com/k", "body": {"a": 1}, "headers": {"X-A": "1"}}',
      '{"url": "x"}',
      '{}',
    ],
    aws_config: [
      '{"aws_access_key": "a", "aws_secret_access_key": "b", "aws_service": "s3", "aws_region": "us-east-1"}',
      '{"aws_access_key": "a", "aws_secret_access_key": "b", "aws_service": "ec2", "aws_region": "eu-north-1", "aws_session_token": "t"}',
      '{}',
    ],
    time_ns: ['1614834367000000000', '0'],
  },
}

/** A text for one operand, or undefined where any value of the declared type will do. */
export function hintedOperand(random: Random, builtin: string, operand: string): string | undefined {
  const texts = hints[builtin]?.[operand]
  return texts === undefined ? undefined : random.pick(texts)
}
