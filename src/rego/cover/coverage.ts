/** Collects what evaluations reach of a policy, over as many queries as one likes, and reports it as OPA does. */
import type { Module, Span } from '../ast.ts'
import { parseModule } from '../parse/module.ts'
import type { Plan, Point } from '../plan/ir.ts'
import { proceduresOf } from '../plan/walk.ts'
import { type Watch, Watching } from '../run/watch.ts'
import { compareStrings } from '../value.ts'
import { type Coverable, coverableOf, spanKey } from './ranges.ts'

/** Rows and columns count from 1; a range ends before its end. */
export interface CoverageRange {
  readonly start: { readonly row: number; readonly col: number }
  readonly end: { readonly row: number; readonly col: number }
  /** Of what was not covered: what would have been without the rule index, or without early exit. */
  readonly kinds?: readonly CoverageKind[]
}

export type CoverageKind = 'index_excluded' | 'early_exit'

/** Empty lists and zeros are absent, as in OPA's report. */
export interface FileCoverage {
  readonly covered?: readonly CoverageRange[]
  readonly not_covered?: readonly CoverageRange[]
  readonly covered_lines?: number
  readonly not_covered_lines?: number
  /** Per cent of the lines that can be covered. */
  readonly coverage?: number
}

export interface CoverageReport {
  readonly files: Readonly<Record<string, FileCoverage>>
  readonly covered_lines: number
  readonly not_covered_lines: number
  readonly coverage: number
}

/** How often an expression of a body held and failed: one that only ever held, or only ever failed, was half tested. */
export interface ConditionCoverage {
  readonly row: number
  readonly col: number
  readonly text: string
  readonly held: number
  readonly failed: number
}

interface Hits {
  readonly spans: Map<string, Span>
  readonly conditions: Map<string, { held: number; failed: number }>
}

interface Source {
  readonly module: Module
  readonly coverable: Coverable
  /** The spans of its expressions. */
  readonly expressions: ReadonlySet<string>
}

/** The way of an evaluation: as it is, without the rule index, or without early exit. */
export type CoverageRun = 'plain' | CoverageKind

export class Coverage {
  readonly #sources = new Map<string, Source>()
  readonly #hits: Record<CoverageRun, Map<string, Hits>> = {
    plain: new Map(),
    index_excluded: new Map(),
    early_exit: new Map(),
  }

  /** Takes in the modules of a query; those that are known already are not read again. */
  add(modules: Readonly<Record<string, string>>): void {
    for (const [file, text] of Object.entries(modules)) {
      if (this.#sources.get(file)?.module.source === text) continue
      const module = parseModule(text, file)
      const coverable = coverableOf(module)
      this.#sources.set(file, {
        module,
        coverable,
        expressions: new Set([...coverable.expressions, ...coverable.some].map(spanKey)),
      })
    }
  }

  /** Watches evaluations of a plan. */
  watch(plan: Plan, run: CoverageRun): Watch {
    const clauses = new Map(proceduresOf(plan).map(({ id, rule }) => [id, rule?.clauses.map(({ at }) => at)]))
    const pointAt = (point: number): Point | undefined => plan.points[point]
    return new Watching({
      tried: ({ id, clause }) => {
        const at = clauses.get(id)?.[clause]
        if (at !== undefined) this.#hitClause(run, at, 'noBody')
      },
      gave: ({ id, clause }) => {
        const at = clauses.get(id)?.[clause]
        if (at !== undefined) this.#hitClause(run, at, 'head')
      },
      saw: (_step, point) => this.#hitTerm(run, pointAt(point)),
      held: ({ id }) => this.#ended(run, pointAt(id), 'held'),
      failed: ({ id, early, pending }) => {
        if (early) return
        const last = pending.at(-1)
        const missing = last === undefined ? undefined : pointAt(last)
        // What is evaluated before the expression ends it before it has begun.
        if (missing !== undefined && this.#counts(missing)) this.#hitTerm(run, missing)
        else this.#ended(run, pointAt(id), 'failed')
      },
    })
  }

  /** What was reached of all modules that were added, by file. */
  report(): CoverageReport {
    const reports = [...this.#sources].map(([file, source]) => ({ file, ...this.#fileReport(file, source) }))
    const covered = reports.reduce((sum, each) => sum + each.covered, 0)
    const missed = reports.reduce((sum, each) => sum + each.missed, 0)
    const files = reports.sort((a, b) => compareStrings(a.file, b.file)).map(({ file, report }) => [file, report])
    return {
      files: Object.fromEntries(files),
      covered_lines: covered,
      not_covered_lines: missed,
      coverage: percent(covered, missed),
    }
  }

  /** Every expression of a body of the modules that were added, by file, in the order written. */
  conditions(): Readonly<Record<string, readonly ConditionCoverage[]>> {
    return Object.fromEntries(
      [...this.#sources].map(([file, { module, coverable }]) => {
        const counts = this.#hits.plain.get(file)?.conditions
        const conditions = coverable.expressions.map((at): ConditionCoverage => {
          const text = module.source.slice(at.start, at.end).replaceAll(/\s+/g, ' ')
          return { row: at.row, col: at.col, text, held: 0, failed: 0, ...counts?.get(spanKey(at)) }
        })
        return [file, conditions]
      }),
    )
  }

  #fileReport(file: string, { module, coverable }: Source): { report: FileCoverage; covered: number; missed: number } {
    const { source } = module
    const covered = this.#ranges('plain', file, source)
    const without = {
      index_excluded: this.#ranges('index_excluded', file, source),
      early_exit: this.#ranges('early_exit', file, source),
    }
    const kindsOf = (range: CoverageRange): CoverageKind[] =>
      (['index_excluded', 'early_exit'] as const).filter((kind) =>
        without[kind].some((other) => contains(other, range)),
      )
    const missed = sorted([...coverable.clauses.map(({ head }) => head), ...coverable.expressions], source)
      .filter((range) => !covered.some((other) => contains(other, range)))
      .map((range) => {
        const kinds = kindsOf(range)
        return kinds.length === 0 ? range : { ...range, kinds }
      })
    const [coveredLines, missedLines] = [rowsOf(covered), rowsOf(missed)]
    const report = {
      ...(covered.length > 0 && { covered }),
      ...(missed.length > 0 && { not_covered: missed }),
      ...(coveredLines > 0 && { covered_lines: coveredLines }),
      ...(missedLines > 0 && { not_covered_lines: missedLines }),
      ...(coveredLines > 0 && { coverage: percent(coveredLines, missedLines) }),
    }
    return { report, covered: coveredLines, missed: missedLines }
  }

  #ranges(run: CoverageRun, file: string, source: string): CoverageRange[] {
    return sorted([...(this.#hits[run].get(file)?.spans.values() ?? [])], source)
  }

  #counts({ kind, at }: Point): boolean {
    const coverable = this.#sources.get(at.file)?.coverable
    if (kind === 'local' || coverable === undefined) return false
    return (kind === 'head' ? coverable.made : coverable.terms).has(spanKey(at))
  }

  #hitTerm(run: CoverageRun, point: Point | undefined): void {
    if (point !== undefined && this.#counts(point)) this.#hit(run, point.at)
  }

  #ended(run: CoverageRun, point: Point | undefined, how: 'held' | 'failed'): void {
    if (point === undefined || point.at.file === '') return
    const { kind, at, lifted } = point
    if (kind === 'head' || lifted) {
      this.#hitTerm(run, point)
      return
    }
    const source = this.#sources.get(at.file)
    const whole = source?.coverable.wider.get(spanKey(at)) ?? at
    // What is negated without braces is no expression of its own.
    if (source?.expressions.has(spanKey(whole)) !== true) return
    this.#hit(run, whole)
    const domain = source.coverable.alongside.get(spanKey(at))
    if (domain !== undefined) this.#hit(run, domain)
    const { conditions } = this.#hitsOf(run, at.file)
    const key = spanKey(whole)
    const counts = conditions.get(key) ?? { held: 0, failed: 0 }
    counts[how]++
    conditions.set(key, counts)
  }

  #hitClause(run: CoverageRun, at: Span, what: 'head' | 'noBody'): void {
    const clause = this.#sources.get(at.file)?.coverable.clauses.find((each) => each.at.start === at.start)
    const span = clause?.[what]
    if (span !== undefined) this.#hit(run, span)
  }

  #hit(run: CoverageRun, at: Span): void {
    this.#hitsOf(run, at.file).spans.set(spanKey(at), at)
  }

  #hitsOf(run: CoverageRun, file: string): Hits {
    let hits = this.#hits[run].get(file)
    if (hits === undefined) {
      hits = { spans: new Map(), conditions: new Map() }
      this.#hits[run].set(file, hits)
    }
    return hits
  }
}

function percent(covered: number, missed: number): number {
  return covered + missed === 0 ? 0 : (100 * covered) / (covered + missed)
}

/** Ranges by start, then by end, each once. */
function sorted(spans: readonly Span[], source: string): CoverageRange[] {
  const ranges = new Map(spans.map((span) => [spanKey(span), rangeOf(span, source)]))
  return [...ranges.values()].sort((a, b) => order(a.start, b.start) || order(a.end, b.end))
}

function rangeOf({ row, col, start, end }: Span, source: string): CoverageRange {
  const lines = source.slice(start, end).split('\n')
  const last = [...(lines.at(-1) ?? '')].length
  const isOneLine = lines.length === 1
  return { start: { row, col }, end: { row: row + lines.length - 1, col: isOneLine ? col + last : last + 1 } }
}

function order(a: CoverageRange['start'], b: CoverageRange['start']): number {
  return a.row - b.row || a.col - b.col
}

function contains(outer: CoverageRange, inner: CoverageRange): boolean {
  return order(outer.start, inner.start) <= 0 && order(outer.end, inner.end) >= 0
}

function rowsOf(ranges: readonly CoverageRange[]): number {
  const rows = new Set<number>()
  for (const { start, end } of ranges) for (let row = start.row; row <= end.row; row++) rows.add(row)
  return rows.size
}
