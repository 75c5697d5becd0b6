/** The builtins of a query as evaluation with unknown parts calls them, each made when it is first asked for. */
import type { BuiltinDecl } from '../builtins/declarations.ts'
import type { BuiltinCall, RelationCall } from '../run/builtin-call.ts'
import type { KnownBuiltin } from './calls.ts'

/** Builtins by name. Both throw `RegoErrors` for one without an implementation. */
export interface KnownBuiltins {
  function(name: string): KnownBuiltin
  relation(name: string): RelationCall
}

/** `call` gives what compiled code calls; `isLibrary` says whether a name is not one of the caller's own. */
export function knownBuiltins(
  declared: ReadonlyMap<string, BuiltinDecl>,
  call: (name: string) => BuiltinCall | RelationCall,
  isLibrary: (name: string) => boolean,
): KnownBuiltins {
  const known = new Map<string, KnownBuiltin>()
  const make = (name: string): KnownBuiltin => {
    const { args = [], result, nondeterministic = false } = declared.get(name) ?? {}
    // A relation is never called as a function: the plan has `each` for it.
    return { call: call(name) as BuiltinCall, operands: args, result, nondeterministic, isLibrary: isLibrary(name) }
  }
  return {
    function(name) {
      const found = known.get(name) ?? make(name)
      known.set(name, found)
      return found
    },
    relation: (name) => call(name) as RelationCall,
  }
}
