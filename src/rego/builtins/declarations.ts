/**
 * Every builtin of OPA 1.20.2 with the types of its operands and result: what the type checker reads, what capabilities narrow, and what the
 * registry must implement. Names and types are those of OPA's capabilities file; a test compares the two.
 */
import {
  any,
  anyOf,
  array,
  type BuiltinDecl,
  boolean,
  fn,
  nil,
  number,
  object,
  record,
  set,
  string,
  tuple,
} from './type-decl.ts'

export type { BuiltinDecl, TypeDecl } from './type-decl.ts'

const list = anyOf(array(any), set(any))
const collection = anyOf(array(any), object(any, any), set(any))
const strings = anyOf(string, array(string), set(string))
const document = anyOf(string, object(any, any))
const path = anyOf(string, array(any))
const paths = anyOf(array(path), set(path))
const cidrs = anyOf(string, array(path), object(string, path), set(path))
const edges = object(any, list)
const instant = anyOf(number, tuple(number, string))
const verdict = tuple(boolean, array(object(string, any)))

/** Name -> declaration. */
export const declarations: Readonly<Record<string, BuiltinDecl>> = {
  // aggregates
  count: fn({ collection: anyOf(string, array(any), object(any, any), set(any)) }, number),
  max: fn({ collection: list }, any),
  min: fn({ collection: list }, any),
  product: fn({ collection: anyOf(array(number), set(number)) }, number),
  sort: fn({ collection: list }, array(any)),
  sum: fn({ collection: anyOf(array(number), set(number)) }, number),

  // array
  'array.concat': fn({ x: array(any), y: array(any) }, array(any)),
  'array.flatten': fn({ arr: array(any) }, array(any)),
  'array.reverse': fn({ arr: array(any) }, array(any)),
  'array.slice': fn({ arr: array(any), start: number, stop: number }, array(any)),

  // bits
  'bits.and': fn({ x: number, y: number }, number),
  'bits.lsh': fn({ x: number, s: number }, number),
  'bits.negate': fn({ x: number }, number),
  'bits.or': fn({ x: number, y: number }, number),
  'bits.rsh': fn({ x: number, s: number }, number),
  'bits.xor': fn({ x: number, y: number }, number),

  // comparison
  equal: fn({ x: any, y: any }, boolean, { infix: '==' }),
  gt: fn({ x: any, y: any }, boolean, { infix: '>' }),
  gte: fn({ x: any, y: any }, boolean, { infix: '>=' }),
  lt: fn({ x: any, y: any }, boolean, { infix: '<' }),
  lte: fn({ x: any, y: any }, boolean, { infix: '<=' }),
  neq: fn({ x: any, y: any }, boolean, { infix: '!=' }),

  // conversions
  to_number: fn({ value: anyOf(nil, boolean, number, string) }, number),

  // crypto
  'crypto.hmac.equal': fn({ mac1: string, mac2: string }, boolean),
  'crypto.hmac.md5': fn({ x: string, key: string }, string),
  'crypto.hmac.sha1': fn({ x: string, key: string }, string),
  'crypto.hmac.sha256': fn({ x: string, key: string }, string),
  'crypto.hmac.sha512': fn({ x: string, key: string }, string),
  'crypto.md5': fn({ x: string }, string),
  'crypto.parse_private_keys': fn({ keys: string }, array(object(string, any))),
  'crypto.sha1': fn({ x: string }, string),
  'crypto.sha256': fn({ x: string }, string),
  'crypto.x509.parse_and_verify_certificates': fn({ certs: string }, verdict),
  'crypto.x509.parse_and_verify_certificates_with_options': fn(
    { certs: string, options: object(string, any) },
    verdict,
  ),
  'crypto.x509.parse_certificate_request': fn({ csr: string }, object(string, any)),
  'crypto.x509.parse_certificates': fn({ certs: string }, array(object(string, any))),
  'crypto.x509.parse_keypair': fn({ cert: string, pem: string }, object(string, any)),
  'crypto.x509.parse_rsa_private_key': fn({ pem: string }, object(string, any)),

  // encoding
  'base64.decode': fn({ x: string }, string),
  'base64.encode': fn({ x: string }, string),
  'base64.is_valid': fn({ x: string }, boolean),
  'base64url.decode': fn({ x: string }, string),
  'base64url.encode': fn({ x: string }, string),
  'base64url.encode_no_pad': fn({ x: string }, string),
  'hex.decode': fn({ x: string }, string),
  'hex.encode': fn({ x: string }, string),
  'json.is_valid': fn({ x: string }, boolean),
  'json.marshal': fn({ x: any }, string),
  'json.marshal_with_options': fn(
    { x: any, opts: record({ indent: string, prefix: string, pretty: boolean }, string, any) },
    string,
  ),
  'json.unmarshal': fn({ x: string }, any),
  'urlquery.decode': fn({ x: string }, string),
  'urlquery.decode_object': fn({ x: string }, object(string, array(string))),
  'urlquery.encode': fn({ x: string }, string),
  'urlquery.encode_object': fn({ object: object(string, strings) }, string),
  'yaml.is_valid': fn({ x: string }, boolean),
  'yaml.marshal': fn({ x: any }, string),
  'yaml.unmarshal': fn({ x: string }, any),

  // glob
  'glob.match': fn({ pattern: string, delimiters: anyOf(nil, array(string)), match: string }, boolean),
  'glob.quote_meta': fn({ pattern: string }, string),

  // graph
  'graph.reachable': fn({ graph: edges, initial: list }, set(any)),
  'graph.reachable_paths': fn({ graph: edges, initial: list }, set(array(any))),
  walk: fn({ x: any }, tuple(array(any), any), { relation: true }),

  // graphql
  'graphql.is_valid': fn({ query: document, schema: document }, boolean),
  'graphql.parse': fn({ query: document, schema: document }, tuple(object(any, any), object(any, any))),
  'graphql.parse_and_verify': fn(
    { query: document, schema: document },
    tuple(boolean, object(any, any), object(any, any)),
  ),
  'graphql.parse_query': fn({ query: string }, object(any, any)),
  'graphql.parse_schema': fn({ schema: string }, object(any, any)),
  'graphql.schema_is_valid': fn({ schema: document }, boolean),

  // http
  'http.send': fn({ request: object(string, any) }, object(any, any), { nondeterministic: true }),

  // internal
  'internal.member_2': fn({ x: any, y: any }, boolean, { infix: 'in' }),
  'internal.member_3': fn({ x: any, y: any, z: any }, boolean, { infix: 'in' }),
  'internal.print': fn({ x: array(set(any)) }, undefined),
  'internal.template_string': fn({ x: array(any) }, string),
  'internal.test_case': fn({ x: array(any) }, undefined),

  // net
  'net.cidr_contains': fn({ cidr: string, cidr_or_ip: string }, boolean),
  'net.cidr_contains_matches': fn({ cidrs: cidrs, cidrs_or_ips: cidrs }, set(tuple(any, any))),
  'net.cidr_expand': fn({ cidr: string }, set(string)),
  'net.cidr_intersects': fn({ cidr1: string, cidr2: string }, boolean),
  'net.cidr_is_valid': fn({ cidr: string }, boolean),
  'net.cidr_merge': fn({ addrs: anyOf(array(anyOf(string)), set(string)) }, set(string)),
  'net.lookup_ip_addr': fn({ name: string }, set(string), { nondeterministic: true }),

  // numbers
  abs: fn({ x: number }, number),
  ceil: fn({ x: number }, number),
  div: fn({ x: number, y: number }, number, { infix: '/' }),
  floor: fn({ x: number }, number),
  minus: fn({ x: anyOf(number, set(any)), y: anyOf(number, set(any)) }, anyOf(number, set(any)), { infix: '-' }),
  mul: fn({ x: number, y: number }, number, { infix: '*' }),
  'numbers.range': fn({ a: number, b: number }, array(number)),
  'numbers.range_step': fn({ a: number, b: number, step: number }, array(number)),
  plus: fn({ x: number, y: number }, number, { infix: '+' }),
  'rand.intn': fn({ str: string, n: number }, number, { nondeterministic: true }),
  rem: fn({ x: number, y: number }, number, { infix: '%' }),
  round: fn({ x: number }, number),

  // object
  'json.filter': fn({ object: object(any, any), paths: paths }, object(any, any)),
  'json.match_schema': fn(
    { document: document, schema: document },
    tuple(boolean, array(record({ desc: string, error: string, field: string, type: string }))),
  ),
  'json.patch': fn({ target: any, patches: array(record({ op: string, path: any }, any, any)) }, any),
  'json.remove': fn({ object: object(any, any), paths: paths }, object(any, any)),
  'json.verify_schema': fn({ schema: document }, tuple(boolean, anyOf(nil, string))),
  'object.filter': fn({ object: object(any, any), keys: collection }, object(any, any)),
  'object.get': fn({ object: object(any, any), key: any, default: any }, any),
  'object.keys': fn({ object: object(any, any) }, set(any)),
  'object.remove': fn({ object: object(any, any), keys: collection }, object(any, any)),
  'object.subset': fn({ super: collection, sub: collection }, boolean),
  'object.union': fn({ a: object(any, any), b: object(any, any) }, object(any, any)),
  'object.union_n': fn({ objects: array(object(any, any)) }, object(any, any)),

  // opa
  'opa.runtime': fn({}, object(string, any), { nondeterministic: true }),

  // providers.aws
  'providers.aws.sign_req': fn(
    { request: object(string, any), aws_config: object(string, any), time_ns: number },
    object(any, any),
  ),

  // regex
  'regex.find_all_string_submatch_n': fn({ pattern: string, value: string, number: number }, array(array(string))),
  'regex.find_n': fn({ pattern: string, value: string, number: number }, array(string)),
  'regex.globs_match': fn({ glob1: string, glob2: string }, boolean),
  'regex.is_valid': fn({ pattern: string }, boolean),
  'regex.match': fn({ pattern: string, value: string }, boolean),
  'regex.replace': fn({ s: string, pattern: string, value: string }, string),
  'regex.split': fn({ pattern: string, value: string }, array(string)),
  'regex.template_match': fn(
    { template: string, value: string, delimiter_start: string, delimiter_end: string },
    boolean,
  ),

  // rego
  'rego.metadata.chain': fn({}, array(any)),
  'rego.metadata.rule': fn({}, any),
  'rego.parse_module': fn({ filename: string, rego: string }, object(string, any)),

  // semver
  'semver.compare': fn({ a: string, b: string }, number),
  'semver.is_valid': fn({ vsn: any }, boolean),

  // sets
  and: fn({ x: set(any), y: set(any) }, set(any), { infix: '&' }),
  intersection: fn({ xs: set(set(any)) }, set(any)),
  or: fn({ x: set(any), y: set(any) }, set(any), { infix: '|' }),
  union: fn({ xs: set(set(any)) }, set(any)),

  // strings
  concat: fn({ delimiter: string, collection: anyOf(array(string), set(string)) }, string),
  contains: fn({ haystack: string, needle: string }, boolean),
  endswith: fn({ search: string, base: string }, boolean),
  format_int: fn({ number: number, base: number }, string),
  indexof: fn({ haystack: string, needle: string }, number),
  indexof_n: fn({ haystack: string, needle: string }, array(number)),
  lower: fn({ x: string }, string),
  replace: fn({ x: string, old: string, new: string }, string),
  split: fn({ x: string, delimiter: string }, array(string)),
  sprintf: fn({ format: string, values: array(any) }, string),
  startswith: fn({ search: string, base: string }, boolean),
  'strings.any_prefix_match': fn({ search: strings, base: strings }, boolean),
  'strings.any_suffix_match': fn({ search: strings, base: strings }, boolean),
  'strings.count': fn({ search: string, substring: string }, number),
  'strings.render_template': fn({ value: string, vars: object(string, any) }, string),
  'strings.replace_n': fn({ patterns: object(string, string), value: string }, string),
  'strings.reverse': fn({ x: string }, string),
  'strings.split_n': fn({ x: string, delimiter: string, n: number }, array(string)),
  substring: fn({ value: string, offset: number, length: number }, string),
  trim: fn({ value: string, cutset: string }, string),
  trim_left: fn({ value: string, cutset: string }, string),
  trim_prefix: fn({ value: string, prefix: string }, string),
  trim_right: fn({ value: string, cutset: string }, string),
  trim_space: fn({ value: string }, string),
  trim_suffix: fn({ value: string, suffix: string }, string),
  upper: fn({ x: string }, string),

  // time
  'time.add_date': fn({ ns: number, years: number, months: number, days: number }, number),
  'time.clock': fn({ x: instant }, tuple(number, number, number)),
  'time.date': fn({ x: instant }, tuple(number, number, number)),
  'time.diff': fn({ ns1: instant, ns2: instant }, tuple(number, number, number, number, number, number)),
  'time.format': fn({ x: anyOf(number, tuple(number, string), tuple(number, string, string)) }, string),
  'time.now_ns': fn({}, number, { nondeterministic: true }),
  'time.parse_duration_ns': fn({ duration: string }, number),
  'time.parse_ns': fn({ layout: string, value: string }, number),
  'time.parse_rfc3339_ns': fn({ value: string }, number),
  'time.weekday': fn({ x: instant }, string),

  // tokens
  'io.jwt.decode': fn({ jwt: string }, tuple(object(any, any), object(any, any), string)),
  'io.jwt.decode_verify': fn(
    { jwt: string, constraints: object(string, any) },
    tuple(boolean, object(any, any), object(any, any)),
    { nondeterministic: true },
  ),
  'io.jwt.verify_eddsa': fn({ jwt: string, certificate: string }, boolean),
  'io.jwt.verify_es256': fn({ jwt: string, certificate: string }, boolean),
  'io.jwt.verify_es384': fn({ jwt: string, certificate: string }, boolean),
  'io.jwt.verify_es512': fn({ jwt: string, certificate: string }, boolean),
  'io.jwt.verify_hs256': fn({ jwt: string, secret: string }, boolean),
  'io.jwt.verify_hs384': fn({ jwt: string, secret: string }, boolean),
  'io.jwt.verify_hs512': fn({ jwt: string, secret: string }, boolean),
  'io.jwt.verify_ps256': fn({ jwt: string, certificate: string }, boolean),
  'io.jwt.verify_ps384': fn({ jwt: string, certificate: string }, boolean),
  'io.jwt.verify_ps512': fn({ jwt: string, certificate: string }, boolean),
  'io.jwt.verify_rs256': fn({ jwt: string, certificate: string }, boolean),
  'io.jwt.verify_rs384': fn({ jwt: string, certificate: string }, boolean),
  'io.jwt.verify_rs512': fn({ jwt: string, certificate: string }, boolean),

  // tokens, signing
  'io.jwt.encode_sign': fn(
    { headers: object(string, any), payload: object(string, any), key: object(string, any) },
    string,
    { nondeterministic: true },
  ),
  'io.jwt.encode_sign_raw': fn({ headers: string, payload: string, key: string }, string, { nondeterministic: true }),

  // tracing
  trace: fn({ note: string }, boolean),

  // types
  is_array: fn({ x: any }, boolean),
  is_boolean: fn({ x: any }, boolean),
  is_null: fn({ x: any }, boolean),
  is_number: fn({ x: any }, boolean),
  is_object: fn({ x: any }, boolean),
  is_set: fn({ x: any }, boolean),
  is_string: fn({ x: any }, boolean),
  type_name: fn({ x: any }, string),

  // units
  'units.parse': fn({ x: string }, number),
  'units.parse_bytes': fn({ x: string }, number),

  // uri
  'uri.is_valid': fn({ uri: string }, boolean),
  'uri.parse': fn({ uri: string }, object(string, string)),

  // uuid
  'uuid.parse': fn({ uuid: string }, object(string, any)),
  'uuid.rfc4122': fn({ k: string }, string, { nondeterministic: true }),

  // deprecated, and what the compiler rewrites
  all: fn({ x: list }, boolean, { deprecated: true }),
  any: fn({ x: list }, boolean, { deprecated: true }),
  assign: fn({ x: any, y: any }, boolean, { infix: ':=' }),
  cast_array: fn({ x: any }, array(any), { deprecated: true }),
  cast_boolean: fn({ x: any }, boolean, { deprecated: true }),
  cast_null: fn({ x: any }, nil, { deprecated: true }),
  cast_object: fn({ x: any }, object(any, any), { deprecated: true }),
  cast_set: fn({ x: any }, set(any), { deprecated: true }),
  cast_string: fn({ x: any }, string, { deprecated: true }),
  eq: fn({ x: any, y: any }, boolean, { infix: '=' }),
  'net.cidr_overlap': fn({ x: string, y: string }, boolean, { deprecated: true }),
  print: fn({}, undefined, { variadic: any }),
  re_match: fn({ x: string, y: string }, boolean, { deprecated: true }),
  set_diff: fn({ x: set(any), y: set(any) }, set(any), { deprecated: true }),
}
