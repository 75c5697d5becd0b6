/**
 * One sentence about a variable that has no value: which name it may have been meant to be, or what would give it one.
 */

import type { Span } from '../ast.ts'
import type { Place } from './context.ts'
import { packageCalled } from './likely.ts'
import type { LocalEntry } from './scope.ts'
import { closest } from './suggest.ts'
import { needsImport } from './terms.ts'
import type { Node } from './tree.ts'

/** What other languages call values that Rego has. */
const foreignValues: Readonly<Record<string, string>> = {
  nil: 'null',
  none: 'null',
  undefined: 'null',
  yes: 'true',
  no: 'false',
}

/** The hint for a name at the place where the error is reported. */
export function unsafeHint(
  { name, at }: { readonly name: string; readonly at: Span },
  locals: readonly LocalEntry[],
  place: Place,
  root: Node,
): readonly string[] {
  const text = place.source.slice(at.start, at.end)
  return [
    subtraction(name, text) ??
      meant(name, locals, place) ??
      unimported(name, text, root) ??
      (text.startsWith('not ')
        ? `\`not\` searches nothing: give \`${name}\` its value before it, or put the search into a rule of its own`
        : `nothing here gives \`${name}\` a value`),
  ]
}

/** A rule, an import, a variable that was declared, a root or a literal. */
function meant(name: string, locals: readonly LocalEntry[], { globals }: Place): string | undefined {
  const bound = locals.filter(({ origin }) => origin !== 'free' && origin !== 'generated').map((entry) => entry.name)
  const foreign = foreignValues[name.toLowerCase()]
  const found = closest(name, [...bound, ...globals.keys(), 'input', 'data', 'true', 'false', 'null']) ?? foreign
  return found === undefined ? undefined : `did you mean \`${found}\`?`
}

/** `lib.x` without the import of the package. */
function unimported(name: string, text: string, root: Node): string | undefined {
  if (!new RegExp(`\\b${name}[.[]`).test(text)) return undefined
  const path = packageCalled(root, name)
  return path === undefined ? undefined : needsImport(path)
}

/** `input.x-y`: names have no `-`, so that this is `input.x` less `y`. */
function subtraction(name: string, text: string): string | undefined {
  const found = new RegExp(`([A-Za-z_][A-Za-z0-9_.]*)\\.([A-Za-z0-9_]+)-${name}\\b`).exec(text)
  if (found === null) return undefined
  const [whole, base, key] = found
  return `\`${whole}\` is a subtraction: a key with \`-\` stands in brackets, \`${base}["${key}-${name}"]\``
}
