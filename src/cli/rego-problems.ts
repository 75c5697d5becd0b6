/** What is wrong with policies, documents and queries, in the two forms that `opa` has: fields for programs, lines for people. */
import { LoadErrors, type LoadProblem } from '../policy/index.ts'
import { type RegoError, RegoErrors } from '../rego/index.ts'
import { orderedJson, type Printed, type Record, record } from './ordered-json.ts'

export type Problems = readonly LoadProblem[]

/** The problems that an error stands for; undefined for any other error, which is a bug or somebody else's. */
export function problemsIn(cause: unknown): Problems | undefined {
  if (cause instanceof RegoErrors) return cause.errors
  if (cause instanceof LoadErrors) return cause.problems
  return undefined
}

/** `1 error occurred: ...`, or a count and a line for each. `during` is what was going on: ` during loading`. */
export function problemsText(problems: Problems, during = ''): string {
  const lines = problems.map(problemText)
  return lines.length === 1
    ? `1 error occurred${during}: ${lines[0]}`
    : `${lines.length} errors occurred${during}:\n${lines.join('\n')}`
}

/** The list that programs read. */
export function problemsJson(problems: Problems): readonly Record[] {
  return problems.map((problem) => {
    if (!('code' in problem)) return record({ message: problem.message })
    const { message, code, file, row, col } = problem
    return record({
      message,
      code,
      location: row === 0 ? undefined : record({ file, row, col }),
      details: excerpt(problem),
    })
  })
}

/** `{"errors": [...]}` with a line break. */
export function problemsDocument(problems: Problems): string {
  return `${orderedJson(record({ errors: problemsJson(problems) as readonly Printed[] }))}\n`
}

function problemText(problem: LoadProblem): string {
  if (!('code' in problem)) return problem.message
  const { code, message, details = [] } = problem
  const place = placeText(problem)
  return [`${place === '' ? '' : `${place}: `}${code}: ${message}`, ...excerptLines(problem), ...details].join('\n\t')
}

function placeText({ file, row, col, text }: RegoError): string {
  if (row === 0) return ''
  if (file !== '') return `${file}:${row}`
  return text !== undefined && text !== '' ? text : `${row}:${col}`
}

/** The line of a text that cannot be parsed, and how many bytes of it stand before the place. */
function excerpt({ code, line, col }: RegoError): Record | undefined {
  if (code !== 'rego_parse_error' || line === undefined || col === 0) return undefined
  return record({
    line,
    idx: Buffer.byteLength(
      Array.from(line)
        .slice(0, col - 1)
        .join(''),
    ),
  })
}

function excerptLines(error: RegoError): readonly string[] {
  const { line = '' } = error
  const idx = excerpt(error)?.get('idx')
  if (typeof idx !== 'number') return []
  const bare = line.replace(/^\t+/, '')
  return [bare, `${' '.repeat(Math.max(idx - (line.length - bare.length), 0))}^`]
}
