/**
 * What a name that means nothing probably stands for: functions by their parts, documents by their paths. A guess is made
 * only where each part of it is near, so that a hint never leads to something else.
 */

import type { BuiltinDecl } from '../builtins/type-decl.ts'
import { closest } from './suggest.ts'
import type { Node } from './tree.ts'

/** What other languages, and other libraries for Rego, call builtins. */
const foreignFunctions: Readonly<Record<string, string>> = {
  len: 'count',
  length: 'count',
  size: 'count',
  format: 'sprintf',
  tolower: 'lower',
  to_lower: 'lower',
  lowercase: 'lower',
  toupper: 'upper',
  to_upper: 'upper',
  uppercase: 'upper',
  strip: 'trim_space',
  join: 'concat',
  typeof: 'type_name',
  is_bool: 'is_boolean',
  is_int: 'is_number',
  parseint: 'to_number',
  to_string: 'sprintf',
  matches: 'regex.match',
  now: 'time.now_ns',
  'string.split': 'split',
  'strings.split': 'split',
  'json.parse': 'json.unmarshal',
  'json.stringify': 'json.marshal',
  'json.decode': 'json.unmarshal',
  'json.encode': 'json.marshal',
  'yaml.parse': 'yaml.unmarshal',
  'jwt.verify': 'io.jwt.decode_verify',
}

/** What to write instead of a builtin that is deprecated. */
const replacements: Readonly<Record<string, string>> = {
  all: '`every x in xs { x }`',
  any: '`true in xs`',
  cast_array: '`[x | some x in xs]`',
  cast_boolean: '`is_boolean`',
  cast_null: '`is_null`',
  cast_object: '`is_object`',
  cast_set: '`{x | some x in xs}`',
  cast_string: '`is_string`',
  'net.cidr_overlap': '`net.cidr_contains`',
  re_match: '`regex.match`',
  set_diff: '`a - b`',
}

/** What a deprecated builtin is replaced by, as one line for an error, or none. */
export function replacementOf(builtin: string): readonly string[] {
  const found = Object.hasOwn(replacements, builtin) ? replacements[builtin] : undefined
  return found === undefined ? [] : [`write ${found} instead`]
}

/** The function that a call of `written` probably means, of `own` functions and the builtins. */
export function likelyFunction(
  written: string,
  own: readonly string[],
  builtins: ReadonlyMap<string, BuiltinDecl>,
): string | undefined {
  const offered = [...builtins].flatMap(([name, { deprecated }]) =>
    deprecated === true || name.startsWith('internal.') ? [] : [name],
  )
  const foreign = foreignFunctions[written.toLowerCase()]
  return (
    nearByParts(written, own) ??
    (foreign !== undefined && builtins.has(foreign) ? foreign : undefined) ??
    nearByParts(written, offered) ??
    // `jwt.decode`, `sha256`: the end of one builtin's name.
    only(offered.filter((name) => name.endsWith(`.${written}`))) ??
    // `time.now`: the beginning of one builtin's name.
    only(offered.filter((name) => written.includes('.') && name.startsWith(`${written}_`)))
  )
}

function only(names: readonly string[]): string | undefined {
  return names.length === 1 ? names[0] : undefined
}

/** The name that is near in each of its parts, of those with as many parts. */
function nearByParts(written: string, names: readonly string[]): string | undefined {
  const parts = written.split('.')
  const candidates = names.filter((name) => {
    const others = name.split('.')
    return others.length === parts.length && others.every((other, i) => isNear(parts[i] ?? '', other))
  })
  return closest(written, candidates)
}

function isNear(written: string, name: string): boolean {
  return written === name || closest(written, [name]) !== undefined
}

/**
 * The document that a path below `data` probably means, as a path of the same length: at the first part that nothing
 * declares the nearest name there, and so on from it. Undefined where the path exists, or nothing is near.
 */
export function likelyPath(root: Node, path: readonly string[]): readonly string[] | undefined {
  const meant: string[] = []
  let node = root
  for (const [i, name] of path.entries()) {
    // What a rule makes may have any key.
    if (node.declared.length > 0) {
      meant.push(...path.slice(i))
      break
    }
    const next = node.children.has(name) ? name : closest(name, node.children.keys())
    const child = next === undefined ? undefined : node.children.get(next)
    if (next === undefined || child === undefined) return undefined
    meant.push(next)
    node = child
  }
  return meant.some((name, i) => name !== path[i]) ? meant : undefined
}

/** The one package whose last name this is: `data.lib.strings` for `strings`. */
export function packageCalled(root: Node, name: string): readonly string[] | undefined {
  const found: (readonly string[])[] = []
  const visit = (node: Node): void => {
    if (node.isPackage && node.path.at(-1) === name) found.push(node.path)
    for (const child of node.children.values()) visit(child)
  }
  visit(root)
  return found.length === 1 ? found[0] : undefined
}
