/**
 * All builtins by name, one family a file. A builtin is found here or handled by the compiler (`compiled` below); a test holds this table against the
 * declarations.
 */
import { aggregates } from './aggregates.ts'
import { arithmetic } from './arithmetic.ts'
import { arrays } from './arrays.ts'
import type { Builtin, BuiltinTable } from './builtin.ts'
import { comparison } from './comparison.ts'
import { crypto } from './crypto.ts'
import { encoding } from './encoding.ts'
import { glob } from './glob.ts'
import { graph } from './graph.ts'
import { graphql } from './graphql.ts'
import { http } from './http.ts'
import { json } from './json.ts'
import { jsonPatch } from './json-patch.ts'
import { jsonPaths } from './json-paths.ts'
import { jsonSchema } from './json-schema.ts'
import { net } from './net.ts'
import { numbers } from './numbers.ts'
import { objects } from './objects.ts'
import { opa } from './opa.ts'
import { providersAws } from './providers-aws.ts'
import { regex } from './regex.ts'
import { rego } from './rego.ts'
import { semver } from './semver.ts'
import { sets } from './sets.ts'
import { strings } from './strings.ts'
import { templates } from './templates.ts'
import { time } from './time.ts'
import { tokens } from './tokens.ts'
import { tracing } from './tracing.ts'
import { types } from './types.ts'
import { units } from './units.ts'
import { uri } from './uri.ts'
import { uuid } from './uuid.ts'
import { x509 } from './x509.ts'
import { yaml } from './yaml.ts'

const families: readonly Readonly<Record<string, Builtin>>[] = [
  aggregates,
  arithmetic,
  arrays,
  comparison,
  crypto,
  encoding,
  net,
  opa,
  providersAws,
  semver,
  tokens,
  tracing,
  units,
  uuid,
  x509,
  yaml,
  glob,
  graph,
  graphql,
  http,
  json,
  jsonPatch,
  jsonPaths,
  jsonSchema,
  numbers,
  objects,
  regex,
  rego,
  sets,
  strings,
  templates,
  time,
  types,
  uri,
]

/** Every builtin that runs as a function. */
export const builtins: BuiltinTable = new Map(families.flatMap((family) => Object.entries(family)))
