/** A query with the value of each of its expressions, as people ask it at a prompt; programs that want one value take `prepare`. */
import type { QueryContext } from './compile.ts'
import { compileModules, link, type PrepareOptions } from './prepare.ts'
import type { EvaluateOptions } from './run/query.ts'
import type { Json, Value } from './value.ts'

/** The value of one expression. `row` and `col` count from 1, in the text of the query. */
export interface ExpressionValue {
  readonly value: Json
  readonly text: string
  readonly row: number
  readonly col: number
}

/** One result: its expressions in the order of evaluation, and what the query's variables are bound to. */
export interface Answer {
  readonly expressions: readonly ExpressionValue[]
  readonly bindings: Readonly<Record<string, Json>>
}

export interface AnswerOptions extends PrepareOptions, Omit<QueryContext, 'capture'> {
  /** Runs a part of the work: whoever measures it wraps it. Default: just runs it. */
  readonly timed?: <Result>(stage: 'module_compile' | 'query_compile', run: () => Result) => Result
}

export interface AnsweredQuery {
  /** No answer means that the query is undefined. Waits for `http.send` and name look-ups. Rejects with `RegoErrors`. */
  answers(input?: Value, options?: EvaluateOptions): Promise<readonly Answer[]>
}

/** Compiles a query for answers. Throws `RegoErrors`. */
export function prepareAnswers(options: AnswerOptions): AnsweredQuery {
  const { timed = (_stage, run) => run() } = options
  const compiled = timed('module_compile', () => compileModules(options))
  const context: QueryContext = {
    capture: true,
    ...(options.package === undefined ? {} : { package: options.package }),
    ...(options.imports === undefined ? {} : { imports: options.imports }),
  }
  const { query, linked } = timed('query_compile', () => {
    const query = compiled.query(options.query, context)
    return { query, linked: link(options, compiled, query) }
  })
  const { expressions = [] } = query
  const places = expressions.map(({ local }) => query.vars.findIndex((each) => each.local === local))
  const names = query.vars.flatMap(({ name }, place) => (name === '' ? [] : [{ name, place }]))
  const answer = (row: readonly Json[]): Answer => ({
    expressions: expressions.map(({ text, row: line, col }, i) => ({
      value: places[i] === -1 ? true : (row[places[i] as number] as Json),
      text,
      row: line,
      col,
    })),
    bindings: Object.fromEntries(names.map(({ name, place }) => [name, row[place] as Json])),
  })
  return { answers: async (input, how) => (await linked.rows(input, how)).map(answer) }
}
