/**
 * What a program may use: builtins, features of the language and future keywords, in the shape of OPA's capabilities file.
 */

import { type BuiltinDecl, declarations, type TypeDecl } from './builtins/declarations.ts'

/** A capabilities file as `opa capabilities` prints it; parts that are left out are not limited. */
export interface Capabilities {
  readonly builtins?: readonly {
    readonly name: string
    readonly decl: { readonly args?: readonly TypeDecl[]; readonly result?: TypeDecl; readonly variadic?: TypeDecl }
    readonly infix?: string
    readonly relation?: boolean
    readonly nondeterministic?: boolean
    readonly deprecated?: boolean
  }[]
  readonly features?: readonly string[]
  readonly future_keywords?: readonly string[]
  /** Hosts that policies may reach; not looked at by the compiler but by whoever gives the network. */
  readonly allow_net?: readonly string[]
}

/** The builtins that capabilities allow, by name, with `own` added; without capabilities all of OPA 1.20.2's. */
export function builtinsOf(
  capabilities: Capabilities | undefined,
  own: Readonly<Record<string, BuiltinDecl>> = {},
): ReadonlyMap<string, BuiltinDecl> {
  const base =
    capabilities?.builtins === undefined
      ? Object.entries(declarations)
      : capabilities.builtins.map(({ name, decl, ...rest }): [string, BuiltinDecl] => [name, declared(decl, rest)])
  return new Map([...base, ...Object.entries(own)])
}

type Listed = NonNullable<Capabilities['builtins']>[number]

function declared(decl: Listed['decl'], rest: Omit<Listed, 'name' | 'decl'>): BuiltinDecl {
  return {
    args: decl.args ?? [],
    result: decl.result,
    ...(decl.variadic === undefined ? {} : { variadic: decl.variadic }),
    ...(rest.infix === undefined ? {} : { infix: rest.infix }),
    ...(rest.relation ? { relation: true } : {}),
    ...(rest.nondeterministic ? { nondeterministic: true } : {}),
    ...(rest.deprecated ? { deprecated: true } : {}),
  }
}
