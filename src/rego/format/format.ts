/** Rego source as `opa fmt` writes it. */

import type { Body, Comment, Expr, Import, Module, RuleDecl } from '../ast.ts'
import { RegoErrors } from '../errors.ts'
import { parseModule } from '../parse/module.ts'
import { groupsOf, importsOf, type Step, stepsOf } from './imports.ts'
import { Rules } from './rules.ts'
import { commentText } from './sheet.ts'

/**
 * The module in `text` in the one layout that `opa fmt` 1.20 gives it: tabs, one expression a line, imports sorted, comments
 * kept. What was broken over lines stays so. Text in this layout comes back unchanged; as with `opa fmt`, line breaks and comments in
 * the middle of expressions may take a second run to settle. Throws `RegoErrors`: with
 * `rego_parse_error`, and for what `opa fmt` refuses besides (imports of one name, rules named `input` or `data`,
 * deprecated builtins). `file` stands in errors.
 */
export function format(text: string, file = ''): string {
  const module = parseModule(text, file)
  const laidOut = new ModuleFormat(module).run()
  if (canBeRead(module, laidOut)) return laidOut
  const careful = new ModuleFormat(module)
  careful.isCareful = true
  return careful.run()
}

/** Whether a text has the rules of a module, each with as many expressions: `opa fmt` may join two, or write what Rego cannot read. */
function canBeRead(module: Module, text: string): boolean {
  try {
    return sizesOf(parseModule(text, module.file)) === sizesOf(module)
  } catch (cause) {
    if (cause instanceof RegoErrors) return false
    throw cause
  }
}

function sizesOf({ rules }: Module): string {
  const isTrue = (expr: Expr) => expr.kind === 'term' && expr.term.kind === 'boolean' && expr.term.value
  const sizeOf = (body: Body | undefined) => (body ?? []).filter((expr) => !isTrue(expr)).length
  return rules.map((rule) => [rule, ...rule.else].map(({ body }) => sizeOf(body)).join(' ')).join('\n')
}

class ModuleFormat extends Rules {
  run(): string {
    this.checkImports()
    this.package(this.module)
    const imports = importsOf(this.module)
    const { rules } = this.module
    const firstRow = rules[0]?.at.row ?? Number.POSITIVE_INFINITY
    // What was added would have no effect below a rule.
    const own = new Set(this.module.imports)
    const early = imports.some((each) => !own.has(each) && each.at.row >= firstRow)
      ? imports.filter((each) => !own.has(each))
      : []
    this.imports(early)
    const statements = [...imports.filter((each) => !early.includes(each)), ...rules]
    statements.sort((a, b) => a.at.row - b.at.row || a.at.col - b.at.col)
    for (const run of runsOf(statements)) {
      if (run.kind === 'imports') this.imports(run.imports)
      else this.rules(run.rules)
    }
    this.sheet.writeRest()
    if (this.errors.length > 0) throw new RegoErrors(this.errors)
    return this.sheet.text.replace(/\n+$/, '\n')
  }

  private package({ package: path, packageAt, source }: Module): void {
    this.sheet.reach(packageAt.row)
    this.sheet.startLine()
    this.sheet.write(`package ${this.path(stepsOf(path, source, packageAt, 1))}`)
    this.sheet.blankLine()
  }

  private path([root, ...rest]: readonly Step[]): string {
    return `${root?.text ?? ''}${rest.map(({ text, wasQuoted }) => this.step(text, wasQuoted)).join('')}`
  }

  private imports(imports: readonly Import[]): void {
    const byRow = new Map<number, Comment>()
    const rows = new Set(imports.map(({ at }) => at.row))
    for (const comment of this.sheet.takeAll(({ at }) => rows.has(at.row))) byRow.set(comment.at.row, comment)
    const seen = new Set<number>()
    const ends = new Map<Import, Comment>()
    for (const each of imports) {
      const comment = byRow.get(each.at.row)
      if (comment !== undefined && !seen.has(each.at.row)) ends.set(each, comment)
      seen.add(each.at.row)
    }
    for (const { row, group } of groupsOf(imports)) {
      this.sheet.reach(row)
      for (const each of group) {
        this.sheet.startLine()
        this.sheet.write(this.import(each))
        const comment = ends.get(each)
        if (comment !== undefined) this.sheet.write(` ${commentText(comment)}`)
        this.sheet.endLine()
      }
      this.sheet.blankLine()
    }
  }

  private import({ path, alias, pathAt }: Import): string {
    const written = path[0] === 'future' ? path.join('.') : this.path(stepsOf(path, this.module.source, pathAt))
    return `import ${written}${alias === undefined ? '' : ` as ${alias}`}`
  }

  private checkImports(): void {
    const known = new Map<string, Import>()
    for (const each of this.module.imports) {
      const name = each.alias ?? each.path.at(-1) ?? ''
      const before = known.get(name)
      if (before === undefined) known.set(name, each)
      else this.refuse('rego_compile_error', each.at, `import must not shadow ${this.import(before)}`)
    }
  }
}

type Run =
  | { readonly kind: 'imports'; readonly imports: Import[] }
  | { readonly kind: 'rules'; readonly rules: RuleDecl[] }

/** Imports and rules in the order in which they stand, those of one kind that follow each other together. */
function runsOf(statements: readonly (Import | RuleDecl)[]): Run[] {
  const runs: Run[] = []
  for (const each of statements) {
    const last = runs.at(-1)
    if ('path' in each) {
      if (last?.kind === 'imports') last.imports.push(each)
      else runs.push({ kind: 'imports', imports: [each] })
    } else if (last?.kind === 'rules') last.rules.push(each)
    else runs.push({ kind: 'rules', rules: [each] })
  }
  return runs
}
