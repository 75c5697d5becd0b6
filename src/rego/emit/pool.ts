/** What compiled code refers to but does not contain: constants, places in the source, base documents and builtins. Each is handed over when it is linked. */
import type { Span } from '../ast.ts'
import type { Operand } from '../plan/ir.ts'
import type { Value } from '../value.ts'
import { canonicalText } from '../value.ts'
import { type Code, code, name } from './code.ts'

export class Pool {
  readonly constants: Value[] = []
  readonly places: Span[] = []
  readonly bases: (readonly string[])[] = []
  readonly builtins: string[] = []
  readonly #constants = new Map<string, number>()
  readonly #bases = new Map<string, number>()
  readonly #directories = new Set<number>()

  /** An expression for a constant: scalars are written out, the rest is taken from the pool. */
  constant(value: Value): Code {
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return code`${value}`
    if (typeof value === 'number' && !Object.is(value, -0)) return value < 0 ? code`(${value})` : code`${value}`
    const key = canonicalText(value)
    let index = this.#constants.get(key)
    if (index === undefined) {
      index = this.constants.push(value) - 1
      this.#constants.set(key, index)
    }
    return name('constant', index)
  }

  operand(operand: Operand): Code {
    return operand.kind === 'temp' ? name('temp', operand.id) : this.constant(operand.value)
  }

  /** The place for an error. */
  place(at: Span): Code {
    const last = this.places.length - 1
    if (this.places[last] === at) return name('place', last)
    return name('place', this.places.push(at) - 1)
  }

  base(path: readonly string[]): Code {
    return name('base', this.#baseIndex(path))
  }

  /** The directory of a base document, undefined where it has none (`directoryOf`). */
  directory(path: readonly string[]): Code {
    const index = this.#baseIndex(path)
    this.#directories.add(index)
    return name('directory', index)
  }

  /** The numbers of the base documents whose directories are used. */
  get directories(): readonly number[] {
    return [...this.#directories]
  }

  #baseIndex(path: readonly string[]): number {
    const key = JSON.stringify(path)
    let index = this.#bases.get(key)
    if (index === undefined) {
      index = this.bases.push(path) - 1
      this.#bases.set(key, index)
    }
    return index
  }

  /** The wrapped call of a builtin. Relations and functions are numbered together. */
  builtin(builtin: string): Code {
    let index = this.builtins.indexOf(builtin)
    if (index === -1) index = this.builtins.push(builtin) - 1
    return name('builtin', index)
  }
}
