/**
 * The doors of the parser: a module, a query and a single term from their texts, every fault as a `RegoErrors`.
 */

import type { Body, Import, Module, Ref, RuleDecl, Span, Term, Var } from '../ast.ts'
import { errorAt, errorsMax, RegoErrors } from '../errors.ts'
import { suggestions } from '../resolve/suggest.ts'
import { adviceFor } from './advice.ts'
import { attachAnnotations, readAnnotations } from './annotations.ts'
import { keywordsOfV1, type ParseOptions, StatementFaults, SyntaxFault } from './cursor.ts'
import { Rules } from './rules.ts'

export type { ParseOptions } from './cursor.ts'

/** The module in `source`. Throws `RegoErrors` with `rego_parse_error`. */
export function parseModule(source: string, file: string, options: ParseOptions = {}): Module {
  return guarded(source, 'module', () => {
    const parser = new ModuleParser(source, file, options)
    const module = parser.module()
    const annotations = readAnnotations(parser.comments, parsePath)
    return attachAnnotations(module, annotations)
  })
}

/** The expressions of a query, such as `data.a.b = x`; the keywords of v1 and those that `imports` name are active in it. */
export function parseQuery(source: string, options: ParseOptions = {}, imports: readonly Import[] = []): Body {
  return guarded(source, 'query', () => new ModuleParser(source, '', options).query(imports))
}

/** The path of a package as it is written after `package`. */
export function parsePackage(path: string, options: ParseOptions = {}): readonly string[] {
  return parseModule(`package ${path}`, '', options).package
}

/** Imports as they are written after `import`. */
export function parseImports(written: readonly string[], options: ParseOptions = {}): readonly Import[] {
  return parseModule(['package query', ...written.map((each) => `import ${each}`)].join('\n'), '', options).imports
}

/** The one term that `source` is; it may have infix operators, variables and comprehensions. */
export function parseTermText(source: string, options: ParseOptions = {}): Term {
  return guarded(source, 'query', () => new ModuleParser(source, '', options).onlyTerm())
}

function guarded<T>(source: string, unit: 'module' | 'query', parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    if (!(cause instanceof SyntaxFault || cause instanceof StatementFaults)) throw cause
    const faults = cause instanceof SyntaxFault ? [cause] : cause.faults
    throw new RegoErrors(
      faults.map((fault, i) => {
        const given = fault.details.length > 0 || i >= errorsMax
        const details = given ? fault.details : adviceFor(fault, source, unit)
        return errorAt('rego_parse_error', fault.at, fault.message, source, details)
      }),
    )
  }
}

const roots = new Set(['data', 'input', 'future', 'rego'])

class ModuleParser extends Rules {
  module(): Module {
    if (this.is('eof')) this.fail('empty module')
    if (!this.isKeyword('package')) this.fail('package expected')
    const start = this.token
    const path = this.packagePath()
    const packageAt = this.since(start)
    const imports: Import[] = []
    const rules: RuleDecl[] = []
    while (!this.is('eof')) this.statement(imports, rules)
    if (this.refused.length > 0) throw new StatementFaults(oneEachRow(this.refused))
    const { file, source, comments } = this
    return { file, source, package: path, packageAt, imports, rules, annotations: [], comments }
  }

  private statement(imports: Import[], rules: RuleDecl[]): void {
    try {
      if (this.isKeyword('package')) this.refuseSecondPackage()
      else if (this.isKeyword('import')) imports.push(this.import())
      else rules.push(...this.rules())
    } catch (cause) {
      // `deny cotains "a"`: what follows a word that cannot stand there says less than the word.
      const before = cause instanceof SyntaxFault ? this.refused.at(-1) : undefined
      throw before !== undefined && before.at.row === (cause as SyntaxFault).at.row ? before : cause
    }
  }

  private refuseSecondPackage(): void {
    const start = this.token
    this.packagePath()
    this.refuse('unexpected package', this.since(start))
  }

  query(imports: readonly Import[]): Body {
    for (const each of imports) if (each.path[0] === 'future') this.futureImport(each)
    if (this.is('eof')) this.fail('empty query')
    const body = []
    while (!this.is('eof')) {
      body.push(this.literal())
      if (this.is(';')) this.next()
    }
    return body
  }

  onlyTerm(): Term {
    if (this.is('eof')) this.fail('empty term')
    const term = this.term(true)
    if (!this.is('eof')) this.unexpected('expected one term')
    return term
  }

  private packagePath(): string[] {
    this.next()
    const { head, path } = this.rootedPath()
    return [head.name, ...path.map((part) => this.pathString(part))]
  }

  /** A ref that begins with a name, in which keywords are names. */
  private rootedPath(): { head: Var; path: readonly Term[]; at: Span } {
    if (!this.is('name')) this.unexpected()
    if (this.keywords.has(this.token.text) && !this.has('keywords_in_refs')) this.unexpected()
    const term = this.finish(this.variable())
    if (term.kind === 'var') return { head: term, path: [], at: term.at }
    if (term.kind !== 'ref' || term.head.kind !== 'var') return this.fail('expected path', term.at)
    this.checkDocumentPath(term)
    return { head: term.head, path: term.path, at: term.at }
  }

  private pathString(part: Term): string {
    if (part.kind !== 'string') this.fail(`unexpected ${part.kind} token: expecting string`, part.at)
    return part.value
  }

  private import(): Import {
    const start = this.token
    this.next()
    const parsed = this.rootedPath()
    const path = [parsed.head.name, ...parsed.path.map((part) => this.pathString(part))]
    const [root = ''] = path
    if (!roots.has(root))
      this.fail(
        `unexpected import path, must begin with one of: {data, future, input, rego}, got: ${root}`,
        parsed.at,
        rootHint(path),
      )
    const alias = this.alias()
    const base = { path, at: this.since(start), pathAt: parsed.at }
    const result: Import = alias === undefined ? base : { ...base, alias }
    if (root === 'future') this.futureImport(result)
    else if (root === 'rego') this.regoImport(result)
    else this.checkTail(result, parsed.path.at(-1)?.at ?? parsed.at)
    return result
  }

  private alias(): string | undefined {
    if (!this.isKeyword('as')) return undefined
    this.next()
    if (!this.isName()) this.unexpected('expected var')
    const isRoot = this.token.text === 'input' || this.token.text === 'data'
    if (isRoot) {
      this.next()
      this.unexpected('expected var')
    }
    const name = this.variable()
    if (name.wildcard || this.is('.') || this.is('[')) this.unexpected('expected var')
    return name.name
  }

  private checkTail(found: Import, at: Span): void {
    const last = found.path.at(-1) ?? ''
    if (found.alias === undefined && keywordsOfV1.has(last))
      this.fail(
        `unexpected import path, must not end with a keyword, got: ${last} (hint: import a different path or use an alias)`,
        at,
      )
  }

  private futureImport(found: Import): void {
    const [, second, word] = found.path
    if (second !== 'keywords') this.fail('invalid import, must be `future.keywords`', found.pathAt)
    if (found.alias !== undefined) this.fail('`future` imports cannot be aliased', found.pathAt)
    const known = [...this.futureKeywords].sort()
    if (word !== undefined && !this.futureKeywords.has(word))
      this.fail(`unexpected keyword, must be one of [${known.join(' ')}]`, found.pathAt, suggestions(word, known))
    for (const each of word === undefined ? known : [word]) {
      this.keywords.add(each)
      if (each === 'not') this.scopedNot = true
    }
  }

  private regoImport(found: Import): void {
    if (this.features !== undefined && !this.has('rego_v1_import') && !this.has('rego_v1'))
      this.fail('invalid import, `rego.v1` is not supported by current capabilities', found.pathAt)
    const written = found.path.join('.')
    if (written !== 'rego.v1') this.fail(`invalid import \`${written}\`, must be \`rego.v1\``, found.pathAt)
  }
}

/** The first fault of each row: what else is wrong with a row follows from it. */
function oneEachRow(faults: readonly SyntaxFault[]): SyntaxFault[] {
  const inOrder = [...faults].sort((a, b) => a.at.start - b.at.start)
  return inOrder.filter(({ at }, i) => at.row !== inOrder[i - 1]?.at.row)
}

/** What an import that begins with none of the roots may have been meant to be. */
function rootHint(path: readonly string[]): readonly string[] {
  const near = suggestions(path[0] ?? '', roots)
  return near.length > 0 || path.length < 2 ? near : [`did you mean \`data.${path.join('.')}\`?`]
}

/** The text of a ref such as `schema.a["b"]` as its parts; undefined where it is none. Used by annotations. */
export function parsePath(text: string): readonly string[] | undefined {
  try {
    const term = parseTermText(text)
    if (term.kind === 'var') return [term.name]
    if (term.kind !== 'ref' || term.head.kind !== 'var') return undefined
    const parts = (term as Ref).path.map((part) => (part.kind === 'string' ? part.value : undefined))
    return parts.includes(undefined) ? undefined : [term.head.name, ...(parts as string[])]
  } catch (cause) {
    if (cause instanceof RegoErrors) return undefined
    throw cause
  }
}
