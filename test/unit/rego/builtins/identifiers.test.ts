import { type Call, testCalls } from './calls.ts'

/** Calls of builtins on units, versions, addresses and what OPA 1.20.2 gives for them, errors included. */
const calls: readonly Call[] = [
  ['units.parse', ['10Ki'], '10240'],
  ['units.parse', ['100m'], '0.1'],
  ['units.parse', ['1.5 k'], 'eval_builtin_error: units.parse: spaces not allowed in resource strings'],
  ['units.parse', ['1Q'], 'eval_builtin_error: units.parse: unit Q not recognized'],
  ['units.parse', [''], 'eval_builtin_error: units.parse: no amount provided'],
  ['units.parse', ['1e1000000'], 'eval_builtin_error: units.parse: exponent too large'],
  ['units.parse_bytes', ['1.5KiB'], '1536'],
  ['units.parse_bytes', ['1e3'], '1000'],
  ['units.parse_bytes', ['x'], 'eval_builtin_error: units.parse_bytes: no byte amount provided'],
  ['semver.compare', ['1.0.0-alpha.1', '1.0.0-alpha.beta'], '-1'],
  ['semver.compare', ['v1.0.0+b', '1.0.0'], '0'],
  ['semver.compare', ['1.0', '1.0.0'], 'eval_builtin_error: operand 1: string "1.0" is not a valid SemVer'],
  ['semver.is_valid', ['1.0.0-'], 'true'],
  ['semver.is_valid', [1], 'false'],
  [
    'uuid.parse',
    ['f81d4fae-7dec-11d0-a765-00a0c91e6bf6'],
    '{"clocksequence":10085,"macvariables":"global:unicast","nodeid":"00-a0-c9-1e-6b-f6","time":854991792216875000,"variant":"RFC4122","version":1}',
  ],
  ['uuid.parse', ['x'], 'undefined'],
  ['net.cidr_contains', ['10.0.0.0/8', '::ffff:10.1.2.3'], 'true'],
  [
    'net.cidr_contains',
    ['10.0.0.0/8', 'x'],
    'eval_builtin_error: not a valid textual representation of an IP address or CIDR: x',
  ],
  ['net.cidr_contains', ['::1', '::1'], 'eval_builtin_error: invalid CIDR address: ::1'],
  ['net.cidr_intersects', ['10.0.0.0/8', '10.1.0.0/16'], 'true'],
  ['net.cidr_is_valid', ['10.0.0.0/33'], 'false'],
  ['net.cidr_expand', ['10.0.0.5/30'], '["10.0.0.4","10.0.0.5","10.0.0.6","10.0.0.7"]'],
  ['net.cidr_merge', [['10.0.0.0/9', '10.128.0.0/9', '1.2.3.4']], '["1.2.3.4/8","10.0.0.0/8"]'],
  ['net.cidr_merge', [['fe80::1']], 'eval_builtin_error: IPv6 invalid: needs prefix length'],
  ['net.cidr_contains_matches', [{ a: '10.0.0.0/8' }, ['10.0.0.1', '1.1.1.1']], '[["a",0]]'],
  [
    'net.cidr_contains_matches',
    [['x'], [[]]],
    'eval_builtin_error: operand 2: element must be string or non-empty array',
  ],
  ['net.lookup_ip_addr', ['10.0.0.0'], '["10.0.0.0"]'],
  ['strings.render_template', ['{{range $i,$x := .a}}{{if $i}},{{end}}{{$x}}{{end}}', { a: [1, 'b'] }], '"1,b"'],
  [
    'strings.render_template',
    ['{{.x.y}} {{len .n}} {{printf "%q" .s}}', { n: 123, s: 'é' }],
    '"\\u003cundefined\\u003e 3 \\"é\\""',
  ],
  ['strings.render_template', ['{{.a', {}], 'eval_builtin_error: template: template:1: unclosed action'],
  [
    'json.match_schema',
    [{ a: 'x' }, { properties: { a: { type: 'integer' } }, required: ['b'] }],
    '[false,[{"desc":"b is required","error":"(Root): b is required","field":"(Root)","type":"required"},{"desc":"Invalid type. Expected: integer, given: string","error":"a: Invalid type. Expected: integer, given: string","field":"a","type":"invalid_type"}]]',
  ],
  [
    'json.match_schema',
    [[1, 1], { contains: { type: 'string' }, uniqueItems: true }],
    '[false,[{"desc":"array items[0,1] must be unique","error":"(Root): array items[0,1] must be unique","field":"(Root)","type":"unique"},{"desc":"At least one of the items must match","error":"(Root): At least one of the items must match","field":"(Root)","type":"contains"},{"desc":"Invalid type. Expected: string, given: integer","error":"0: Invalid type. Expected: string, given: integer","field":"0","type":"invalid_type"}]]',
  ],
  [
    'json.match_schema',
    [
      { a: {} },
      {
        $ref: '#/definitions/n',
        definitions: { n: { properties: { a: { $ref: '#/definitions/n' } }, required: ['a'] } },
      },
    ],
    '[false,[{"desc":"a is required","error":"a: a is required","field":"a","type":"required"}]]',
  ],
  [
    'json.verify_schema',
    [{ type: 'bad' }],
    '[false,"jsonschema: has a primitive type that is NOT VALID -- given: /bad/ Expected valid values are:[array boolean integer number null object string]"]',
  ],
  ['json.verify_schema', ['{bad'], '[false,"jsonschema: invalid JSON string"]'],
  [
    'graphql.parse_query',
    ['{ f(a: [1, $x]) @d { ...F ... on T { g } } }'],
    '{"Operations":[{"Name":"","Operation":"query","SelectionSet":[{"Alias":"f","Arguments":[{"Name":"a","Value":{"Children":[{"Name":"","Value":{"ExpectedTypeHasDefault":false,"Kind":1,"Raw":"1"}},{"Name":"","Value":{"ExpectedTypeHasDefault":false,"Kind":0,"Raw":"x"}}],"ExpectedTypeHasDefault":false,"Kind":8,"Raw":""}}],"Directives":[{"Location":"","Name":"d"}],"Name":"f","SelectionSet":[{"Name":"F"},{"SelectionSet":[{"Alias":"g","Name":"g"}],"TypeCondition":"T"}]}]}]}',
  ],
  ['graphql.is_valid', ['{ a }', 'type Query { a: Int }'], 'true'],
  ['graphql.is_valid', ['{ b }', 'type Query { a: Int }'], 'false'],
  ['graphql.schema_is_valid', ['type A implements B { x: Int } interface B { x: String }'], 'false'],
  [
    'graphql.parse_schema',
    ['type A { }'],
    'eval_builtin_error: expected at least one definition, found } in GraphQL string at location 1:10',
  ],
  ['io.jwt.decode', ['a.b'], 'eval_builtin_error: encoded JWT must have 3 sections, found 2'],
  ['io.jwt.verify_hs256', ['eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo', 'x'], 'false'],
  ['io.jwt.decode_verify', ['x', {}], 'eval_builtin_error: no key constraint'],
  [
    'io.jwt.encode_sign_raw',
    ['{}', '{}', '{"kty":"oct","k":"AA"}'],
    'eval_builtin_error: missing or invalid \'alg\' header: jwsbb: header "alg" not found',
  ],
  ['opa.runtime', [], '{}'],
]

testCalls(calls)
